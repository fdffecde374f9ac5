// SPDX-License-Identifier: Apache-2.0
#include "keys/x509_der.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>

#include "apdu/error.h"

namespace kartsaz::keys {
namespace {

using apdu::TlvReader;
using apdu::TlvWriter;

[[noreturn]] void refuse(std::string_view part, std::string_view rule) {
    throw Error{Errc::input_invalid, fmt::format("certificate subject, {}: {}", part, rule)};
}

/// Characters of well-formed UTF-8 without control characters. Source: Unicode 15, table 3-7.
std::size_t count_characters(std::string_view text, std::string_view part) {
    std::size_t count = 0;
    for (std::size_t at = 0; at < text.size(); ++count) {
        const auto byte = [&](std::size_t i) {
            return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
        };
        const unsigned lead = byte(at);
        const unsigned next = byte(at + 1);
        std::size_t size = 1;
        bool good = lead >= 0x20 && lead != 0x7F;
        if (lead >= 0x80) {
            size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
            good = lead >= 0xC2 && lead <= 0xF4 && !(lead == 0xE0 && next < 0xA0) &&
                   !(lead == 0xED && next > 0x9F) && !(lead == 0xF0 && next < 0x90) &&
                   !(lead == 0xF4 && next > 0x8F) && !(lead == 0xC2 && next < 0xA0);
            for (std::size_t i = 1; i < size; ++i) good = good && (byte(at + i) & 0xC0U) == 0x80;
        }
        if (!good) refuse(part, fmt::format("not UTF-8 text, or a control character, at byte {}", at));
        at += size;
    }
    return count;
}

bool printable(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view{" '()+,-./:=?"}.find(c) != std::string_view::npos;
    });
}

struct Attribute {
    const char* part;
    Bytes oid;
    std::uint32_t tag;
    std::size_t most;  ///< characters: upper bounds of RFC 5280, A.1; of names far below its 32768
};
const Attribute country{"country", from_hex("550406"), der::printable, 2};
const Attribute organization{"organization", from_hex("55040A"), der::utf8, 64};
const Attribute surname{"surname", from_hex("550404"), der::utf8, 128};
const Attribute given_name{"given name", from_hex("55042A"), der::utf8, 128};
const Attribute common_name{"common name", from_hex("550403"), der::utf8, 64};
const Attribute serial_number{"serial number", from_hex("550405"), der::printable, 64};

void put(TlvWriter& name, const Attribute& attribute, const std::string& text) {
    if (text.empty()) return;
    const auto count = count_characters(text, attribute.part);
    if (count > attribute.most) {
        refuse(attribute.part, fmt::format("{} characters, at most {} fit", count, attribute.most));
    }
    if (attribute.tag == der::printable && !printable(text)) {
        refuse(attribute.part, "a character that PrintableString does not have");
    }
    name.nest(der::set, [&](TlvWriter& set) {
        set.nest(der::sequence,
                 [&](TlvWriter& pair) { pair.put(der::oid, attribute.oid).put(attribute.tag, text); });
    });
}

}  // namespace

Bytes encode_oid(std::string_view dotted) {
    const auto fail = [&]() -> void {
        throw Error{Errc::input_invalid,
                    fmt::format("\"{}\" is not an object identifier like 1.3.6.1.5", dotted.substr(0, 80))};
    };
    std::vector<std::uint64_t> arcs;
    std::size_t at = 0;
    while (at <= dotted.size()) {
        const auto end = std::min(dotted.find('.', at), dotted.size());
        const auto arc = dotted.substr(at, end - at);
        if (arc.empty() || arc.size() > 10 || (arc.size() > 1 && arc.front() == '0')) fail();
        std::uint64_t value = 0;
        for (const char c : arc) {
            if (c < '0' || c > '9') fail();
            value = value * 10 + static_cast<std::uint64_t>(c - '0');
        }
        arcs.push_back(value);
        at = end + 1;
    }
    if (arcs.size() < 2 || arcs.size() > 32 || arcs[0] > 2 || (arcs[0] < 2 && arcs[1] > 39)) fail();
    Bytes out;
    for (std::size_t i = 1; i < arcs.size(); ++i) {
        const auto value = i == 1 ? arcs[0] * 40 + arcs[1] : arcs[i];
        int shift = 0;
        while (shift < 63 && value >> (shift + 7) != 0) shift += 7;
        for (; shift >= 0; shift -= 7) {
            out.push_back(static_cast<std::uint8_t>((value >> shift & 0x7FU) | (shift > 0 ? 0x80U : 0U)));
        }
    }
    return out;
}

Bytes encode_bits(ByteView bytes) {
    return TlvWriter{}.put(der::bit_string, concat({Bytes{0}, bytes})).bytes();
}

Bytes encode_name(const CertificateSubject& subject) {
    if (subject.country.size() != 2 || !std::all_of(subject.country.begin(), subject.country.end(),
                                                    [](char c) { return c >= 'A' && c <= 'Z'; })) {
        refuse(country.part, "two letters of ISO 3166, upper case, expected");
    }
    if (subject.common_name.empty() && subject.serial_number.empty())
        refuse(common_name.part, "there is none, and no serial number");
    TlvWriter name;
    put(name, country, subject.country);
    put(name, organization, subject.organization);
    put(name, surname, subject.surname);
    put(name, given_name, subject.given_name);
    put(name, common_name, subject.common_name);
    put(name, serial_number, subject.serial_number);
    return TlvWriter{}.put(der::sequence, name.bytes()).bytes();
}

std::string generalized_time(std::int64_t seconds) {
    const std::time_t time = seconds;
    std::tm parts{};
    constexpr std::int64_t year_9999 = 253402300799;
    if (seconds < 0 || seconds > year_9999 || gmtime_r(&time, &parts) == nullptr) {
        throw Error{Errc::input_invalid,
                    fmt::format("second {} since 1970 is no time for a certificate", seconds)};
    }
    return fmt::format("{:04}{:02}{:02}{:02}{:02}{:02}Z", parts.tm_year + 1900, parts.tm_mon + 1,
                       parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

Bytes encode_time(std::int64_t seconds) {
    const auto text = generalized_time(seconds);
    if (text < "2050") return TlvWriter{}.put(der::utc_time, text.substr(2)).bytes();
    return TlvWriter{}.put(der::generalized_time, text).bytes();
}

PublicKeyParts parse_public_key(ByteView public_key) {
    TlvReader outer{public_key, "public key"};
    const auto info = outer.next(der::sequence);
    outer.finish();
    auto inner = outer.enter(info);
    const auto identifier = inner.next(der::sequence);
    const auto bits = inner.next(der::bit_string);
    inner.finish();
    auto algorithm = inner.enter(identifier);
    PublicKeyParts out;
    out.algorithm = algorithm.next(der::oid).value;
    if (!algorithm.done()) out.parameters = algorithm.next().whole;
    algorithm.finish();
    if (bits.value.size() < 2 || bits.value[0] != 0) inner.fail(bits.offset, "no bit string of whole bytes");
    out.key = bits.value.subspan(1);
    return out;
}

}  // namespace kartsaz::keys
