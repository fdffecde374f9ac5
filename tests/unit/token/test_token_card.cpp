// SPDX-License-Identifier: Apache-2.0
// Cards made with every key in a token: country signer, document signer, citizens' CA and masters.
#include <catch2/catch.hpp>
#include <dlfcn.h>
#include <fmt/format.h>

#include "apdu/error.h"
#include "keys/country_signer.h"
#include "keys/key_purpose.h"
#include "keys/local_ca.h"
#include "keys/pkcs11_make.h"
#include "libcard/app/read_card.h"
#include "libcard/app/registry.h"
#include "libcard/perso/personalize.h"
#include "libcard/reader/sim_transport.h"
#include "libcard/sim/body.h"
#include "libcard/verify/verify.h"
#include "tests/support/token/soft_token.h"
#include "tests/unit/token/token_objects.h"

using namespace kartsaz;
using namespace kartsaz::test;
using Catch::Contains;

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

/// What a ceremony leaves in the token, and nowhere else.
void fill(const std::shared_ptr<keys::Pkcs11Token>& token) {
    using keys::Diversification;
    using keys::KeyPurpose;
    keys::generate_token_keyset(token, {"issuer", 0x31, keys::roles_of(KeyPurpose::secure_channel)});
    keys::generate_token_keyset(
        token, {"active-authentication", 1, keys::roles_of(KeyPurpose::active_authentication),
                Diversification::none});
    keys::generate_token_keyset(
        token, {"pin", 1, keys::roles_of(KeyPurpose::holder_numbers), Diversification::none});
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

/// A station whose keys are all in one token.
class TokenStation {
public:
    explicit TokenStation(std::shared_ptr<keys::Pkcs11Token> token,
                          const std::string& profile = "national-eid", bool production = false)
        : token_{std::move(token)},
          profile_{profile::load(profile)},
          store_{keys::token_key_store(token_)},
          signer_{store_->identity("document-signer")},
          authority_{store_->identity("citizen-ca"), memory_ledger(), {.now = [] { return moment; }}},
          record_{record::load(std::filesystem::path{KARTSAZ_SOURCE_DIR} / "tools/demo/record.json").record},
          applications_{perso::select_applications(profile_, app::registry())},
          order_{record_, profile_, *store_, &signer_, moment, perso::keyset_names(profile_)} {
        profile_.production = production;
        order_.certificates = &authority_;
    }

    perso::Receipt personalize(sim::Body& body) const {
        const auto card = reader::sim_transport(body);
        return perso::personalize(*card, {order_, applications_, {}, nullptr});
    }

    /// Empty when the card is good, by the certificates that the token holds.
    std::string faults_of(sim::Body& body) const {
        const auto card = reader::sim_transport(body);
        app::ReadCardOptions options;
        options.mrz_information = record_.mrz_information();
        options.keys = store_.get();
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

    const keys::KeyStore& store() const { return *store_; }

private:
    std::unique_ptr<keys::CaLedger> memory_ledger() const {
        return std::make_unique<keys::CaLedger>(
            keys::authority_of(store_->identity("citizen-ca").key->public_key()));
    }

    std::shared_ptr<keys::Pkcs11Token> token_;
    profile::Profile profile_;
    std::unique_ptr<keys::KeyStore> store_;
    keys::DocumentSigner signer_;
    keys::LocalCa authority_;
    record::Record record_;
    perso::Applications applications_;
    perso::Order order_;
};

std::unique_ptr<sim::Body> blank_body() {
    sim::NewBody options;
    options.seed = Bytes(32, 0x5A);
    options.serial = 0x00C0FFEE;
    return sim::Body::create(options);
}

void finalize_from_outside() {
    void* library = ::dlopen(SoftToken::module().c_str(), RTLD_NOW | RTLD_LOCAL);
    REQUIRE(library != nullptr);
    CK_FUNCTION_LIST* functions = nullptr;
    REQUIRE(reinterpret_cast<CK_C_GetFunctionList>(::dlsym(library, "C_GetFunctionList"))(&functions) ==
            CKR_OK);
    CHECK(functions->C_Finalize(nullptr) == CKR_OK);
    ::dlclose(library);
}

}  // namespace

TEST_CASE("a card is made and verified with all keys in a token") {
    if (!SoftToken::available()) return;
    const SoftToken soft;
    const auto token = soft.open();
    fill(token);
    put_transport_keys(token);
    const TokenStation station{token};
    CHECK(station.store().keyset("issuer").keys.empty());
    CHECK(station.store().keyset("active-authentication").keys.empty());
    CHECK(station.store().keyset("pin").keys.empty());
    const auto body = blank_body();
    const auto receipt = station.personalize(*body);
    CHECK_FALSE(receipt.development_keys);
    CHECK(station.faults_of(*body) == "");
    // the same call on the complete card finds nothing to do: all that is derived is derived again alike
    CHECK(station.personalize(*body).steps.empty());
}

TEST_CASE("a module that is ended between any two cards of a batch does not stop it") {
    if (!SoftToken::available()) return;
    const SoftToken soft;
    const auto token = soft.open();
    fill(token);
    put_transport_keys(token);
    const TokenStation station{token, "emrtd"};
    for (int i = 0; i < 3; ++i) {
        const auto body = blank_body();
        station.personalize(*body);
        finalize_from_outside();
        CHECK(station.faults_of(*body) == "");
        finalize_from_outside();
    }
    CHECK(token->restarts() == 5);
}

TEST_CASE("a module that dies at any signature or derivation of a card does not tear the card") {
    if (!SoftToken::available()) return;
    const SoftToken soft;
    const Wrapper wrapper;
    const auto token = soft.open(true);
    fill(token);
    put_transport_keys(token);
    const TokenStation station{token};
    const auto before = wrapper.calls("C_Sign");
    const auto whole = blank_body();
    station.personalize(*whole);
    const auto calls = wrapper.calls("C_Sign") - before;
    // ECDSA is repeated until its form has the usual length, so another card may need some fewer
    constexpr unsigned spare = 15;
    REQUIRE(calls > 10 + spare);
    for (unsigned nth = 1; nth + spare <= calls; nth += 1 + calls / 12) {
        INFO("signature " << nth << " of about " << calls);
        const auto body = blank_body();
        const auto restarts = token->restarts();
        wrapper.die("C_Sign", nth, nth % 2 == 0 ? CKR_DEVICE_ERROR : CKR_SESSION_HANDLE_INVALID);
        CHECK_NOTHROW(station.personalize(*body));
        CHECK(token->restarts() == restarts + 1);
        CHECK(station.faults_of(*body) == "");
    }
}

TEST_CASE("production refuses a token whose keys can be read, before the card is spoken to") {
    if (!SoftToken::available()) return;
    const SoftToken soft;
    const auto token = soft.open();
    fill(token);
    put_transport_keys(token);
    const TokenStation weak{token, "national-eid", true};
    const auto body = blank_body();
    CHECK_THROWS_WITH(weak.personalize(*body),
                      Contains("is for production and refuses keys that are not held well") &&
                          Contains("keyset/transport/30/enc") && Contains("can be read"));
}
