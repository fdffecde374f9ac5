// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "keys/secret.h"

/// JSON that holds keys. A reader of its own, because the lexer of nlohmann/json keeps every token in
/// buffers that are freed without being wiped, and quotes tokens in its messages. Takes what key stores
/// need: objects, arrays, texts, integers, true and false. For the sources of keys/ only.
namespace kartsaz::keys {

struct SecretJsonMember;

struct SecretJson {
    enum class Kind { object, array, text, integer, boolean };
    Kind kind = Kind::object;
    SecretBytes text;
    std::int64_t integer = 0;
    bool boolean = false;
    std::vector<SecretJson> items;
    std::vector<SecretJsonMember> members;  ///< in the order of the text, names are unique
    std::size_t offset = 0;                 ///< in the text
};

struct SecretJsonMember {
    std::string name;
    SecretJson value;
};

/// @throws Error{input_invalid} "what: offset N: rule", never quoting the text
SecretJson parse_secret_json(ByteView text, const std::string& what);

}  // namespace kartsaz::keys
