// SPDX-License-Identifier: Apache-2.0
#include "libcard/profile/profile.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>

#include "apdu/error.h"
#include "keys/crypto.h"

namespace kartsaz::profile {

std::vector<std::pair<std::string_view, std::string_view>> shipped_texts();

namespace {

constexpr std::size_t max_profile_size = 64 * 1024;

[[noreturn]] void fail(const std::string& source, unsigned line, const std::string& rule) {
    throw Error{Errc::input_invalid, fmt::format("profile {}: line {}: {}", source, line, rule)};
}

unsigned line_of(const toml::node& node) {
    return static_cast<unsigned>(node.source().begin.line);
}

Section::Value scalar(const std::string& source, std::string_view key, const toml::node& node) {
    if (const auto* text = node.as_string()) return text->get();
    if (const auto* whole = node.as_integer()) return whole->get();
    if (const auto* real = node.as_floating_point()) return real->get();
    if (const auto* truth = node.as_boolean()) return truth->get();
    fail(source, line_of(node), fmt::format("{}: must be a text, a number, true or false", key));
}

std::string required_text(const std::string& source, const toml::table& table, std::string_view key) {
    const auto* node = table.get(key);
    if (node == nullptr) fail(source, 1, fmt::format("{} is missing", key));
    const auto* text = node->as_string();
    if (text == nullptr || text->get().empty()) {
        fail(source, line_of(*node), fmt::format("{}: must be a text in quotes, not empty", key));
    }
    return text->get();
}

std::vector<std::string> application_names(const std::string& source, const toml::table& table) {
    const auto* node = table.get("applications");
    if (node == nullptr) fail(source, 1, "applications is missing");
    const auto* list = node->as_array();
    if (list == nullptr || list->empty()) {
        fail(source, line_of(*node), "applications: must be a list with at least one name");
    }
    std::vector<std::string> names;
    for (const auto& element : *list) {
        const auto* text = element.as_string();
        if (text == nullptr) fail(source, line_of(element), "applications: each must be a text in quotes");
        if (std::find(names.begin(), names.end(), text->get()) != names.end()) {
            fail(source, line_of(element), fmt::format("applications: {} stands twice", text->get()));
        }
        names.push_back(text->get());
    }
    return names;
}

/// Tables that belong to no application.
bool is_general_table(std::string_view name) {
    return name == "timing" || name == "keys";
}

/// A table and, where an application may have them, the tables inside it: [pkcs15.signature].
void add_section(Profile& profile, const std::string& name, const toml::table& table, bool may_nest) {
    Section section{profile.source, name, line_of(table)};
    for (const auto& [option, value] : table) {
        const auto* inner = value.as_table();
        if (inner != nullptr && may_nest && !inner->is_inline()) {
            add_section(profile, fmt::format("{}.{}", name, option.str()), *inner, false);
            continue;
        }
        section.set(std::string{option.str()}, scalar(profile.source, option.str(), value), line_of(value));
    }
    profile.sections.emplace(name, std::move(section));
}

Profile from_table(const toml::table& table, const std::string& source) {
    Profile profile;
    profile.source = source;
    profile.name = required_text(source, table, "name");
    profile.title = required_text(source, table, "title");
    profile.applications = application_names(source, table);
    for (const auto& [key, node] : table) {
        const std::string name{key.str()};
        if (name == "name" || name == "title" || name == "applications") continue;
        if (name == "production") {
            const auto* truth = node.as_boolean();
            if (truth == nullptr) fail(source, line_of(node), "production: must be true or false");
            profile.production = truth->get();
            continue;
        }
        const auto* inner = node.as_table();
        if (inner == nullptr) fail(source, line_of(node), fmt::format("{}: no such option", name));
        const bool application = std::find(profile.applications.begin(), profile.applications.end(), name) !=
                                 profile.applications.end();
        if (!application && !is_general_table(name)) {
            fail(source, line_of(node),
                 fmt::format("[{}] is not among the applications of this profile", name));
        }
        add_section(profile, name, *inner, application);
    }
    for (const auto& name : profile.applications) profile.sections.try_emplace(name, source, name);
    profile.sections.try_emplace("timing", source, "timing");
    profile.sections.try_emplace("keys", source, "keys");
    return profile;
}

std::string read_file(const std::string& path) {
    std::ifstream in{path, std::ios::binary};
    if (!in) throw Error{Errc::input_invalid, fmt::format("profile {}: cannot be read", path)};
    std::string text{std::istreambuf_iterator<char>{in}, std::istreambuf_iterator<char>{}};
    if (text.size() > max_profile_size) {
        throw Error{Errc::input_invalid,
                    fmt::format("profile {}: larger than {} bytes", path, max_profile_size)};
    }
    return text;
}

}  // namespace

const Section& Profile::section(std::string_view application) const {
    static const Section empty;
    const auto found = sections.find(application);
    if (found == sections.end()) return empty;
    found->second.ask();
    return found->second;
}

void Profile::refuse_unused(std::string_view application) const {
    section(application).refuse_unused();
    const std::string inside = std::string{application} + ".";
    for (const auto& [table, options] : sections) {
        if (table.starts_with(inside)) options.refuse_unused();
    }
}

Profile parse(std::string_view text, const std::string& source) {
    try {
        Profile profile = from_table(toml::parse(text, std::string_view{source}), source);
        profile.digest = keys::sha256(to_bytes(text));
        return profile;
    } catch (const toml::parse_error& error) {
        fail(source, static_cast<unsigned>(error.source().begin.line), std::string{error.description()});
    }
}

Profile load(const std::string& name_or_file) {
    if (name_or_file.find_first_of("./") != std::string::npos) {
        return parse(read_file(name_or_file), name_or_file);
    }
    std::string names;
    for (const auto& [name, text] : shipped_texts()) {
        if (name == name_or_file) return parse(text, std::string{name});
        names += (names.empty() ? "" : ", ") + std::string{name};
    }
    throw Error{Errc::input_invalid,
                fmt::format("there is no profile \"{}\"; shipped: {}; a file needs its path, ./{}.toml",
                            name_or_file, names, name_or_file)};
}

std::vector<std::pair<std::string, std::string>> shipped() {
    std::vector<std::pair<std::string, std::string>> out;
    for (const auto& [name, text] : shipped_texts())
        out.emplace_back(name, parse(text, std::string{name}).title);
    return out;
}

}  // namespace kartsaz::profile
