// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <filesystem>

#include "keys/card_identity.h"
#include "libcard/perso/journal.h"
#include "tests/support/vectors.h"
#include "tests/unit/pkcs15/made_card.h"

using namespace kartsaz;
using namespace kartsaz::test;
namespace fs = std::filesystem;

namespace {

/// What each order calls the card, on its way to the authority.
class Listening final : public keys::CertificateSource {
public:
    explicit Listening(keys::CertificateSource& below) : below_{below} {}
    Bytes certificate(const keys::CertificateOrder& order) override {
        chips.push_back(order.chip);
        return below_.certificate(order);
    }
    std::optional<std::size_t> certificate_size(const keys::CertificateTemplate& content,
                                                ByteView public_key) const override {
        return below_.certificate_size(content, public_key);
    }
    Bytes issuer_certificate() const override { return below_.issuer_certificate(); }
    void revoke(ByteView certificate, int reason) override { below_.revoke(certificate, reason); }

    std::vector<std::string> chips;

private:
    keys::CertificateSource& below_;
};

fs::path fresh_folder(const char* name) {
    const auto folder = scratch_dir() / name;
    fs::remove_all(folder);
    return folder;
}

std::vector<std::string> names_in(const fs::path& folder, const char* extension) {
    std::vector<std::string> out;
    for (const auto& entry : fs::directory_iterator{folder}) {
        if (entry.path().extension() == extension) out.push_back(entry.path().stem().string());
    }
    return out;
}

}  // namespace

TEST_CASE(
    "journal, receipt, PIN letter, order, ledger and token of a nameless card agree on what it is called") {
    const auto body = signature_body("isoapplet");
    Bureau bureau{"signature"};
    perso::Journal journal{fresh_folder("nameless-journal")};
    const auto letters = fresh_folder("nameless-letters");
    const keys::PinMailer mailer{letters,
                                 read_bytes(fs::path{KARTSAZ_SOURCE_DIR} / "tests/data/pki/mailer-rsa.pem")};
    Listening authority{bureau.authority()};
    bureau.change_order().mailer = &mailer;
    bureau.change_order().certificates = &authority;
    const auto receipt = personalize(*body, bureau, &journal);

    const auto name = keys::card_name("", bureau.record().document_number);
    CHECK(keys::is_made_name(name));
    CHECK(name.find(bureau.record().document_number) == std::string::npos);
    CHECK(receipt.chip == name);
    REQUIRE(journal.find(name));
    CHECK(journal.find(name)->stage == "complete");
    CHECK(names_in(letters, ".p7m") == std::vector<std::string>{name});
    CHECK(authority.chips == std::vector<std::string>{name});
    REQUIRE(bureau.authority().entries().size() == 1);
    CHECK(bureau.authority().entries().front().chip == name);
    const auto read = read_back(*body, bureau);
    const auto token = app::pkcs15::decode_token_info(read.file("EF.TokenInfo")->content);
    CHECK(keys::made_name(token.serial) == name);
}

TEST_CASE(
    "a nameless card is called the same after its record has changed, and otherwise for another document") {
    CHECK(keys::card_name("4790-1", "T1") == "4790-1");
    CHECK_FALSE(keys::is_made_name(keys::card_name("4790-1", "T1")));
    CHECK(keys::card_name("", "T1") != keys::card_name("", "T2"));

    const auto body = signature_body("isoapplet");
    perso::Journal journal{fresh_folder("nameless-changed")};
    Bureau bureau{"signature"};
    const auto first = personalize(*body, bureau, &journal);
    bureau.change().name.given_fa = "سارا";  // another certificate
    const auto then = personalize(*body, bureau, &journal, {.update = true});
    CHECK(then.chip == first.chip);
    CHECK(journal.find(first.chip)->record_digest == then.record_digest);
}
