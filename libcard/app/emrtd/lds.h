// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apdu/bytes.h"
#include "keys/lds_security_object.h"
#include "libcard/record/date.h"

/// The files of the ICAO logical data structure (LDS1). Each file is declared once, with encode and decode
/// side by side. Every decode throws Error{input_invalid} naming file, offset and rule. Source: ICAO Doc
/// 9303-10, 4.6 and 4.7.
namespace kartsaz::app::emrtd {

struct EfDef {
    std::string_view name;   ///< "EF.DG1"
    std::string_view title;  ///< for people
    std::uint16_t fid;
    std::uint8_t sfi;
    std::uint32_t tag;        ///< outermost tag
    unsigned dg;              ///< data group number; 0 for EF.COM and EF.SOD
    std::string_view source;  ///< clause
};
/// EF.COM, DG1..DG16, EF.SOD in the order of their numbers. DG tags are not in numeric order.
const std::vector<EfDef>& files();
const EfDef* find_file(std::string_view name);
const EfDef* find_file(std::uint16_t fid);
const EfDef* file_of_tag(std::uint32_t tag);
const EfDef* file_of_dg(unsigned dg);

/// EF.COM: 9303-10, 4.6.1.
struct Com {
    std::string lds_version = "0108";        ///< aabb
    std::string unicode_version = "040000";  ///< aabbcc
    std::vector<std::uint32_t> tags;         ///< data group tags present
};
Bytes encode_com(const Com& com);
Com decode_com(ByteView file);

/// DG1: the MRZ, 90 characters for TD1. 4.7.1.
Bytes encode_dg1(std::string_view mrz);
std::string decode_dg1(ByteView file);

/// DG2: one face as ISO/IEC 19794-5:2005 in CBEFF (ISO/IEC 7816-11 BIT). 4.7.2.
struct Dg2 {
    Bytes image;  ///< JPEG or JPEG 2000
    bool jpeg2000 = false;
    std::uint16_t width = 0, height = 0;
    std::uint8_t gender = 0;       ///< 19794-5: 00 unspecified, 01 male, 02 female, FF unknown
    std::size_t image_offset = 0;  ///< of the image in the file; decode only
};
Bytes encode_dg2(const Dg2& face);
Dg2 decode_dg2(ByteView file);

/// DG3: finger templates in CBEFF. The BDB is the record as it is (ISO/IEC 19794-2 with format owner 0101
/// type 0001; INCITS 378 with owner 001B type 0201). 4.7.3.
struct Finger {
    Bytes record;
    bool incits = false;
    std::uint8_t subtype = 0;       ///< 7816-11 biometric subtype: 09 right index, 06 left thumb, 00 unknown
    std::size_t record_offset = 0;  ///< decode only
};
/// Subtype byte of a finger position 0..10 of 19794-2, and back.
std::uint8_t finger_subtype(unsigned position);
unsigned finger_position(std::uint8_t subtype);
Bytes encode_dg3(const std::vector<Finger>& fingers);
/// Offsets count from the start of the file. An empty group (with random bytes under 53) gives no fingers.
std::vector<Finger> decode_dg3(ByteView file);
/// The biometric group 7F61 alone, tag and length included: what DG13 carries where a card has no DG3.
Bytes encode_finger_group(const std::vector<Finger>& fingers);
std::vector<Finger> decode_finger_group(ByteView group);

/// DG11: 4.7.11. Texts are UTF-8; the separator < may stand in none of name, birth_place and address. An
/// empty field is left out. Blanks between the words of a name are written as < and come back as blanks.
struct Dg11 {
    std::string surname, given;            ///< 5F0E: surname << given names, in Persian script
    std::string personal_number;           ///< 5F10: the national ID
    std::string birth_date;                ///< 5F2B: CCYYMMDD
    std::vector<std::string> birth_place;  ///< 5F11, parts joined by <
    std::vector<std::string> address;      ///< 5F42: address, postal code
    std::string telephone{};               ///< 5F12
};
Bytes encode_dg11(const Dg11& details);
Dg11 decode_dg11(ByteView file);

/// DG12: 4.7.12.
struct Dg12 {
    std::string authority;        ///< 5F19
    std::string issue_date;       ///< 5F26: CCYYMMDD
    std::string personalized_at;  ///< 5F55: CCYYMMDDhhmmss, UTC
    std::string system_serial;    ///< 5F56
};
Bytes encode_dg12(const Dg12& details);
Dg12 decode_dg12(ByteView file);

/// DG13: state defined (4.7.13). Ours: tag 6D, then 5C list and private-class objects, see docs/formats.md.
struct Dg13 {
    std::string certificate_number;  ///< birth certificate number (shomare shenasname)
    std::string certificate_serial;
    std::string father_name;    ///< Persian
    std::string birth_date_sh;  ///< Solar Hijri, YYYY-MM-DD
    /// Only where a profile puts the templates here: biometric groups as in DG3, each element one whole 7F61
    /// of encode_finger_group().
    std::vector<Bytes> finger_records{};
};
Bytes encode_dg13(const Dg13& registry);
Dg13 decode_dg13(ByteView file);

/// One SecurityInfo of DG14 or EF.CardAccess: 9303-11, 9.2.
struct SecurityInfo {
    Bytes oid;  ///< value bytes
    Bytes der;  ///< the whole SEQUENCE
};
/// DG14: tag 6E with a DER SET OF, sorted. 4.7.14.
Bytes encode_dg14(const std::vector<Bytes>& security_infos);
std::vector<SecurityInfo> decode_dg14(ByteView file);
/// A bare SET OF SecurityInfo (EF.CardAccess).
std::vector<SecurityInfo> decode_security_infos(ByteView set, const std::string& what);
/// ActiveAuthenticationInfo for plain ECDSA with SHA-256 (2.23.136.1.1.5, 0.4.0.127.0.7.1.1.4.1.3).
Bytes active_authentication_info_ecdsa_sha256();
/// PACEInfo of ECDH generic mapping with AES-128 (0.4.0.127.0.7.2.2.4.2.2), version 2.
Bytes pace_info_ecdh_gm_aes128(unsigned parameter_id);

/// DG15: SubjectPublicKeyInfo. 4.7.15.
Bytes encode_dg15(ByteView subject_public_key_info);
Bytes decode_dg15(ByteView file);

/// What EF.SOD signs. 4.6.2.3.
using keys::decode_lds_security_object;
using keys::encode_lds_security_object;
using keys::LdsSecurityObject;
/// EF.SOD: tag 77 around a CMS SignedData. 4.6.2.
Bytes encode_sod(ByteView cms);
/// The CMS inside. @param[out] offset of the CMS in the file, when asked
Bytes decode_sod(ByteView file, std::size_t* offset = nullptr);
/// The LDSSecurityObject inside a CMS SignedData. No signature is checked: for knowing what to read.
Bytes peek_lds_security_object(ByteView cms);

}  // namespace kartsaz::app::emrtd
