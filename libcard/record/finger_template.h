// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "apdu/bytes.h"

namespace kartsaz::record {

enum class TemplateFormat { iso_19794_2_2005, incits_378_2004 };

struct Minutia {
    unsigned type = 0;  ///< 0 other, 1 ending, 2 bifurcation
    unsigned x = 0, y = 0;
    unsigned angle = 0;  ///< ISO: units of 360/256 degrees; 378: units of 2 degrees
    unsigned quality = 0;
};

struct FingerView {
    unsigned position = 0;  ///< 0..10: 1 right thumb .. 5 right little, 6 left thumb .. 10 left little
    unsigned view = 0;
    unsigned impression = 0;
    unsigned quality = 0;  ///< 0..100
    std::vector<Minutia> minutiae;
    std::size_t extended_bytes = 0;
};

/// A finger minutiae record, parsed to its last byte.
struct FingerTemplate {
    Bytes bytes;  ///< the whole record as it goes on the card
    TemplateFormat format = TemplateFormat::iso_19794_2_2005;
    unsigned position = 0;           ///< of its views; the record's own word when the template says 0
    unsigned width = 0, height = 0;  ///< pixels
    unsigned x_resolution = 0, y_resolution = 0;  ///< pixels per cm
    std::vector<FingerView> views;
};

/// @throws Error{input_invalid} naming `what`, the offset and the rule that is broken. Every byte counts:
///         lengths, view headers, minutiae inside the image, extended data to its end, nothing after it.
/// Source: ISO/IEC 19794-2:2005, 7; INCITS 378-2004, 6.
FingerTemplate parse_finger_template(ByteView bytes, const std::string& what);

/// "right index". @param position 0..10
std::string finger_name(unsigned position);

}  // namespace kartsaz::record
