// SPDX-License-Identifier: Apache-2.0
#include "libcard/record/finger_template.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "apdu/error.h"

namespace kartsaz::record {
namespace {

constexpr std::array fingers{"unknown finger", "right thumb",  "right index", "right middle",
                             "right ring",     "right little", "left thumb",  "left index",
                             "left middle",    "left ring",    "left little"};
/// No card holds more; up to here the length field tells the two formats apart.
constexpr std::size_t largest = 65'535;
constexpr std::array<std::uint8_t, 8> magic{'F', 'M', 'R', 0, ' ', '2', '0', 0};

/// Reads a record from front to back and knows where it is.
class Parser {
public:
    Parser(ByteView bytes, const std::string& what) : bytes_{bytes}, what_{what} {}

    FingerTemplate run() {
        read_header();
        for (unsigned i = 0; i < view_count_; ++i) read_view(i);
        if (at_ != bytes_.size()) fail(at_, "bytes follow the last view");
        out_.position = common_position();
        out_.bytes.assign(bytes_.begin(), bytes_.end());
        return std::move(out_);
    }

private:
    [[noreturn]] void fail(std::size_t offset, const std::string& rule) const {
        throw Error{Errc::input_invalid, fmt::format("{}: offset {}: {}", what_, offset, rule)};
    }

    /// The next integer of `size` bytes; `field` names it when the record ends before it does.
    unsigned take(std::size_t size, std::string_view field) {
        if (bytes_.size() - at_ < size) {
            fail(bytes_.size(), fmt::format("the file ends inside the {} at offset {}", field, at_));
        }
        const auto value = static_cast<unsigned>(big_endian(bytes_.subspan(at_, size)));
        at_ += size;
        return value;
    }

    void read_header() {
        if (bytes_.empty()) fail(0, "the file is empty");
        if (bytes_.size() > largest) fail(largest, fmt::format("longer than {} bytes", largest));
        for (std::size_t i = 0; i < magic.size(); ++i) {
            if (take(1, "format identifier and version") != magic[i]) {
                fail(i,
                     "a finger minutiae record starts with \"FMR\", 00, \" 20\", 00 (ISO/IEC 19794-2:2005 or "
                     "INCITS 378-2004)");
            }
        }
        read_length();
        take(2, "capture equipment");
        read_image();
        view_count_ = take(1, "number of views");
        if (view_count_ == 0) fail(at_ - 1, "no finger view");
        if (take(1, "reserved byte") != 0) fail(at_ - 1, "the reserved byte is not 0");
    }

    /// ISO has a length of four bytes, 378 one of two (or 0000 and four) and then the owner of the product.
    void read_length() {
        const std::size_t start = at_;
        const unsigned high = take(2, "record length");
        if (high != 0) {
            out_.format = TemplateFormat::incits_378_2004;
            check_length(start, high);
        } else {
            const unsigned low = take(2, "record length");
            if (low != bytes_.size() && bytes_.size() >= start + 6 &&
                big_endian(bytes_.subspan(start + 2, 4)) == bytes_.size()) {
                out_.format = TemplateFormat::incits_378_2004;
                at_ += 2;
            } else {
                check_length(start, low);
            }
        }
        if (out_.format == TemplateFormat::incits_378_2004) take(4, "product identifier");
    }

    void check_length(std::size_t offset, unsigned length) const {
        if (length != bytes_.size()) {
            fail(offset,
                 fmt::format("the record says it has {} bytes, the file has {}", length, bytes_.size()));
        }
    }

    void read_image() {
        out_.width = take(2, "image width");
        out_.height = take(2, "image height");
        if (out_.width == 0 || out_.height == 0) fail(at_ - 4, "the image has no size");
        out_.x_resolution = take(2, "horizontal resolution");
        out_.y_resolution = take(2, "vertical resolution");
        if (out_.x_resolution == 0 || out_.y_resolution == 0) fail(at_ - 4, "the resolution is 0");
    }

    void read_view(unsigned index) {
        const std::size_t start = at_;
        FingerView view;
        view.position = take(1, "finger position");
        if (view.position > 10) fail(start, fmt::format("finger position {}; it is 0 to 10", view.position));
        const unsigned packed = take(1, "view number and impression type");
        view.view = packed >> 4;
        view.impression = packed & 0x0F;
        if (view.impression > 3 && view.impression != 8 && view.impression != 9) {
            fail(start + 1, fmt::format("impression type {}; it is 0 to 3, 8 or 9", view.impression));
        }
        if (!seen_.insert({view.position, view.view}).second) {
            fail(start + 1, fmt::format("view {} of the same finger for the second time", view.view));
        }
        view.quality = take(1, "finger quality");
        if (view.quality > 100)
            fail(start + 2, fmt::format("finger quality {}; it is 0 to 100", view.quality));
        const unsigned count = take(1, "number of minutiae");
        if (count == 0) fail(start + 3, fmt::format("view {} has no minutiae", index + 1));
        for (unsigned i = 0; i < count; ++i) view.minutiae.push_back(read_minutia());
        view.extended_bytes = take(2, "extended data length");
        read_extended(view.extended_bytes, view);
        out_.views.push_back(std::move(view));
    }

