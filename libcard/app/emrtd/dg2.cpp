// SPDX-License-Identifier: Apache-2.0
// EF.DG2: 75 { 7F61 biometric group with one face record of ISO/IEC 19794-5:2005 }.
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "apdu/error.h"
#include "libcard/app/emrtd/biometric_group.h"
#include "libcard/app/emrtd/lds.h"
#include "libcard/app/emrtd/lds_support.h"

namespace kartsaz::app::emrtd {
namespace {

constexpr std::uint32_t dg2_tag = 0x75;
constexpr lds::BiometricFormat iso_face{0x0101, 0x0008};
constexpr lds::BiometricFormat incits_face{0x001B, 0x0501};  // INCITS 385: the same layout
constexpr std::size_t record_header_size = 14;
constexpr std::size_t facial_information_size = 20;
constexpr std::size_t feature_point_size = 8;
constexpr std::size_t image_information_size = 12;

// ISO/IEC 19794-5:2005, 5.5 to 5.7: record header, facial information, no feature points, image information.
Bytes face_header(const Dg2& face) {
    const std::size_t block = facial_information_size + image_information_size + face.image.size();
    Bytes out{'F', 'A', 'C', 0x00, '0', '1', '0', 0x00};
    out.reserve(record_header_size + facial_information_size + image_information_size);
    lds::put_integer(out, record_header_size + block, 4);
    lds::put_integer(out, 1, 2);
    lds::put_integer(out, block, 4);
    lds::put_integer(out, 0, 2);  // feature points
    lds::put_integer(out, face.gender, 1);
    lds::put_integer(out, 0, 2);     // eye and hair colour
    lds::put_integer(out, 0, 3);     // feature mask
    lds::put_integer(out, 0, 2);     // expression
    lds::put_integer(out, 0, 6);     // pose and its uncertainty
    lds::put_integer(out, 0x01, 1);  // full frontal
    lds::put_integer(out, face.jpeg2000 ? 0x01 : 0x00, 1);
    lds::put_integer(out, face.width, 2);
    lds::put_integer(out, face.height, 2);
    lds::put_integer(out, 0x0102, 2);  // RGB, digital still camera
    lds::put_integer(out, 0, 4);       // device type, quality: not specified
    return out;
}

std::size_t integer_at(ByteView bytes, std::size_t offset, std::size_t size) {
    return big_endian(bytes.subspan(offset, size));
}

/// Length of the facial record data at `at`, which must hold its own header, points and an image.
std::size_t facial_block(const apdu::TlvReader& in, ByteView record, std::size_t base, std::size_t at) {
    constexpr std::size_t least = facial_information_size + image_information_size;
    if (record.size() - at < least) in.fail(base + at, "the face record ends inside the facial information");
    const std::size_t length = integer_at(record, at, 4);
    if (length > record.size() - at) {
        in.fail(base + at, fmt::format("facial record data length {} runs past the end", length));
    }
    const std::size_t points = integer_at(record, at + 4, 2);
    if (length <= least + points * feature_point_size) {
        in.fail(base + at, fmt::format("facial record data length {} leaves no room for an image", length));
    }
    return length;
}

/// Size of the first facial record data; the others are only walked over. Nothing may follow the last.
std::size_t check_face_record(const apdu::TlvReader& in, ByteView record, std::size_t base) {
    static constexpr std::uint8_t magic[8] = {'F', 'A', 'C', 0x00, '0', '1', '0', 0x00};
    if (record.size() < record_header_size) in.fail(base, "the face record ends inside its header");
    if (!std::equal(std::begin(magic), std::end(magic), record.begin())) {
        in.fail(base, "not a face record of ISO/IEC 19794-5:2005 (FAC, 010)");
    }
    if (const auto length = integer_at(record, 8, 4); length != record.size()) {
        in.fail(base + 8, fmt::format("record length {}, but the data block has {}", length, record.size()));
    }
    const std::size_t images = integer_at(record, 12, 2);
    if (images == 0) in.fail(base + 12, "the face record holds no image");
    std::size_t first = 0;
    std::size_t at = record_header_size;
    for (std::size_t i = 0; i < images; ++i) {
        const std::size_t length = facial_block(in, record, base, at);
        if (i == 0) first = length;
        at += length;
    }
    if (at != record.size()) in.fail(base + at, "bytes left over after the last image of the face record");
    return first;
}

}  // namespace

Bytes encode_dg2(const Dg2& face) {
    if (face.image.empty()) throw Error{Errc::input_invalid, "EF.DG2: no image"};
    if (face.image.size() > std::numeric_limits<std::uint32_t>::max() / 2) {
        throw Error{Errc::input_invalid, "EF.DG2: the image is too large"};
    }
    const Bytes header = face_header(face);
    return lds::write_biometric_group({{0x02, std::nullopt, iso_face, header, face.image}}, dg2_tag);
}

Dg2 decode_dg2(ByteView file) {
    auto in = lds::open(file, dg2_tag, "EF.DG2");
    const apdu::Tlv group = in.next(lds::biometric_group_tag);
    in.finish();
    const auto templates = lds::read_biometric_group(in, group);
    if (templates.empty()) in.fail(group.offset, "no face");
    const auto& first = templates.front();
    if (first.format != iso_face && first.format != incits_face) {
        in.fail(first.offset, fmt::format("format {:04X}/{:04X} is not a face record", first.format.owner,
                                          first.format.type));
    }
    const ByteView record = first.block;
    const std::size_t base = first.block_offset;
    const std::size_t end = record_header_size + check_face_record(in, record, base);
    const std::size_t image_information = record_header_size + facial_information_size +
                                          integer_at(record, record_header_size + 4, 2) * feature_point_size;
    const std::size_t image_start = image_information + image_information_size;

    Dg2 face;
    face.gender = record[record_header_size + 6];
    const auto data_type = record[image_information + 1];
    if (data_type > 1) {
        in.fail(base + image_information + 1,
                fmt::format("image data type {:02X}, 00 or 01 expected", data_type));
    }
    face.jpeg2000 = data_type == 1;
    face.width = static_cast<std::uint16_t>(integer_at(record, image_information + 2, 2));
    face.height = static_cast<std::uint16_t>(integer_at(record, image_information + 4, 2));
    const ByteView image = record.subspan(image_start, end - image_start);
    face.image.assign(image.begin(), image.end());
    face.image_offset = base + image_start;
    return face;
}

}  // namespace kartsaz::app::emrtd
