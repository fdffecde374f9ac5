// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "apdu/bytes.h"

/// What the photo decoders share. Inside of libcard/record only.
namespace kartsaz::record {

/// A decoded picture: rows from the top, `channels` bytes a pixel (1 gray, 3 RGB), no padding.
struct Pixels {
    unsigned width = 0, height = 0;
    unsigned channels = 0;
    Bytes samples;
};

/// @throws Error{input_invalid} "what: offset n: rule"
[[noreturn]] void photo_fault(const std::string& what, std::size_t offset, const std::string& rule);

/// Sides within 48..4096, one or three components, and no more than `pixels_per_byte` pixels for each byte of
/// the file: what decodes to more is no photo but an attack on the memory.
void check_dimensions(const std::string& what, std::size_t offset, std::size_t file_size, unsigned width,
                      unsigned height, unsigned components);
inline constexpr std::size_t pixels_per_byte = 400;

/// Baseline or progressive JPEG to its last row. @param keep  false: decode, but give no samples back
Pixels decode_jpeg(ByteView bytes, const std::string& what, bool keep);
/// JP2 file or bare codestream.
Pixels decode_jpeg2000(ByteView bytes, const std::string& what, bool keep);
/// Baseline JPEG. @param quality 1..100
Bytes encode_jpeg(const Pixels& pixels, int quality, const std::string& what);
/// Smaller by averaging over areas. @param width 1..pixels.width
Pixels scaled(const Pixels& pixels, unsigned width);

}  // namespace kartsaz::record
