// SPDX-License-Identifier: Apache-2.0
#include "keys/secret_json_field.h"

#include <fmt/format.h>

#include <algorithm>

#include "apdu/error.h"
#include "keys/secret_hex.h"

namespace kartsaz::keys {
namespace {

using Kind = SecretJson::Kind;

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

}  // namespace kartsaz::keys
