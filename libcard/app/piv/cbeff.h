// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libcard/app/piv/fields.h"

/// Biometric containers: BC { CBEFF header of 88 bytes, biometric data block, signature block }, FE 00.
/// Source: SP 800-76-2, 9 (the PIV patron format of CBEFF), INCITS 398.
namespace kartsaz::app::piv {

constexpr std::size_t cbeff_header_size = 88;

/// CC YY MM DD hh mm ss in binary, then 'Z'.
using CbeffTime = std::array<std::uint8_t, 8>;
/// @throws Error{input_invalid} outside the years 0 to 9999
CbeffTime cbeff_time(std::int64_t seconds);
/// Seconds since 1970; empty when it is no such time.
std::optional<std::int64_t> seconds_of(const CbeffTime& time);

struct CbeffHeader {
    std::uint8_t version = 0x03;
    std::uint8_t security = 0x0D;        ///< 0D signed, 0F signed and encrypted
    std::uint32_t block_length = 0;      ///< of the data block; encoders count it
    std::uint16_t signature_length = 0;  ///< of the signature block; encoders count it
    std::uint16_t format_owner = 0x001B, format_type = 0;
    CbeffTime created{}, valid_from{}, valid_to{};
    std::uint32_t biometric_type = 0;  ///< 3 bytes
    std::uint8_t data_type = 0;        ///< 20 raw, 80 processed
    std::int8_t quality = -2;          ///< 0 to 100, -2 not supported, -1 failed
    Bytes creator = Bytes(18);         ///< text, filled with 00
    Bytes fascn;                       ///< 25 bytes
    std::array<std::uint8_t, 4> reserved{};
};
/// What a container holds; headers differ by it. Source: SP 800-76-2, table 15.
enum class Biometric { fingerprints, face };
/// A header for this kind. @param creator  up to 17 characters  @throws Error{input_invalid} when longer
CbeffHeader make_cbeff_header(Biometric kind, std::string_view creator, ByteView fascn);

struct HeaderFault {
    std::size_t offset = 0;  ///< in the header
    std::string field;
    std::string expected, got;
};
/// Values that are not those of this kind of container; lengths are the decoder's matter.
std::vector<HeaderFault> header_faults(const CbeffHeader& header, Biometric kind);

struct BiometricObject {
    CbeffHeader header;
    Bytes block;      ///< INCITS 378, INCITS 385, ..
    Bytes signature;  ///< CMS
    // in the container's value; decode only
    std::size_t header_offset = 0, block_offset = 0, signature_offset = 0;
};
/// @param name  begins error texts, as Container::name  @throws Error{input_invalid}
Bytes encode_biometric(const BiometricObject& object, std::string_view name);
BiometricObject decode_biometric(ByteView value, std::string_view name);
/// What the signature covers: header and data block, as they are.
Bytes signed_part_of_biometric(const BiometricObject& object);

}  // namespace kartsaz::app::piv
