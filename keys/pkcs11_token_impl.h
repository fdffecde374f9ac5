// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <condition_variable>
#include <map>

#include "keys/pkcs11_session.h"

/// What is behind a Pkcs11Token. For the sources of keys/pkcs11_*.cpp only.
namespace kartsaz::keys {

/// The text of a field of CK_TOKEN_INFO.
template <std::size_t size>
std::string field(const unsigned char (&bytes)[size]) {
    return field_text(ByteView{bytes, size});
}

/// The module does not show the token, now.
struct TokenUnseen final : Error {
    using Error::Error;
};

struct Pkcs11Token::Impl {
    Pkcs11Uri uri;
    TokenOptions options;
    SecretBytes pin;  ///< kept for logging in again after the module was away
    std::shared_ptr<Pkcs11Module> module;
    std::string where;  ///< place(), in errors
    std::string label, serial, manufacturer, model;
    std::atomic<unsigned> restarts{0};

    std::mutex lock;  ///< of everything below; taken after the module's gate
    std::condition_variable session_free;
    std::uint64_t generation = 0;  ///< of the module, that slot and sessions belong to
    CK_SLOT_ID slot = 0;
    CK_SESSION_HANDLE anchor = 0;         ///< stays open: closing the last session is a logout
    std::vector<CK_SESSION_HANDLE> idle;  ///< of the pool
    unsigned opened = 0;                  ///< of the pool, idle or not
    bool logged_in = false, pin_proved = false;
    std::string dead;  ///< why nothing can be done any more
    std::map<CK_MECHANISM_TYPE, CK_FLAGS> mechanisms;

    const CK_FUNCTION_LIST& f() const { return module->functions(); }
    void check(CK_RV rv, const char* function) const {
        if (rv != CKR_OK) throw Pkcs11Failure{where, function, rv};
    }
    std::string key() const { return fmt::format("{}|{}|{}", module->path(), serial, label); }
    CK_TOKEN_INFO info(CK_SLOT_ID of) const;
    std::vector<CK_SLOT_ID> slots() const;
    bool fits(CK_SLOT_ID id, const CK_TOKEN_INFO& token) const;
    void find_slot();
    void login();
    void list_mechanisms();
    void prepare();
    CK_SESSION_HANDLE open_session(CK_FLAGS more);
    CK_SESSION_HANDLE take();
    void give_back(CK_SESSION_HANDLE session, bool good) noexcept;
    void run(Access access, const std::function<void(const Session&)>& work) {
        with_restart([&] { run_once(access, work); });
    }
    void with_restart(const std::function<void()>& work);
    void look_again(std::uint64_t seen, unsigned time, const std::string& fault);
    void run_once(Access access, const std::function<void(const Session&)>& work);
};

}  // namespace kartsaz::keys
