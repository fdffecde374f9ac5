// SPDX-License-Identifier: Apache-2.0
#include "keys/pkcs11_login.h"

#include <fmt/format.h>

#include <map>
#include <mutex>
#include <set>

#include "keys/crypto.h"

namespace kartsaz::keys {
namespace {

/// A short PIN could be found from a hash; the salt lives in this process only, and so does the hash.
class RefusedPins {
public:
    bool has(const std::string& token, const SecretBytes& pin) {
        const std::lock_guard guard{lock_};
        return refused_[token].contains(digest(pin));
    }
    void add(const std::string& token, const SecretBytes& pin) {
        const std::lock_guard guard{lock_};
        refused_[token].insert(digest(pin));
    }

private:
    Bytes digest(const SecretBytes& pin) const {
        return hash_secret(HashAlgorithm::sha256, pin, salt_, 32).reveal([](ByteView bytes) {
            return Bytes(bytes.begin(), bytes.end());
        });
    }
    std::mutex lock_;
    Bytes salt_ = random_bytes(32);
    std::map<std::string, std::set<Bytes>, std::less<>> refused_;
};
RefusedPins& refused_pins() {
    static RefusedPins instance;
    return instance;
}

}  // namespace

std::string pin_state_text(CK_FLAGS flags) {
    if ((flags & CKF_USER_PIN_LOCKED) != 0) return "locked";
    if ((flags & CKF_USER_PIN_FINAL_TRY) != 0) return "one try left";
    if ((flags & CKF_USER_PIN_COUNT_LOW) != 0) return "a wrong PIN was given last";
    if ((flags & CKF_USER_PIN_TO_BE_CHANGED) != 0) return "must be changed first";
    if ((flags & CKF_USER_PIN_INITIALIZED) == 0) return "not set";
    return "set";
}

void admit_login(const std::string& where, CK_FLAGS flags, bool retry) {
    if ((flags & CKF_USER_PIN_LOCKED) != 0) {
        throw Error{Errc::pin_blocked,
                    where + ": the user PIN is locked; the token's security officer sets a new one"};
    }
    if ((flags & CKF_USER_PIN_FINAL_TRY) != 0) {
        throw Error{Errc::pin_blocked,
                    where +
                        ": the user PIN has one try left, which is never spent here; log in with the "
                        "vendor's tool, or let the security officer set a new one"};
    }
    if ((flags & CKF_USER_PIN_COUNT_LOW) != 0 && !retry) {
        throw Error{Errc::keys_failed,
                    where +
                        ": the token says that a wrong PIN was given last, so none is tried; find out "
                        "which is right, then try it on purpose with --retry-token-pin"};
    }
    if ((flags & CKF_USER_PIN_INITIALIZED) == 0) {
        throw Error{Errc::keys_failed, where + ": no user PIN is set; the token's security officer sets one"};
    }
}

void admit_pin(const std::string& where, const std::string& token, const SecretBytes& pin) {
    if (!refused_pins().has(token, pin)) return;
    throw Error{Errc::keys_failed,
                where +
                    ": the token refused this very PIN before; it is not tried again, so that the PIN is "
                    "not locked"};
}

void remember_refused(const std::string& token, const SecretBytes& pin) {
    refused_pins().add(token, pin);
}

bool pin_was_refused(CK_RV rv) {
    return rv == CKR_PIN_INCORRECT || rv == CKR_PIN_INVALID || rv == CKR_PIN_LEN_RANGE ||
           rv == CKR_PIN_EXPIRED || rv == CKR_PIN_LOCKED || rv == CKR_USER_PIN_NOT_INITIALIZED;
}

}  // namespace kartsaz::keys
