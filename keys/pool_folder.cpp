// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string_view>

#include "apdu/error.h"
#include "keys/certificate_pool.h"

namespace kartsaz::keys {
namespace {

namespace fs = std::filesystem;
using Trust = CertificatePool::Trust;

constexpr std::uintmax_t most_bytes = 16U << 20U;
constexpr std::string_view read_extensions[] = {".pem", ".cer", ".crt", ".der", ".crl",
                                                ".p7c", ".p7b", ".ors", ".ocsp"};
/// What stands beside certificates and may quote one, or is a secret.
constexpr std::string_view passed_over[] = {".p12", ".pfx",  ".key",  ".txt",        ".md",
                                            ".csr", ".html", ".json", ".properties", ".log"};

template <std::size_t count>
bool among(std::string_view name, const std::string_view (&names)[count]) {
    return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

std::string extension_of(const fs::path& file) {
    auto out = file.extension().string();
    std::transform(out.begin(), out.end(), out.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return out;
}

Bytes content_of(const fs::path& file) {
    std::error_code fault;
    if (fs::file_size(file, fault) > most_bytes || fault) {
        throw Error{Errc::input_invalid, file.string() + ": not readable, or larger than 16 MiB"};
    }
    std::ifstream in{file, std::ios::binary};
    Bytes out{std::istreambuf_iterator<char>{in}, std::istreambuf_iterator<char>{}};
    if (!in) throw Error{Errc::input_invalid, file.string() + ": not readable"};
    return out;
}

std::vector<fs::path> files_of(const fs::path& folder) {
    std::error_code fault;
    fs::directory_iterator entries{folder, fault};
    if (fault) {
        throw Error{Errc::input_invalid,
                    folder.string() + ": no folder of trusted certificates: " + fault.message()};
    }
    std::vector<fs::path> out;
    for (const auto& entry : entries) {
        if (entry.is_regular_file(fault)) out.push_back(entry.path());
    }
    std::sort(out.begin(), out.end());
    return out;
}

/// A file of an extension that says nothing is read when it can be, and never makes an anchor.
void try_file(CertificatePool& pool, const fs::path& file) {
    Bytes content;
    try {
        content = content_of(file);
        pool.add(content, file.string(), Trust::none);
    } catch (const Error&) {
        return;  // some other file
    }
}

void add_folder(CertificatePool& pool, const fs::path& folder, Trust trust) {
    for (const auto& file : files_of(folder)) {
        const auto extension = extension_of(file);
        if (among(extension, passed_over)) continue;
        if (among(extension, read_extensions))
            pool.add(content_of(file), file.string(), trust);
        else
            try_file(pool, file);
    }
}

bool is_folder(const fs::path& path) {
    std::error_code fault;
    return fs::is_directory(path, fault);
}

}  // namespace

CertificatePool load_pool(const fs::path& folder, PoolUse use) {
    CertificatePool pool;
    add_folder(pool, folder, Trust::self_signed);
    const bool has_anchors = pool.counts().anchors != 0;
    for (const char* name : {"roots", "anchors"}) {
        const auto inner = folder / name;
        if (!is_folder(inner)) continue;
        if (has_anchors) {
            pool.add_note(
                fmt::format("{}: not read, for {} itself holds anchors", inner.string(), folder.string()));
        } else {
            add_folder(pool, inner, Trust::all);
        }
    }
    for (const char* name : {"intermediates", "aia", "sia", "crls", "ocsp"}) {
        if (is_folder(folder / name)) add_folder(pool, folder / name, Trust::none);
    }
    const bool holders = use == PoolUse::holders && is_folder(folder / "holders");
    if (holders) add_folder(pool, folder / "holders", Trust::self_signed);
    if (pool.counts().anchors == 0) {
        throw Error{
            Errc::input_invalid,
            folder.string() +
                ": holds no self-signed certificate to trust; a CA that another one signed is trusted "
                "when it stands in the folder \"anchors\" of this one"};
    }
    return pool;
}

}  // namespace kartsaz::keys
