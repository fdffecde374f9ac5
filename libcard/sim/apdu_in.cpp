// SPDX-License-Identifier: Apache-2.0
#include "libcard/sim/apdu_in.h"

namespace kartsaz::sim {
namespace {

std::size_t two(ByteView bytes, std::size_t at) {
    return static_cast<std::size_t>(bytes[at]) << 8 | bytes[at + 1];
}

bool parse_short(ByteView wire, ApduIn& in) {
    const std::size_t first = wire[4];
    if (wire.size() == 5) {
        in.ne = first == 0 ? 256 : static_cast<std::uint32_t>(first);
        return true;
    }
    if (wire.size() != 5 + first && wire.size() != 6 + first) return false;
    in.data.assign(wire.begin() + 5, wire.begin() + 5 + static_cast<std::ptrdiff_t>(first));
    if (wire.size() == 6 + first) in.ne = wire.back() == 0 ? 256U : wire.back();
    return true;
}

bool parse_extended(ByteView wire, ApduIn& in) {
    in.extended = true;
    if (wire.size() < 7) return false;
    const std::size_t first = two(wire, 5);
    const auto ne = [](std::size_t le) { return le == 0 ? 65536U : static_cast<std::uint32_t>(le); };
    if (wire.size() == 7) {
        in.ne = ne(first);
        return true;
    }
    if (first == 0 || (wire.size() != 7 + first && wire.size() != 9 + first)) return false;
    in.data.assign(wire.begin() + 7, wire.begin() + 7 + static_cast<std::ptrdiff_t>(first));
    if (wire.size() == 9 + first) in.ne = ne(two(wire, wire.size() - 2));
    return true;
}

}  // namespace

Bytes ApduIn::header_with_lc() const {
    Bytes out{cla, ins, p1, p2};
    if (data.empty()) return out;
    const auto size = data.size();
    if (extended) {
        out.push_back(0);
        out.push_back(static_cast<std::uint8_t>(size >> 8));
    }
    out.push_back(static_cast<std::uint8_t>(size));
    return out;
}

std::optional<ApduIn> parse_apdu(ByteView wire) {
    if (wire.size() < 4) return std::nullopt;
    ApduIn in{.cla = wire[0], .ins = wire[1], .p1 = wire[2], .p2 = wire[3]};
    if (wire.size() == 4) return in;
    const bool fits = wire[4] == 0 && wire.size() > 5 ? parse_extended(wire, in) : parse_short(wire, in);
    if (!fits) return std::nullopt;
    return in;
}

std::optional<Object> take_object(ByteView& rest) {
    if (rest.empty()) return std::nullopt;
    std::size_t at = 0;
    std::uint32_t tag = rest[at++];
    if ((tag & 0x1F) == 0x1F) {
        if (rest.size() < 2 || rest[at] > 0x7F) return std::nullopt;
        tag = tag << 8 | rest[at++];
    }
    if (at >= rest.size()) return std::nullopt;
    std::size_t length = rest[at++];
    if (length > 0x80) {
        const std::size_t count = length - 0x80;
        if (count > 2 || rest.size() - at < count) return std::nullopt;
        length = count == 1 ? rest[at] : two(rest, at);
        at += count;
    } else if (length == 0x80) {
        return std::nullopt;
    }
    if (rest.size() - at < length) return std::nullopt;
    const Object found{tag, rest.subspan(at, length)};
    rest = rest.subspan(at + length);
    return found;
}

std::optional<ByteView> find_object(ByteView data, std::uint32_t tag) {
    while (const auto found = take_object(data)) {
        if (found->tag == tag) return found->value;
    }
    return std::nullopt;
}

Bytes object(std::uint32_t tag, ByteView value) {
    Bytes out;
    out.reserve(value.size() + 6);
    if (tag > 0xFF) out.push_back(static_cast<std::uint8_t>(tag >> 8));
    out.push_back(static_cast<std::uint8_t>(tag));
    const std::size_t size = value.size();
    if (size > 0xFF) {
        out.push_back(0x82);
        out.push_back(static_cast<std::uint8_t>(size >> 8));
    } else if (size > 0x7F) {
        out.push_back(0x81);
    }
    out.push_back(static_cast<std::uint8_t>(size));
    out.insert(out.end(), value.begin(), value.end());
    return out;
}

}  // namespace kartsaz::sim
