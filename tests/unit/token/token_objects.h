// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstring>

#include "keys/pkcs11_session.h"
#include "keys/pkcs11_token.h"

/// Objects as another program would put them into a token.
namespace kartsaz::test {

inline void put_object(const std::shared_ptr<keys::Pkcs11Token>& token, keys::Template object) {
    keys::in_session(*token, keys::Access::write, [&](const keys::Session& session) {
        auto attributes = object.attributes();
        CK_OBJECT_HANDLE made = 0;
        session.check(
            session.functions().C_CreateObject(session.handle(), attributes.data(), attributes.size(), &made),
            "C_CreateObject");
    });
}

inline void put_header(const std::shared_ptr<keys::Pkcs11Token>& token, std::string_view label,
                       std::string_view json) {
    keys::Template object;
    object.number(CKA_CLASS, CKO_DATA)
        .flag(CKA_TOKEN, true)
        .flag(CKA_PRIVATE, true)
        .text(CKA_APPLICATION, "kartsaz")
        .text(CKA_LABEL, label)
        .text(CKA_VALUE, json);
    put_object(token, std::move(object));
}

/// A secret key that can be read; `sensitive`: that can be taken out by wrapping only.
inline void put_key(const std::shared_ptr<keys::Pkcs11Token>& token, std::string_view label, CK_KEY_TYPE type,
                    ByteView value, bool sensitive = false, bool extractable = true) {
    keys::Template object;
    object.number(CKA_CLASS, CKO_SECRET_KEY)
        .number(CKA_KEY_TYPE, type)
        .flag(CKA_TOKEN, true)
        .flag(CKA_PRIVATE, true)
        .flag(CKA_SENSITIVE, sensitive)
        .flag(CKA_EXTRACTABLE, extractable)
        .flag(CKA_ENCRYPT, true)
        .flag(CKA_SIGN, true)
        .text(CKA_LABEL, label)
        .put(CKA_VALUE, value);
    put_object(token, std::move(object));
}

}  // namespace kartsaz::test
