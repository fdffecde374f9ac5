// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "apdu/bytes.h"

/// Profiles: which applications with which options make a product. A profile is data, one TOML file.
namespace kartsaz::profile {

/// One table of a profile: options by name, with the line each stands on. A name that nobody asks for is a
/// fault.
class Section {
public:
    using Value = std::variant<std::string, std::int64_t, double, bool>;
    struct Entry {
        Value value;
        unsigned line = 0;
        mutable bool used = false;
    };
    Section() = default;
    Section(std::string profile, std::string name, unsigned line = 0)
        : profile_{std::move(profile)}, name_{std::move(name)}, line_{line} {}

    void set(std::string key, Value value, unsigned line);
    bool has(std::string_view key) const;

    /// Each throws Error{input_invalid} naming profile, line, option and rule.
    std::string text(std::string_view key, std::string_view fallback) const;
    /// One of `allowed`.
    std::string choice(std::string_view key, std::string_view fallback,
                       const std::vector<std::string_view>& allowed) const;
    bool flag(std::string_view key, bool fallback) const;
    std::int64_t integer(std::string_view key, std::int64_t fallback, std::int64_t low,
                         std::int64_t high) const;
    double number(std::string_view key, double fallback, double low, double high) const;
    /// Hexadecimal text.
    Bytes bytes(std::string_view key, std::string_view fallback_hex, std::size_t low, std::size_t high) const;
    /// Throws for the first option that was never asked for, and for a table that nobody asked for.
    void refuse_unused() const;
    /// Says that this table has a meaning, whether it has options or not.
    void ask() const { asked_ = true; }
    const std::string& name() const { return name_; }

private:
    const Entry* find(std::string_view key) const;
    [[noreturn]] void fail(std::string_view key, const std::string& rule) const;
    std::string profile_;
    std::string name_;
    unsigned line_ = 0;
    mutable bool asked_ = false;
    std::map<std::string, Entry, std::less<>> entries_;
};

struct Profile {
    std::string name;
    std::string title;
    std::string source;                     ///< file name, or "built in"
    bool production = false;                ///< refuses development keys
    std::vector<std::string> applications;  ///< in order
    std::map<std::string, Section, std::less<>> sections;
    Bytes digest;  ///< SHA-256 of the text

    /// The table of an application; an empty one when the profile has none. A table inside it has both
    /// names: [pkcs15.signature] is "pkcs15.signature".
    const Section& section(std::string_view application) const;
    /// Refuses options, and tables inside the application's, that were never asked for.
    /// @throws Error{input_invalid}
    void refuse_unused(std::string_view application) const;
};

/// Text of a profile. @param source  its name in error texts  @throws Error{input_invalid}
Profile parse(std::string_view toml, const std::string& source);
/// A shipped profile by name, or a file when `name_or_file` has a dot or a slash.
/// @throws Error{input_invalid} that lists the shipped ones
Profile load(const std::string& name_or_file);
/// Names and titles of the shipped profiles.
std::vector<std::pair<std::string, std::string>> shipped();

}  // namespace kartsaz::profile
