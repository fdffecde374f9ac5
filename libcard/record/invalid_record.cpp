// SPDX-License-Identifier: Apache-2.0
#include "libcard/record/invalid_record.h"

#include <fmt/format.h>

#include <utility>

namespace kartsaz::record {
namespace {

/// A hostile file can have a fault a byte; nobody reads more than this.
constexpr std::size_t most_lines = 100;

std::string describe(const std::string& source, const std::vector<Fault>& faults) {
    std::string text = fmt::format("{}: {} fault{}", source, faults.size(), faults.size() == 1 ? "" : "s");
    std::size_t lines = 0;
    for (const auto& fault : faults) {
        if (++lines > most_lines) return text + fmt::format("\n  and {} more", faults.size() - most_lines);
        text += fmt::format("\n  {}: {}", fault.path, fault.rule);
    }
    return text;
}

}  // namespace

InvalidRecord::InvalidRecord(const std::string& source, std::vector<Fault> faults)
    : Error{Errc::input_invalid, describe(source, faults)}, faults_{std::move(faults)} {}

}  // namespace kartsaz::record
