// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <algorithm>
#include <random>

#include "tests/unit/emrtd/decoders.h"

using namespace kartsaz;
using namespace kartsaz::test;

namespace {

constexpr int mutations = 20'000;

/// One to four changes: a byte set, a bit flipped, a hostile length byte, a cut, a piece doubled or taken
/// out.
Bytes mutate(const Bytes& good, std::mt19937& random) {
    Bytes out = good;
    const auto at = [&] { return static_cast<std::ptrdiff_t>(random() % out.size()); };
    const auto lengths = from_hex("007F80818283848588FEFF");
    for (auto left = 1 + random() % 4; left > 0 && !out.empty(); --left) {
        const auto place = out.begin() + at();
        const auto piece =
            std::min<std::ptrdiff_t>(out.end() - place, 1 + static_cast<std::ptrdiff_t>(random() % 9));
        switch (random() % 6) {
            case 0:
                *place = static_cast<std::uint8_t>(random());
                break;
            case 1:
                *place = static_cast<std::uint8_t>(*place ^ (1U << (random() % 8)));
                break;
            case 2:
                *place = lengths[random() % lengths.size()];
                break;
            case 3:
                out.erase(place, place + piece);
                break;
            case 4: {
                const Bytes copy(place, place + piece);
                out.insert(place, copy.begin(), copy.end());
                break;
            }
            default:
                out.resize(static_cast<std::size_t>(place - out.begin()));
        }
    }
    return out;
}

}  // namespace

TEST_CASE("no mutated file makes a decoder do anything but decode or refuse", "[fuzz]") {
    for (const auto& one : decoders()) {
        std::mt19937 random{0x4B41'5254U};
        int refused = 0;
        for (int i = 0; i < mutations; ++i) {
            const Bytes bad = mutate(one.good, random);
            // fault_of() lets everything through that is not Error{input_invalid}
            if (!fault_of([&] { one.decode(bad); }).empty()) ++refused;
        }
        INFO(one.name << ": " << refused << " of " << mutations << " refused");
        CHECK(refused > mutations / 4);
    }
}
