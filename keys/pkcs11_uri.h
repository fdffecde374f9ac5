// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "apdu/bytes.h"

namespace kartsaz::keys {

/// Names a token behind a module, and perhaps one object in it. Source: RFC 7512.
struct Pkcs11Uri {
    // what the token must say of itself; empty: anything
    std::string token, serial, manufacturer, model;
    std::string object;               ///< CKA_LABEL; empty: any
    Bytes id;                         ///< CKA_ID; empty: any
    std::string type;                 ///< "private", "public", "cert", "secret-key", "data"; empty: any
    std::optional<unsigned> slot_id;  ///< as the module numbers it
    std::string module_path;          ///< absolute path of the shared library
    std::string pin_source;           ///< a file, "fd:N" or "prompt"; empty: the URI names none

    /// The token's part in words, for errors: "token kartsaz-hsm", "any token".
    std::string token_text() const;
};

/// @throws Error{usage} "pkcs11 URI: offset N: rule". A pin-value is refused whatever it is: what stands in
///         an address ends up in lists of processes and in logs. Of what RFC 7512 allows, attributes of the
///         library (library-*, slot-description, slot-manufacturer, module-name) are not taken and say so.
Pkcs11Uri parse_pkcs11_uri(std::string_view text);

}  // namespace kartsaz::keys
