// SPDX-License-Identifier: Apache-2.0
#include "libcard/record/record_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>

#include "apdu/error.h"

namespace kartsaz::record {
namespace fs = std::filesystem;
namespace {

/// Up to `largest` + 1 bytes, and never more than the file had when it was opened.
bool read_up_to(const fs::path& file, std::size_t largest, std::string& out) {
    std::error_code error;
    const auto size = fs::file_size(file, error);
    std::ifstream in{file, std::ios::binary};
    if (error || !in) return false;
    out.resize(std::min<std::uintmax_t>(size, largest + 1));
    in.read(out.data(), static_cast<std::streamsize>(out.size()));
    return static_cast<std::size_t>(in.gcount()) == out.size();
}

bool is_inside(const fs::path& folder, const fs::path& file) {
    return std::mismatch(folder.begin(), folder.end(), file.begin(), file.end()).first == folder.end();
}

[[noreturn]] void refuse(const std::string& name, const std::string& rule) {
    throw Error{Errc::input_invalid, name + ": " + rule};
}

}  // namespace

Bytes read_record_file(const fs::path& folder, const std::string& relative, std::size_t largest) {
    std::error_code error;
    const fs::path base = fs::canonical(folder.empty() ? fs::path{"."} : folder, error);
    if (error) refuse(relative, "the folder of the record is not there");
    const fs::path file = fs::canonical(base / relative, error);
    if (error) refuse(relative, "there is no such file beside the record");
    if (!is_inside(base, file)) refuse(relative, "the file is outside the folder of the record (by a link)");
    // a pipe or a device would block or never end
    if (!fs::is_regular_file(file, error)) refuse(relative, "it is no regular file");
    std::string content;
    if (!read_up_to(file, largest, content)) refuse(relative, "the file cannot be read");
    if (content.empty()) refuse(relative, "the file is empty");
    if (content.size() > largest) refuse(relative, fmt::format("the file has more than {} bytes", largest));
    return to_bytes(content);
}

std::string read_record_text(const fs::path& file, std::size_t largest) {
    std::error_code error;
    std::string text;
    if (!fs::is_regular_file(file, error) || !read_up_to(file, largest, text)) {
        throw Error{Errc::store_failed, file.string() + ": the record cannot be read"};
    }
    if (text.size() > largest)
        refuse(file.string(), fmt::format("the record has more than {} bytes", largest));
    return text;
}

}  // namespace kartsaz::record
