// SPDX-License-Identifier: Apache-2.0
#include "libcard/record/field_reader.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <system_error>

#include "apdu/error.h"
#include "libcard/record/fields.h"
#include "libcard/record/json_source.h"
#include "libcard/record/rules.h"
#include "libcard/record/text.h"

namespace kartsaz::record {
namespace {

using nlohmann::json;

bool is_object_field(const std::string& pattern) {
    return std::any_of(fields().begin(), fields().end(),
                       [&](const Field& field) { return field.object == pattern; });
}

}  // namespace

std::string kind_of(const json& value) {
    switch (value.type()) {
        case json::value_t::null:
            return "null (leave the field out)";
        case json::value_t::object:
            return "an object";
        case json::value_t::array:
            return "a list";
        case json::value_t::string:
            return "a text";
        case json::value_t::boolean:
            return "true or false";
        case json::value_t::number_integer:
        case json::value_t::number_unsigned:
        case json::value_t::number_float:
            return "a number (put it in quotes: zeros in front count)";
        default:
            return "something else";
    }
}

const json* FieldReader::find(const std::string& path) const {
    const json* at = &root_;
    for (std::size_t start = 1; start < path.size();) {
        const std::size_t slash = std::min(path.find('/', start), path.size());
        const std::string step = path.substr(start, slash - start);
        if (at->is_array()) {
            std::size_t index = 0;
            const auto [end, error] = std::from_chars(step.data(), step.data() + step.size(), index);
            if (error != std::errc{} || end != step.data() + step.size() || index >= at->size())
                return nullptr;
            at = &(*at)[index];
        } else {
            const auto found = at->is_object() ? at->find(step) : at->end();
            if (!at->is_object() || found == at->end()) return nullptr;
            at = &*found;
        }
        start = slash + 1;
    }
    return at;
}

void FieldReader::check_shape() {
    if (!root_.is_object()) return fault("/", "a record is a JSON object, this is " + kind_of(root_));
    check_object("", "");
}

void FieldReader::check_object(const std::string& path, const std::string& pattern) {
    const json& object = *find(path);
    check_unknown(object, path, pattern);
    for (const auto& field : fields()) {
        if (field.object == pattern) check_member(object, path, pattern, field.name, field.required);
    }
}

void FieldReader::check_unknown(const json& object, const std::string& path, const std::string& pattern) {
    std::vector<std::string_view> known;
    for (const auto& field : fields()) {
        if (field.object == pattern) known.push_back(field.name);
    }
    for (const auto& [key, value] : object.items()) {
        if (std::find(known.begin(), known.end(), key) != known.end()) continue;
        const std::string_view meant = nearest(key, known);
        fault(path + "/" + shown_name(key),
              meant.empty() ? "no such field" : fmt::format("no such field; did you mean {}?", meant));
    }
}

void FieldReader::check_member(const json& object, const std::string& path, const std::string& pattern,
                               std::string_view name, bool required) {
    const std::string member_path = fmt::format("{}/{}", path, name);
    const std::string member_pattern = fmt::format("{}/{}", pattern, name);
    const auto found = object.find(name);
    if (found == object.end()) {
        if (required) fault(member_path, "the field is missing");
        return;
    }
    if (member_pattern == "/fingers") return check_fingers(*found, member_path);
    if (is_object_field(member_pattern)) {
        if (found->is_object()) return check_object(member_path, member_pattern);
        return fault(member_path, "an object is needed, this is " + kind_of(*found));
    }
    if (found->is_string()) return;
    if (member_pattern == "/fingers/*/position" && found->is_number_integer()) return;
    fault(member_path, "a text is needed, this is " + kind_of(*found));
}

void FieldReader::check_fingers(const json& value, const std::string& path) {
    if (!value.is_array()) return fault(path, "a list is needed, this is " + kind_of(value));
    if (value.empty() || value.size() > 10) {
        return fault(path, fmt::format("1 to 10 fingers are needed, there are {}", value.size()));
    }
    for (std::size_t i = 0; i < value.size(); ++i) {
        const std::string item = fmt::format("{}/{}", path, i);
        if (value[i].is_object()) {
            check_object(item, "/fingers/*");
        } else {
            fault(item, "an object is needed, this is " + kind_of(value[i]));
        }
    }
}

std::optional<std::string> FieldReader::text(const std::string& path) const {
    const json* found = find(path);
    if (found == nullptr || !found->is_string()) return std::nullopt;
    return found->get<std::string>();
}

bool FieldReader::normalize(const std::string& path, std::string& text, bool machine) {
    try {
        NormalizedText normalized = normalize_persian(text, machine);
        for (auto& what : normalized.changes) change(path, std::move(what));
        text = std::move(normalized.text);
        return true;
    } catch (const Error& error) {
        fault(path, error.what());
        return false;
    }
}

std::optional<std::string> FieldReader::persian(const std::string& path, std::size_t most,
                                                std::string (*rule)(std::string_view)) {
    auto value = text(path);
    if (!value || !normalize(path, *value, false)) return std::nullopt;
    if (value->size() > most) {
        fault(path, fmt::format("{} bytes of UTF-8 are the most, there are {}", most, value->size()));
        return std::nullopt;
    }
    if (std::string broken = rule(*value); !broken.empty()) {
        fault(path, std::move(broken));
        return std::nullopt;
    }
    return value;
}

std::optional<std::string> FieldReader::machine(const std::string& path,
                                                std::string (*rule)(std::string_view)) {
    auto value = text(path);
    if (!value || !normalize(path, *value, true)) return std::nullopt;
    if (std::string broken = rule(*value); !broken.empty()) {
        fault(path, std::move(broken));
        return std::nullopt;
    }
    return value;
}

std::optional<std::string> FieldReader::latin(const std::string& path, std::size_t most) {
    auto value = text(path);
    if (!value || !normalize(path, *value, true)) return std::nullopt;
    std::string out;
    for (const char c : *value) {
        if (c == '\'') continue;
        out.push_back(c == '-' ? ' ' : (c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c));
    }
    if (out != *value) change(path, "made fit for the MRZ: capitals, blanks for hyphens, no apostrophes");
    if (out.size() > most) {
        fault(path, fmt::format("{} characters are the most, there are {}", most, out.size()));
        return std::nullopt;
    }
    if (std::string broken = latin_name_fault(out); !broken.empty()) {
        fault(path, std::move(broken));
        return std::nullopt;
    }
    return out;
}

std::optional<Date> FieldReader::date(const std::string& path) {
    auto value = text(path);
    if (!value || !normalize(path, *value, true)) return std::nullopt;
    std::string rule;
    auto found = parse_date(*value, rule);
    if (!found) fault(path, std::move(rule));
    return found;
}

}  // namespace kartsaz::record
