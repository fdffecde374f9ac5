// SPDX-License-Identifier: Apache-2.0
#include "tests/faults/secrets.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <fstream>
#include <memory>
#include <stdexcept>

#include "apdu/iso7816.h"
#include "keys/active_authentication.h"
#include "keys/country_signer.h"
#include "keys/crypto.h"
#include "keys/key_store.h"
#include "keys/pem.h"
#include "keys/pin.h"
#include "libcard/perso/personalize.h"
#include "libcard/reader/sim_transport.h"
#include "tests/faults/process.h"
#include "tests/faults/station.h"

namespace kartsaz::faults {
namespace {

constexpr const char* master_enc = "5EC2E7010B3F9D84A6C1D2E3F4051627";
constexpr const char* master_mac = "5EC2E70243B8F1906D7E2A5C9B0F3E81";
constexpr const char* master_dek = "5EC2E703C97A14E85B3D60F2A18E4C97";
constexpr const char* master_aa = "5EC2E704D15B72A938F6E0C4B79D1A3E5C806F2B94D7E1A3580C6B9F2E4D7A10";

constexpr const char* master_pin = "5EC2E705A7F0943C1D86B2E5F91047CA";
constexpr const char* master_puk = "5EC2E7063BD81E5F72A9C4063E8D5B19";

std::string pki(const std::string& name) {
    return text_of((std::filesystem::path{KARTSAZ_SOURCE_DIR} / "tests/data/pki" / name).string());
}

std::string signer_pem() {
    return pki("ds.pem");
}

std::string holders_key() {
    return pki("key-ec-p256.pem");
}

/// Of the citizens' CA, signed by itself.
const std::string& holders_ca() {
    static const std::string pem = [] {
        const auto key = keys::signing_key_from_pem(keys::SecretBytes{to_bytes(holders_key())});
        keys::AuthorityTemplate root;
        root.subject.country = "IR";
        root.subject.common_name = "Planted Citizen CA";
        root.not_before = 1'577'836'800;  // 2020
        root.not_after = 2'840'140'800;   // 2060
        return keys::pem_text(keys::make_root(*key, root), "CERTIFICATE");
    }();
    return pem;
}

/// The private scalar of a PEM key.
Bytes scalar_of(const std::string& pem) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> in{
        BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free};
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key{
        PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, nullptr), &EVP_PKEY_free};
    BIGNUM* number = nullptr;
    if (!key || EVP_PKEY_get_bn_param(key.get(), OSSL_PKEY_PARAM_PRIV_KEY, &number) != 1) {
        throw std::runtime_error{"a key without a private scalar"};
    }
    Bytes out(32);
    BN_bn2binpad(number, out.data(), 32);
    BN_clear_free(number);
    return out;
}

Bytes bytes_of(const keys::SecretBytes& secret) {
    return secret.reveal([](ByteView view) { return Bytes(view.begin(), view.end()); });
}

/// The lines of a PEM private key, each a secret by itself.
void add_pem_lines(std::vector<Secret>& out, const std::string& whose, const std::string& pem) {
    const std::string begin = "-----BEGIN PRIVATE KEY-----\n";
    auto at = pem.find(begin) + begin.size();
    for (int line = 1; pem[at] != '-'; ++line) {
        const auto end = pem.find('\n', at);
        const auto text = pem.substr(at, end - at);
        // the last line holds nothing but the public key
        if (line < 3) out.push_back({fmt::format("{}, PEM line {}", whose, line), to_bytes(text)});
        at = end + 1;
    }
}

nlohmann::json keyset(const char* name, int version, const char* diversification, nlohmann::json keys) {
    return {{"name", name},         {"version", version},
            {"type", "aes"},        {"diversification", diversification},
            {"development", false}, {"keys", std::move(keys)}};
}

std::string key_store() {
    const char* published = "404142434445464748494A4B4C4D4E4F";
    const nlohmann::json document{
        {"keysets",
         {keyset("transport", 48, "none", {{"enc", published}, {"mac", published}, {"dek", published}}),
          keyset("issuer", 49, "kdf3", {{"enc", master_enc}, {"mac", master_mac}, {"dek", master_dek}}),
          keyset("active-authentication", 1, "none", {{"aa", master_aa}}),
          keyset("pin", 1, "none", {{"pin", master_pin}, {"puk", master_puk}})}},
        {"blobs", {{"document-signer", signer_pem()}, {"citizen-ca", holders_key() + holders_ca()}}}};
    return document.dump();
}

