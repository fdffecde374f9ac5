// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "keys/certificate_request.h"
#include "keys/signing_key.h"
#include "tests/unit/keys/pki.h"

/// Keys such as cards make, and the requests that a card would sign with them.
namespace kartsaz::test {

/// key-NAME.pem of tests/data/pki
inline std::shared_ptr<const keys::SigningKey> card_key(const std::string& name) {
    return keys::signing_key_from_pem(pki_secret("key-" + name + ".pem"));
}

inline Bytes card_request(const keys::SigningKey& key, const keys::CertificateSubject& subject) {
    const auto info = keys::request_info(subject, key.public_key());
    const auto algorithm = keys::algorithm_of(key.public_key()).value();
    const auto digest = keys::digest_of(algorithm);
    return keys::assemble_request(info, algorithm, key.sign_digest(digest, keys::hash(digest, info)));
}

inline keys::CertificateSubject citizen() {
    keys::CertificateSubject out;
    out.country = "IR";
    out.given_name = "سارا";
    out.surname = "محمدی";
    out.common_name = "سارا محمدی";
    out.serial_number = "0084575948";
    return out;
}

}  // namespace kartsaz::test
