// SPDX-License-Identifier: Apache-2.0
#include "tools/cmp_file.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "apdu/error.h"
#include "keys/x509_split.h"
#include "tools/options.h"

namespace kartsaz::tools {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

[[noreturn]] void bad(const std::string& file, const std::string& rule) {
    throw Error{Errc::input_invalid, fmt::format("{}: {}", file, rule)};
}

Bytes read_whole(const fs::path& path, std::string_view what) {
    check_source(path.string(), what);
    std::ifstream in{path, std::ios::binary};
    Bytes content{std::istreambuf_iterator<char>{in}, std::istreambuf_iterator<char>{}};
    if (!in) bad(path.string(), "cannot be read");
    return content;
}

std::string text(const json& object, const char* field, const std::string& file) {
    if (!object.contains(field)) return {};
    if (!object.at(field).is_string()) bad(file, fmt::format("{}: a text expected", field));
    return object.at(field).get<std::string>();
}

int seconds(const json& object, const char* field, int fallback, const std::string& file) {
    if (!object.contains(field)) return fallback;
    const auto& value = object.at(field);
    constexpr int day = 86400;
    if (!value.is_number_integer() || value.get<std::int64_t>() < 1 || value.get<std::int64_t>() > day) {
        bad(file, fmt::format("{}: 1 to {} seconds expected", field, day));
    }
    return value.get<int>();
}

void refuse_unknown(const json& object, const std::string& file) {
    for (const auto& [name, value] : object.items()) {
        constexpr std::string_view known[] = {"server",        "recipient", "reference",
                                              "secret_file",   "ra",        "message_seconds",
                                              "total_seconds", "trusted",   "issuer"};
        if (std::find(std::begin(known), std::end(known), name) == std::end(known)) {
            bad(file, fmt::format("{}: no such field", name));
        }
    }
}

/// What is wrong with a file or a key that a field names, told with the field.
template <typename Work>
auto of_field(const std::string& file, const char* field, Work work) {
    try {
        return work();
    } catch (const Error& error) {
        throw Error{error.code(), fmt::format("{}: {}: {}", file, field, error.what())};
    }
}

json parse(const std::string& file) {
    const auto content = read_whole(file, "a CMP file");
    try {
        auto object = json::parse(content.begin(), content.end());
        if (!object.is_object()) bad(file, "an object { .. } expected");
        return object;
    } catch (const json::parse_error& error) {
        bad(file, fmt::format("no JSON: offset {}: {}", error.byte, error.what()));
    }
}

}  // namespace

keys::CmpOptions read_cmp_file(const std::string& file, const keys::KeyStore& store) {
    const auto object = parse(file);
    refuse_unknown(object, file);
    const auto folder = fs::path{file}.parent_path();
    keys::CmpOptions out;
    out.server = text(object, "server", file);
    out.recipient = text(object, "recipient", file);
    out.reference = text(object, "reference", file);
    out.message_seconds = seconds(object, "message_seconds", out.message_seconds, file);
    out.total_seconds = seconds(object, "total_seconds", out.total_seconds, file);
    if (const auto secret = text(object, "secret_file", file); !secret.empty()) {
        out.secret =
            of_field(file, "secret_file", [&] { return keys::read_passphrase_file(folder / secret); });
    }
    if (const auto ra = text(object, "ra", file); !ra.empty()) {
        out.ra = of_field(file, "ra", [&] { return store.identity(ra); });
    }
    if (const auto trusted = text(object, "trusted", file); !trusted.empty()) {
        const auto path = (folder / trusted).string();
        out.trusted = of_field(file, "trusted", [&] {
            return keys::split_certificates(read_whole(path, "trusted certificates"), path);
        });
    }
    if (const auto issuer = text(object, "issuer", file); !issuer.empty()) {
        const auto path = (folder / issuer).string();
        const auto all = of_field(file, "issuer", [&] {
            return keys::split_certificates(read_whole(path, "the CA's certificate"), path);
        });
        if (all.size() != 1) bad(file, fmt::format("issuer: {} certificates, one expected", all.size()));
        out.issuer = all.front();
    }
    return out;
}

}  // namespace kartsaz::tools
