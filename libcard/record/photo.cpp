// SPDX-License-Identifier: Apache-2.0
#include "libcard/record/photo.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "apdu/error.h"
#include "libcard/record/jpeg2000_frame.h"
#include "libcard/record/pixels.h"

namespace kartsaz::record {
namespace {

constexpr unsigned smallest_side = 48;
constexpr unsigned largest_side = 4096;
constexpr unsigned smallest_width = 120;  ///< of a re-encoded photo: less shows no face
constexpr int best_quality = 90;
constexpr int worst_quality = 40;
constexpr int quality_step = 10;

/// The best quality that fits at this size; empty when none does.
Bytes encode_within(const Pixels& pixels, std::size_t budget, const std::string& what) {
    for (int quality = best_quality; quality >= worst_quality; quality -= quality_step) {
        Bytes encoded = encode_jpeg(pixels, quality, what);
        if (encoded.size() <= budget) return encoded;
    }
    return {};
}

}  // namespace

void photo_fault(const std::string& what, std::size_t offset, const std::string& rule) {
    throw Error{Errc::input_invalid, fmt::format("{}: offset {}: {}", what, offset, rule)};
}

void check_dimensions(const std::string& what, std::size_t offset, std::size_t file_size, unsigned width,
                      unsigned height, unsigned components) {
    if (std::min(width, height) < smallest_side || std::max(width, height) > largest_side) {
        photo_fault(
            what, offset,
            fmt::format("{} x {} pixels; a side has {} to {}", width, height, smallest_side, largest_side));
    }
    if (components != 1 && components != 3) {
        photo_fault(what, offset, fmt::format("{} colour components; 1 (gray) or 3 are needed", components));
    }
    if (std::size_t{width} * height > file_size * pixels_per_byte) {
        photo_fault(what, offset,
                    fmt::format("{} x {} pixels in {} bytes are no photo", width, height, file_size));
    }
}

Photo parse_photo(ByteView bytes, const std::string& what) {
    if (bytes.empty()) photo_fault(what, 0, "the file is empty");
    const bool jpeg2000 = looks_like_jpeg2000(bytes);
    const bool jpeg = bytes.size() >= 2 && bytes[0] == 0xFF && bytes[1] == 0xD8;
    if (!jpeg && !jpeg2000) photo_fault(what, 0, "it begins neither as JPEG nor as JPEG 2000");
    const Pixels pixels = jpeg2000 ? decode_jpeg2000(bytes, what, false) : decode_jpeg(bytes, what, false);
    return {Bytes(bytes.begin(), bytes.end()), jpeg2000 ? PhotoFormat::jpeg2000 : PhotoFormat::jpeg,
            pixels.width, pixels.height, pixels.channels == 3};
}

Pixels scaled(const Pixels& pixels, unsigned width) {
    const auto height = static_cast<unsigned>(
        std::max(1L, std::lround(static_cast<double>(pixels.height) * width / pixels.width)));
    Pixels out{width, height, pixels.channels, Bytes(std::size_t{width} * height * pixels.channels)};
    std::size_t at = 0;
    for (unsigned y = 0; y < height; ++y) {
        const std::size_t top = std::size_t{y} * pixels.height / height;
        const std::size_t bottom = std::max(top + 1, (std::size_t{y} + 1) * pixels.height / height);
        for (unsigned x = 0; x < width; ++x) {
            const std::size_t left = std::size_t{x} * pixels.width / width;
            const std::size_t right = std::max(left + 1, (std::size_t{x} + 1) * pixels.width / width);
            for (unsigned c = 0; c < pixels.channels; ++c) {
                std::size_t sum = 0;
                for (std::size_t row = top; row < bottom; ++row) {
                    for (std::size_t column = left; column < right; ++column) {
                        sum += pixels.samples[(row * pixels.width + column) * pixels.channels + c];
                    }
                }
                const std::size_t count = (bottom - top) * (right - left);
                out.samples[at++] = static_cast<std::uint8_t>((sum + count / 2) / count);
            }
        }
    }
    return out;
}

Photo reencode_photo(const Photo& photo, std::size_t budget, const std::string& what) {
    const Pixels original = photo.format == PhotoFormat::jpeg2000 ? decode_jpeg2000(photo.bytes, what, true)
                                                                  : decode_jpeg(photo.bytes, what, true);
    unsigned width = original.width;
    while (true) {
        const Pixels pixels = width == original.width ? original : scaled(original, width);
        if (pixels.height < smallest_side) break;
        const Bytes encoded = encode_within(pixels, budget, what);
        if (!encoded.empty()) return parse_photo(encoded, what);
        if (width <= smallest_width) break;
        width = std::max(smallest_width, width * 85 / 100);
    }
    throw Error{Errc::input_invalid,
                fmt::format("{}: the photo does not fit into {} bytes even at {} pixels wide", what, budget,
                            std::min(width, smallest_width))};
}

}  // namespace kartsaz::record
