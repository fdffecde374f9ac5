// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "keys/secret_json.h"

/// Reading values of JSON that holds keys by rules whose faults name the place. For the sources of keys/
/// only.
namespace kartsaz::keys {

/// A value and where it stands, for error texts: "what: keysets[0].keys.enc: rule (offset N)".
class SecretField {
public:
    /// @param path  ends with ':' for the whole document
    SecretField(const SecretJson& value, std::string path) : value_{value}, path_{std::move(path)} {}

    /// @throws Error{input_invalid}, as every function here
    [[noreturn]] void fail(std::string_view rule) const;
    /// The value, which must be of this kind. @param word  the kind in words, for the error
    const SecretJson& of(SecretJson::Kind kind, std::string_view word) const;
    SecretField member(const SecretJsonMember& member) const;
    SecretField item(std::size_t index) const;
    SecretField at(std::string_view name) const;
    /// The members, all of which must be among `known`.
    void refuse_unknown(std::initializer_list<std::string_view> known) const;

    std::string text() const;  ///< of a text that is no secret
    std::string name() const;  ///< 1 to 64 characters a-z 0-9 - _ .
    SecretBytes hex() const;   ///< the bytes of hexadecimal digits
    std::int64_t integer(std::int64_t low, std::int64_t high) const;
    bool flag() const;
    template <typename Value>
    Value choice(std::initializer_list<std::pair<std::string_view, Value>> choices) const {
        const auto word = text();
        std::string known;
        for (const auto& [candidate, value] : choices) {
            if (word == candidate) return value;
            known += (known.empty() ? "\"" : " or \"") + std::string{candidate} + "\"";
        }
        fail(known + " expected");
    }

private:
    bool root() const { return path_.back() == ':'; }
    const SecretJson& value_;
    std::string path_;
};

}  // namespace kartsaz::keys
