// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "apdu/bytes.h"
#include "libcard/record/photo.h"

namespace kartsaz::app::piv {

/// One face, JPEG or JPEG 2000. Source: INCITS 385-2004, whose layout is that of ISO/IEC 19794-5:2005, 5.5 to
/// 5.8. Numbers are the standard's codes; 0 is "not specified".
struct FaceRecord {
    std::uint8_t gender = 0, eyes = 0, hair = 0;
    std::uint32_t features = 0;    ///< 3 bytes
    std::uint16_t expression = 0;  ///< 1 neutral
    std::array<std::uint8_t, 3> pose{}, pose_uncertainty{};
    std::vector<std::array<std::uint8_t, 8>> points;
    std::uint8_t image_type = 1;  ///< 0 basic, 1 full frontal, 2 token frontal
    bool jpeg2000 = false;
    std::uint16_t width = 0, height = 0;  ///< pixels
    std::uint8_t colour = 1;              ///< 1 RGB, 2 YUV 4:2:2, 3 gray
    std::uint8_t source = 2;              ///< 2 digital still camera
    std::uint16_t device = 0, quality = 0;
    Bytes image;
    std::size_t image_offset = 0;  ///< in the record; decode only
};
/// @throws Error{input_invalid} when there is no image, or it is not of the kind that is told
Bytes encode_face(const FaceRecord& face);
/// Exactly one face. @param what  begins error texts  @param base  offset of the record in the container, for
/// error texts  @throws Error{input_invalid}
FaceRecord decode_face(ByteView record, std::string_view what, std::size_t base = 0);
/// The photo of a record as a full frontal face. @param gender  01 male, 02 female
FaceRecord face_of(const record::Photo& photo, std::uint8_t gender);

}  // namespace kartsaz::app::piv
