// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "apdu/error.h"
#include "libcard/app/dump.h"
#include "libcard/app/dump_json.h"

namespace kartsaz::app {
namespace {
namespace fs = std::filesystem;

constexpr const char* card_json = "card.json";

/// A name that can stand in a path as it is.
void require_file_name(const std::string& name) {
    const bool ok = !name.empty() && name.front() != '.' &&
                    name.find_first_of(std::string_view{"/\\\0", 3}) == std::string::npos;
    if (!ok) throw Error{Errc::store_failed, "a file or application name that cannot stand in a path"};
}

void make_folder(const fs::path& folder) {
    std::error_code fault;
    fs::create_directories(folder, fault);
    if (fault) throw Error{Errc::store_failed, fmt::format("{}: {}", folder.string(), fault.message())};
}

/// The name of the object in a file without card.json: "EF.DG1" from EF.DG1.bin, EF_DG1.bin or DG1.bin.
std::string bare_name(const fs::path& path) {
    std::string stem = path.stem().string();
    std::transform(stem.begin(), stem.end(), stem.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    if (stem.starts_with("EF_") || stem.starts_with("EF.")) stem.erase(0, 3);
    const bool ok = !stem.empty() && std::all_of(stem.begin(), stem.end(), [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    });
    return ok ? "EF." + stem : std::string{};
}

CardDump load_bare(const fs::path& folder) {
    // A folder with raw/emrtd/ of which only card.json is lost is read all the same.
    const fs::path raw = folder / "raw" / "emrtd";
    const fs::path& place = fs::is_directory(raw) ? raw : folder;
    std::vector<fs::path> paths;
    for (const auto& entry : fs::directory_iterator{place}) {
        if (entry.is_regular_file() && entry.path().extension() == ".bin") paths.push_back(entry.path());
    }
    std::sort(paths.begin(), paths.end());
    DumpApplication application;
    application.name = "emrtd";
    for (const auto& path : paths) {
        const std::string name = bare_name(path);
        if (name.empty()) continue;
        if (application.file(name) != nullptr) {
            throw Error{Errc::input_invalid, fmt::format("{}: {} is there twice", folder.string(), name)};
        }
        application.files.push_back({name, 0, dump::read_whole(path), {}, {}});
    }
    if (application.files.empty()) {
        throw Error{
            Errc::input_invalid,
            fmt::format("{}: neither card.json nor files like EF.DG1.bin or DG1.bin", folder.string())};
    }
    CardDump out;
    out.applications.push_back(std::move(application));
    return out;
}

}  // namespace

void write_atomically(const fs::path& path, ByteView content) {
    fs::path temporary = path;
    temporary += fmt::format(".{}.tmp", ::getpid());
    {
        std::ofstream out{temporary, std::ios::binary | std::ios::trunc};
        out.write(reinterpret_cast<const char*>(content.data()),
                  static_cast<std::streamsize>(content.size()));
        out.close();
        if (!out) {
            std::error_code ignored;
            fs::remove(temporary, ignored);
            throw Error{Errc::store_failed, "cannot write " + path.string()};
        }
    }
    std::error_code fault;
    fs::rename(temporary, path, fault);
    if (fault) throw Error{Errc::store_failed, fmt::format("{}: {}", path.string(), fault.message())};
}

void save(const CardDump& dump, const fs::path& folder) {
    make_folder(folder);
    for (const auto& application : dump.applications) {
        require_file_name(application.name);
        make_folder(folder / "raw" / application.name);
        for (const auto& file : application.files) {
            require_file_name(file.name);
            if (!file.content.empty())
                write_atomically(folder / dump::raw_path(application, file), file.content);
        }
    }
    // Last, so that a folder with card.json is whole.
    write_atomically(folder / card_json, to_bytes(dump::to_json(dump)));
}

CardDump load_dump(const fs::path& folder) {
    std::error_code fault;
    if (!fs::is_directory(folder, fault))
        throw Error{Errc::store_failed, folder.string() + ": no such folder"};
    const fs::path index = folder / card_json;
    if (!fs::exists(index, fault)) return load_bare(folder);
    return dump::from_json(to_text(dump::read_whole(index)), folder);
}

}  // namespace kartsaz::app
