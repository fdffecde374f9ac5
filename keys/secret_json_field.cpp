// SPDX-License-Identifier: Apache-2.0
#include "keys/secret_json_field.h"

#include <fmt/format.h>

#include <algorithm>

#include "apdu/error.h"

namespace kartsaz::keys {
namespace {

using Kind = SecretJson::Kind;

int digit(std::uint8_t c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
}

}  // namespace

void SecretField::fail(std::string_view rule) const {
    throw Error{Errc::input_invalid, fmt::format("{}: {} (offset {})", path_, rule, value_.offset)};
}

const SecretJson& SecretField::of(Kind kind, std::string_view word) const {
    if (value_.kind != kind) fail(fmt::format("{} expected", word));
    return value_;
}

SecretField SecretField::member(const SecretJsonMember& member) const {
    return {member.value, fmt::format("{}{}{}", path_, root() ? " " : ".", member.name)};
}

SecretField SecretField::item(std::size_t index) const {
    return {value_.items.at(index), fmt::format("{}[{}]", path_, index)};
}

SecretField SecretField::at(std::string_view name) const {
    for (const auto& m : of(Kind::object, "an object").members) {
        if (m.name == name) return member(m);
    }
    fail(fmt::format("the field \"{}\" is missing", name));
}

void SecretField::refuse_unknown(std::initializer_list<std::string_view> known) const {
    for (const auto& m : of(Kind::object, "an object").members) {
        if (std::find(known.begin(), known.end(), m.name) == known.end()) member(m).fail("unknown field");
    }
}

std::string SecretField::text() const {
    return of(Kind::text, "a text").text.reveal([](ByteView bytes) { return to_text(bytes); });
}

std::string SecretField::name() const {
    auto out = text();
    const bool fits = !out.empty() && out.size() <= 64 && std::all_of(out.begin(), out.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
    });
    if (!fits) fail("a name of 1 to 64 characters a-z 0-9 - _ . expected");
    return out;
}

SecretBytes SecretField::hex() const {
    std::string fault;
    auto out = secret_from_hex(of(Kind::text, "a text of hexadecimal digits").text, false, &fault);
    if (!fault.empty()) fail(fault);
    return out;
}

std::int64_t SecretField::integer(std::int64_t low, std::int64_t high) const {
    const auto value = of(Kind::integer, "an integer").integer;
    if (value < low || value > high) fail(fmt::format("an integer of {} to {} expected", low, high));
    return value;
}

bool SecretField::flag() const {
    return of(Kind::boolean, "true or false").boolean;
}

SecretBytes secret_from_hex(const SecretBytes& digits, bool blanks, std::string* fault) {
    Botan::secure_vector<std::uint8_t> out;
    digits.reveal([&](ByteView text) {
        int high = -1;
        for (std::size_t i = 0; i < text.size() && fault->empty(); ++i) {
            if (blanks && text[i] == ' ') continue;
            const int value = digit(text[i]);
            if (value < 0) {
                *fault = "not a hexadecimal digit at character " + std::to_string(i);
            } else if (high < 0) {
                high = value;
            } else {
                out.push_back(static_cast<std::uint8_t>(high * 16 + value));
                high = -1;
            }
        }
        if (fault->empty() && high >= 0) *fault = "odd number of hexadecimal digits";
    });
    if (!fault->empty()) return {};
    return SecretBytes{std::move(out)};
}

SecretBytes secret_to_hex(const SecretBytes& secret) {
    static constexpr std::string_view digits = "0123456789ABCDEF";
    Botan::secure_vector<std::uint8_t> out;
    secret.reveal([&](ByteView bytes) {
        for (const auto byte : bytes) {
            out.push_back(static_cast<std::uint8_t>(digits[byte >> 4U]));
            out.push_back(static_cast<std::uint8_t>(digits[byte & 0x0FU]));
        }
    });
    return SecretBytes{std::move(out)};
}

}  // namespace kartsaz::keys
