// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <algorithm>

#include "apdu/tlv.h"
#include "keys/issuer.h"
#include "keys/openssl_handles.h"
#include "keys/pkcs11_objects.h"
#include "keys/pkcs11_session.h"

namespace kartsaz::keys {
namespace {

using apdu::TlvReader;
using apdu::TlvWriter;

constexpr std::uint32_t tag_integer = 0x02, tag_bits = 0x03, tag_octets = 0x04, tag_null = 0x05,
                        tag_oid = 0x06, tag_sequence = 0x30;

struct Curve {
    std::string_view parameters;  ///< CKA_EC_PARAMS: the OID of the curve
    std::size_t field_size;       ///< bytes of a coordinate, and of half a signature
};
// Source: RFC 5480, 2.1.1.1
constexpr Curve curves[] = {{"06082A8648CE3D030107", 32}, {"06052B81040022", 48}, {"06052B81040023", 66}};

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

const char* md_name(HashAlgorithm algorithm) {
    switch (algorithm) {
        case HashAlgorithm::sha1:
            return "SHA1";
        case HashAlgorithm::sha224:
            return "SHA2-224";
        case HashAlgorithm::sha256:
            return "SHA2-256";
        case HashAlgorithm::sha384:
            return "SHA2-384";
        case HashAlgorithm::sha512:
            return "SHA2-512";
    }
    throw Error{Errc::internal, "unknown hash"};
}

/// INTEGER of an unsigned number of any length.
void put_unsigned(TlvWriter& out, ByteView number) {
    while (number.size() > 1 && number.front() == 0) number = number.subspan(1);
    const bool sign = number.empty() || (number.front() & 0x80U) != 0;
    out.put(tag_integer, concat({sign ? Bytes{0} : Bytes{}, number}));
}

Bytes ec_public_key(ByteView parameters, ByteView point) {
    TlvWriter out;
    out.nest(tag_sequence, [&](TlvWriter& info) {
        info.nest(tag_sequence, [&](TlvWriter& algorithm) {
            algorithm.put(tag_oid, from_hex("2A8648CE3D0201")).raw(parameters);
        });
        info.put(tag_bits, concat({Bytes{0}, point}));
    });
    return out.bytes();
}

Bytes rsa_public_key(ByteView modulus, ByteView exponent) {
    TlvWriter key;
    key.nest(tag_sequence, [&](TlvWriter& parts) {
        put_unsigned(parts, modulus);
        put_unsigned(parts, exponent);
    });
    TlvWriter out;
    out.nest(tag_sequence, [&](TlvWriter& info) {
        info.nest(tag_sequence, [&](TlvWriter& algorithm) {
            algorithm.put(tag_oid, from_hex("2A864886F70D010101")).put(tag_null, Bytes{});
        });
        info.put(tag_bits, concat({Bytes{0}, key.bytes()}));
    });
    return out.bytes();
}

/// CKA_EC_POINT is an OCTET STRING around the point; some modules give the point alone.
Bytes point_of(ByteView attribute, std::size_t field_size) {
    if (attribute.size() == 1 + 2 * field_size && attribute.front() == 0x04) {
        return {attribute.begin(), attribute.end()};
    }
    TlvReader reader{attribute, "CKA_EC_POINT"};
    const auto value = reader.next(tag_octets).value;
    return {value.begin(), value.end()};
}

class TokenKey final : public SigningKey {
public:
    TokenKey(std::shared_ptr<const Pkcs11Token> token, ObjectName name)
        : token_{std::move(token)},
          object_{std::move(name)},
          place_{fmt::format("{}, object {}", token_->place(), object_.name().label)} {
        in_session(*token_, Access::read, [&](const Session& session) { read(session); });
        const unsigned char* data = public_key_.data();
        verifier_.reset(d2i_PUBKEY(nullptr, &data, static_cast<long>(public_key_.size())));
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
    std::optional<CK_OBJECT_HANDLE> public_object(const Session& session, CK_OBJECT_HANDLE key) const;
    Bytes certified_key(const Session& session) const;
    Bytes to_der(ByteView raw) const;
    void verify(HashAlgorithm algorithm, ByteView digest, ByteView signature) const;

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

/// The public key object of the pair: the same id where there is one, else the same label.
std::optional<CK_OBJECT_HANDLE> TokenKey::public_object(const Session& session, CK_OBJECT_HANDLE key) const {
    ObjectName name{CKO_PUBLIC_KEY, "", session.attribute_if(key, CKA_ID).value_or(Bytes{})};
    if (name.id.empty()) name.label = object_.name().label;
    const auto found = session.find(name.find());
    if (found.empty()) return std::nullopt;
    if (found.size() == 1) return found.front();
    throw Error{Errc::keys_failed, fmt::format("{}: {} public keys belong to it", place_, found.size())};
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
    const auto* const curve = std::find_if(std::begin(curves), std::end(curves), [&](const Curve& known) {
        return from_hex(known.parameters) == parameters;
    });
    if (curve == std::end(curves)) {
        throw Error{Errc::keys_failed, place_ + ": a curve other than P-256, P-384 and P-521"};
    }
    rsa_ = false;
    size_ = 2 * curve->field_size;
    const auto object = public_object(session, key);
    try {
        public_key_ = object ? ec_public_key(parameters, point_of(session.attribute(*object, CKA_EC_POINT),
                                                                  curve->field_size))
                             : certified_key(session);
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
    auto exponent = session.attribute_if(key, CKA_PUBLIC_EXPONENT).value_or(Bytes{});
    if (exponent.empty()) {
        if (const auto object = public_object(session, key)) {
            exponent = session.attribute(*object, CKA_PUBLIC_EXPONENT);
        }
    }
    public_key_ = exponent.empty() ? certified_key(session) : rsa_public_key(modulus, exponent);
}

/// ECDSA-Sig-Value of r and s, each half of what the token gave. Source: RFC 3279, 2.2.3.
Bytes TokenKey::to_der(ByteView raw) const {
    TlvWriter out;
    out.nest(tag_sequence, [&](TlvWriter& parts) {
        put_unsigned(parts, raw.subspan(0, raw.size() / 2));
        put_unsigned(parts, raw.subspan(raw.size() / 2));
    });
    return out.bytes();
}

Bytes TokenKey::sign_digest(HashAlgorithm algorithm, ByteView digest) const {
    if (digest.size() != hash(algorithm, Bytes{}).size()) {
        throw Error{Errc::usage, fmt::format("{}: a digest of {} bytes", place_, digest.size())};
    }
    Bytes input(digest.begin(), digest.end());
    if (rsa_) {
        input = concat({from_hex(digest_info(algorithm)), digest});
    } else if (input.size() > size_ / 2) {
        input.resize(size_ / 2);  // ECDSA uses the leftmost bits; some tokens refuse to be given more
    }
    auto out = from_session(*token_, Access::read, [&](const Session& session) {
        return session.sign(rsa_ ? CKM_RSA_PKCS : CKM_ECDSA, object_.in(session), input, size_);
    });
    if (!rsa_) out = to_der(out);
    verify(algorithm, digest, out);
    return out;
}

/// A wrong signature would be found on the card by its readers, when it is too late.
void TokenKey::verify(HashAlgorithm algorithm, ByteView digest, ByteView signature) const {
    const Owned<evp_pkey_ctx_st> context{
        openssl_made(EVP_PKEY_CTX_new_from_pkey(nullptr, verifier_.get(), nullptr), "signature context")};
    openssl_done(EVP_PKEY_verify_init(context.get()), "signature set-up");
    openssl_done(EVP_PKEY_CTX_ctrl_str(context.get(), "digest", md_name(algorithm)), "signature set-up");
    const bool good =
        EVP_PKEY_verify(context.get(), signature.data(), signature.size(), digest.data(), digest.size()) == 1;
    openssl_reason();
    if (!good) {
        throw Error{Errc::keys_failed,
                    place_ + ": the token gave a signature that its own public key does not verify"};
    }
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
