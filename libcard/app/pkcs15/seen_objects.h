// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "apdu/bytes.h"
#include "apdu/error.h"

namespace kartsaz::app::pkcs15 {

/// What a directory file of the card holds; nothing where it cannot be read as such: it is then written anew.
/// @param seen  content on the card, padded or not; empty: the file is not there
template <typename Object>
std::vector<Object> there(std::vector<Object> (*decode)(ByteView), ByteView seen) {
    if (seen.empty()) return {};
    try {
        return decode(seen);
    } catch (const Error& error) {
        if (error.code() != Errc::input_invalid) throw;
        return {};
    }
}

}  // namespace kartsaz::app::pkcs15
