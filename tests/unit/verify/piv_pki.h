// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "apdu/bytes.h"

struct evp_pkey_st;
struct x509_st;

/// CAs, content signers, OCSP responders and certificates of PIV cards, made on the spot by OpenSSL.
namespace kartsaz::test {

struct PivWish {
    std::string common_name;
    std::int64_t not_before = 0, not_after = 0;
    std::string subject_serial{};       ///< serialNumber of the subject; empty: none
    std::string serial = "01";          ///< hexadecimal
    std::string algorithm = "ec-p256";  ///< "rsa-2048", "rsa-2048-e3", "ec-p384", "ec-p521", "ec-secp256k1"
    Bytes public_key{};                 ///< certify this SubjectPublicKeyInfo instead of a new key
    const void* key_of = nullptr;       ///< a PivParty whose key is certified
    /// As in OpenSSL's configuration: {"keyUsage", "critical,digitalSignature"}.
    std::vector<std::pair<std::string, std::string>> extensions{};
    std::vector<Bytes> names{};  ///< of subjectAltName: GeneralName, DER each
    Bytes key_identifier{};      ///< instead of the hash of the key
    bool with_key_identifier = true;
    std::string digest = "SHA256";  ///< of the issuer's signature
};

/// GeneralName of a FASC-N, and of a card's UUID. Source: FIPS 201-2, appendix B.
Bytes fascn_name(ByteView fascn);
Bytes uuid_name(ByteView uuid);

/// A key pair and its certificate.
class PivParty {
public:
    /// @param issuer  null: signed by itself
    PivParty(const PivWish& wish, const PivParty* issuer);
    /// @param pem  private key; @param certificate  DER
    PivParty(const std::string& pem, ByteView certificate);

    std::string pem() const;    ///< private key and certificate
    Bytes certificate() const;  ///< DER
    Bytes public_key() const;   ///< SubjectPublicKeyInfo
    std::string serial() const;
    Bytes sign(ByteView message, const char* digest = "SHA256") const;
    /// A CMS signature with pivSigner-DN and this certificate inside, over any digest that OpenSSL knows.
    Bytes detached_cms(const char* type, ByteView content, const char* digest) const;
    /// ECDH with `peer` (04 X Y): the x coordinate.
    Bytes agree(ByteView peer) const;
    Bytes scalar() const;  ///< of an EC key
    Bytes point() const;   ///< 04 X Y
    /// DER. @param serials  hexadecimal
    Bytes crl(const std::vector<std::string>& serials, std::int64_t from, std::int64_t to) const;
    /// OCSP response for `certificate` of `issuer`, signed by this one, whose certificate goes inside. DER.
    Bytes ocsp(ByteView certificate, const PivParty& issuer, bool revoked, std::int64_t from,
               std::int64_t to) const;

private:
    friend struct PivPartyKey;
    std::shared_ptr<evp_pkey_st> key_;
    std::shared_ptr<x509_st> certificate_;
};

}  // namespace kartsaz::test
