// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/token/token_station.h"

#include <fmt/format.h>

#include <filesystem>

#include "keys/country_signer.h"
#include "keys/key_purpose.h"
#include "keys/pkcs11_make.h"
#include "libcard/app/read_card.h"
#include "libcard/app/registry.h"
#include "libcard/reader/sim_transport.h"
#include "libcard/verify/verify.h"
#include "tests/unit/token/token_objects.h"

namespace kartsaz::test {
namespace {

constexpr std::int64_t moment = 1'763'700'000;  // 2025-11-21, within the demo record's validity
constexpr std::int64_t year = 31'557'600;

keys::AuthorityTemplate authority(const char* name) {
    keys::AuthorityTemplate out;
    out.subject.country = "IR";
    out.subject.common_name = name;
    out.not_before = moment - year;
    out.not_after = moment + 14 * year;
    return out;
}

void fill_masters(const std::shared_ptr<keys::Pkcs11Token>& token) {
    using keys::Diversification;
    using keys::KeyPurpose;
    keys::generate_token_keyset(token, {"issuer", 0x31, keys::roles_of(KeyPurpose::secure_channel)});
    keys::generate_token_keyset(
        token, {"active-authentication", 1, keys::roles_of(KeyPurpose::active_authentication),
                Diversification::none});
    keys::generate_token_keyset(
        token, {"pin", 1, keys::roles_of(KeyPurpose::holder_numbers), Diversification::none});
}

/// The published keys of a blank body, readable, as the station must speak them.
void put_transport_keys(const std::shared_ptr<keys::Pkcs11Token>& token) {
    for (const auto* role : {"enc", "mac", "dek"}) {
        put_key(token, fmt::format("keyset/transport/30/{}", role), CKK_AES,
                from_hex("404142434445464748494A4B4C4D4E4F"));
    }
    put_header(token, "keyset/transport/30",
               R"({"format":"kartsaz-keyset-1","type":"aes","diversification":"none","development":false,)"
               R"("roles":{"enc":16,"mac":16,"dek":16}})");
}

std::unique_ptr<keys::CaLedger> memory_ledger(const keys::KeyStore& store, keys::CaLedger*& seen) {
    auto out =
        std::make_unique<keys::CaLedger>(keys::authority_of(store.identity("citizen-ca").key->public_key()));
    seen = out.get();
    return out;
}

}  // namespace

void fill_authorities(const std::shared_ptr<keys::Pkcs11Token>& token) {
    const auto csca = keys::generate_token_key(token, "csca", keys::KeyAlgorithm::ec_p384);
    keys::write_token_certificate(token, "csca", keys::make_root(*csca, authority("Country Signer")));
    const auto signer = keys::generate_token_key(token, "document-signer", keys::KeyAlgorithm::ec_p256);
    keys::write_token_certificate(
        token, "document-signer",
        keys::make_document_signer(keys::token_identity(token, "csca"), signer->public_key(),
                                   authority("Document Signer")));
    const auto citizens = keys::generate_token_key(token, "citizen-ca", keys::KeyAlgorithm::ec_p256);
    keys::write_token_certificate(token, "citizen-ca", keys::make_root(*citizens, authority("Citizen CA")));
}

void fill(const std::shared_ptr<keys::Pkcs11Token>& token) {
    fill_masters(token);
    fill_authorities(token);
    put_transport_keys(token);
}

TokenStation::TokenStation(std::shared_ptr<keys::Pkcs11Token> token, const std::string& profile,
                           bool production, std::unique_ptr<keys::KeyStore> rest)
    : token_{std::move(token)},
      profile_{profile::load(profile)},
      store_{keys::token_key_store(token_, std::move(rest))},
      signer_{store_->identity("document-signer")},
      authority_{
          store_->identity("citizen-ca"), memory_ledger(*store_, ledger_), {.now = [] { return moment; }}},
      record_{record::load(std::filesystem::path{KARTSAZ_SOURCE_DIR} / "tools/demo/record.json").record},
      applications_{perso::select_applications(profile_, app::registry())},
      order_{record_, profile_, *store_, &signer_, moment, perso::keyset_names(profile_)} {
    profile_.production = production;
    order_.certificates = &authority_;
}

perso::Receipt TokenStation::personalize(sim::Body& body) const {
    const auto card = reader::sim_transport(body);
    return perso::personalize(*card, {order_, applications_, {}, nullptr});
}

std::string TokenStation::faults_of(sim::Body& body) const {
    const auto card = reader::sim_transport(body);
    app::ReadCardOptions options;
    options.mrz_information = record_.mrz_information();
    options.keys = store_.get();
    options.transport_pin = perso::TransportPin{};  // as the profile
    const auto dump = app::read_card(*card, options);
    keys::TrustAnchors countries;
    for (const auto* name : {"csca", "citizen-ca"}) {
        countries.add_certificate(store_->identity(name).certificate, name);
    }
    verify::Context context{.dump = dump, .trust = countries};
    context.at = moment;
    context.expected = &record_;
    const auto report = verify::judge(context);
    std::string out;
    for (const auto& finding : report.findings) {
        if (finding.severity == verify::Severity::fatal) {
            out += fmt::format("{} {}: {}\n", finding.check, finding.object, finding.text);
        }
    }
    return report.accept || !out.empty() ? out : "rejected without a finding";
}

std::unique_ptr<sim::Body> blank_body(std::uint32_t serial) {
    sim::NewBody options;
    options.seed = Bytes(32, static_cast<std::uint8_t>(serial));  // no two cards make the same key
    options.serial = serial;
    return sim::Body::create(options);
}

}  // namespace kartsaz::test
