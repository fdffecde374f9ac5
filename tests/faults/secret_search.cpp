// SPDX-License-Identifier: Apache-2.0
#include "tests/faults/secret_search.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <openssl/evp.h>

#include <algorithm>

#include "tests/faults/process.h"

namespace kartsaz::faults {
namespace {

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c + ('a' - 'A')) : c; });
    return text;
}

std::string parted(const Bytes& bytes, const char* between) {
    std::string out;
    for (const auto byte : bytes) out += fmt::format("{}{:02X}", out.empty() ? "" : between, byte);
    return out;
}

/// What of base64 does not depend on what stands before (0, 1 or 2 bytes) and after.
std::string base64(const Bytes& bytes, std::size_t before) {
    Bytes padded(before, 0);
    append(padded, bytes);
    std::string text(4 * (padded.size() / 3 + 1) + 1, '\0');
    const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), padded.data(),
                                     static_cast<int>(padded.size()));
    text.resize(static_cast<std::size_t>(size));
    const std::size_t first = before == 0 ? 0 : before + 1;
    const std::size_t whole = padded.size() / 3 * 4;
    return text.substr(first, whole - first);
}

}  // namespace

std::vector<std::pair<std::string, std::string>> forms_of(const Secret& secret) {
    const Bytes& bytes = secret.bytes;
    const std::string blanks = parted(bytes, " "), colons = parted(bytes, ":");
    return {{"raw bytes", to_text(bytes)},
            {"upper-case hex", to_hex(bytes)},
            {"lower-case hex", lower(to_hex(bytes))},
            {"hex with blanks", blanks},
            {"lower-case hex with blanks", lower(blanks)},
            {"hex with colons", colons},
            {"lower-case hex with colons", lower(colons)},
            {"a list of numbers", fmt::format("{}", fmt::join(bytes, ","))},
            {"a list of numbers with blanks", fmt::format("{}", fmt::join(bytes, ", "))},
            {"base64", base64(bytes, 0)},
            {"base64 after one byte", base64(bytes, 1)},
            {"base64 after two bytes", base64(bytes, 2)}};
}

std::vector<std::string> search(const std::filesystem::path& folder, const std::vector<Secret>& secrets) {
    std::vector<std::string> found;
    for (const auto& file : std::filesystem::recursive_directory_iterator{folder}) {
        if (!file.is_regular_file()) continue;
        const auto text = text_of(file.path().string());
        for (const auto& secret : secrets) {
            for (const auto& [form, needle] : forms_of(secret)) {
                const auto at = text.find(needle);
                if (at == std::string::npos) continue;
                found.push_back(fmt::format("{}: {} as {} at byte {}", file.path().filename().string(),
                                            secret.name, form, at));
            }
        }
    }
    return found;
}

}  // namespace kartsaz::faults
