// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "apdu/bytes.h"
#include "apdu/tlv.h"

/// Objects that are a row of fields, as most of SP 800-73 are: one table says tag, length and place of each.
/// Only the sources of this folder include it.
namespace kartsaz::app::piv {

/// Where the values of the fields stand, by tag; filled by decoders only.
using Offsets = std::map<std::uint32_t, std::size_t>;

namespace fields {

constexpr std::uint32_t error_detection_tag = 0xFE;  ///< ends these objects; always there, always empty

struct Rule {
    std::uint32_t tag = 0;
    std::string_view name;
    std::size_t least = 0, most = 0;  ///< bytes of the value
    bool mandatory = true;
};

/// The objects of `value` with the number of the rule each follows. Each may stand once, in the order of the
/// rules, and FE ends them; no other tag may be there. Source: SP 800-73-4 part 1, appendix A.
/// @throws Error{input_invalid} naming object, offset and rule
std::vector<std::pair<std::size_t, apdu::Tlv>> read(ByteView value, const std::vector<Rule>& rules,
                                                    std::string_view name);

/// A field and the member that holds it; members that are optional are optional fields.
template <typename T>
struct Field {
    std::uint32_t tag = 0;
    std::string_view name;
    std::size_t least = 0, most = 0;
    std::variant<Bytes T::*, std::optional<Bytes> T::*, std::string T::*, std::optional<std::string> T::*>
        member;
};
template <typename T>
using Fields = std::vector<Field<T>>;

inline Bytes as_bytes(const Bytes& value) {
    return value;
}
inline Bytes as_bytes(const std::string& value) {
    return to_bytes(value);
}
inline void assign(Bytes& to, ByteView from) {
    to.assign(from.begin(), from.end());
}
inline void assign(std::string& to, ByteView from) {
    to = to_text(from);
}
template <typename Value>
void assign(std::optional<Value>& to, ByteView from) {
    assign(to.emplace(), from);
}
template <typename Value>
void write(apdu::TlvWriter& out, std::uint32_t tag, const Value& value) {
    out.put(tag, ByteView{as_bytes(value)});
}
template <typename Value>
void write(apdu::TlvWriter& out, std::uint32_t tag, const std::optional<Value>& value) {
    if (value) write(out, tag, *value);
}

template <typename T>
std::vector<Rule> rules_of(const Fields<T>& all) {
    std::vector<Rule> rules;
    for (const auto& one : all) {
        const bool optional = std::holds_alternative<std::optional<Bytes> T::*>(one.member) ||
                              std::holds_alternative<std::optional<std::string> T::*>(one.member);
        rules.push_back({one.tag, one.name, one.least, one.most, !optional});
    }
    return rules;
}

/// @throws Error{input_invalid} as read()
template <typename T>
T decode(ByteView value, const Fields<T>& all, std::string_view name) {
    T out;
    for (const auto& [index, object] : read(value, rules_of(all), name)) {
        out.offsets[object.tag] = object.value_offset;
        if (index == all.size()) continue;  // FE
        std::visit([&, &found = object](auto member) { assign(out.*member, found.value); },
                   all[index].member);
    }
    return out;
}

/// @throws Error{input_invalid} when a field is not as the table says
template <typename T>
Bytes encode(const T& from, const Fields<T>& all, std::string_view name) {
    apdu::TlvWriter out;
    for (const auto& one : all) {
        std::visit([&](auto member) { write(out, one.tag, from.*member); }, one.member);
    }
    out.put(error_detection_tag, ByteView{});
    read(out.bytes(), rules_of(all), name);
    return std::move(out).take();
}

}  // namespace fields
}  // namespace kartsaz::app::piv
