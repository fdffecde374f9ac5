// SPDX-License-Identifier: Apache-2.0
#include "libcard/app/globalplatform/cplc.h"

#include <fmt/format.h>

#include "libcard/app/globalplatform/manager.h"

namespace kartsaz::app::globalplatform {
namespace {

std::string date(ByteView bytes) {
    const std::string digits = to_hex(bytes);
    if (digits == "0000") return "not set";
    return fmt::format("day {} of a year ending in {}", digits.substr(1), digits[0]);
}

}  // namespace

std::vector<std::pair<std::string, std::string>> cplc_in_words(ByteView cplc) {
    if (cplc.size() != cplc_size) return {};
    const auto hex = [&](std::size_t offset, std::size_t size) { return to_hex(cplc.subspan(offset, size)); };
    return {
        {"IC fabricator", hex(0, 2)},
        {"IC type", hex(2, 2)},
        {"operating system", fmt::format("{}, release {} level {}", hex(4, 2), hex(6, 2), hex(8, 2))},
        {"fabricated", date(cplc.subspan(10, 2))},
        {"IC serial", hex(12, 4)},
        {"IC batch", hex(16, 2)},
        {"module", fmt::format("fabricator {}, packaged {}", hex(18, 2), date(cplc.subspan(20, 2)))},
        {"embedding", fmt::format("manufacturer {}, {}", hex(22, 2), date(cplc.subspan(24, 2)))},
    };
}

}  // namespace kartsaz::app::globalplatform
