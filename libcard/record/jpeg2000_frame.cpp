// SPDX-License-Identifier: Apache-2.0
#include "libcard/record/jpeg2000_frame.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "libcard/record/pixels.h"

namespace kartsaz::record {
namespace {

constexpr std::array<std::uint8_t, 12> signature_box{0, 0, 0, 12, 'j', 'P', ' ', ' ', 0x0D, 0x0A, 0x87, 0x0A};
constexpr std::array<std::uint8_t, 4> codestream_start{0xFF, 0x4F, 0xFF, 0x51};  // SOC, SIZ
constexpr std::uint64_t file_type_box = 0x66747970;                              // "ftyp"
constexpr std::uint64_t header_box = 0x6A703268;                                 // "jp2h"
constexpr std::uint64_t codestream_box = 0x6A703263;                             // "jp2c"
constexpr std::uint64_t most_tiles = 256;

bool starts_with(ByteView bytes, ByteView start) {
    return bytes.size() >= start.size() && std::equal(start.begin(), start.end(), bytes.begin());
}

struct Box {
    std::uint64_t type = 0;
    std::size_t content = 0;  ///< offset
    std::size_t end = 0;
};

Box read_box(ByteView bytes, std::size_t at, const std::string& what) {
    const std::size_t left = bytes.size() - at;
    if (left < 8) photo_fault(what, at, "JP2: the file ends inside a box header");
    std::uint64_t length = big_endian(bytes.subspan(at, 4));
    std::size_t header = 8;
    if (length == 1) {
        if (left < 16) photo_fault(what, at, "JP2: the file ends inside a box header");
        length = big_endian(bytes.subspan(at + 8, 8));
        header = 16;
    } else if (length == 0) {
        length = left;
    }
    if (length < header || length > left) {
        photo_fault(what, at, fmt::format("JP2: a box of {} bytes; {} are left", length, left));
    }
    return {big_endian(bytes.subspan(at + 4, 4)), at + header, at + length};
}

/// The codestream inside the boxes.
Box find_codestream(ByteView bytes, const std::string& what) {
    bool file_type = false;
    bool header = false;
    std::size_t at = signature_box.size();
    while (at < bytes.size()) {
        const Box box = read_box(bytes, at, what);
        file_type = file_type || box.type == file_type_box;
        header = header || box.type == header_box;
        if (box.type == codestream_box) {
            if (!file_type || !header)
                photo_fault(what, at, "JP2: no file type or header box before the picture");
            if (box.end != bytes.size())
                photo_fault(what, box.end, "JP2: bytes follow the end of the picture");
            return box;
        }
        at = box.end;
    }
    photo_fault(what, bytes.size(), "JP2: the file ends before the picture (no jp2c box)");
}

void check_components(ByteView codestream, std::size_t start, unsigned count, const std::string& what) {
    for (unsigned c = 0; c < count; ++c) {
        const std::size_t at = 42 + std::size_t{3} * c;
        if (codestream[at] != 7)
            photo_fault(what, start + at, "JPEG 2000: 8 bits a component, unsigned, are needed");
        const unsigned dx = codestream[at + 1];
        const unsigned dy = codestream[at + 2];
        if (dx < 1 || dx > 2 || dy < 1 || dy > 2) {
            photo_fault(what, start + at + 1,
                        "JPEG 2000: a component is sampled at every pixel or every second one");
        }
    }
}

/// SIZ: marker 2, length 2, capabilities 2, then eight fields of 4 bytes, component count 2, 3 bytes each.
void check_size(ByteView codestream, std::size_t start, std::size_t file_size, Jpeg2000Frame& frame,
                const std::string& what) {
    constexpr std::size_t fixed = 42;
    if (codestream.size() < fixed)
        photo_fault(what, start + codestream.size(), "JPEG 2000: the file ends inside SIZ");
    const auto field = [&](std::size_t index) { return big_endian(codestream.subspan(8 + 4 * index, 4)); };
    const std::uint64_t x = field(0), y = field(1), x_offset = field(2), y_offset = field(3);
    const std::uint64_t tile_x = field(4), tile_y = field(5);
    const auto components = static_cast<unsigned>(big_endian(codestream.subspan(40, 2)));
    if (x_offset != 0 || y_offset != 0 || field(6) != 0 || field(7) != 0) {
        photo_fault(what, start + 16, "JPEG 2000: a photo starts at the origin of its grid");
    }
    if (x > 0xFFFF || y > 0xFFFF) photo_fault(what, start + 8, "JPEG 2000: 4096 pixels a side are the most");
    frame.width = static_cast<unsigned>(x);
    frame.height = static_cast<unsigned>(y);
    check_dimensions(what, start + 8, file_size, frame.width, frame.height, components);
    if (big_endian(codestream.subspan(4, 2)) != 38 + 3U * components) {
        photo_fault(what, start + 4, "JPEG 2000: the length of SIZ does not fit its components");
    }
    if (codestream.size() < fixed + 3U * components) {
        photo_fault(what, start + codestream.size(), "JPEG 2000: the file ends inside SIZ");
    }
    check_components(codestream, start, components, what);
    if (tile_x == 0 || tile_y == 0 ||
        ((x + tile_x - 1) / tile_x) * ((y + tile_y - 1) / tile_y) > most_tiles) {
        photo_fault(what, start + 24, fmt::format("JPEG 2000: {} tiles are the most", most_tiles));
    }
}

}  // namespace

bool looks_like_jpeg2000(ByteView bytes) {
    // by the first bytes alone, so that a file cut off in them is named for what it is
    const std::size_t n = std::min<std::size_t>(bytes.size(), 12);
    const std::size_t m = std::min<std::size_t>(bytes.size(), 2);
    return n >= 2 && (std::equal(signature_box.begin(),
                                 signature_box.begin() + static_cast<std::ptrdiff_t>(n), bytes.begin()) ||
                      std::equal(codestream_start.begin(),
                                 codestream_start.begin() + static_cast<std::ptrdiff_t>(m), bytes.begin()));
}

Jpeg2000Frame check_jpeg2000_frame(ByteView bytes, const std::string& what) {
    Jpeg2000Frame frame;
    frame.boxed = starts_with(bytes, signature_box);
    if (!frame.boxed && !bytes.empty() && bytes[0] == 0) {
        photo_fault(what, bytes.size(), "JP2: the file ends inside its signature box");
    }
    Box codestream{codestream_box, 0, bytes.size()};
    if (frame.boxed) codestream = find_codestream(bytes, what);
    const ByteView stream = bytes.subspan(codestream.content, codestream.end - codestream.content);
    if (!starts_with(stream, codestream_start)) {
        photo_fault(what, codestream.content, "JPEG 2000: the codestream does not start with SOC and SIZ");
    }
    check_size(stream, codestream.content, bytes.size(), frame, what);
    frame.size_offset = codestream.content + 4;
    if (stream[stream.size() - 2] != 0xFF || stream[stream.size() - 1] != 0xD9) {
        photo_fault(what, bytes.size(),
                    "JPEG 2000: the file does not end with the end of the picture (EOC): it is cut "
                    "off or bytes follow");
    }
    return frame;
}

}  // namespace kartsaz::record
