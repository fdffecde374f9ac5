// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "apdu/error.h"

namespace kartsaz::verify {

/// A decoded thing, or why it could not be decoded.
template <class T>
struct Decoded {
    std::optional<T> value;
    std::string fault;                  ///< empty when decoded, or when there was nothing to decode
    std::optional<std::size_t> offset;  ///< of the fault in the file, where known

    explicit operator bool() const { return value.has_value(); }
    const T* operator->() const { return &*value; }
    const T& operator*() const { return *value; }
};

/// The number after "offset " in an error text.
std::optional<std::size_t> offset_in(std::string_view text);

/// Runs `decode` and keeps either its value or its fault.
template <class Decode>
auto attempt(Decode&& decode) -> Decoded<decltype(decode())> {
    Decoded<decltype(decode())> result;
    try {
        result.value = decode();
    } catch (const Error& error) {
        result.fault = error.what();
        result.offset = offset_in(result.fault);
    }
    return result;
}

}  // namespace kartsaz::verify
