// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libcard/record/record.h"

namespace kartsaz::record {

/// Takes texts out of a JSON tree by path and gathers what is wrong with them. A field that is missing or of
/// the wrong kind is a fault once, in check_shape; text() is silent about it.
class FieldReader {
public:
    explicit FieldReader(const nlohmann::json& root) : root_{root} {}

    /// Every object has the fields of fields.h, no others, and each is of its kind.
    void check_shape();

    /// The text at `path` as it stands; empty when it is missing, faulty or no text.
    std::optional<std::string> text(const std::string& path) const;
    /// Normalized for display. A fault when `rule` names one or it has more than `most` bytes.
    std::optional<std::string> persian(const std::string& path, std::size_t most,
                                       std::string (*rule)(std::string_view));
    /// Normalized for machines: ASCII digits, nothing invisible; a fault when `rule` names one.
    std::optional<std::string> machine(const std::string& path, std::string (*rule)(std::string_view));
    /// A-Z and blanks: letters in upper case, hyphens to blanks, apostrophes away.
    std::optional<std::string> latin(const std::string& path, std::size_t most);
    std::optional<Date> date(const std::string& path);

    const nlohmann::json* find(const std::string& path) const;
    void fault(std::string path, std::string rule) { faults_.push_back({std::move(path), std::move(rule)}); }
    void change(std::string path, std::string what) {
        changes_.push_back({std::move(path), std::move(what)});
    }

    std::vector<Fault>& faults() { return faults_; }
    std::vector<Change>& changes() { return changes_; }

private:
    void check_object(const std::string& path, const std::string& pattern);
    void check_unknown(const nlohmann::json& object, const std::string& path, const std::string& pattern);
    void check_member(const nlohmann::json& object, const std::string& path, const std::string& pattern,
                      std::string_view name, bool required);
    void check_fingers(const nlohmann::json& value, const std::string& path);
    bool normalize(const std::string& path, std::string& text, bool machine);

    const nlohmann::json& root_;
    std::vector<Fault> faults_;
    std::vector<Change> changes_;
};

/// "a text", "a number": what a JSON value is, for messages.
std::string kind_of(const nlohmann::json& value);

}  // namespace kartsaz::record
