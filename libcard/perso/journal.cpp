// SPDX-License-Identifier: Apache-2.0
#include "libcard/perso/journal.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <array>
#include <cctype>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "apdu/bytes.h"
#include "apdu/error.h"
#include "keys/crypto.h"

namespace kartsaz::perso {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr auto format_name = "kartsaz-journal-1";
/// A file has two slots, each a whole entry as JSON, filled up with blanks. A save goes to the older one, in
/// place: one flush of one block, and the entry before stays whole whatever happens.
constexpr std::size_t slot_size = 4096;

[[noreturn]] void fail(const fs::path& file, const std::string& rule) {
    throw Error{Errc::store_failed, fmt::format("journal {}: {}", file.string(), rule)};
}

std::string text_field(const fs::path& file, const json& object, const char* name) {
    const auto found = object.find(name);
    if (found == object.end() || !found->is_string()) fail(file, fmt::format("{}: a text is missing", name));
    return found->get<std::string>();
}

std::vector<std::string> digests_field(const fs::path& file, const json& object, const char* name) {
    std::vector<std::string> out;
    for (const auto& one : object.at(name)) {
        if (!one.is_string()) fail(file, fmt::format("{}: digests are texts", name));
        out.push_back(one.get<std::string>());
    }
    return out;
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

namespace {

json to_json(const JournalEntry& entry, std::uint64_t number) {
    json object{{"format", format_name},
                {"number", number},
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
                {"development_keys", entry.development_keys},
                {"completed", entry.completed},
                {"own_pin", entry.own_pin},
                {"delivered_pin_refused", entry.delivered_pin_refused},
                {"made_keys", entry.made_keys}};
    object["sum"] = to_hex(keys::sha256(to_bytes(object.dump())));
    return object;
}

std::string slot_text(const JournalEntry& entry, std::uint64_t number) {
    std::string text = to_json(entry, number).dump(1);
    if (text.size() >= slot_size) throw Error{Errc::internal, "a journal entry does not fit its slot"};
    text.resize(slot_size - 1, ' ');
    return text + "\n";
}

struct Slot {
    std::uint64_t number = 0;  ///< counts saves; 0: nothing whole is here
    JournalEntry entry;
};

/// The entry of one slot; number 0 when it is blank or was torn by a crash.
Slot read_slot(const fs::path& file, std::string_view text) {
    json object = json::parse(text, nullptr, false);
    if (!object.is_object() || !object.contains("sum") || !object["sum"].is_string()) return {};
    const std::string sum = object["sum"].get<std::string>();
    object.erase("sum");
    if (to_hex(keys::sha256(to_bytes(object.dump()))) != sum) return {};
    if (text_field(file, object, "format") != format_name) fail(file, "format: not kartsaz-journal-1");
    Slot slot;
    slot.number = object.at("number").get<std::uint64_t>();
    JournalEntry& entry = slot.entry;
    entry.chip = text_field(file, object, "chip");
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
    // entries of former versions have no such fields
    if (object.contains("completed")) entry.completed = flag_field(file, object, "completed");
    if (object.contains("own_pin")) entry.own_pin = flag_field(file, object, "own_pin");
    if (object.contains("delivered_pin_refused"))
        entry.delivered_pin_refused = flag_field(file, object, "delivered_pin_refused");
    if (object.contains("made_keys")) entry.made_keys = digests_field(file, object, "made_keys");
    return slot;
}

/// Both slots; empty when there is no such file. @throws Error{store_failed} when neither is whole
std::optional<std::array<Slot, 2>> read_slots(const fs::path& file) {
    std::ifstream in{file, std::ios::binary};
    if (!in) {
        std::error_code error;
        if (fs::exists(file, error)) fail(file, "cannot be read");
        return std::nullopt;
    }
    const std::string text{std::istreambuf_iterator<char>{in}, std::istreambuf_iterator<char>{}};
    if (text.size() != 2 * slot_size)
        fail(file, fmt::format("{} bytes, a journal has {}", text.size(), 2 * slot_size));
    const std::string_view view{text};
    std::array<Slot, 2> slots{read_slot(file, view.substr(0, slot_size)),
                              read_slot(file, view.substr(slot_size))};
    if (slots[0].number == 0 && slots[1].number == 0) {
        fail(file, "no whole entry in it; keep the file as evidence, then move it away");
    }
    return slots;
}

}  // namespace

std::optional<JournalEntry> Journal::find(std::string_view chip) const {
    const fs::path file = path(chip);
    const auto slots = read_slots(file);
    if (!slots) return std::nullopt;
    const auto& newest = (*slots)[0].number > (*slots)[1].number ? (*slots)[0] : (*slots)[1];
    if (newest.entry.chip != chip) fail(file, "chip: names another chip than the file does");
    return newest.entry;
}

void Journal::save(const JournalEntry& entry) const {
    const fs::path file = path(entry.chip);
    const auto slots = read_slots(file);
    if (!slots) {
        write_durably(file, slot_text(entry, 1) + std::string(slot_size - 1, ' ') + "\n", 0600);
        return;
    }
    const std::size_t older = (*slots)[0].number < (*slots)[1].number ? 0 : 1;
    const std::uint64_t number = (*slots)[1 - older].number + 1;
    overwrite_durably(file, older * slot_size, slot_text(entry, number));
}

void Journal::forget(std::string_view chip) const {
    std::error_code error;
    fs::remove(path(chip), error);
    if (error) fail(path(chip), "cannot be removed: " + error.message());
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
