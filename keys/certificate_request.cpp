// SPDX-License-Identifier: Apache-2.0
#include "keys/certificate_request.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>

#include "apdu/error.h"
#include "keys/openssl_handles.h"
#include "keys/x509_der.h"
#include "keys/x509_text.h"

namespace kartsaz::keys {
namespace {

using apdu::TlvReader;
using apdu::TlvWriter;

// RFC 5480, 2.1.1; RFC 8017, A.1
const Bytes oid_ec_public_key = from_hex("2A8648CE3D0201");
const Bytes oid_rsa = from_hex("2A864886F70D010101");
const Bytes p256_parameters = from_hex("06082A8648CE3D030107");
const Bytes p384_parameters = from_hex("06052B81040022");
const Bytes null_parameters = from_hex("0500");

constexpr std::size_t most_bytes = 16384;  // of a request; one for RSA 4096 has about 1300

bool same(ByteView a, ByteView b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

std::optional<KeyAlgorithm> ec_of(const PublicKeyParts& parts) {
    const bool p256 = same(parts.parameters, p256_parameters);
    if (!p256 && !same(parts.parameters, p384_parameters)) return {};
    // not compressed: what cards give and every reader takes
    if (parts.key.size() != (p256 ? 65U : 97U) || parts.key[0] != 0x04) return {};
    return p256 ? KeyAlgorithm::ec_p256 : KeyAlgorithm::ec_p384;
}

std::optional<KeyAlgorithm> rsa_of(const PublicKeyParts& parts) {
    if (!same(parts.parameters, null_parameters)) return {};
    TlvReader outer{parts.key, "RSA public key"};
    auto inner = outer.enter(outer.next(der::sequence));
    outer.finish();
    const auto modulus = inner.next(der::integer).value;
    const auto exponent = inner.next(der::integer).value;
    inner.finish();
    // a positive number whose top bit is the top bit of its length, odd; an odd exponent above 2^16
    const bool whole = modulus.size() > 2 && modulus[0] == 0 && modulus[1] >= 0x80 && modulus.back() % 2 == 1;
    const bool strong =
        exponent.size() >= 3 && exponent.size() <= 8 && exponent[0] < 0x80 && exponent.back() % 2 == 1;
    if (!whole || !strong) return {};
    switch ((modulus.size() - 1) * 8) {
        case 2048:
            return KeyAlgorithm::rsa_2048;
        case 3072:
            return KeyAlgorithm::rsa_3072;
        case 4096:
            return KeyAlgorithm::rsa_4096;
        default:
            return {};
    }
}

Bytes signature_algorithm(KeyAlgorithm algorithm) {
    // RFC 5758, 3.2; RFC 4055, 5 (with NULL)
    if (algorithm == KeyAlgorithm::ec_p256) return from_hex("300A06082A8648CE3D040302");
    if (algorithm == KeyAlgorithm::ec_p384) return from_hex("300A06082A8648CE3D040303");
    return from_hex("300D06092A864886F70D01010B0500");
}

const EVP_MD* digest_for(KeyAlgorithm algorithm) {
    return algorithm == KeyAlgorithm::ec_p384 ? EVP_sha384() : EVP_sha256();
}

Owned<evp_pkey_st> read_public_key(ByteView public_key) {
    const auto* at = public_key.data();
    Owned<evp_pkey_st> out{d2i_PUBKEY(nullptr, &at, static_cast<long>(public_key.size()))};
    if (out && at != public_key.data() + public_key.size()) out.reset();
    openssl_reason();
    return out;
}

/// RFC 5758, 3.2; RFC 4055, 5 (with NULL): ECDSA and RSA with SHA-256, SHA-384, SHA-512.
bool accepted_signature(ByteView request) {
    TlvReader outer{request, "certificate request"};
    auto inner = outer.enter(outer.next(der::sequence));
    inner.next();
    const auto algorithm = to_hex(inner.next(der::sequence).whole);
    constexpr std::array accepted{"300A06082A8648CE3D040302",       "300A06082A8648CE3D040303",
                                  "300A06082A8648CE3D040304",       "300D06092A864886F70D01010B0500",
                                  "300D06092A864886F70D01010C0500", "300D06092A864886F70D01010D0500"};
    return std::find(accepted.begin(), accepted.end(), algorithm) != accepted.end();
}

[[noreturn]] void refuse(const std::string& why) {
    throw Error{Errc::input_invalid, "certificate request: " + why};
}

}  // namespace

std::string_view name(KeyAlgorithm algorithm) {
    switch (algorithm) {
        case KeyAlgorithm::ec_p256:
            return "ec-p256";
        case KeyAlgorithm::ec_p384:
            return "ec-p384";
        case KeyAlgorithm::rsa_2048:
            return "rsa-2048";
        case KeyAlgorithm::rsa_3072:
            return "rsa-3072";
        case KeyAlgorithm::rsa_4096:
            return "rsa-4096";
    }
    throw Error{Errc::internal, "unknown key algorithm"};
}

std::optional<KeyAlgorithm> algorithm_of(ByteView public_key) {
    try {
        const auto parts = parse_public_key(public_key);
        if (same(parts.algorithm, oid_ec_public_key)) return ec_of(parts);
        if (same(parts.algorithm, oid_rsa)) return rsa_of(parts);
    } catch (const Error& error) {
        if (error.code() != Errc::input_invalid) throw;
    }
    return {};
}

HashAlgorithm digest_of(KeyAlgorithm algorithm) {
    return algorithm == KeyAlgorithm::ec_p384 ? HashAlgorithm::sha384 : HashAlgorithm::sha256;
}

Bytes request_info(const CertificateSubject& subject, ByteView public_key) {
    if (!algorithm_of(public_key)) refuse("the public key is of a kind that is not certified");
    TlvWriter info;
    info.put(der::integer, Bytes{0}).raw(encode_name(subject)).raw(public_key);
    info.put(der::context0, Bytes{});  // no attributes
    return TlvWriter{}.put(der::sequence, info.bytes()).bytes();
}

Bytes assemble_request(ByteView info, KeyAlgorithm algorithm, ByteView signature) {
    const auto content = concat({info, signature_algorithm(algorithm), encode_bits(signature)});
    return TlvWriter{}.put(der::sequence, content).bytes();
}

ParsedRequest parse_request(ByteView request) {
    if (request.empty() || request.size() > most_bytes) {
        refuse(fmt::format("{} bytes; 1 to {} expected", request.size(), most_bytes));
    }
    const auto* at = request.data();
    const Owned<X509_req_st> parsed{d2i_X509_REQ(nullptr, &at, static_cast<long>(request.size()))};
    if (!parsed) refuse("not PKCS#10 (" + openssl_reason() + ")");
    if (at != request.data() + request.size()) {
        refuse(fmt::format("offset {}: bytes after its end", at - request.data()));
    }
    if (X509_REQ_get_version(parsed.get()) != X509_REQ_VERSION_1) refuse("its version is not 1");
    if (!accepted_signature(request)) {
        refuse("it is signed with neither ECDSA nor RSA over SHA-256, SHA-384 or SHA-512");
    }
    auto* key = X509_REQ_get0_pubkey(parsed.get());
    if (key == nullptr) refuse("its public key cannot be used (" + openssl_reason() + ")");
    const int verified = X509_REQ_verify(parsed.get(), key);
    const auto reason = openssl_reason();
    if (verified != 1) {
        refuse("it is not signed by the key that it names" + (reason.empty() ? "" : " (" + reason + ")"));
    }
    ParsedRequest out;
    unsigned char* der = nullptr;
    const int size = i2d_X509_PUBKEY(X509_REQ_get_X509_PUBKEY(parsed.get()), &der);
    if (size <= 0) openssl_failed("public key of a request");
    out.public_key.assign(der, der + size);
    OPENSSL_free(der);
    out.subject = one_line(X509_REQ_get_subject_name(parsed.get()));
    openssl_reason();
    return out;
}

bool verify_signature(ByteView public_key, ByteView message, ByteView signature) {
    const auto algorithm = algorithm_of(public_key);
    if (!algorithm || signature.empty()) return false;
    const auto key = read_public_key(public_key);
    if (!key) return false;
    const Owned<evp_md_ctx_st> context{openssl_made(EVP_MD_CTX_new(), "signature check")};
    openssl_done(EVP_DigestVerifyInit(context.get(), nullptr, digest_for(*algorithm), nullptr, key.get()),
                 "signature check");
    const int good =
        EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(), message.size());
    openssl_reason();
    return good == 1;
}

Bytes key_identifier(ByteView public_key) {
    return hash(HashAlgorithm::sha1, parse_public_key(public_key).key);
}

}  // namespace kartsaz::keys
