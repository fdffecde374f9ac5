// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "apdu/bytes.h"

/// Data groupings of STORE DATA: a 2-byte identifier, a length of 1 byte (0 to FE) or FF and 2 bytes,
/// content. Source: EMV Card Personalization Specification 1.1, 2.2; GlobalPlatform Card
/// Specification 2.3.1, 11.11.
namespace kartsaz::apdu {

class DgiWriter {
public:
    /// @throws Error{usage} for more than 65535 bytes
    DgiWriter& put(std::uint16_t id, ByteView content);
    const Bytes& bytes() const& { return out_; }
    Bytes take() && { return std::move(out_); }

private:
    Bytes out_;
};

/// One grouping, seen in place.
struct Dgi {
    std::uint16_t id = 0;
    ByteView content{};
    std::size_t offset = 0;  ///< of the identifier
};

/// All groupings of `bytes`. @throws Error{input_invalid} with `what`, offset and rule
std::vector<Dgi> read_dgis(ByteView bytes, const std::string& what);

}  // namespace kartsaz::apdu
