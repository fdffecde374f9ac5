// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "apdu/error.h"
#include "libcard/verify/verify.h"

namespace kartsaz::verify {
namespace {

namespace fs = std::filesystem;
constexpr std::uintmax_t largest = 4U << 20U;  // bytes; a whole master list is smaller

Bytes read(const fs::path& file) {
    std::error_code fault;
    if (fs::file_size(file, fault) > largest || fault) {
        throw Error{Errc::input_invalid, file.string() + ": not readable, or more than 4 MiB"};
    }
    std::ifstream in{file, std::ios::binary};
    Bytes content{std::istreambuf_iterator<char>{in}, std::istreambuf_iterator<char>{}};
    if (!in) throw Error{Errc::input_invalid, file.string() + ": not readable"};
    return content;
}

bool contains(ByteView content, std::string_view mark) {
    return std::search(content.begin(), content.end(), mark.begin(), mark.end()) != content.end();
}

void add(keys::TrustAnchors& anchors, const fs::path& file) {
    const Bytes content = read(file);
    const std::string what = file.string();
    const bool pem = contains(content, "-----BEGIN ");
    const bool certificates =
        contains(content, "-----BEGIN CERTIFICATE") || contains(content, "-----BEGIN TRUSTED");
    const bool crls = contains(content, "-----BEGIN X509 CRL");
    if (pem) {
        if (certificates) anchors.add_certificate(content, what);
        if (crls) anchors.add_crl(content, what);
        if (!certificates && !crls) {
            throw Error{Errc::input_invalid, what + ": PEM with neither a certificate nor a CRL"};
        }
    } else if (file.extension() == ".crl") {
        anchors.add_crl(content, what);
    } else {
        anchors.add_certificate(content, what);
    }
}

/// Everything in a folder that looks like a certificate or a CRL, in the order of names.
void add_folder(keys::TrustAnchors& anchors, const fs::path& folder) {
    std::error_code fault;
    fs::directory_iterator entries{folder, fault};
    if (fault) {
        throw Error{Errc::input_invalid,
                    folder.string() + ": no folder of trusted certificates: " + fault.message()};
    }
    std::vector<fs::path> files;
    for (const auto& entry : entries) {
        const std::string extension = entry.path().extension().string();
        constexpr std::string_view known[] = {".pem", ".cer", ".crt", ".der", ".crl"};
        if (std::find(std::begin(known), std::end(known), extension) != std::end(known))
            files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    for (const auto& file : files) add(anchors, file);
}

constexpr const char* holders = "holders";

}  // namespace

keys::TrustAnchors load_trust(const std::string& folder) {
    keys::TrustAnchors anchors;
    add_folder(anchors, folder);
    std::error_code fault;
    if (anchors.size() == 0 && !fs::is_directory(fs::path{folder} / holders, fault)) {
        throw Error{Errc::input_invalid, folder + ": holds no certificate (.pem .cer .crt .der)"};
    }
    return anchors;
}

keys::TrustAnchors load_holder_trust(const std::string& folder) {
    keys::TrustAnchors anchors;
    add_folder(anchors, folder);
    const fs::path inner = fs::path{folder} / holders;
    std::error_code fault;
    if (fs::is_directory(inner, fault)) add_folder(anchors, inner);
    return anchors;
}

keys::TrustAnchors development_trust() {
    keys::TrustAnchors anchors;
    anchors.add_certificate(to_bytes(keys::development_csca_pem()), "development country signer");
    anchors.add_crl(to_bytes(keys::development_crl_pem()), "development CRL");
    return anchors;
}

keys::TrustAnchors development_holder_trust() {
    keys::TrustAnchors anchors;
    anchors.add_certificate(to_bytes(keys::development_citizen_ca_pem()), "development citizen CA");
    anchors.add_crl(to_bytes(keys::development_citizen_crl_pem()), "development CRL of the citizen CA");
    return anchors;
}

keys::CertificatePool development_pool() {
    keys::CertificatePool pool;
    pool.add(to_bytes(keys::development_csca_pem()), "development country signer");
    pool.add(to_bytes(keys::development_crl_pem()), "development CRL");
    pool.add(to_bytes(keys::development_citizen_ca_pem()), "development citizen CA");
    pool.add(to_bytes(keys::development_citizen_crl_pem()), "development CRL of the citizen CA");
    return pool;
}

}  // namespace kartsaz::verify
