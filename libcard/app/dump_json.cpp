// SPDX-License-Identifier: Apache-2.0
#include "libcard/app/dump_json.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <fstream>

#include "apdu/error.h"
#include "keys/crypto.h"

namespace kartsaz::app::dump {
namespace {
namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr const char* format_name = "kartsaz-card";
constexpr int format_version = 1;
constexpr std::uintmax_t largest_file = 1U << 20U;

[[noreturn]] void fail(const std::string& where, const std::string& rule) {
    throw Error{Errc::input_invalid, fmt::format("card.json: {}: {}", where, rule)};
}

Json file_json(const DumpApplication& application, const DumpFile& file) {
    Json out{{"name", file.name}, {"fid", to_hex(big_endian(file.fid, 2))}, {"access", file.access}};
    if (!file.refused.empty()) out["refused"] = file.refused;
    if (!file.content.empty()) {
        out["size"] = file.content.size();
        out["sha256"] = to_hex(keys::sha256(file.content));
        out["path"] = raw_path(application, file);
    }
    return out;
}

const Json& member(const Json& object, const char* key, const std::string& where) {
    if (!object.is_object()) fail(where, "an object is needed");
    const auto found = object.find(key);
    if (found == object.end()) fail(where + "/" + key, "missing");
    return *found;
}

std::string text(const Json& object, const char* key, const std::string& where) {
    const Json& value = member(object, key, where);
    if (!value.is_string()) fail(where + "/" + key, "a string is needed");
    return value.get<std::string>();
}

std::string optional_text(const Json& object, const char* key, const std::string& where) {
    return object.contains(key) ? text(object, key, where) : std::string{};
}

Bytes hex(const Json& object, const char* key, const std::string& where) {
    try {
        return from_hex(text(object, key, where));
    } catch (const Error& error) {
        if (std::string_view{error.what()}.starts_with("card.json")) throw;
        fail(where + "/" + key, error.what());
    }
}

const Json& list(const Json& object, const char* key, const std::string& where) {
    const Json& value = member(object, key, where);
    if (!value.is_array()) fail(where + "/" + key, "a list is needed");
    return value;
}

/// The path named in card.json, which must stay inside `folder`, also through links.
fs::path inside(const fs::path& folder, const std::string& named, const std::string& where) {
    const fs::path relative{named};
    bool leaves = named.empty() || relative.is_absolute();
    for (const auto& part : relative) leaves = leaves || part == "..";
    if (leaves) fail(where + "/path", "the path leaves the folder");
    std::error_code fault;
    const fs::path root = fs::canonical(folder, fault);
    const fs::path real = fs::canonical(folder / relative, fault);
    if (fault) fail(where + "/path", "there is no such file: " + named);
    const auto [end, rest] = std::mismatch(root.begin(), root.end(), real.begin(), real.end());
    if (end != root.end()) fail(where + "/path", "the path leaves the folder by a link");
    return real;
}

Bytes checked_content(const Json& json, const fs::path& folder, const std::string& where) {
    const Json& size = member(json, "size", where);
    if (!size.is_number_unsigned()) fail(where + "/size", "a count of bytes is needed");
    Bytes content = read_whole(inside(folder, text(json, "path", where), where));
    if (content.size() != size.get<std::uint64_t>()) {
        fail(where + "/size",
             fmt::format("{} bytes are named, the file has {}", size.dump(), content.size()));
    }
    if (hex(json, "sha256", where) != keys::sha256(content))
        fail(where + "/sha256", "the file's hash is another");
    return content;
}

DumpFile read_file_entry(const Json& json, const fs::path& folder, const std::string& where) {
    DumpFile file;
    file.name = text(json, "name", where);
    const Bytes fid = hex(json, "fid", where);
    if (fid.size() != 2) fail(where + "/fid", "4 hexadecimal digits are needed");
    file.fid = static_cast<std::uint16_t>(big_endian(fid));
    file.access = text(json, "access", where);
    file.refused = optional_text(json, "refused", where);
    if (json.contains("path")) {
        file.content = checked_content(json, folder, where);
    } else if (file.refused.empty()) {
        fail(where, "neither a path nor why it was refused");
    }
    return file;
}

DumpApplication read_application_entry(const Json& json, const fs::path& folder, const std::string& where) {
    DumpApplication out;
    out.name = text(json, "name", where);
    const Json& facts = member(json, "facts", where);
    if (!facts.is_object()) fail(where + "/facts", "an object is needed");
    for (const auto& fact : facts.items())
        out.facts[fact.key()] = text(facts, fact.key().c_str(), where + "/facts");
    const Json& files = list(json, "files", where);
    for (std::size_t i = 0; i < files.size(); ++i) {
        DumpFile file = read_file_entry(files[i], folder, fmt::format("{}/files/{}", where, i));
        if (out.file(file.name) != nullptr) fail(where, file.name + " stands twice");
        out.files.push_back(std::move(file));
    }
    return out;
}

void read_blank(const Json& json, CardDump& dump) {
    for (const Json& name : list(json, "blank", "")) {
        if (!name.is_string()) fail("/blank", "a list of strings is needed");
        dump.blank.push_back(name.get<std::string>());
        if (dump.application(dump.blank.back()) != nullptr)
            fail("/blank", dump.blank.back() + " stands among the applications, too");
    }
}

}  // namespace

std::string raw_path(const DumpApplication& application, const DumpFile& file) {
    return fmt::format("raw/{}/{}.bin", application.name, file.name);
}

std::string to_json(const CardDump& dump) {
    Json out{{"format", format_name},        {"version", format_version}, {"atr", to_hex(dump.atr)},
             {"reader", dump.reader},        {"read_at", dump.read_at},   {"chip", dump.chip},
             {"applications", Json::array()}};
    for (const auto& application : dump.applications) {
        Json files = Json::array();
        for (const auto& file : application.files) files.push_back(file_json(application, file));
        out["applications"].push_back(
            {{"name", application.name}, {"facts", application.facts}, {"files", files}});
    }
    if (!dump.blank.empty()) out["blank"] = dump.blank;
    return out.dump(2) + "\n";
}

CardDump from_json(std::string_view source, const fs::path& folder) {
    Json json;
    try {
        json = Json::parse(source);
    } catch (const nlohmann::json::exception& error) {
        fail("offset", error.what());
    }
    if (text(json, "format", "") != format_name || member(json, "version", "") != format_version) {
        fail("format", fmt::format("not {} version {}", format_name, format_version));
    }
    CardDump dump;
    dump.atr = hex(json, "atr", "");
    dump.reader = text(json, "reader", "");
    dump.read_at = text(json, "read_at", "");
    dump.chip = text(json, "chip", "");
    const Json& applications = list(json, "applications", "");
    for (std::size_t i = 0; i < applications.size(); ++i) {
        auto application =
            read_application_entry(applications[i], folder, fmt::format("/applications/{}", i));
        if (dump.application(application.name) != nullptr)
            fail("/applications", application.name + " stands twice");
        dump.applications.push_back(std::move(application));
    }
    if (json.contains("blank")) read_blank(json, dump);
    return dump;
}

Bytes read_whole(const fs::path& path) {
    std::error_code fault;
    const auto size = fs::is_regular_file(path, fault) ? fs::file_size(path, fault) : 0;
    std::ifstream in{path, std::ios::binary};
    if (fault || !in) throw Error{Errc::store_failed, "cannot read " + path.string()};
    if (size > largest_file) {
        throw Error{Errc::input_invalid,
                    fmt::format("{}: {} bytes, {} at most", path.string(), size, largest_file)};
    }
    Bytes out(static_cast<std::size_t>(size));
    in.read(reinterpret_cast<char*>(out.data()), static_cast<std::streamsize>(out.size()));
    if (in.gcount() != static_cast<std::streamsize>(out.size())) {
        throw Error{Errc::store_failed, "cannot read the whole of " + path.string()};
    }
    return out;
}

}  // namespace kartsaz::app::dump