    Minutia read_minutia() {
        const std::size_t start = at_;
        const unsigned type_and_x = take(2, "minutia");
        const unsigned y = take(2, "minutia");
        Minutia minutia{type_and_x >> 14, type_and_x & 0x3FFF, y & 0x3FFF, take(1, "minutia"), 0};
        minutia.quality = take(1, "minutia");
        if (minutia.type == 3) fail(start, "minutia type 3 is reserved");
        if (minutia.x >= out_.width) fail(start, outside("x", minutia.x, "width", out_.width));
        if ((y >> 14) != 0) fail(start + 2, "the reserved bits of a minutia are not 0");
        if (minutia.y >= out_.height) fail(start + 2, outside("y", minutia.y, "height", out_.height));
        if (out_.format == TemplateFormat::incits_378_2004 && minutia.angle > 179) {
            fail(start + 4,
                 fmt::format("angle {}; in INCITS 378 it is 0 to 179 units of 2 degrees", minutia.angle));
        }
        if (minutia.quality > 100) {
            fail(start + 5, fmt::format("minutia quality {}; it is 0 to 100", minutia.quality));
        }
        return minutia;
    }

    static std::string outside(const char* axis, unsigned value, const char* side, unsigned size) {
        return fmt::format("minutia {} = {} is outside the image ({} {})", axis, value, side, size);
    }

    /// Blocks of type, length (these four bytes included) and data, up to the last byte.
    void read_extended(std::size_t size, const FingerView& view) {
        if (size > bytes_.size() - at_) {
            fail(at_ - 2, fmt::format("the extended data has {} bytes, the file has {} left", size,
                                      bytes_.size() - at_));
        }
        const std::size_t end = at_ + size;
        while (at_ < end) {
            const std::size_t start = at_;
            if (end - at_ < 4) fail(start, "the extended data ends inside a block header");
            const unsigned type = take(2, "extended data type");
            const unsigned length = take(2, "extended data block length");
            if (type == 0) fail(start, "extended data type 0 is reserved");
            if (length < 4 || length > end - start) {
                fail(start + 2,
                     fmt::format("an extended data block of {} bytes; {} are left", length, end - start));
            }
            check_block(type, start + 4, start + length, view);
            at_ = start + length;
        }
    }

    void check_block(unsigned type, std::size_t begin, std::size_t end, const FingerView& view) {
        at_ = begin;
        if (type == 1) check_ridge_counts(end, view);
        if (type == 2) check_cores_and_deltas(end);
        // Other types are the vendor's own, or zonal quality whose size depends on the vendor's grid.
    }

    void check_ridge_counts(std::size_t end, const FingerView& view) {
        if (at_ == end || (end - at_ - 1) % 3 != 0) {
            fail(at_, "ridge counts are one method byte and triples of index, index, count");
        }
        if (take(1, "ridge count method") > 2) fail(at_ - 1, "the ridge count method is 0 to 2");
        while (at_ < end) {
            const unsigned first = take(1, "ridge count");
            const unsigned second = take(1, "ridge count");
            take(1, "ridge count");
            if (std::max(first, second) > view.minutiae.size()) {
                fail(at_ - 3, "a ridge count names a minutia that is not there");
            }
        }
    }

    void check_cores_and_deltas(std::size_t end) {
        for (const bool delta : {false, true}) {
            if (at_ == end) fail(at_, "the core and delta block ends before its counts");
            const unsigned count = take(1, "core or delta count") & 0x3F;
            for (unsigned i = 0; i < count; ++i) {
                const std::size_t start = at_;
                if (end - at_ < 4) fail(start, "the core and delta block ends inside a point");
                const unsigned type_and_x = take(2, "core or delta");
                if ((type_and_x & 0x3FFF) >= out_.width ||
                    (take(2, "core or delta") & 0x3FFF) >= out_.height) {
                    fail(start, "a core or delta is outside the image");
                }
                const std::size_t angles = (type_and_x >> 14) == 1 ? (delta ? 3 : 1) : 0;
                if (end - at_ < angles) fail(start, "the core and delta block ends inside an angle");
                at_ += angles;
            }
        }
        if (at_ != end) fail(at_, "bytes follow the last delta of a core and delta block");
    }

    /// 0 when the views are of different fingers or say nothing.
    unsigned common_position() const {
        unsigned position = 0;
        for (const auto& view : out_.views) {
            if (position != 0 && view.position != 0 && view.position != position) return 0;
            if (view.position != 0) position = view.position;
        }
        return position;
    }

    ByteView bytes_;
    const std::string& what_;
    std::size_t at_ = 0;
    unsigned view_count_ = 0;
    std::set<std::pair<unsigned, unsigned>> seen_;
    FingerTemplate out_;
};

}  // namespace

FingerTemplate parse_finger_template(ByteView bytes, const std::string& what) {
    return Parser{bytes, what}.run();
}

std::string finger_name(unsigned position) {
    if (position >= fingers.size()) throw Error{Errc::usage, "a finger position is 0 to 10"};
    return fingers[position];
}

}  // namespace kartsaz::record
