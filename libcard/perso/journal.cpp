// SPDX-License-Identifier: Apache-2.0
#include "libcard/perso/journal.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cctype>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "apdu/error.h"

namespace kartsaz::perso {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr auto format_name = "kartsaz-journal-1";
constexpr std::size_t max_size = 64 * 1024;

[[noreturn]] void fail(const fs::path& file, const std::string& rule) {
    throw Error{Errc::store_failed, fmt::format("journal {}: {}", file.string(), rule)};
}

std::string text_field(const fs::path& file, const json& object, const char* name) {
    const auto found = object.find(name);
    if (found == object.end() || !found->is_string()) fail(file, fmt::format("{}: a text is missing", name));
    return found->get<std::string>();
}

bool flag_field(const fs::path& file, const json& object, const char* name) {
    const auto found = object.find(name);
    if (found == object.end() || !found->is_boolean()) {
        fail(file, fmt::format("{}: true or false is missing", name));
    }
    return found->get<bool>();
}

}  // namespace

Journal::Journal(fs::path folder) : folder_{std::move(folder)} {
    std::error_code error;
    fs::create_directories(folder_, error);
    if (error) fail(folder_, "the folder cannot be made: " + error.message());
    fs::permissions(folder_, fs::perms::owner_all, error);  // who may enter is the folder's own rule
}

fs::path Journal::path(std::string_view chip) const {
    std::string name;
    for (const char c : chip) {
        const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_';
        name.push_back(plain ? c : '_');
    }
    return folder_ / (name + ".json");
}

std::optional<JournalEntry> Journal::find(std::string_view chip) const {
    const fs::path file = path(chip);
    std::ifstream in{file, std::ios::binary};
    if (!in) {
        std::error_code error;
        if (fs::exists(file, error)) fail(file, "cannot be read");
        return std::nullopt;
    }
    const std::string text{std::istreambuf_iterator<char>{in}, std::istreambuf_iterator<char>{}};
    if (text.size() > max_size) fail(file, "too large to be a journal of ours");
    const json object = json::parse(text, nullptr, false);
    if (!object.is_object()) fail(file, "not a JSON object; keep the file as evidence, then move it away");
    if (text_field(file, object, "format") != format_name) fail(file, "format: not kartsaz-journal-1");
    JournalEntry entry;
    entry.chip = text_field(file, object, "chip");
    if (entry.chip != chip) fail(file, "chip: names another chip than the file does");
    entry.profile = text_field(file, object, "profile");
    entry.profile_digest = text_field(file, object, "profile_digest");
    entry.record_digest = text_field(file, object, "record_digest");
    entry.stage = text_field(file, object, "stage");
    entry.last_step = text_field(file, object, "last_step");
    entry.started = text_field(file, object, "started");
    entry.updated = text_field(file, object, "updated");
    entry.authentication_failed = flag_field(file, object, "authentication_failed");
    entry.authentication_fault = text_field(file, object, "authentication_fault");
    entry.development_keys = flag_field(file, object, "development_keys");
    return entry;
}

void Journal::save(const JournalEntry& entry) const {
    const json object{{"format", format_name},
                      {"chip", entry.chip},
                      {"profile", entry.profile},
                      {"profile_digest", entry.profile_digest},
                      {"record_digest", entry.record_digest},
                      {"stage", entry.stage},
                      {"last_step", entry.last_step},
                      {"started", entry.started},
                      {"updated", entry.updated},
                      {"authentication_failed", entry.authentication_failed},
                      {"authentication_fault", entry.authentication_fault},
                      {"development_keys", entry.development_keys}};
    write_durably(path(entry.chip), object.dump(2) + "\n", 0600);
}

fs::path default_journal_folder() {
    if (const char* state = std::getenv("XDG_STATE_HOME"); state != nullptr && *state == '/') {
        return fs::path{state} / "kartsaz" / "journal";
    }
    if (const char* home = std::getenv("HOME"); home != nullptr && *home == '/') {
        return fs::path{home} / ".local" / "state" / "kartsaz" / "journal";
    }
    return fs::path{"kartsaz-journal"};
}

}  // namespace kartsaz::perso
