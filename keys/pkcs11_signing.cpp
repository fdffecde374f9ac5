// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <algorithm>

#include "keys/digest_name.h"
#include "keys/issuer.h"
#include "keys/openssl_handles.h"
#include "keys/pkcs11_objects.h"
#include "keys/pkcs11_public_key.h"
#include "keys/pkcs11_session.h"

namespace kartsaz::keys {
namespace {

/// AlgorithmIdentifier and OCTET STRING head in front of a hash. Source: RFC 8017, 9.2, note 1.
std::string_view digest_info(HashAlgorithm algorithm) {
    switch (algorithm) {
        case HashAlgorithm::sha1:
            return "3021300906052B0E03021A05000414";
        case HashAlgorithm::sha224:
            return "302D300D06096086480165030402040500041C";
        case HashAlgorithm::sha256:
            return "3031300D060960864801650304020105000420";
        case HashAlgorithm::sha384:
            return "3041300D060960864801650304020205000430";
        case HashAlgorithm::sha512:
            return "3051300D060960864801650304020305000440";
    }
    throw Error{Errc::internal, "unknown hash"};
}

/// Null when it is not sound.
Owned<evp_pkey_st> verifier_of(ByteView public_key) {
    const unsigned char* data = public_key.data();
    return Owned<evp_pkey_st>{d2i_PUBKEY(nullptr, &data, static_cast<long>(public_key.size()))};
}

bool verifies(EVP_PKEY* verifier, HashAlgorithm algorithm, ByteView digest, ByteView signature) {
    const Owned<evp_pkey_ctx_st> context{
        openssl_made(EVP_PKEY_CTX_new_from_pkey(nullptr, verifier, nullptr), "signature context")};
    openssl_done(EVP_PKEY_verify_init(context.get()), "signature set-up");
    openssl_done(EVP_PKEY_CTX_ctrl_str(context.get(), "digest", openssl_digest_name(algorithm)),
                 "signature set-up");
    const bool good =
        EVP_PKEY_verify(context.get(), signature.data(), signature.size(), digest.data(), digest.size()) == 1;
    openssl_reason();
    return good;
}

class TokenKey final : public SigningKey {
public:
    TokenKey(std::shared_ptr<const Pkcs11Token> token, ObjectName name)
        : token_{std::move(token)},
          object_{std::move(name)},
          place_{fmt::format("{}, object {}", token_->place(), object_.name().label)} {
        in_session(*token_, Access::read, [&](const Session& session) { read(session); });
        verifier_ = verifier_of(public_key_);
        const auto reason = openssl_reason();
        if (!verifier_) {
            throw Error{Errc::keys_failed,
                        fmt::format("{}: its public key is not sound ({})", place_, reason)};
        }
        require_mechanism(*token_, rsa_ ? CKM_RSA_PKCS : CKM_ECDSA, CKF_SIGN, "to sign with " + place_);
    }

    const Bytes& public_key() const override { return public_key_; }
    std::string place() const override { return place_; }
    Bytes sign_digest(HashAlgorithm algorithm, ByteView digest) const override;

private:
    void read(const Session& session);
    void read_ec(const Session& session, CK_OBJECT_HANDLE key);
    void read_rsa(const Session& session, CK_OBJECT_HANDLE key);
    std::vector<CK_OBJECT_HANDLE> public_objects(const Session& session, CK_OBJECT_HANDLE key) const;
    Bytes public_half(const Session& session, CK_OBJECT_HANDLE key) const;
    Bytes signed_by(const Session& session, CK_OBJECT_HANDLE key, HashAlgorithm algorithm,
                    ByteView digest) const;
    Bytes certified_key(const Session& session) const;

    std::shared_ptr<const Pkcs11Token> token_;
    KnownObject object_;
    std::string place_;
    bool rsa_ = false;
    std::size_t size_ = 0;  ///< bytes that the token gives as signature
    Bytes public_key_;
    Owned<evp_pkey_st> verifier_;
};

void TokenKey::read(const Session& session) {
    const auto key = object_.in(session);
    const auto type = session.number(key, CKA_KEY_TYPE);
    if (type == CKK_EC) return read_ec(session, key);
    if (type == CKK_RSA) return read_rsa(session, key);
    throw Error{Errc::keys_failed, fmt::format("{}: key type {:X}, neither EC nor RSA", place_, type)};
}

/// The same id where there is one, else the same label.
std::vector<CK_OBJECT_HANDLE> TokenKey::public_objects(const Session& session, CK_OBJECT_HANDLE key) const {
    ObjectName name{CKO_PUBLIC_KEY, "", session.attribute_if(key, CKA_ID).value_or(Bytes{})};
    if (name.id.empty()) name.label = object_.name().label;
    return session.find(name.find());
}

/// The public key of the pair. Several objects may bear its name: tokens store the public half first, so a
/// call that was killed between leaves one that belongs to nothing. Then a signature says which one it is.
Bytes TokenKey::public_half(const Session& session, CK_OBJECT_HANDLE key) const {
    const auto found = public_objects(session, key);
    if (found.empty()) return certified_key(session);
    if (found.size() == 1) return public_key_of(session, found.front());
    const auto digest = sha256(to_bytes("which of these public keys is it?"));
    const auto signature = signed_by(session, key, HashAlgorithm::sha256, digest);
    for (const auto object : found) {
        try {
            auto candidate = public_key_of(session, object);
            const auto verifier = verifier_of(candidate);
            if (verifier && verifies(verifier.get(), HashAlgorithm::sha256, digest, signature))
                return candidate;
        } catch (const Pkcs11Failure&) {
            throw;
        } catch (const Error&) {  // a broken one beside the right one
        }
    }
    throw Error{Errc::keys_failed,
                fmt::format("{}: {} public keys bear its name, and none verifies what it signs", place_,
                            found.size())};
}

Bytes TokenKey::certified_key(const Session& session) const {
    const ObjectName name{CKO_CERTIFICATE, object_.name().label, object_.name().id};
    const auto found = session.find(name.find());
    if (found.empty()) {
        throw Error{Errc::keys_failed,
                    fmt::format("{}: the token has neither its public key nor a certificate", place_)};
    }
    const auto der = session.attribute(found.front(), CKA_VALUE);
    const unsigned char* data = der.data();
    const Owned<x509_st> certificate{d2i_X509(nullptr, &data, static_cast<long>(der.size()))};
    unsigned char* out = nullptr;
    const int size = certificate ? i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate.get()), &out) : 0;
    if (size <= 0) throw Error{Errc::keys_failed, place_ + ": its certificate cannot be read"};
    const Bytes key(out, out + size);
    OPENSSL_free(out);
    return key;
}

