// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

namespace kartsaz::perso {

/// How the PIN was made that a card is delivered with; never the PIN. Whoever does not know it for sure must
/// not try: another length is another PIN, and costs the holder a try.
struct TransportPin {
    std::string keyset = "pin";  ///< with the role "pin"
    std::size_t digits = 6;
    friend bool operator==(const TransportPin&, const TransportPin&) = default;
};

}  // namespace kartsaz::perso
