// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "keys/signature_form.h"
#include "keys/signing_key.h"

/// Certificates and CRLs, written and signed here and not by X509_sign(), so that their length is known
/// before and a token is asked once. What is written is read by OpenSSL before it is given away. For the
/// sources of keys/ only.
namespace kartsaz::keys {

/// Bits of keyUsage as RFC 5280, 4.2.1.3 counts them: bit 0 is the most significant.
struct KeyUsage {
    bool digital_signature = false;
    bool content_commitment = false;
    bool certificate_sign = false;
    bool crl_sign = false;
    bool key_encipherment = false;
    bool key_agreement = false;
};

/// Fills the extensions of a certificate or CRL, in the order of the calls. Sources: RFC 5280, 4.2.1 and 5.2;
/// ICAO Doc 9303-12, 7.1.
class ExtensionWriter {
public:
    ExtensionWriter& key_usage(const KeyUsage& usage);                                ///< critical
    ExtensionWriter& basic_constraints(bool ca, std::optional<std::uint8_t> length);  ///< critical
    ExtensionWriter& subject_key_identifier(ByteView identifier);
    ExtensionWriter& authority_key_identifier(ByteView identifier);
    ExtensionWriter& policy(std::string_view dotted);
    ExtensionWriter& crl_url(std::string_view url);  ///< @throws Error{input_invalid} when it is no IA5String
    ExtensionWriter& extended_usages(const std::vector<std::string>& dotted, bool critical = false);
    /// subjectAltName: FASC-N, URI and e-mail address, as far as they are not empty.
    ExtensionWriter& other_names(ByteView fascn, std::string_view uri, std::string_view email);
    ExtensionWriter& document_types(const std::vector<std::string>& types);
    ExtensionWriter& private_key_usage(std::int64_t from, std::int64_t until);
    ExtensionWriter& crl_number(std::uint64_t number);
    ExtensionWriter& crl_reason(int reason);
    const Bytes& bytes() const { return out_; }

private:
    ExtensionWriter& add(std::string_view oid_hex, bool critical, ByteView value);
    Bytes out_;
};

struct CertificateParts {
    Bytes serial;   ///< value bytes of the INTEGER
    Bytes issuer;   ///< Name
    Bytes subject;  ///< Name
    std::int64_t not_before = 0, not_after = 0;
    Bytes public_key;
    Bytes extensions;
};

struct RevokedEntry {
    Bytes serial;
    std::int64_t time = 0;
    int reason = 0;  ///< RFC 5280, 5.3.1; 0 is left out
};
struct CrlParts {
    Bytes issuer;
    std::int64_t this_update = 0, next_update = 0;
    std::vector<RevokedEntry> revoked;  ///< written in the order of their serials
    Bytes extensions;
};

/// The parts that are signed. @throws Error{input_invalid}
Bytes certificate_body(const CertificateParts& parts, const SignatureForm& form);
Bytes crl_body(const CrlParts& parts, const SignatureForm& form);

/// Bytes of the signed whole.
std::size_t signed_size(ByteView body, const SignatureForm& form);

/// Signs a body; the result is read by OpenSSL and its signature checked with `key`.
/// @throws Error{keys_failed} in words that begin with `who`
Bytes sign_certificate(ByteView body, const SigningKey& key, const SignatureForm& form,
                       const std::string& who);
Bytes sign_crl(ByteView body, const SigningKey& key, const SignatureForm& form, const std::string& who);

/// What an issuer's own certificate says and what follows from it.
struct Issuer {
    Identity identity;
    Bytes name;            ///< its subject, Name
    Bytes key_identifier;  ///< its SKI; computed when it has none
    std::string subject;   ///< one line
    std::int64_t not_before = 0, not_after = 0;
    SignatureForm form;
};
/// @throws Error{keys_failed} when key and certificate do not belong together or it is no CA's that may sign
///         certificates and CRLs
Issuer read_issuer(const Identity& identity, const std::string& who);

/// 16 random bytes whose INTEGER is positive and has 16 bytes: 126 bits by chance (RFC 5280, 4.1.2.2).
Bytes random_serial();

}  // namespace kartsaz::keys
