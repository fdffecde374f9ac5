// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "apdu/bytes.h"
#include "apdu/tlv.h"

/// The biometric information group template 7F61 of DG2, DG3 and DG4: the TLV patron format of CBEFF.
/// Source: ICAO Doc 9303-10, 4.7.2 and tables 47 to 50; ISO/IEC 7816-11.
namespace kartsaz::app::emrtd::lds {

constexpr std::uint32_t biometric_group_tag = 0x7F61;

/// Format owner and type of a biometric data block.
struct BiometricFormat {
    std::uint16_t owner = 0;
    std::uint16_t type = 0;
    friend bool operator==(const BiometricFormat&, const BiometricFormat&) = default;
};

/// One template as it stands in a group.
struct BiometricTemplate {
    BiometricFormat format{};
    std::uint8_t subtype = 0;  ///< 00 when there is none
    ByteView block{};          ///< the biometric data block
    std::size_t block_offset = 0;
    std::size_t offset = 0;  ///< of the template
};
/// Every template of the group `group` (the whole 7F61), each checked; the count must agree.
std::vector<BiometricTemplate> read_biometric_group(const apdu::TlvReader& in, const apdu::Tlv& group);

/// One template to be written; its data block is `head` and then `body`, so that a photo is copied once.
struct TemplateToWrite {
    std::uint8_t type = 0;  ///< 02 face, 08 finger
    std::optional<std::uint8_t> subtype{};
    BiometricFormat format{};
    ByteView head{};
    ByteView body{};
};
/// The whole group, with `outer_tag` around it when that is not 0.
Bytes write_biometric_group(const std::vector<TemplateToWrite>& templates, std::uint32_t outer_tag);

}  // namespace kartsaz::app::emrtd::lds
