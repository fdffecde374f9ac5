// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "apdu/error.h"
#include "libcard/app/pkcs15/objects.h"
#include "libcard/app/pkcs15/read.h"

namespace kartsaz::app::pkcs15 {
namespace {
namespace fs = std::filesystem;

std::string base64(ByteView bytes) {
    constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    constexpr std::size_t line = 64;
    std::string out;
    std::size_t column = 0;
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        std::uint32_t group = 0;
        const std::size_t count = std::min<std::size_t>(3, bytes.size() - at);
        for (std::size_t i = 0; i < 3; ++i) group = group << 8U | (i < count ? bytes[at + i] : 0U);
        for (std::size_t i = 0; i < 4; ++i)
            out += i > count ? '=' : digits[(group >> (18U - 6U * static_cast<unsigned>(i))) & 0x3FU];
        column += 4;
        if (column == line) {
            out += '\n';
            column = 0;
        }
    }
    if (column != 0) out += '\n';
    return out;
}

std::string pem(std::string_view what, ByteView der) {
    return fmt::format("-----BEGIN {0}-----\n{1}-----END {0}-----\n", what, base64(der));
}

/// Letters, digits and dashes of a label; others could mean something in a path.
std::string plain_name(const std::string& label) {
    std::string out;
    for (const char c : label.substr(0, 40)) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        out += plain ? c : '-';
    }
    return out.empty() ? "unnamed" : out;
}

}  // namespace

std::vector<fs::path> save_for_people(const DumpApplication& application, const fs::path& folder) {
    std::error_code fault;
    fs::create_directories(folder, fault);
    if (fault) throw Error{Errc::store_failed, fmt::format("{}: {}", folder.string(), fault.message())};
    std::vector<fs::path> written;
    const auto put = [&](const std::string& name, ByteView content) {
        write_atomically(folder / name, content);
        written.push_back(folder / name);
    };
    std::vector<CertificateObject> certificates;
    for (const auto& file : application.files) {
        if (!file.name.starts_with("EF.CDF") || file.content.empty()) continue;
        try {
            for (auto& one : decode_cdf(file.content)) certificates.push_back(std::move(one));
        } catch (const Error& error) {
            if (error.code() != Errc::input_invalid) throw;  // verification says what is wrong with it
        }
    }
    const Bytes df = from_hex(application.fact("df"));
    for (std::size_t i = 0; i < certificates.size(); ++i) {
        const auto& one = certificates[i];
        const DumpFile* file = one.path ? application.file(file_name(*one.path, df)) : nullptr;
        const Bytes der = file != nullptr ? file->content : one.direct;
        if (der.empty()) continue;
        const std::string name = fmt::format("certificate-{}-{}", i + 1, plain_name(one.common.label));
        put(name + ".der", der);
        put(name + ".pem", to_bytes(pem("CERTIFICATE", der)));
    }
    return written;
}

}  // namespace kartsaz::app::pkcs15
