// SPDX-License-Identifier: Apache-2.0
#include "libcard/app/piv/face.h"

#include <fmt/format.h>

#include <algorithm>

#include "apdu/error.h"

namespace kartsaz::app::piv {
namespace {

constexpr std::array<std::uint8_t, 8> face_magic{'F', 'A', 'C', 0x00, '0', '1', '0', 0x00};
constexpr std::size_t facial_header_size = 14, facial_part_size = 20, point_size = 8, image_part_size = 12;

bool starts_with(ByteView bytes, std::initializer_list<std::uint8_t> magic) {
    return bytes.size() >= magic.size() && std::equal(magic.begin(), magic.end(), bytes.begin());
}

bool is_jpeg(ByteView image) {
    return starts_with(image, {0xFF, 0xD8, 0xFF});
}

/// JP2 file (its signature box) or bare codestream.
bool is_jpeg2000(ByteView image) {
    return starts_with(image, {0x00, 0x00, 0x00, 0x0C, 0x6A, 0x50, 0x20, 0x20}) ||
           starts_with(image, {0xFF, 0x4F, 0xFF, 0x51});
}

/// Reads from front to back and knows where it is.
class FaceReader {
public:
    FaceReader(ByteView bytes, std::string_view what, std::size_t base)
        : bytes_{bytes}, what_{what}, base_{base} {}

    [[noreturn]] void fail(std::size_t at, const std::string& rule) const {
        throw Error{Errc::input_invalid,
                    fmt::format("{}: offset {}: face record: {}", what_, base_ + at, rule)};
    }
    ByteView take(std::size_t size) {
        if (bytes_.size() - at_ < size) fail(at_, "the data ends inside a field");
        const auto out = bytes_.subspan(at_, size);
        at_ += size;
        return out;
    }
    template <typename Number>
    Number number(std::size_t size) {
        return static_cast<Number>(big_endian(take(size)));
    }
    template <std::size_t size>
    std::array<std::uint8_t, size> octets() {
        std::array<std::uint8_t, size> out{};
        std::ranges::copy(take(size), out.begin());
        return out;
    }
    /// A number that must be `expected`.
    void demand(std::size_t size, std::size_t expected, std::string_view field) {
        const auto got = number<std::size_t>(size);
        if (got != expected) fail(at_ - size, fmt::format("{} {}, {} expected", field, got, expected));
    }
    std::size_t at() const { return at_; }
    std::size_t left() const { return bytes_.size() - at_; }

private:
    ByteView bytes_;
    std::string_view what_;
    std::size_t base_, at_ = 0;
};

void read_facial_part(FaceReader& in, FaceRecord& out) {
    const std::size_t start = in.at();
    in.demand(4, in.left(), "facial record data length");
    const auto points = in.number<std::size_t>(2);
    out.gender = in.number<std::uint8_t>(1);
    out.eyes = in.number<std::uint8_t>(1);
    out.hair = in.number<std::uint8_t>(1);
    out.features = in.number<std::uint32_t>(3);
    out.expression = in.number<std::uint16_t>(2);
    out.pose = in.octets<3>();
    out.pose_uncertainty = in.octets<3>();
    if (in.left() < points * point_size)
        in.fail(start + 4, fmt::format("no room for {} feature points", points));
    for (std::size_t i = 0; i < points; ++i) out.points.push_back(in.octets<point_size>());
}

void read_image_part(FaceReader& in, FaceRecord& out) {
    out.image_type = in.number<std::uint8_t>(1);
    const auto kind = in.number<std::uint8_t>(1);
    if (kind > 1)
        in.fail(in.at() - 1, fmt::format("image data type {}, 0 (JPEG) or 1 (JPEG 2000) expected", kind));
    out.jpeg2000 = kind == 1;
    out.width = in.number<std::uint16_t>(2);
    out.height = in.number<std::uint16_t>(2);
    out.colour = in.number<std::uint8_t>(1);
    out.source = in.number<std::uint8_t>(1);
    out.device = in.number<std::uint16_t>(2);
    out.quality = in.number<std::uint16_t>(2);
    out.image_offset = in.at();
    const auto image = in.take(in.left());
    if (out.jpeg2000 ? !is_jpeg2000(image) : !is_jpeg(image)) {
        in.fail(out.image_offset,
                out.jpeg2000 ? "no JPEG 2000 image starts here" : "no JPEG image starts here");
    }
    out.image.assign(image.begin(), image.end());
}

}  // namespace

Bytes encode_face(const FaceRecord& face) {
    const std::size_t block =
        facial_part_size + face.points.size() * point_size + image_part_size + face.image.size();
    Bytes out = concat({face_magic, big_endian(facial_header_size + block, 4), big_endian(1, 2),
                        big_endian(block, 4), big_endian(face.points.size(), 2),
                        Bytes{face.gender, face.eyes, face.hair}, big_endian(face.features, 3),
                        big_endian(face.expression, 2), face.pose, face.pose_uncertainty});
    for (const auto& point : face.points) append(out, point);
    append(out,
           concat({Bytes{face.image_type, static_cast<std::uint8_t>(face.jpeg2000 ? 1 : 0)},
                   big_endian(face.width, 2), big_endian(face.height, 2), Bytes{face.colour, face.source},
                   big_endian(face.device, 2), big_endian(face.quality, 2), face.image}));
    decode_face(out, "face");
    return out;
}

FaceRecord decode_face(ByteView record, std::string_view what, std::size_t base) {
    FaceReader in{record, what, base};
    if (!std::ranges::equal(in.take(face_magic.size()), face_magic)) {
        in.fail(0, "it does not begin with FAC 00, 010 00 (INCITS 385-2004)");
    }
    in.demand(4, record.size(), "record length");
    in.demand(2, 1, "number of faces");
    FaceRecord out;
    read_facial_part(in, out);
    read_image_part(in, out);
    return out;
}

FaceRecord face_of(const record::Photo& photo, std::uint8_t gender) {
    FaceRecord out;
    out.gender = gender;
    out.jpeg2000 = photo.format == record::PhotoFormat::jpeg2000;
    out.width = static_cast<std::uint16_t>(photo.width);
    out.height = static_cast<std::uint16_t>(photo.height);
    out.colour = photo.colour ? 1 : 3;
    out.image = photo.bytes;
    return out;
}

}  // namespace kartsaz::app::piv