keys::SecretBytes secret_text(const std::string& text) {
    return keys::SecretBytes{to_bytes(text)};
}

void write_private(const std::filesystem::path& file, const std::string& text) {
    std::ofstream{file, std::ios::binary} << text;
    std::filesystem::permissions(file,
                                 std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

/// The national card with a PIN long enough to be no number that is there by chance.
std::string long_pin() {
    return replaced(shipped_profile("national-eid"), "digits = 6 ", "digits = 12");
}

const keys::KeyStore& planted_store() {
    static const auto store = [] {
        const Folder folder;
        plant(folder.path());
        return keys::open_key_file(folder.path() / "keys.json", secret_text(passphrase));
    }();
    return *store;
}

}  // namespace

void plant(const std::filesystem::path& folder) {
    keys::write_key_file(folder / "keys.json", secret_text(key_store()), secret_text(passphrase));
    write_private(folder / "pass", std::string{passphrase} + "\n");
    write_private(folder / "long-pin.toml", long_pin());
    write_private(folder / "citizen-ca.pem", holders_ca());
    const auto mailer = pki("mailer-rsa.pem");
    write_private(folder / "mailer.pem", mailer.substr(mailer.find("-----BEGIN CERTIFICATE")));
    write_private(folder / "wrong-pass", std::string{wrong_passphrase} + "\n");
    auto damaged = text_of((folder / "keys.json").string());
    damaged.resize(damaged.size() / 2);
    write_private(folder / "damaged.json", damaged);
}

std::vector<Secret> planted() {
    std::vector<Secret> out{{"issuer master enc", from_hex(master_enc)},
                            {"issuer master mac", from_hex(master_mac)},
                            {"issuer master dek", from_hex(master_dek)},
                            {"Active Authentication master", from_hex(master_aa)},
                            {"PIN master", from_hex(master_pin)},
                            {"PUK master", from_hex(master_puk)},
                            {"document signer's private scalar", scalar_of(signer_pem())},
                            {"citizens' CA's private scalar", scalar_of(holders_key())},
                            {"passphrase", to_bytes(passphrase)},
                            {"wrong passphrase", to_bytes(wrong_passphrase)}};
    add_pem_lines(out, "document signer", signer_pem());
    add_pem_lines(out, "citizens' CA", holders_key());
    return out;
}

std::vector<Secret> chip_secrets(const std::filesystem::path& body) {
    const auto& store = planted_store();
    const Station station{shipped_profile("national-eid")};
    const auto card = reader::sim_transport(body);
    const auto chip = perso::prepare(*card, station.run(nullptr)).state.chip;
    const auto keys = store.keyset("issuer").scp_keys(chip.kdd);
    const auto& master = store.keyset("active-authentication").keys.find("aa")->second;
    const auto pair =
        keys::derive_aa_key(master, keys::AaAlgorithm::ecdsa_p256, to_bytes("chip " + chip.name));
    const auto number = [&](const char* role, std::size_t digits) {
        return bytes_of(keys::derive_pin(store.keyset("pin"), role, "chip " + chip.name, digits));
    };
    return {
        {"chip's PIN", number("pin", 12)},    {"chip's PUK", number("puk", 16)},
        {"chip key enc", bytes_of(keys.enc)}, {"chip key mac", bytes_of(keys.mac)},
        {"chip key dek", bytes_of(keys.dek)}, {"chip's Active Authentication scalar", bytes_of(pair.scalar)}};
}

std::vector<Secret> access_secrets() {
    const auto information = record::load(demo_record()).record.mrz_information();
    Bytes seed(20);
    unsigned size = 0;
    EVP_Digest(information.data(), information.size(), seed.data(), &size, EVP_sha1(), nullptr);
    seed.resize(16);  // ICAO Doc 9303-11, 9.7.2
    return {{"BAC key seed", seed}};
}

std::vector<Secret> development_secrets() {
    const auto store = keys::development_keys();
    std::vector<Secret> out;
    for (const char* name : {"issuer", "active-authentication", "pin"}) {
        for (const auto& [role, key] : store->keyset(name).keys) {
            out.push_back({fmt::format("development {} {}", name, role), bytes_of(key)});
        }
    }
    for (const char* name : {"document-signer", "citizen-ca"}) {
        const auto pem = store->blob(name).reveal([](ByteView text) { return to_text(text); });
        out.push_back({fmt::format("development {}'s private scalar", name), scalar_of(pem)});
        add_pem_lines(out, fmt::format("development {}", name), pem);
    }
    return out;
}

}  // namespace kartsaz::faults
