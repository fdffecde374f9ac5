// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <p11-kit/pkcs11.h>

#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>

#include "apdu/bytes.h"
#include "apdu/error.h"

/// The C interface of PKCS#11 2.40 and a vendor's module behind it. For the sources of keys/ only.
/// The types come from p11-kit's header; its library is not used.
namespace kartsaz::keys {

/// "CKR_PIN_INCORRECT (the PIN is wrong)"; the number where the code is not known.
std::string rv_text(CK_RV rv);
/// "CKM_AES_CMAC"; the number for a mechanism that is not used here.
std::string mechanism_text(CK_MECHANISM_TYPE mechanism);

/// A call that the module refused. Callers see it as the Error that it is; the code decides here whether the
/// module is started anew.
class Pkcs11Failure : public Error {
public:
    Pkcs11Failure(const std::string& where, const char* function, CK_RV rv);
    CK_RV rv() const noexcept { return rv_; }
    /// Sessions or the whole module are gone: starting anew and repeating may help.
    bool lost() const noexcept;

private:
    CK_RV rv_;
};

/// A module that breaks the interface's rules: lengths that cannot be, lists without end. Never repeated.
[[noreturn]] void module_lies(const std::string& where, const char* function, const std::string& how);

/// A blank-padded field of CK_TOKEN_INFO; what a terminal would act on becomes '?'.
std::string field_text(ByteView field);

/// A shared library with C_GetFunctionList. Loaded once per process and path, and left loaded: modules start
/// threads and exit handlers that outlive C_Finalize.
class Pkcs11Module {
public:
    /// @throws Error{keys_failed} when the library cannot be loaded or is no PKCS#11 2.x module
    static std::shared_ptr<Pkcs11Module> load(const std::string& path);
    ~Pkcs11Module();
    Pkcs11Module(const Pkcs11Module&) = delete;
    Pkcs11Module& operator=(const Pkcs11Module&) = delete;

    const CK_FUNCTION_LIST& functions() const noexcept { return *functions_; }
    const std::string& path() const noexcept { return path_; }
    /// Held shared by each call into the module, alone while it is started anew.
    std::shared_mutex& gate() noexcept { return gate_; }
    /// Counts starts; handles of an earlier one are void. Read with the gate held.
    std::uint64_t generation() const noexcept { return generation_; }
    /// False for a module that cannot lock: calls are then made one at a time, under calls().
    bool threads() const noexcept { return threads_; }
    std::mutex& calls() noexcept { return calls_; }

    /// C_Finalize and C_Initialize, unless another thread did it since generation `seen`.
    /// @return whether it was done here  @throws Pkcs11Failure
    bool restart(std::uint64_t seen);

private:
    explicit Pkcs11Module(std::string path);
    void check_functions() const;
    void initialize();

    std::string path_;
    const CK_FUNCTION_LIST* functions_ = nullptr;
    std::shared_mutex gate_;
    std::mutex calls_;
    std::uint64_t generation_ = 0;
    bool threads_ = true;
    bool ours_ = false;  ///< initialized here, so finalized here
};

}  // namespace kartsaz::keys
