// SPDX-License-Identifier: Apache-2.0
#include "keys/pkcs11_token.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <thread>

#include "keys/pkcs11_login.h"
#include "keys/pkcs11_token_impl.h"

namespace kartsaz::keys {
namespace {

struct Use {
    CK_MECHANISM_TYPE mechanism;
    CK_FLAGS use;
};
/// What personalization and ceremonies ask of a token.
constexpr Use uses[] = {
    {CKM_AES_CMAC, CKF_SIGN},
    {CKM_AES_ECB, CKF_ENCRYPT},
    {CKM_DES3_ECB, CKF_ENCRYPT},
    {CKM_ECDSA, CKF_SIGN},
    {CKM_RSA_PKCS, CKF_SIGN},
    {CKM_AES_KEY_GEN, CKF_GENERATE},
    {CKM_EC_KEY_PAIR_GEN, CKF_GENERATE_KEY_PAIR},
    {CKM_RSA_PKCS_KEY_PAIR_GEN, CKF_GENERATE_KEY_PAIR},
    {CKM_RSA_PKCS_OAEP, CKF_UNWRAP},
};

/// Tokens that this process has open with a PIN, so that one login serves all.
struct OpenTokens {
    std::mutex lock;
    std::map<std::string, std::weak_ptr<Pkcs11Token>, std::less<>> tokens;
};
OpenTokens& open_tokens() {
    static OpenTokens instance;
    return instance;
}

}  // namespace

CK_SESSION_HANDLE Pkcs11Token::Impl::open_session(CK_FLAGS more) {
    CK_SESSION_HANDLE out = 0;
    check(f().C_OpenSession(slot, CKF_SERIAL_SESSION | more, nullptr, nullptr, &out), "C_OpenSession");
    return out;
}

void Pkcs11Token::Impl::login() {
    logged_in = false;
    const auto token = info(slot);
    if ((token.flags & CKF_LOGIN_REQUIRED) == 0 || pin.empty()) return;
    admit_login(where, token.flags, options.retry_pin && !pin_proved);
    admit_pin(where, key(), pin);
    const auto rv = pin.reveal([&](ByteView text) {
        return f().C_Login(anchor, CKU_USER, const_cast<CK_BYTE*>(text.data()), text.size());
    });
    // other code of this process logged in: whether this PIN is right stays open
    if (rv == CKR_USER_ALREADY_LOGGED_IN) {
        logged_in = true;
        return;
    }
    if (rv == CKR_OK) {
        logged_in = pin_proved = true;
        return;
    }
    const Pkcs11Failure failure{where, "C_Login", rv};
    if (pin_was_refused(rv)) {
        remember_refused(key(), pin);
        pin = SecretBytes{};
        dead = fmt::format("{}; it is not tried again", failure.what());
        throw Error{rv == CKR_PIN_LOCKED ? Errc::pin_blocked : Errc::keys_failed, dead};
    }
    if (pin_proved) throw failure;
    // whether the token counted this as a try is not known: not repeated by itself
    dead = failure.what();
    throw Error{Errc::keys_failed, dead};
}

/// Slot, login and an empty pool for the module as it runs now.
void Pkcs11Token::Impl::prepare() {
    if (!dead.empty()) throw Error{Errc::keys_failed, dead};
    if (generation == module->generation()) return;
    idle.clear();
    opened = 0;
    find_slot();
    anchor = open_session(0);
    try {
        login();
        list_mechanisms();
    } catch (...) {
        (void)f().C_CloseSession(anchor);
        throw;
    }
    generation = module->generation();
}

CK_SESSION_HANDLE Pkcs11Token::Impl::take() {
    std::unique_lock guard{lock};
    prepare();
    session_free.wait(guard, [&] { return !idle.empty() || opened < std::max(options.sessions, 1U); });
    if (!idle.empty()) {
        const auto out = idle.back();
        idle.pop_back();
        return out;
    }
    try {
        const auto out = open_session(0);
        ++opened;
        return out;
    } catch (...) {
        // this thread was woken and took no session: the next one that waits may, or finds the module gone,
        // too
        session_free.notify_one();
        throw;
    }
}

void Pkcs11Token::Impl::give_back(CK_SESSION_HANDLE session, bool good) noexcept {
    {
        const std::lock_guard guard{lock};
        if (good) {
            idle.push_back(session);
        } else {
            // something may still be under way in it
            (void)f().C_CloseSession(session);
            --opened;
        }
    }
    session_free.notify_one();
}

void Pkcs11Token::Impl::run_once(Access access, const std::function<void(const Session&)>& work) {
    std::unique_lock one_at_a_time{module->calls(), std::defer_lock};
    if (!module->threads()) one_at_a_time.lock();
    if (access == Access::write) {
        const auto session = [&] {
            const std::lock_guard guard{lock};
            prepare();
            return open_session(CKF_RW_SESSION);
        }();
        try {
            work(Session{f(), session, where, module->generation()});
        } catch (...) {
            (void)f().C_CloseSession(session);
            throw;
        }
        (void)f().C_CloseSession(session);
        return;
    }
    const auto session = take();
    try {
        work(Session{f(), session, where, module->generation()});
    } catch (...) {
        give_back(session, false);
        throw;
    }
    give_back(session, true);
}

/// Whether a token is there a module learns when it starts. SoftHSM writes a token's file anew at each login,
/// and takes a token whose file it finds half written for none: with several stations at one token a look
/// may fall into that moment. So it is looked three times, with the module started anew; and not at once,
/// because the other process needs some milliseconds to end its write and tells nobody when it has.
void Pkcs11Token::Impl::look_again(std::uint64_t seen, unsigned time, const std::string& fault) {
    constexpr unsigned looks = 3;
    constexpr std::chrono::milliseconds wait{50};
    if (time >= looks) throw Error{Errc::keys_failed, fault};
    std::this_thread::sleep_for(wait * time);
    if (!module->restart(seen) || label.empty()) return;
    ++restarts;
    if (options.restarted) options.restarted(fault + "; the module was started anew");
}

void Pkcs11Token::Impl::with_restart(const std::function<void()>& work) {
    unsigned unseen = 0;
    for (bool again = false;;) {
        std::uint64_t seen = 0;
        std::string fault;
        bool lost_sight = false;
        try {
            const std::shared_lock gate{module->gate()};
            seen = module->generation();
            return work();
        } catch (const TokenUnseen& failure) {
            lost_sight = true;
            fault = failure.what();
        } catch (const Pkcs11Failure& failure) {
            if (!failure.lost()) throw;
            if (again) {
                throw Error{
                    Errc::keys_failed,
                    fmt::format("{}; the module was started anew and it was tried again", failure.what())};
            }
            fault = failure.what();
            again = true;
        }
        if (lost_sight) {
            look_again(seen, ++unseen, fault);
            continue;
        }
        if (!module->restart(seen)) continue;  // another thread did it
        ++restarts;
        if (options.restarted) options.restarted(fault + "; the module was started anew");
    }
}

Pkcs11Token::Pkcs11Token(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}

std::shared_ptr<Pkcs11Token> Pkcs11Token::open(const Pkcs11Uri& uri, const SecretBytes& pin,
                                               TokenOptions options) {
    auto impl = std::make_unique<Impl>();
    impl->uri = uri;
    impl->options = options;
    impl->where = uri.token_text();
    impl->module = Pkcs11Module::load(uri.module_path);
    if (!impl->module->threads()) impl->options.sessions = 1;

    auto& all = open_tokens();
    const std::lock_guard guard{all.lock};
    impl->with_restart([&] { impl->find_slot(); });
    auto& known = all.tokens[impl->key()];
    if (const auto token = known.lock(); token && !pin.empty()) {
        const std::lock_guard state{token->impl_->lock};
        if (token->impl_->dead.empty() && token->impl_->pin == pin) return token;
        if (token->impl_->dead.empty()) {
            throw Error{Errc::keys_failed,
                        impl->where + ": open in this process already, with another PIN; it is not tried"};
        }
    }
    impl->pin = pin.clone();
    const std::shared_ptr<Pkcs11Token> out{new Pkcs11Token{std::move(impl)}};
    out->impl_->run(Access::read, [](const Session&) {});
    if (!pin.empty()) known = out;
    return out;
}

Pkcs11Token::~Pkcs11Token() {
    const std::shared_lock gate{impl_->module->gate()};
    if (impl_->generation == 0 || impl_->generation != impl_->module->generation()) return;
    for (const auto session : impl_->idle) (void)impl_->f().C_CloseSession(session);
    (void)impl_->f().C_CloseSession(impl_->anchor);
}

const std::string& Pkcs11Token::place() const {
    return impl_->where;
}

unsigned Pkcs11Token::restarts() const {
    return impl_->restarts;
}

TokenFacts Pkcs11Token::facts() const {
    TokenFacts out;
    in_session(*this, Access::read, [&](const Session&) {
        out = {};
        const auto token = impl_->info(impl_->slot);
        out.label = impl_->label;
        out.serial = impl_->serial;
        out.manufacturer = impl_->manufacturer;
        out.model = impl_->model;
        out.module_path = impl_->module->path();
        out.pin = pin_state_text(token.flags);
        out.logged_in = impl_->logged_in;
        for (const auto& use : uses) {
            const auto found = impl_->mechanisms.find(use.mechanism);
            const bool has = found != impl_->mechanisms.end() && (found->second & use.use) != 0;
            (has ? out.mechanisms : out.missing).push_back(mechanism_text(use.mechanism));
        }
    });
    return out;
}

void in_session(const Pkcs11Token& token, Access access, const std::function<void(const Session&)>& work) {
    token.impl().run(access, work);
}

}  // namespace kartsaz::keys
