// SPDX-License-Identifier: Apache-2.0
#include "tests/support/offline_ca.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "keys/country_signer.h"
#include "keys/issuer.h"
#include "keys/local_ca.h"
#include "keys/pem.h"

namespace kartsaz::test {
namespace {

std::string file_text(const std::filesystem::path& file) {
    std::ifstream in{file, std::ios::binary};
    if (!in) throw std::runtime_error{file.string() + " cannot be read"};
    return {std::istreambuf_iterator<char>{in}, std::istreambuf_iterator<char>{}};
}

Bytes from_base64(const std::string& pem) {
    static const std::string digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    Bytes out;
    unsigned bits = 0, count = 0;
    const auto from = pem.find('\n');
    for (const char c : pem.substr(from, pem.find("-----END") - from)) {
        const auto value = digits.find(c);
        if (value == std::string::npos) continue;
        bits = (bits << 6U | static_cast<unsigned>(value)) & 0xFFFFFFU;
        count += 6;
        if (count < 8) continue;
        count -= 8;
        out.push_back(static_cast<std::uint8_t>(bits >> count & 0xFFU));
    }
    return out;
}

Bytes root_of(const keys::SigningKey& key) {
    keys::AuthorityTemplate root;
    root.subject.country = "IR";
    root.subject.common_name = "Offline CA";
    root.not_before = 1'577'836'800;
    root.not_after = 3'000'000'000;
    return keys::make_root(key, root);
}

}  // namespace

OfflineCa::OfflineCa()
    : key{keys::signing_key_from_pem(keys::new_private_key(keys::KeyAlgorithm::ec_p256))},
      certificate{root_of(*key)} {}

std::string OfflineCa::answer(const std::filesystem::path& spool, const std::string& id) const {
    keys::LocalCa ca{{key, certificate}, std::make_unique<keys::CaLedger>("offline")};
    const auto words = nlohmann::json::parse(file_text(spool / (id + ".json")));
    keys::CertificateOrder order;
    auto& subject = order.content.subject;
    subject.country = words.at("subject").at("country");
    subject.common_name = words.at("subject").at("common_name");
    subject.serial_number = words.at("subject").at("serial_number");
    order.content.content_commitment = true;
    order.content.not_after = words.at("not_after_seconds");
    order.content.not_before = order.content.not_after + 1 - 86400 * 1095LL;  // when it was asked for
    order.request = from_base64(file_text(spool / (id + ".csr.pem")));
    return keys::pem_text(ca.certificate(order), "CERTIFICATE");
}

std::string OfflineCa::certificate_pem() const {
    return keys::pem_text(certificate, "CERTIFICATE");
}

std::vector<std::string> spooled_requests(const std::filesystem::path& spool) {
    constexpr std::string_view ending = ".csr.pem";
    std::vector<std::string> out;
    if (!std::filesystem::exists(spool)) return out;
    for (const auto& entry : std::filesystem::directory_iterator{spool}) {
        const auto name = entry.path().filename().string();
        if (name.ends_with(ending)) out.push_back(name.substr(0, name.size() - ending.size()));
    }
    std::sort(out.begin(), out.end());
    return out;
}

}  // namespace kartsaz::test
