// SPDX-License-Identifier: Apache-2.0
#include "keys/pkcs11_uri.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "apdu/error.h"

namespace kartsaz::keys {
namespace {

constexpr std::string_view scheme = "pkcs11:";

[[noreturn]] void refuse(std::size_t offset, std::string_view rule) {
    throw Error{Errc::usage, fmt::format("pkcs11 URI: offset {}: {}", offset, rule)};
}

bool alphanumeric(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
}

/// What may stand unescaped in a value. Source: RFC 7512, 2.3, pk11-pchar and pk11-qchar.
bool plain(char c, bool query) {
    constexpr std::string_view both = "-._~:[]@!$'()*+,=";
    constexpr std::string_view path_only = "&", query_only = "/?|";
    return alphanumeric(c) || both.find(c) != both.npos ||
           (query ? query_only : path_only).find(c) != std::string_view::npos;
}

struct Attribute {
    std::string_view name;
    std::string value;         ///< percent-decoded
    std::size_t offset = 0;    ///< of the name
    std::size_t value_at = 0;  ///< offset of the value
    bool query = false;

    [[noreturn]] void refuse_value(std::string_view rule) const {
        refuse(value_at, fmt::format("{}: {}", name, rule));
    }
};

std::string decode(std::string_view text, std::size_t offset, bool query, std::string_view name) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            if (!plain(text[i], query)) {
                refuse(offset + i, fmt::format("{}: this character is written in percent form here", name));
            }
            out += text[i];
            continue;
        }
        const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
        const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
        if (high < 0 || low < 0) refuse(offset + i, fmt::format("{}: % and two hexadecimal digits", name));
        out += static_cast<char>(high * 16 + low);
        i += 2;
    }
    return out;
}

Attribute split(std::string_view part, std::size_t offset, bool query) {
    if (part.empty()) refuse(offset, "an empty attribute");
    const auto equals = part.find('=');
    if (equals == part.npos) refuse(offset, "an attribute is name=value");
    Attribute out;
    out.name = part.substr(0, equals);
    out.offset = offset;
    out.value_at = offset + equals + 1;
    out.query = query;
    const bool good = !out.name.empty() && std::all_of(out.name.begin(), out.name.end(), [](char c) {
        return alphanumeric(c) || c == '-' || c == '_';
    });
    if (!good) refuse(offset, "the name of an attribute has letters, digits, - and _ only");
    // before its value is looked at, so that nothing of it can get into a message
    if (out.name == "pin-value") {
        refuse(offset,
               "pin-value is refused: a PIN in an address can be read by others; use pin-source=file:");
    }
    out.value = decode(part.substr(equals + 1), out.value_at, query, out.name);
    return out;
}

/// A text that a PKCS#11 structure holds in a field of `most` bytes.
void take_text(const Attribute& attribute, std::string& into, std::size_t most) {
    if (attribute.value.size() > most) attribute.refuse_value(fmt::format("at most {} bytes", most));
    if (attribute.value.find('\0') != std::string::npos) attribute.refuse_value("holds a byte 00");
    into = attribute.value;
}

void take_pin_source(const Attribute& attribute, Pkcs11Uri& out) {
    const std::string_view value = attribute.value;
    if (value.find('\0') != value.npos) attribute.refuse_value("holds a byte 00");
    // "file:/etc/pin", and "file:///etc/pin" as RFC 8089 writes it; a bare path is what RFC 7512 shows, too
    if (value.starts_with("|")) attribute.refuse_value("a program is not run for a PIN; name a file");
    out.pin_source = value.starts_with("file:") ? value.substr(5) : value;
    if (out.pin_source.starts_with("//")) {
        const auto path = out.pin_source.find('/', 2);
        const auto host = out.pin_source.substr(2, path == std::string::npos ? path : path - 2);
        if (path == std::string::npos || (!host.empty() && host != "localhost")) {
            attribute.refuse_value("a file of another machine cannot be read; write file:/path");
        }
        out.pin_source.erase(0, path);
    }
    if (out.pin_source.empty()) attribute.refuse_value("names no file");
}

void take(const Attribute& attribute, Pkcs11Uri& out) {
    const auto name = attribute.name;
    if (attribute.query) {
        if (name == "pin-source") return take_pin_source(attribute, out);
        if (name != "module-path") {
            refuse(attribute.offset, fmt::format("unknown attribute {} after the ?; known: module-path, "
                                                 "pin-source",
                                                 name));
        }
        take_text(attribute, out.module_path, 4096);
        if (!out.module_path.starts_with("/")) attribute.refuse_value("an absolute path is asked for");
        return;
    }
    if (name == "token") return take_text(attribute, out.token, 32);
    if (name == "serial") return take_text(attribute, out.serial, 16);
    if (name == "manufacturer") return take_text(attribute, out.manufacturer, 32);
    if (name == "model") return take_text(attribute, out.model, 16);
    if (name == "object") return take_text(attribute, out.object, 255);
    if (name == "id") {
        if (attribute.value.empty() || attribute.value.size() > 255) attribute.refuse_value("1 to 255 bytes");
        out.id = to_bytes(attribute.value);
        return;
    }
    if (name == "type") {
        static const std::set<std::string, std::less<>> known = {"private", "public", "cert", "secret-key",
                                                                 "data"};
        if (!known.contains(attribute.value)) {
            attribute.refuse_value("private, public, cert, secret-key or data expected");
        }
        out.type = attribute.value;
        return;
    }
    if (name == "slot-id") {
        unsigned value = 0;
        const auto* const end = attribute.value.data() + attribute.value.size();
        const auto [stop, fault] = std::from_chars(attribute.value.data(), end, value);
        if (fault != std::errc{} || stop != end) attribute.refuse_value("a decimal number expected");
        out.slot_id = value;
        return;
    }
    refuse(attribute.offset, fmt::format("unknown attribute {} before the ?; known: token, serial, "
                                         "manufacturer, model, object, id, type, slot-id",
                                         name));
}

/// The attributes of one component, separated by `separator`.
void take_all(std::string_view component, std::size_t offset, bool query, Pkcs11Uri& out) {
    std::set<std::string, std::less<>> seen;
    for (std::size_t at = 0;;) {
        const auto end = std::min(component.find(query ? '&' : ';', at), component.size());
        const auto attribute = split(component.substr(at, end - at), offset + at, query);
        if (!seen.emplace(attribute.name).second) {
            refuse(attribute.offset, fmt::format("{} is there twice", attribute.name));
        }
        take(attribute, out);
        if (end == component.size()) return;
        at = end + 1;
    }
}

}  // namespace

std::string Pkcs11Uri::token_text() const {
    std::string out;
    const auto add = [&](std::string_view name, const std::string& value) {
        if (!value.empty()) out += fmt::format("{}{} {}", out.empty() ? "" : ", ", name, value);
    };
    add("token", token);
    add("serial", serial);
    add("manufacturer", manufacturer);
    add("model", model);
    if (slot_id) add("slot", std::to_string(*slot_id));
    return out.empty() ? "any token" : out;
}

Pkcs11Uri parse_pkcs11_uri(std::string_view text) {
    if (text.size() > 8192) refuse(8192, "longer than 8192 bytes");
    if (!text.starts_with(scheme)) refuse(0, "it starts with \"pkcs11:\"");
    Pkcs11Uri out;
    const auto question = std::min(text.find('?'), text.size());
    const auto path = text.substr(scheme.size(), question - scheme.size());
    if (!path.empty()) take_all(path, scheme.size(), false, out);
    if (question < text.size()) take_all(text.substr(question + 1), question + 1, true, out);
    return out;
}

}  // namespace kartsaz::keys
