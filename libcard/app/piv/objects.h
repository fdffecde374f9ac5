// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "keys/secret.h"
#include "libcard/app/piv/fields.h"
#include "libcard/record/date.h"

/// The objects of NIST SP 800-73-4 part 1, appendix A: each declared once, encoded and decoded side by side.
/// A decoder takes the whole value of a container (what stands under 53; discovery and BIT group with their
/// own tag), checks every length before use and throws Error{input_invalid} naming object, offset and rule.
/// decode(encode(x)) == x, and encode(decode(bytes)) == bytes where lengths are minimal.
namespace kartsaz::app::piv {

/// Card capability container, table 8.
struct Ccc {
    Bytes card_identifier;           ///< F0: 21 bytes, see make_card_identifier()
    Bytes container_version{0x21};   ///< F1
    Bytes grammar_version{0x21};     ///< F2
    Bytes application_url;           ///< F3
    Bytes pkcs15{0x00};              ///< F4: 00, no PKCS#15
    Bytes data_model{0x10};          ///< F5
    Bytes access_rules = Bytes(17);  ///< F6
    Bytes card_apdus, redirection, capability_tuples, status_tuples, next_ccc;  ///< F7 FA FB FC FD: empty
    std::optional<Bytes> extended_url;                                          ///< E3
    std::optional<Bytes> security_buffer;                                       ///< B4
    Offsets offsets{};
};
Bytes encode_ccc(const Ccc& ccc);
Ccc decode_ccc(ByteView value);
/// GSC-RID, manufacturer, 02 (Java Card), 14 bytes of the chip's own number. @throws Error{usage} when `chip`
/// is longer; a shorter one is filled with 00 in front. Source: GSC-IS 2.1, 6.3.
Bytes make_card_identifier(std::uint8_t manufacturer, ByteView chip);

/// Table 16. Texts are as printed on the card.
struct PrintedInformation {
    std::string name;                              ///< 01
    std::string affiliation;                       ///< 02
    std::optional<std::string> affiliation_more;   ///< 03, of older cards
    std::string expiry;                            ///< 04: YYYYMMMDD, "2032DEC02"
    std::string serial;                            ///< 05
    std::string issuer;                            ///< 06
    std::optional<std::string> organization;       ///< 07
    std::optional<std::string> organization_more;  ///< 08
    Offsets offsets{};
};
Bytes encode_printed_information(const PrintedInformation& printed);
PrintedInformation decode_printed_information(ByteView value);
/// "2032DEC02", and back; empty when it is no such day.
std::string printed_date(const record::Date& date);
std::optional<record::Date> parse_printed_date(std::string_view text);

/// Table 18. C1 and C2 together are 20 at most; a URL is there exactly when some are off the card.
struct KeyHistory {
    std::uint8_t on_card = 0;        ///< C1: retired keys whose certificates are on the card
    std::uint8_t off_card = 0;       ///< C2: those whose certificates are at `url`
    std::optional<std::string> url;  ///< F3
    Offsets offsets{};
};
Bytes encode_key_history(const KeyHistory& history);
KeyHistory decode_key_history(ByteView value);

/// Iris images, kept as they are. Table 39.
struct Iris {
    Bytes content;  ///< BC: CBEFF
    Offsets offsets{};
};
Bytes encode_iris(const Iris& iris);
Iris decode_iris(ByteView value);

/// Pairing code: 8 digits. It opens the contactless interface, so it is a secret. Table 42.
keys::SecretBytes encode_pairing_code(const keys::SecretBytes& digits);
keys::SecretBytes decode_pairing_code(const keys::SecretBytes& value);

/// Discovery object, table 17. An object without content (7E 00) says that there is none: `aid` and `policy`
/// are empty.
struct Discovery {
    Bytes aid;     ///< 4F: of the PIV application, 11 bytes
    Bytes policy;  ///< 5F2F: two bytes
    std::size_t policy_offset = 0;
    enum First : std::uint8_t {
        piv_pin = 0x40,
        global_pin = 0x20,
        on_card_comparison = 0x10,
        virtual_contact = 0x08,
        without_pairing_code = 0x04
    };
    enum Second : std::uint8_t { piv_pin_primary = 0x10, global_pin_primary = 0x20 };
    bool empty() const { return aid.empty(); }
};
Bytes encode_discovery(const Discovery& discovery);
Discovery decode_discovery(ByteView object);

/// One biometric information template of on-card comparison. Source: ISO/IEC 7816-11, SP 800-76-2, table 7.
struct BiometricTemplate {
    std::optional<std::uint8_t> reference;  ///< 83: 96 primary, 97 secondary finger
    Bytes type, subtype;                    ///< A1 81, 82; empty: not told
    Bytes creation_date, creator;           ///< A1 83, 86
    Bytes validity;                         ///< A1 85
    Bytes format_owner, format_type;        ///< A1 87, 88
    Bytes parameters;  ///< B1, whole value: how the minutiae are to be given; empty: none
    friend bool operator==(const BiometricTemplate&, const BiometricTemplate&) = default;
};
/// 7F61, table 40: none where no finger is enrolled, two at most.
Bytes encode_bit_group(const std::vector<BiometricTemplate>& templates);
std::vector<BiometricTemplate> decode_bit_group(ByteView object);

/// A certificate, tables 10 to 15 and 20 to 38, and that of the secure messaging key, table 41.
struct CertificateObject {
    Bytes stored;                           ///< 70: X.509 in DER, or gzip of it
    Bytes info{0x00};                       ///< 71: 01 says that it is gzip
    std::optional<Bytes> mscuid;            ///< 72, of older cards
    std::optional<Bytes> intermediate_cvc;  ///< 7F21, whole value; only in the secure messaging signer
    Offsets offsets{};
    bool compressed() const { return !info.empty() && (info[0] & 0x01U) != 0; }
};
/// @param name  begins error texts, as Container::name
Bytes encode_certificate_object(const CertificateObject& object, std::string_view name);
CertificateObject decode_certificate_object(ByteView value, std::string_view name);
/// @param compress  stored as gzip
CertificateObject make_certificate_object(ByteView certificate, bool compress);
/// The certificate in DER, unpacked where it is packed. @throws Error{input_invalid}
Bytes certificate_of(const CertificateObject& object, std::string_view name);

}  // namespace kartsaz::app::piv
