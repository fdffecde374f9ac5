// SPDX-License-Identifier: Apache-2.0
#include "keys/pkcs11_make.h"

#include <fmt/format.h>
#include <openssl/x509.h>

#include <algorithm>

#include "keys/openssl_handles.h"
#include "keys/pkcs11_keyset.h"
#include "keys/pkcs11_public_key.h"
#include "keys/pkcs11_session.h"

namespace kartsaz::keys {
namespace {

struct Generation {
    CK_MECHANISM_TYPE mechanism;
    std::string_view curve;  ///< CKA_EC_PARAMS; empty for RSA
    CK_ULONG bits;           ///< of an RSA modulus
};

Generation generation(KeyAlgorithm algorithm) {
    switch (algorithm) {
        case KeyAlgorithm::ec_p256:
            return {CKM_EC_KEY_PAIR_GEN, "06082A8648CE3D030107", 0};
        case KeyAlgorithm::ec_p384:
            return {CKM_EC_KEY_PAIR_GEN, "06052B81040022", 0};
        case KeyAlgorithm::rsa_2048:
            return {CKM_RSA_PKCS_KEY_PAIR_GEN, {}, 2048};
        case KeyAlgorithm::rsa_3072:
            return {CKM_RSA_PKCS_KEY_PAIR_GEN, {}, 3072};
        case KeyAlgorithm::rsa_4096:
            return {CKM_RSA_PKCS_KEY_PAIR_GEN, {}, 4096};
    }
    throw Error{Errc::internal, "unknown key algorithm"};
}

void generate_pair(const Session& session, const std::string& label, const Generation& wanted) {
    Template open_half;
    open_half.flag(CKA_TOKEN, true).text(CKA_LABEL, label).flag(CKA_VERIFY, true).flag(CKA_ENCRYPT, false);
    if (wanted.curve.empty()) {
        open_half.number(CKA_MODULUS_BITS, wanted.bits).put(CKA_PUBLIC_EXPONENT, from_hex("010001"));
    } else {
        open_half.put(CKA_EC_PARAMS, from_hex(wanted.curve));
    }
    Template closed_half;
    closed_half.flag(CKA_TOKEN, true)
        .flag(CKA_PRIVATE, true)
        .text(CKA_LABEL, label)
        .flag(CKA_SENSITIVE, true)
        .flag(CKA_EXTRACTABLE, false)
        .flag(CKA_SIGN, true)
        .flag(CKA_DECRYPT, false)
        .flag(CKA_UNWRAP, false);
    auto open_list = open_half.attributes();
    auto closed_list = closed_half.attributes();
    CK_MECHANISM how{wanted.mechanism, nullptr, 0};
    CK_OBJECT_HANDLE public_key = 0, private_key = 0;
    session.check(session.functions().C_GenerateKeyPair(session.handle(), &how, open_list.data(),
                                                        open_list.size(), closed_list.data(),
                                                        closed_list.size(), &public_key, &private_key),
                  "C_GenerateKeyPair");
}

/// Tokens store the public half of a pair before the private one, and a call that is killed between leaves it
/// alone. Asked when no private key has the label: what was generated in the token and is not certified
/// either belongs to nothing, and would stand beside the public half of the pair that is made now.
void remove_lone_public_keys(const Session& session, const std::string& label) {
    if (!session.find(ObjectName{CKO_CERTIFICATE, label}.find()).empty()) return;
    for (const auto object : session.find(ObjectName{CKO_PUBLIC_KEY, label}.find())) {
        if (!session.flag(object, CKA_LOCAL, false)) continue;
        session.check(session.functions().C_DestroyObject(session.handle(), object), "C_DestroyObject");
    }
}

/// The pair's own public half; others of its label are what killed calls left.
CK_OBJECT_HANDLE public_half(const Session& session, const std::string& label, ByteView public_key) {
    for (const auto object : session.find(ObjectName{CKO_PUBLIC_KEY, label}.find())) {
        try {
            if (std::ranges::equal(public_key_of(session, object), public_key)) return object;
        } catch (const Pkcs11Failure&) {
            throw;
        } catch (const Error&) {  // a broken one beside the right one
        }
    }
    return session.only({CKO_PUBLIC_KEY, label});
}

/// Both halves of a pair get the identifier of their public key: known only when the pair is there.
void set_id(const Session& session, const std::string& label, ByteView public_key) {
    const auto id = key_identifier(public_key);
    for (auto object : {public_half(session, label, public_key), session.only({CKO_PRIVATE_KEY, label})}) {
        Template change;
        change.put(CKA_ID, id);
        auto attributes = change.attributes();
        if (session.functions().C_SetAttributeValue == nullptr) return;
        session.check(session.functions().C_SetAttributeValue(session.handle(), object, attributes.data(),
                                                              attributes.size()),
                      "C_SetAttributeValue");
    }
}

struct CertificateNames {
    Bytes subject, issuer, serial, public_key;
};

template <typename Object, typename Encode>
Bytes encoded(Object* object, Encode encode) {
    unsigned char* der = nullptr;
    const int size = encode(object, &der);
    if (size <= 0) openssl_failed("certificate");
    Bytes out(der, der + size);
    OPENSSL_free(der);
    return out;
}

CertificateNames names_of(ByteView der) {
    const unsigned char* data = der.data();
    const Owned<x509_st> certificate{d2i_X509(nullptr, &data, static_cast<long>(der.size()))};
    const auto reason = openssl_reason();
    if (!certificate || data != der.data() + der.size()) {
        throw Error{Errc::input_invalid, "certificate: not one in DER form (" + reason + ")"};
    }
    return {encoded(X509_get_subject_name(certificate.get()), i2d_X509_NAME),
            encoded(X509_get_issuer_name(certificate.get()), i2d_X509_NAME),
            encoded(X509_get0_serialNumber(certificate.get()), i2d_ASN1_INTEGER),
            encoded(X509_get_X509_PUBKEY(certificate.get()), i2d_X509_PUBKEY)};
}

std::shared_ptr<const SigningKey> identified(const std::shared_ptr<const Pkcs11Token>& token,
                                             const std::string& label) {
    const auto key = token_key(token, label);
    in_session(*token, Access::write,
               [&](const Session& session) { set_id(session, label, key->public_key()); });
    return token_key(token, label);
}

}  // namespace

std::shared_ptr<const SigningKey> generate_token_key(std::shared_ptr<const Pkcs11Token> token,
                                                     const std::string& label, KeyAlgorithm algorithm) {
    const auto wanted = generation(algorithm);
    require_mechanism(*token, wanted.mechanism, CKF_GENERATE_KEY_PAIR, "to make the key pair " + label);
    in_session(*token, Access::write, [&](const Session& session) {
        if (!session.find(ObjectName{CKO_PRIVATE_KEY, label}.find()).empty()) {
            throw Error{Errc::keys_failed,
                        fmt::format("{}: a private key \"{}\" is there already; it is never "
                                    "replaced",
                                    session.where(), label)};
        }
        remove_lone_public_keys(session, label);
        generate_pair(session, label, wanted);
    });
    return identified(token, label);
}

std::shared_ptr<const SigningKey> finish_token_key(std::shared_ptr<const Pkcs11Token> token,
                                                   const std::string& label, KeyAlgorithm algorithm) {
    const auto fault = from_session(*token, Access::read, [&](const Session& session) {
        const auto object = session.only({CKO_PRIVATE_KEY, label});
        if (!session.flag(object, CKA_LOCAL, false)) return std::string{"it was not made in the token"};
        return weakness(session, object);
    });
    const auto key = token_key(token, label);
    const auto* const other =
        algorithm_of(key->public_key()) == algorithm ? "" : "it is of another algorithm";
    if (!fault.empty() || *other != '\0') {
        throw Error{Errc::keys_failed,
                    fmt::format("{}: a private key \"{}\" without a certificate is there already: {}; remove "
                                "it with the vendor's tool, or give the options that it was made with",
                                token->place(), label, fault.empty() ? other : fault)};
    }
    return identified(token, label);
}

void write_token_certificate(const std::shared_ptr<const Pkcs11Token>& token, const std::string& label,
                             ByteView certificate) {
    const auto names = names_of(certificate);
    if (token_key(token, label)->public_key() != names.public_key) {
        throw Error{Errc::keys_failed,
                    fmt::format("{}, object {}: the certificate is for another key", token->place(), label)};
    }
    in_session(*token, Access::write, [&](const Session& session) {
        for (const auto object : session.find(ObjectName{CKO_CERTIFICATE, label}.find())) {
            const auto there = session.attribute(object, CKA_VALUE);
            if (std::equal(there.begin(), there.end(), certificate.begin(), certificate.end())) return;
        }
        const auto id =
            session.attribute_if(session.only({CKO_PRIVATE_KEY, label}), CKA_ID).value_or(Bytes{});
        Template object;
        object.number(CKA_CLASS, CKO_CERTIFICATE)
            .number(CKA_CERTIFICATE_TYPE, CKC_X_509)
            .flag(CKA_TOKEN, true)
            .flag(CKA_PRIVATE, false)
            .text(CKA_LABEL, label)
            .put(CKA_ID, id)
            .put(CKA_SUBJECT, names.subject)
            .put(CKA_ISSUER, names.issuer)
            .put(CKA_SERIAL_NUMBER, names.serial)
            .put(CKA_VALUE, certificate);
        auto attributes = object.attributes();
        CK_OBJECT_HANDLE made = 0;
        session.check(
            session.functions().C_CreateObject(session.handle(), attributes.data(), attributes.size(), &made),
            "C_CreateObject");
    });
}

}  // namespace kartsaz::keys
