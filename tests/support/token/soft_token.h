// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "keys/pkcs11_token.h"

/// A token of SoftHSM 2 in a folder of its own, and a module before it that misbehaves on request.
namespace kartsaz::test {

/// Makes and initializes the token; it is gone with the object. One at a time: SoftHSM reads its place from
/// the environment.
class SoftToken {
public:
    /// False, with a word on standard error, where SoftHSM is not installed: the test has nothing to do then.
    static bool available();

    explicit SoftToken(const std::string& label = "kartsaz-test");
    SoftToken(const SoftToken&) = delete;
    SoftToken& operator=(const SoftToken&) = delete;
    ~SoftToken();

    /// Another token beside it.
    void add(const std::string& label) const;

    static std::string module();  ///< path of SoftHSM
    /// C_Finalize behind the back of everybody, as another part of the program might call it.
    /// @throws std::runtime_error when the module refuses
    static void finalize();
    keys::Pkcs11Uri uri() const;
    static keys::SecretBytes pin();
    /// Logged in. Through the misbehaving module when `wrapped`.
    std::shared_ptr<keys::Pkcs11Token> open(bool wrapped = false, unsigned sessions = 4) const;
    const std::filesystem::path& folder() const { return folder_; }
    const std::string& label() const { return label_; }

private:
    std::filesystem::path folder_;
    std::string label_;
};

/// Controls of the module that stands before SoftHSM (wrapping_module.cpp). Behaves well after construction
/// and destruction.
class Wrapper {
public:
    Wrapper();
    Wrapper(const Wrapper&) = delete;
    Wrapper& operator=(const Wrapper&) = delete;
    ~Wrapper();

    static std::string path();
    /// The `nth` call of a function from now (1 is the next one) returns `rv`; nothing reaches SoftHSM.
    void fail(const char* function, unsigned nth, unsigned long rv, unsigned times = 1) const;
    /// Ends SoftHSM under everybody before the `nth` call of a function from now: sessions and logins are
    /// gone, and all functions return `rv` until C_Finalize and C_Initialize.
    void die(const char* function, unsigned nth, unsigned long rv) const;
    /// Changes an answer from now on: see wrapping_module.cpp for the names of lies.
    void lie(const char* about, unsigned long value) const;
    /// Calls since construction.
    unsigned calls(const char* function) const;

private:
    void* library_;
};

}  // namespace kartsaz::test
