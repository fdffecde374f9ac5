// SPDX-License-Identifier: Apache-2.0
#include "apdu/dgi.h"

#include <fmt/format.h>

#include "apdu/error.h"

namespace kartsaz::apdu {
namespace {

constexpr std::size_t escape = 0xFF;
constexpr std::size_t max_content = 0xFFFF;

[[noreturn]] void fail(const std::string& what, std::size_t offset, const std::string& rule) {
    throw Error{Errc::input_invalid, fmt::format("{}: offset {}: {}", what, offset, rule)};
}

}  // namespace

DgiWriter& DgiWriter::put(std::uint16_t id, ByteView content) {
    if (content.size() > max_content) {
        throw Error{Errc::usage, fmt::format("DGI {:04X} of {} bytes, 65535 at most", id, content.size())};
    }
    append(out_, big_endian(id, 2));
    if (content.size() < escape) {
        out_.push_back(static_cast<std::uint8_t>(content.size()));
    } else {
        out_.push_back(escape);
        append(out_, big_endian(content.size(), 2));
    }
    append(out_, content);
    return *this;
}

std::vector<Dgi> read_dgis(ByteView bytes, const std::string& what) {
    std::vector<Dgi> out;
    std::size_t at = 0;
    while (at < bytes.size()) {
        const std::size_t start = at;
        if (bytes.size() - at < 3) fail(what, start, "the data ends inside the header of a DGI");
        const auto id = static_cast<std::uint16_t>(big_endian(bytes.subspan(at, 2)));
        std::size_t length = bytes[at + 2];
        at += 3;
        if (length == escape) {
            if (bytes.size() - at < 2) fail(what, at, "the data ends inside the length of a DGI");
            length = big_endian(bytes.subspan(at, 2));
            at += 2;
        }
        if (length > bytes.size() - at) {
            fail(what, start, fmt::format("DGI {:04X}: length {} runs past the end", id, length));
        }
        out.push_back({id, bytes.subspan(at, length), start});
        at += length;
    }
    return out;
}

}  // namespace kartsaz::apdu
