// SPDX-License-Identifier: Apache-2.0
#include "keys/pkcs11_token.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <map>

#include "keys/pkcs11_login.h"
#include "keys/pkcs11_session.h"

namespace kartsaz::keys {
namespace {

constexpr CK_ULONG most_slots = 1024, most_mechanisms = 4096;

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

template <std::size_t size>
std::string field(const unsigned char (&bytes)[size]) {
    return field_text(ByteView{bytes, size});
}

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
    void run_once(Access access, const std::function<void(const Session&)>& work);
};

CK_TOKEN_INFO Pkcs11Token::Impl::info(CK_SLOT_ID of) const {
    CK_TOKEN_INFO out{};
    check(f().C_GetTokenInfo(of, &out), "C_GetTokenInfo");
    return out;
}

std::vector<CK_SLOT_ID> Pkcs11Token::Impl::slots() const {
    CK_ULONG count = 0;
    check(f().C_GetSlotList(CK_TRUE, nullptr, &count), "C_GetSlotList");
    if (count > most_slots) module_lies(where, "C_GetSlotList", fmt::format("{} slots", count));
    std::vector<CK_SLOT_ID> out(count + 16);  // tokens may be plugged in between
    CK_ULONG got = out.size();
    check(f().C_GetSlotList(CK_TRUE, out.data(), &got), "C_GetSlotList");
    if (got > out.size()) module_lies(where, "C_GetSlotList", fmt::format("{} slots of {}", got, out.size()));
    out.resize(got);
    return out;
}

bool Pkcs11Token::Impl::fits(CK_SLOT_ID id, const CK_TOKEN_INFO& token) const {
    if ((token.flags & CKF_TOKEN_INITIALIZED) == 0) return false;
    // once found, it is the same token that is asked for, whatever slot it is in now
    if (!serial.empty() || !label.empty())
        return field(token.serialNumber) == serial && field(token.label) == label;
    const auto same = [](const std::string& wanted, const std::string& is) {
        return wanted.empty() || wanted == is;
    };
    return same(uri.token, field(token.label)) && same(uri.serial, field(token.serialNumber)) &&
           same(uri.manufacturer, field(token.manufacturerID)) && same(uri.model, field(token.model)) &&
           (!uri.slot_id || *uri.slot_id == id);
}

void Pkcs11Token::Impl::find_slot() {
    std::vector<std::pair<CK_SLOT_ID, CK_TOKEN_INFO>> found;
    std::string there;
    for (const auto id : slots()) {
        CK_TOKEN_INFO token{};
        // a reader without a working card beside ours is not our fault
        if (f().C_GetTokenInfo(id, &token) != CKR_OK) continue;
        if ((token.flags & CKF_TOKEN_INITIALIZED) == 0) continue;
        there += fmt::format("{}\"{}\" (serial {})", there.empty() ? "" : ", ", field(token.label),
                             field(token.serialNumber));
        if (fits(id, token)) found.emplace_back(id, token);
    }
    if (found.empty()) {
        if (generation != 0) throw Pkcs11Failure{where, "C_GetSlotList", CKR_TOKEN_NOT_PRESENT};
        throw Error{Errc::keys_failed,
                    fmt::format("{}: not there; the module {} has: {}", where, module->path(),
                                there.empty() ? "no initialized token" : there)};
    }
    if (found.size() > 1) {
        throw Error{Errc::usage, fmt::format("the pkcs11 URI fits {} tokens: {}; say more with token= or "
                                             "serial=",
                                             found.size(), there)};
    }
    slot = found.front().first;
    label = field(found.front().second.label);
    serial = field(found.front().second.serialNumber);
    manufacturer = field(found.front().second.manufacturerID);
    model = field(found.front().second.model);
    where = "token " + label;
}

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

void Pkcs11Token::Impl::list_mechanisms() {
    CK_ULONG count = 0;
    check(f().C_GetMechanismList(slot, nullptr, &count), "C_GetMechanismList");
    if (count > most_mechanisms) {
        module_lies(where, "C_GetMechanismList", fmt::format("{} mechanisms", count));
    }
    std::vector<CK_MECHANISM_TYPE> all(count);
    CK_ULONG got = count;
    check(f().C_GetMechanismList(slot, all.data(), &got), "C_GetMechanismList");
    if (got > count) {
        module_lies(where, "C_GetMechanismList", fmt::format("{} mechanisms of {}", got, count));
    }
    all.resize(got);
    mechanisms.clear();
    for (const auto mechanism : all) {
        CK_MECHANISM_INFO facts{};
        if (f().C_GetMechanismInfo(slot, mechanism, &facts) == CKR_OK) mechanisms[mechanism] = facts.flags;
    }
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
    const auto out = open_session(0);
    ++opened;
    return out;
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

void Pkcs11Token::Impl::with_restart(const std::function<void()>& work) {
    for (bool again = false;; again = true) {
        std::uint64_t seen = 0;
        try {
            const std::shared_lock gate{module->gate()};
            seen = module->generation();
            return work();
        } catch (const Pkcs11Failure& failure) {
            if (!failure.lost()) throw;
            if (again) {
                throw Error{
                    Errc::keys_failed,
                    fmt::format("{}; the module was started anew and it was tried again", failure.what())};
            }
        }
        if (module->restart(seen)) ++restarts;
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

bool has_mechanism(const Pkcs11Token& token, CK_MECHANISM_TYPE mechanism, CK_FLAGS use) {
    auto& impl = token.impl();
    const std::lock_guard guard{impl.lock};
    const auto found = impl.mechanisms.find(mechanism);
    return found != impl.mechanisms.end() && (found->second & use) != 0;
}

void require_mechanism(const Pkcs11Token& token, CK_MECHANISM_TYPE mechanism, CK_FLAGS use,
                       std::string_view what_for) {
    if (has_mechanism(token, mechanism, use)) return;
    throw Error{Errc::keys_failed, fmt::format("{}: the token has no {}, which is needed {}", token.place(),
                                               mechanism_text(mechanism), what_for)};
}

}  // namespace kartsaz::keys
