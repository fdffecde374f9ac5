// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "keys/secret.h"

/// Writing what secret_json.h reads, into memory that is wiped. For the sources of keys/ only.
namespace kartsaz::keys {

/// Objects and arrays are begun and ended by their bracket; commas come by themselves.
class SecretJsonText {
public:
    SecretJsonText& begin(char bracket);
    SecretJsonText& end(char bracket);
    SecretJsonText& name(std::string_view name);
    SecretJsonText& text(std::string_view text);
    SecretJsonText& secret(const SecretBytes& text);
    SecretJsonText& integer(std::int64_t value);
    SecretJsonText& flag(bool value);
    SecretBytes take() && { return SecretBytes{std::move(out_)}; }

private:
    void value();
    void raw(std::string_view text);
    void quoted(ByteView text);

    Botan::secure_vector<std::uint8_t> out_;
    bool first_ = true;  ///< nothing stands before the next value in its object or array
};

}  // namespace kartsaz::keys
