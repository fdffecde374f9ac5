// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "keys/local_ca.h"
#include "tests/unit/keys/card_keys.h"
#include "tests/unit/keys/temporary_folder.h"

/// A CA of tests and what a stranger says about its certificates.
namespace kartsaz::test {

constexpr std::int64_t in_2026 = 1795305600;
constexpr std::int64_t day = 86400;

inline keys::CertificateTemplate signature_template() {
    keys::CertificateTemplate out;
    out.subject = citizen();
    out.content_commitment = true;
    out.policy = "2.16.364.101.1";
    out.crl_url = "http://crl.example/citizen.crl";
    out.not_before = in_2026;
    out.not_after = in_2026 + 730 * day;
    return out;
}

inline keys::CertificateOrder order_for(const keys::SigningKey& key, const std::string& chip = "chip 1",
                                        const std::string& slot = "signature") {
    return {chip, slot, signature_template(), card_request(key, citizen())};
}

/// What `openssl x509 -text` (or crl) says; empty where the program is not at hand.
inline std::string openssl_text(const Bytes& der, const std::string& kind = "x509") {
    const TemporaryFolder folder;
    const auto file = folder / "in.der";
    std::ofstream{file, std::ios::binary}.write(reinterpret_cast<const char*>(der.data()),
                                                static_cast<std::streamsize>(der.size()));
    const auto command = "openssl " + kind + " -inform DER -in " + file.string() +
                         " -noout -text -nameopt RFC2253,utf8,-esc_msb 2>/dev/null";
    std::unique_ptr<FILE, int (*)(FILE*)> out{::popen(command.c_str(), "r"), ::pclose};
    std::string text;
    char block[4096];
    while (out) {
        const auto got = std::fread(block, 1, sizeof block, out.get());
        if (got == 0) break;
        text.append(block, got);
    }
    return text;
}

}  // namespace kartsaz::test