void TokenKey::read_ec(const Session& session, CK_OBJECT_HANDLE key) {
    const auto parameters = session.attribute(key, CKA_EC_PARAMS);
    const auto half = token_curve_size(parameters);
    if (!half) throw Error{Errc::keys_failed, place_ + ": a curve other than P-256, P-384 and P-521"};
    rsa_ = false;
    size_ = 2 * *half;
    try {
        public_key_ = public_half(session, key);
    } catch (const Error& error) {
        if (error.code() != Errc::input_invalid) throw;
        throw Error{Errc::keys_failed, fmt::format("{}: {}", place_, error.what())};
    }
}

void TokenKey::read_rsa(const Session& session, CK_OBJECT_HANDLE key) {
    rsa_ = true;
    const auto modulus = session.attribute(key, CKA_MODULUS);
    const auto first =
        std::find_if(modulus.begin(), modulus.end(), [](std::uint8_t byte) { return byte != 0; });
    size_ = static_cast<std::size_t>(modulus.end() - first);
    if (size_ < 256 || size_ > 1024) {
        throw Error{Errc::keys_failed,
                    fmt::format("{}: RSA of {} bits, 2048 to 8192 are taken", place_, size_ * 8)};
    }
    const auto exponent = session.attribute_if(key, CKA_PUBLIC_EXPONENT).value_or(Bytes{});
    public_key_ = exponent.empty() ? public_half(session, key) : rsa_public_key(modulus, exponent);
}

Bytes TokenKey::signed_by(const Session& session, CK_OBJECT_HANDLE key, HashAlgorithm algorithm,
                          ByteView digest) const {
    Bytes input(digest.begin(), digest.end());
    if (rsa_) {
        input = concat({from_hex(digest_info(algorithm)), digest});
    } else if (input.size() > size_ / 2) {
        input.resize(size_ / 2);  // ECDSA uses the leftmost bits; some tokens refuse to be given more
    }
    auto out = session.sign(rsa_ ? CKM_RSA_PKCS : CKM_ECDSA, key, input, size_);
    return rsa_ ? out : ecdsa_der(out);
}

Bytes TokenKey::sign_digest(HashAlgorithm algorithm, ByteView digest) const {
    if (digest.size() != hash(algorithm, Bytes{}).size()) {
        throw Error{Errc::usage, fmt::format("{}: a digest of {} bytes", place_, digest.size())};
    }
    auto out = from_session(*token_, Access::read, [&](const Session& session) {
        return signed_by(session, object_.in(session), algorithm, digest);
    });
    // a wrong signature would be found on the card by its readers, when it is too late
    if (!verifies(verifier_.get(), algorithm, digest, out)) {
        throw Error{Errc::keys_failed,
                    place_ + ": the token gave a signature that its own public key does not verify"};
    }
    return out;
}

}  // namespace

std::shared_ptr<const SigningKey> token_key(std::shared_ptr<const Pkcs11Token> token,
                                            const std::string& label, ByteView id) {
    return std::make_shared<TokenKey>(std::move(token),
                                      ObjectName{CKO_PRIVATE_KEY, label, Bytes(id.begin(), id.end())});
}

std::vector<Bytes> token_certificates(const Pkcs11Token& token, const std::string& label, ByteView id) {
    return from_session(token, Access::read, [&](const Session& session) {
        const ObjectName name{CKO_CERTIFICATE, label, Bytes(id.begin(), id.end())};
        std::vector<Bytes> out;
        for (const auto object : session.find(name.find())) {
            out.push_back(session.attribute(object, CKA_VALUE));
        }
        return out;
    });
}

Identity token_identity(const std::shared_ptr<const Pkcs11Token>& token, const std::string& label,
                        ByteView id) {
    Identity out;
    out.key = token_key(token, label, id);
    std::int64_t best = 0;
    std::size_t seen = 0;
    for (const auto& der : token_certificates(*token, label, id)) {
        const unsigned char* data = der.data();
        const Owned<x509_st> certificate{d2i_X509(nullptr, &data, static_cast<long>(der.size()))};
        openssl_reason();
        ++seen;
        if (!certificate) continue;
        unsigned char* key = nullptr;
        const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate.get()), &key);
        const Bytes public_key(key, key + std::max(size, 0));
        OPENSSL_free(key);
        if (public_key != out.key->public_key()) continue;
        const auto until = certificate_facts(der).not_after;
        if (!out.certificate.empty() && until <= best) continue;
        best = until;
        out.certificate = der;
    }
    if (out.certificate.empty()) {
        throw Error{Errc::keys_failed,
                    fmt::format("{}: none of the {} certificates of this label belongs to the private key",
                                out.key->place(), seen)};
    }
    return out;
}

}  // namespace kartsaz::keys
