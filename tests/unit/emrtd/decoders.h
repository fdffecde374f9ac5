// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "apdu/bytes.h"
#include "tests/support/vectors.h"

/// Every decoder of the logical data structure with one good file, and ways to look at how one fails.
namespace kartsaz::test {

struct Decoder {
    std::string name;
    Bytes good;
    std::function<void(ByteView)> decode;
};
const std::vector<Decoder>& decoders();
const Decoder& decoder(const std::string& name);

/// The bytes of a file of the vector "lds-files" or of another vector of emrtd_auth.json.
Bytes lds_file(const char* key);
Bytes auth_vector(const std::string& id, const char* key);

/// What() of the Error{input_invalid} that decoding throws; empty when it throws none. Any other
/// exception goes through.
std::string fault_of(const std::function<void()>& decode);

/// `good` with `count` bytes at `offset` replaced by `hex`; lengths around stay as they are.
Bytes patched(Bytes good, std::size_t offset, std::size_t count, std::string_view hex);

}  // namespace kartsaz::test
