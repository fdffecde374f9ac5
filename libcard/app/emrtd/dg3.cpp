// SPDX-License-Identifier: Apache-2.0
// EF.DG3: 63 { 7F61 biometric group, one template per finger }. The data block is the record as it is.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "apdu/error.h"
#include "libcard/app/emrtd/biometric_group.h"
#include "libcard/app/emrtd/lds.h"
#include "libcard/app/emrtd/lds_support.h"

namespace kartsaz::app::emrtd {
namespace {

constexpr std::uint32_t dg3_tag = 0x63;
constexpr std::uint8_t finger_type = 0x08;
constexpr lds::BiometricFormat iso_minutiae{0x0101, 0x0001};
constexpr lds::BiometricFormat iso_minutiae_extended{0x0101, 0x0002};
constexpr lds::BiometricFormat incits_minutiae{0x001B, 0x0201};
constexpr lds::BiometricFormat incits_minutiae_extended{0x001B, 0x0202};

// ISO/IEC 7816-11, table 3: b1 right, b2 left, b5-b3 thumb 001 to little finger 101; by finger position
// 0..10.
constexpr std::array<std::uint8_t, 11> subtypes{0x00, 0x05, 0x09, 0x0D, 0x11, 0x15,
                                                0x06, 0x0A, 0x0E, 0x12, 0x16};

Bytes write_fingers(const std::vector<Finger>& fingers, std::uint32_t outer_tag, std::string_view what) {
    std::vector<lds::TemplateToWrite> templates;
    templates.reserve(fingers.size());
    for (const auto& finger : fingers) {
        if (finger.record.empty())
            throw Error{Errc::input_invalid, fmt::format("{}: an empty template", what)};
        templates.push_back(
            {finger_type, finger.subtype, finger.incits ? incits_minutiae : iso_minutiae, {}, finger.record});
    }
    return lds::write_biometric_group(templates, outer_tag);
}

std::vector<Finger> read_fingers(const apdu::TlvReader& in, const apdu::Tlv& group) {
    std::vector<Finger> fingers;
    for (const auto& found : lds::read_biometric_group(in, group)) {
        const bool iso = found.format == iso_minutiae || found.format == iso_minutiae_extended;
        const bool incits = found.format == incits_minutiae || found.format == incits_minutiae_extended;
        if (!iso && !incits) {
            in.fail(found.offset, fmt::format("format {:04X}/{:04X} is not a finger minutiae record",
                                              found.format.owner, found.format.type));
        }
        if (found.block.empty()) in.fail(found.block_offset, "an empty finger template");
        fingers.push_back(
            {Bytes(found.block.begin(), found.block.end()), incits, found.subtype, found.block_offset});
    }
    return fingers;
}

}  // namespace

std::uint8_t finger_subtype(unsigned position) {
    if (position >= subtypes.size()) {
        throw Error{Errc::usage, fmt::format("finger position {}, 0 to 10 expected", position)};
    }
    return subtypes[position];
}

unsigned finger_position(std::uint8_t subtype) {
    const auto found = std::find(subtypes.begin(), subtypes.end(), subtype);
    return found == subtypes.end() ? 0 : static_cast<unsigned>(found - subtypes.begin());
}

Bytes encode_finger_group(const std::vector<Finger>& fingers) {
    return write_fingers(fingers, 0, "finger templates");
}

std::vector<Finger> decode_finger_group(ByteView group) {
    static constexpr std::string_view name = "finger templates";
    const apdu::Tlv object = lds::only(group, lds::biometric_group_tag, name);
    return read_fingers(apdu::TlvReader{group, std::string{name}}, object);
}

Bytes encode_dg3(const std::vector<Finger>& fingers) {
    return write_fingers(fingers, dg3_tag, "EF.DG3");
}

std::vector<Finger> decode_dg3(ByteView file) {
    auto in = lds::open(file, dg3_tag, "EF.DG3");
    const apdu::Tlv group = in.next(lds::biometric_group_tag);
    auto fingers = read_fingers(in, group);
    // A group without templates is followed by random bytes under 53, so that its hash tells nothing.
    if (fingers.empty()) in.maybe(0x53);
    in.finish();
    return fingers;
}

}  // namespace kartsaz::app::emrtd
