// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "apdu/bytes.h"

/// The files of ISO/IEC 7816-15 (PKCS#15): each object declared once, encoded and decoded side by side.
/// A decoder takes a whole file, padded with 00 or FF or not; it throws Error{input_invalid} naming file,
/// offset and rule, and checks every length before use. decode(encode(x)) == x, and what a decoder does not
/// know it keeps out but never chokes on (extensions are allowed by the standard).
namespace kartsaz::app::pkcs15 {

/// FIDs of the layout written here; a card made by others is followed by its paths instead.
constexpr std::uint16_t fid_mf = 0x3F00, fid_dir = 0x2F00, fid_df = 0x5015, fid_odf = 0x5031,
                        fid_token_info = 0x5032, fid_unused_space = 0x5033, fid_aodf = 0x4401,
                        fid_prkdf = 0x4402, fid_pukdf = 0x4403, fid_cdf = 0x4404, fid_dodf = 0x4405,
                        fid_public_key = 0x3300, fid_certificate = 0x3400;

/// Where an object stands. Source: 7816-15, 8.2.5 (Path).
struct Path {
    Bytes path;  ///< file ids from the MF (3F00 5015 3400), or relative to the application's DF
    std::optional<std::size_t> index, length;
    friend bool operator==(const Path&, const Path&) = default;
};

/// An application of EF.DIR. Source: 7816-15, 7.4; 7816-4, 12.2.3.
struct DirEntry {
    Bytes aid;
    std::string label;
    Bytes path;
    friend bool operator==(const DirEntry&, const DirEntry&) = default;
};
Bytes encode_dir(const std::vector<DirEntry>& entries);
std::vector<DirEntry> decode_dir(ByteView file);

/// Kinds of object directory, by the tag of their entry in EF(ODF). Source: 7816-15, 8.3.
enum class Directory : std::uint8_t {
    private_keys = 0,
    public_keys = 1,
    trusted_public_keys = 2,
    secret_keys = 3,
    certificates = 4,
    trusted_certificates = 5,
    useful_certificates = 6,
    data = 7,
    authentication = 8
};
struct OdfEntry {
    Directory directory = Directory::private_keys;
    Path path;
    friend bool operator==(const OdfEntry&, const OdfEntry&) = default;
};
Bytes encode_odf(const std::vector<OdfEntry>& entries);
std::vector<OdfEntry> decode_odf(ByteView file);

/// Source: 7816-15, 8.10 (CardInfo).
struct TokenInfo {
    unsigned version = 0;
    Bytes serial;
    std::string manufacturer;
    std::string label;
    std::uint32_t flags = 0;  ///< OpenSC's bit order: 1 read only, 2 login required, 4 PRN generation
    std::string last_update;  ///< GeneralizedTime "20261122120000Z"; empty: none
    friend bool operator==(const TokenInfo&, const TokenInfo&) = default;
};
Bytes encode_token_info(const TokenInfo& info);
TokenInfo decode_token_info(ByteView file);

/// Source: 7816-15, 8.2.8 (CommonObjectAttributes).
struct Common {
    std::string label;
    std::uint32_t flags = 0;  ///< 1 private, 2 modifiable
    Bytes auth_id;            ///< of the authentication object that protects it
    std::optional<unsigned> user_consent;
    friend bool operator==(const Common&, const Common&) = default;
};

/// Bits of PinObject::flags. Source: 7816-15, 8.9.3 (PasswordFlags).
enum PinFlags : std::uint32_t {
    pin_case_sensitive = 0x01,
    pin_local = 0x02,
    pin_change_disabled = 0x04,
    pin_unblock_disabled = 0x08,
    pin_initialized = 0x10,
    pin_needs_padding = 0x20,
    pin_unblocking = 0x40,
    pin_so = 0x80
};
struct PinObject {
    Common common;
    Bytes auth_id;
    std::uint32_t flags = 0;
    unsigned type = 1;  ///< 0 BCD, 1 ASCII digits, 2 UTF-8
    std::size_t min_length = 4, stored_length = 16;
    std::optional<std::size_t> max_length;
    std::optional<unsigned> reference;
    std::optional<std::uint8_t> pad_char;
    std::optional<Path> path;
    friend bool operator==(const PinObject&, const PinObject&) = default;
};

/// Bits of the usage of keys. Source: 7816-15, 8.2.10 (KeyUsageFlags).
enum KeyUsage : std::uint32_t {
    usage_encrypt = 0x01,
    usage_decrypt = 0x02,
    usage_sign = 0x04,
    usage_sign_recover = 0x08,
    usage_wrap = 0x10,
    usage_unwrap = 0x20,
    usage_verify = 0x40,
    usage_verify_recover = 0x80,
    usage_derive = 0x100,
    usage_non_repudiation = 0x200
};
/// Bits of a key's access flags. Source: 7816-15, 8.2.10 (KeyAccessFlags). `access_local`: made on the card.
enum KeyAccess : std::uint32_t {
    access_sensitive = 0x01,
    access_extractable = 0x02,
    access_always_sensitive = 0x04,
    access_never_extractable = 0x08,
    access_local = 0x10
};
enum class KeyType { rsa, ec };

struct PrivateKeyObject {
    Common common;
    KeyType type = KeyType::ec;
    Bytes id;
    std::uint32_t usage = 0;
    bool native = true;
    std::uint32_t access = 0;
    std::optional<unsigned> reference;  ///< the card's number of the key
    Path path;
    std::optional<std::size_t> size_bits;  ///< modulus bits of RSA, field bits of EC
    friend bool operator==(const PrivateKeyObject&, const PrivateKeyObject&) = default;
};
struct PublicKeyObject {
    Common common;
    KeyType type = KeyType::ec;
    Bytes id;
    std::uint32_t usage = 0;
    bool native = true;
    std::uint32_t access = 0;
    std::optional<unsigned> reference;
    std::optional<Path> path;  ///< of a file with RSAPublicKey (RSA) or SubjectPublicKeyInfo (EC)
    Bytes direct;              ///< the same content inside the object; empty when there is a path
    std::optional<std::size_t> size_bits;
    friend bool operator==(const PublicKeyObject&, const PublicKeyObject&) = default;
};
struct CertificateObject {
    Common common;
    Bytes id;
    bool authority = false;
    std::optional<Path> path;
    Bytes direct;  ///< the certificate itself; empty when there is a path
    friend bool operator==(const CertificateObject&, const CertificateObject&) = default;
};
struct DataObject {
    Common common;
    std::string application;
    Bytes oid;  ///< value bytes; empty: none
    Path path;
    friend bool operator==(const DataObject&, const DataObject&) = default;
};

Bytes encode_aodf(const std::vector<PinObject>& objects);
std::vector<PinObject> decode_aodf(ByteView file);
Bytes encode_prkdf(const std::vector<PrivateKeyObject>& objects);
std::vector<PrivateKeyObject> decode_prkdf(ByteView file);
Bytes encode_pukdf(const std::vector<PublicKeyObject>& objects);
std::vector<PublicKeyObject> decode_pukdf(ByteView file);
Bytes encode_cdf(const std::vector<CertificateObject>& objects);
std::vector<CertificateObject> decode_cdf(ByteView file);
Bytes encode_dodf(const std::vector<DataObject>& objects);
std::vector<DataObject> decode_dodf(ByteView file);

/// The content of a public key file as OpenSC wants it: RSAPublicKey for RSA, SubjectPublicKeyInfo for EC.
Bytes public_key_file(ByteView subject_public_key_info);
/// SubjectPublicKeyInfo of either form. @throws Error{input_invalid}
Bytes public_key_from_file(ByteView file, KeyType type);
/// SubjectPublicKeyInfo of a GENERATE answer (7F49 with 81 82 of RSA, or 81..87 of EC). The curve is the one
/// whose parameters were sent. @throws Error{card_refused} naming offset and rule
Bytes public_key_from_answer(ByteView answer, std::string_view key_algorithm);

/// Bytes of the object that a file begins with, without padding behind it. @throws Error{input_invalid}
Bytes without_padding(ByteView file, const char* what);

}  // namespace kartsaz::app::pkcs15
