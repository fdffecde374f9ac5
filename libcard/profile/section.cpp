// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "apdu/error.h"
#include "libcard/profile/profile.h"

namespace kartsaz::profile {

void Section::set(std::string key, Value value, unsigned line) {
    entries_[std::move(key)] = Entry{std::move(value), line, false};
}

bool Section::has(std::string_view key) const {
    return find(key) != nullptr;
}

const Section::Entry* Section::find(std::string_view key) const {
    const auto found = entries_.find(key);
    if (found == entries_.end()) return nullptr;
    found->second.used = true;
    return &found->second;
}

void Section::fail(std::string_view key, const std::string& rule) const {
    const auto found = entries_.find(key);
    const unsigned line = found == entries_.end() ? 0 : found->second.line;
    throw Error{Errc::input_invalid,
                fmt::format("profile {}: line {}: [{}] {}: {}", profile_, line, name_, key, rule)};
}

std::string Section::text(std::string_view key, std::string_view fallback) const {
    const Entry* entry = find(key);
    if (entry == nullptr) return std::string{fallback};
    const auto* value = std::get_if<std::string>(&entry->value);
    if (value == nullptr) fail(key, "must be a text in quotes");
    return *value;
}

std::string Section::choice(std::string_view key, std::string_view fallback,
                            const std::vector<std::string_view>& allowed) const {
    const std::string value = text(key, fallback);
    if (std::find(allowed.begin(), allowed.end(), value) == allowed.end()) {
        fail(key, fmt::format("\"{}\" is not one of {}", value, fmt::join(allowed, ", ")));
    }
    return value;
}

bool Section::flag(std::string_view key, bool fallback) const {
    const Entry* entry = find(key);
    if (entry == nullptr) return fallback;
    const auto* value = std::get_if<bool>(&entry->value);
    if (value == nullptr) fail(key, "must be true or false");
    return *value;
}

std::int64_t Section::integer(std::string_view key, std::int64_t fallback, std::int64_t low,
                              std::int64_t high) const {
    const Entry* entry = find(key);
    if (entry == nullptr) return fallback;
    const auto* value = std::get_if<std::int64_t>(&entry->value);
    if (value == nullptr) fail(key, "must be a whole number");
    if (*value < low || *value > high) fail(key, fmt::format("{} is not in {}..{}", *value, low, high));
    return *value;
}

double Section::number(std::string_view key, double fallback, double low, double high) const {
    const Entry* entry = find(key);
    if (entry == nullptr) return fallback;
    double value = 0;
    if (const auto* real = std::get_if<double>(&entry->value)) {
        value = *real;
    } else if (const auto* whole = std::get_if<std::int64_t>(&entry->value)) {
        value = static_cast<double>(*whole);
    } else {
        fail(key, "must be a number");
    }
    if (!(value >= low && value <= high)) fail(key, fmt::format("{} is not in {}..{}", value, low, high));
    return value;
}

Bytes Section::bytes(std::string_view key, std::string_view fallback_hex, std::size_t low,
                     std::size_t high) const {
    const std::string hex = text(key, fallback_hex);
    Bytes value;
    try {
        value = from_hex(hex);
    } catch (const Error& error) {
        fail(key, error.what());
    }
    if (value.size() < low || value.size() > high) {
        fail(key, fmt::format("{} bytes, {}..{} are allowed", value.size(), low, high));
    }
    return value;
}

void Section::refuse_unused() const {
    if (!asked_ && line_ != 0) {
        throw Error{Errc::input_invalid,
                    fmt::format("profile {}: line {}: [{}]: no such table", profile_, line_, name_)};
    }
    for (const auto& [key, entry] : entries_) {
        if (!entry.used) fail(key, "no such option");
    }
}

}  // namespace kartsaz::profile
