// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "keys/pkcs11_uri.h"
#include "keys/secret.h"

namespace kartsaz::keys {

/// What a token says of itself; nothing of it needs a PIN.
struct TokenFacts {
    std::string label, serial, manufacturer, model;
    std::string module_path;
    std::string pin;                      ///< in words: "set", "locked", "a wrong PIN was given last", ...
    bool logged_in = false;               ///< a PIN was given and accepted
    std::vector<std::string> mechanisms;  ///< those that Kartsaz uses and the token has
    std::vector<std::string> missing;     ///< and those it has not
};

struct TokenOptions {
    /// Give the PIN although the token says that a wrong one was given last (CKF_USER_PIN_COUNT_LOW). The
    /// last try is never spent.
    bool retry_pin = false;
    unsigned sessions = 4;  ///< opened at most, for as many threads
    /// Told in words, each time that the module was away and was started anew. Called by any thread.
    std::function<void(const std::string& what)> restarted{};
};

/// A token behind PKCS#11 2.40: one login, a pool of sessions, started anew when the module or the token was
/// away. Threads may use it together.
///
/// Nothing in the constructor or later gives the same PIN twice after it was refused: refused PINs are
/// remembered for as long as the process lives (as salted hashes).
class Pkcs11Token {
public:
    /// Finds the token, looks at its PIN flags, logs in. A token that this process has open already is
    /// shared. @param pin  empty: no login, public objects only
    /// @throws Error{usage} for a URI that fits no token or several; Error{keys_failed} with the module's
    ///         code in words; Error{pin_blocked} when the PIN is locked or at its last try
    static std::shared_ptr<Pkcs11Token> open(const Pkcs11Uri& uri, const SecretBytes& pin,
                                             TokenOptions options = {});
    ~Pkcs11Token();
    Pkcs11Token(const Pkcs11Token&) = delete;
    Pkcs11Token& operator=(const Pkcs11Token&) = delete;

    /// "token kartsaz-hsm"
    const std::string& place() const;
    TokenFacts facts() const;
    /// How often the module had to be started anew since this was opened.
    unsigned restarts() const;

    struct Impl;
    /// For the sources of keys/ (pkcs11_session.h).
    Impl& impl() const { return *impl_; }

private:
    explicit Pkcs11Token(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace kartsaz::keys
