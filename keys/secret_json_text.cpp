// SPDX-License-Identifier: Apache-2.0
#include "keys/secret_json_text.h"

#include <string>

namespace kartsaz::keys {

void SecretJsonText::raw(std::string_view text) {
    out_.insert(out_.end(), text.begin(), text.end());
}

void SecretJsonText::value() {
    if (!first_) raw(",");
    first_ = false;
}

void SecretJsonText::quoted(ByteView text) {
    static constexpr std::string_view digits = "0123456789ABCDEF";
    raw("\"");
    for (const auto byte : text) {
        if (byte == '"' || byte == '\\') raw("\\");
        if (byte >= 0x20) {
            out_.push_back(byte);
            continue;
        }
        raw("\\u00");
        out_.push_back(static_cast<std::uint8_t>(digits[byte >> 4U]));
        out_.push_back(static_cast<std::uint8_t>(digits[byte & 0x0FU]));
    }
    raw("\"");
}

SecretJsonText& SecretJsonText::begin(char bracket) {
    value();
    raw({&bracket, 1});
    first_ = true;
    return *this;
}

SecretJsonText& SecretJsonText::end(char bracket) {
    raw({&bracket, 1});
    first_ = false;
    return *this;
}

SecretJsonText& SecretJsonText::name(std::string_view name) {
    text(name);
    raw(":");
    first_ = true;
    return *this;
}

SecretJsonText& SecretJsonText::text(std::string_view text) {
    value();
    quoted({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
    return *this;
}

SecretJsonText& SecretJsonText::secret(const SecretBytes& text) {
    value();
    text.reveal([&](ByteView bytes) { quoted(bytes); });
    return *this;
}

SecretJsonText& SecretJsonText::integer(std::int64_t number) {
    value();
    raw(std::to_string(number));
    return *this;
}

SecretJsonText& SecretJsonText::flag(bool on) {
    value();
    raw(on ? "true" : "false");
    return *this;
}

}  // namespace kartsaz::keys
