// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <sys/stat.h>

#include <fstream>

#include "apdu/error.h"
#include "keys/country_signer.h"
#include "keys/issuer.h"
#include "keys/key_store.h"
#include "keys/remembering_source.h"
#include "keys/spool_source.h"
#include "tests/unit/keys/issued.h"

using namespace kartsaz;
using namespace kartsaz::keys;
using namespace kartsaz::test;
using Catch::Contains;

namespace {

/// An outside CA: a local one that can be out of reach, and that hands out what it is asked for each time.
class OutsideCa final : public CertificateSource {
public:
    explicit OutsideCa(std::int64_t& now)
        : ca_{development_keys()->identity("citizen-ca"),
              std::make_unique<CaLedger>("outside"),
              {.now = [&now] { return now; }}} {}
    Bytes certificate(const CertificateOrder& order) override {
        ++asked;
        if (!reachable) throw Error{Errc::interrupted, "the CA does not answer"};
        auto short_order = order;
        short_order.content.not_after = std::min(order.content.not_after,
                                                 order.content.not_before + 365 * day);  // its own policy
        return ca_.certificate(short_order);
    }
    std::optional<std::size_t> certificate_size(const CertificateTemplate&, ByteView) const override {
        return std::nullopt;
    }
    Bytes issuer_certificate() const override { return ca_.issuer_certificate(); }
    void revoke(ByteView certificate, int reason) override {
        ++revocations;
        if (!reachable) throw Error{Errc::interrupted, "the CA does not answer"};
        revoked[Bytes(certificate.begin(), certificate.end())] = reason;
    }

    bool reachable = true;
    int asked = 0, revocations = 0;
    std::map<Bytes, int> revoked;

private:
    LocalCa ca_;
};

struct Station {
    TemporaryFolder folder;
    std::int64_t now = in_2026;
    OutsideCa ca{now};
    std::shared_ptr<CertificateMemory> memory = std::make_shared<CertificateMemory>(folder / "certificates");
    RememberingSource source{ca, memory};

    void restart() { memory = std::make_shared<CertificateMemory>(folder / "certificates"); }
};

Errc code_of(CertificateSource& source, const CertificateOrder& order, std::string& text) {
    try {
        source.certificate(order);
    } catch (const Error& e) {
        text = e.what();
        return e.code();
    }
    text = "nothing was thrown";
    return Errc::internal;
}

void put(const std::filesystem::path& file, const std::string& text) {
    std::ofstream{file, std::ios::binary | std::ios::trunc} << text;
}

CertificateOrder later(CertificateOrder order, std::int64_t days) {
    order.content.not_before += days * day;
    order.content.not_after += days * day;
    return order;
}

}  // namespace

TEST_CASE("a certificate of an outside CA is asked for once, though the CA gave less time than was asked") {
    Station here;
    const auto order = order_for(*card_key("ec-p256"));
    const auto first = here.source.certificate(order);
    CHECK(here.source.certificate(later(order, 3)) == first);
    here.restart();
    RememberingSource again{here.ca, here.memory};
    CHECK(again.certificate(order) == first);
    CHECK(here.ca.asked == 1);
    here.now += 350 * day;
    const auto renewed = again.certificate(later(order, 350));
    CHECK(renewed != first);
    CHECK(here.ca.revoked == std::map<Bytes, int>{{first, 4}});
    CHECK(again.certificate(later(order, 350)) == renewed);
    CHECK(here.memory->to_revoke().empty());
    CHECK(here.memory->all().size() == 2);
}

TEST_CASE(
    "an order that the CA did not answer stays listed, and is abandoned when the chip makes another key") {
    Station here;
    here.ca.reachable = false;
    std::string text;
    CHECK(code_of(here.source, order_for(*card_key("ec-p256")), text) == Errc::interrupted);
    CHECK(code_of(here.source, order_for(*card_key("ec-p256")), text) == Errc::interrupted);
    auto pending = here.memory->pending();
    REQUIRE(pending.size() == 1);
    CHECK(pending[0].chip == "chip 1");
    CHECK(pending[0].slot == "signature");
    CHECK_FALSE(pending[0].abandoned);
    CHECK(code_of(here.source, order_for(*card_key("ec-p384")), text) == Errc::interrupted);
    here.restart();
    pending = here.memory->pending();
    REQUIRE(pending.size() == 2);
    CHECK(pending[0].abandoned);
    CHECK_FALSE(pending[1].abandoned);
}

TEST_CASE("a certificate whose key was replaced is revoked, or stays listed until the CA can be told") {
    Station here;
    const auto first = here.source.certificate(order_for(*card_key("ec-p256")));
    const auto other = here.source.certificate(order_for(*card_key("rsa-2048"), "chip 2"));
    // the CA goes away just after it answered
    const auto second = here.ca.certificate(order_for(*card_key("ec-p384")));
    here.ca.reachable = false;
    here.memory->keep(order_for(*card_key("ec-p384")), second);
    CHECK(here.source.certificate(order_for(*card_key("ec-p384"))) == second);
    CHECK(here.source.settle().size() == 1);
    CHECK_THAT(here.source.settle().at(0), Contains("chip 1") && Contains("does not answer"));
    here.restart();
    auto left = here.memory->to_revoke();
    REQUIRE(left.size() == 1);
    CHECK(left[0].certificate == first);
    CHECK(left[0].doomed == 4);
    here.ca.reachable = true;
    RememberingSource again{here.ca, here.memory};
    CHECK(again.settle().empty());
    CHECK(here.ca.revoked == std::map<Bytes, int>{{first, 4}});
    CHECK(here.memory->to_revoke().empty());
    CHECK(here.memory->all()[1].certificate == other);
    CHECK(here.memory->all()[1].holds());
}

TEST_CASE("a revocation that the CA cannot be told about is not lost and does not stop the card") {
    Station here;
    const auto certificate = here.source.certificate(order_for(*card_key("ec-p256")));
    here.ca.reachable = false;
    here.source.revoke(certificate, 5);
    const auto foreign = development_keys()->identity("csca").certificate;
    here.source.revoke(foreign, 4);  // one that another station asked for
    CHECK(here.memory->to_revoke().size() == 2);
    std::string text;
    CHECK(code_of(here.source, order_for(*card_key("ec-p256")), text) == Errc::interrupted);
    here.ca.reachable = true;
    CHECK(here.source.settle().empty());
    CHECK(here.ca.revoked == std::map<Bytes, int>{{certificate, 5}, {foreign, 4}});
}

TEST_CASE("a certificate that was kept before the CA's confirmation was lost is used") {
    Station here;
    const auto order = order_for(*card_key("ec-p256"));
    const auto certificate = here.ca.certificate(order);
    here.memory->asked(order);
    here.memory->keep(order, certificate);
    here.memory->keep(order, certificate);
    here.ca.reachable = false;
    CHECK(here.source.certificate(order) == certificate);
    CHECK(here.memory->pending().empty());
    CHECK(here.memory->all().size() == 1);
}

TEST_CASE("the same key in two chips, and a broken request, are refused before the CA is asked") {
    Station here;
    const auto order = order_for(*card_key("ec-p256"));
    here.source.certificate(order);
    std::string text;
    CHECK(code_of(here.source, order_for(*card_key("ec-p256"), "chip 2"), text) == Errc::card_refused);
    CHECK_THAT(text, Contains("one key"));
    auto broken = order_for(*card_key("ec-p384"));
    broken.request.back() ^= 0x01;
    CHECK(code_of(here.source, broken, text) == Errc::card_refused);
    CHECK_THAT(text, Contains("slot \"signature\" of chip chip 1"));
    CHECK(here.ca.asked == 1);
}

TEST_CASE("a memory that was cut at any byte forgets at most what had not returned") {
    Station here;
    const auto order = order_for(*card_key("ec-p256"));
    const auto first = here.source.certificate(order);
    here.source.certificate(order_for(*card_key("ec-p384")));
    const auto whole = to_text(read_bytes(here.folder.path() / "certificates" / "certificates.jsonl"));
    const TemporaryFolder other;
    std::filesystem::create_directory(other / "m");
    const auto received = whole.find('\n', whole.find("\"received\"")) + 1;
    for (std::size_t size = 0; size <= whole.size(); size += 13) {
        put(other.path() / "m" / "certificates.jsonl", whole.substr(0, size));
        CertificateMemory memory{other / "m"};
        const auto all = memory.all();
        const bool kept = !all.empty() && all[0].certificate == first;
        CHECK(kept == (size >= received));
    }
    put(other.path() / "m" / "certificates.jsonl", "{\"event\":\"eaten\"}\n");
    CHECK_THROWS_WITH(CertificateMemory(other / "m"), Contains("line 1: not an event"));
}

namespace {

struct Offline {
    TemporaryFolder folder;
    std::int64_t now = in_2026;
    LocalCa ca{development_keys()->identity("citizen-ca"),
               std::make_unique<CaLedger>("offline"),
               {.now = [this] { return now; }}};
    SpoolSource source{folder / "spool",
                       {.trusted = {ca.issuer_certificate()}, .issuer = ca.issuer_certificate()}};
    CertificateOrder order = order_for(*card_key("ec-p256"));
    std::string name = [this] {
        auto hex = to_hex(key_identifier(card_key("ec-p256")->public_key()));
        for (auto& c : hex) c = static_cast<char>(std::tolower(c));
        return hex;
    }();

    std::filesystem::path file(const std::string& ending) const {
        return folder.path() / "spool" / (name + ending);
    }
    void answer(const Bytes& der, const std::string& ending = ".der") const {
        put(file(ending), to_text(der));
    }
    std::string refusal(Errc code) {
        std::string text;
        CHECK(code_of(source, order, text) == code);
        return text;
    }
};

}  // namespace

TEST_CASE("a request goes to the spool folder once, and the same call goes on when the answer is there") {
    Offline here;
    CHECK_THAT(here.refusal(Errc::interrupted),
               Contains(here.file(".csr.pem").string()) && Contains("same call with the same card"));
    const auto pem = to_text(read_bytes(here.file(".csr.pem")));
    CHECK_THAT(pem, Contains("-----BEGIN CERTIFICATE REQUEST-----\nMII"));
    const auto words = to_text(read_bytes(here.file(".json")));
    CHECK_THAT(words, Contains("\"common_name\": \"سارا محمدی\"") && Contains("contentCommitment") &&
                          Contains("\"slot\": \"signature\"") && Contains("0084575948"));
    struct stat facts {};
    REQUIRE(::stat(here.file(".csr.pem").c_str(), &facts) == 0);
    CHECK((facts.st_mode & 07777U) == 0600);
    CHECK(here.source.pending() == std::vector{here.file(".csr.pem")});

    here.order = later(order_for(*card_key("ec-p256")), 2);  // signed anew, two days later
    here.refusal(Errc::interrupted);
    CHECK(to_text(read_bytes(here.file(".csr.pem"))) == pem);

    const auto certificate = here.ca.certificate(here.order);
    here.answer(certificate);
    CHECK(here.source.certificate(here.order) == certificate);
    CHECK(here.source.certificate(here.order) == certificate);
    CHECK(here.source.pending().empty());
    CHECK_FALSE(here.source.certificate_size(here.order.content, {}));
    CHECK(here.source.issuer_certificate() == here.ca.issuer_certificate());
}

TEST_CASE("openssl reads the request that lies in the spool folder") {
    Offline here;
    here.refusal(Errc::interrupted);
    const auto command = "openssl req -in " + here.file(".csr.pem").string() + " -noout -verify >" +
                         (here.folder / "out").string() + " 2>&1";
    if (std::system("openssl version >/dev/null 2>&1") != 0) return;  // not at hand
    CHECK(std::system(command.c_str()) == 0);
}

TEST_CASE("a wrong answer in the spool folder is named and refused, and the file stays") {
    Offline here;
    here.refusal(Errc::interrupted);
    const auto wrong = [&](const Bytes& der) {
        here.answer(der);
        auto text = here.refusal(Errc::keys_failed);
        CHECK_THAT(text, Contains(here.file(".der").string()));
        CHECK(read_bytes(here.file(".der")) == der);
        return text;
    };
    CHECK_THAT(wrong(here.ca.certificate(order_for(*card_key("ec-p384"), "chip 9"))),
               Contains("another key"));
    auto other = here.order;
    other.content.content_commitment = false;
    other.content.digital_signature = true;
    CHECK_THAT(wrong(here.ca.certificate(other)), Contains("contentCommitment"));
    other = here.order;
    other.content.subject.serial_number = "0012345679";
    CHECK_THAT(wrong(here.ca.certificate(other)), Contains("serialNumber"));
    other = here.order;
    other.content.subject.common_name = "دیگری";
    CHECK_THAT(wrong(here.ca.certificate(other)), Contains("دیگری") && Contains("سارا محمدی"));
    other = here.order;
    other.content.not_before -= 800 * day;
    other.content.not_after = here.order.content.not_before - day;
    here.now -= 800 * day;
    CHECK_THAT(wrong(here.ca.certificate(other)), Contains("valid from"));
    here.now = in_2026;
    LocalCa stranger{{card_key("ec-p384"),
                      [] {
                          AuthorityTemplate root;
                          root.subject.country = "IR";
                          root.subject.common_name = "Stranger";
                          root.not_before = in_2026 - day;
                          root.not_after = in_2026 + 3000 * day;
                          return make_root(*card_key("ec-p384"), root);
                      }()},
                     std::make_unique<CaLedger>("stranger"),
                     {.now = [] { return in_2026; }}};
    CHECK_THAT(wrong(stranger.certificate(here.order)), Contains("no path to a trusted CA"));
    const auto good = here.ca.certificate(here.order);
    for (std::size_t size = 0; size < good.size(); size += 11) {
        wrong(Bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size)));
    }
    here.answer(good);
    CHECK(here.source.certificate(here.order) == good);
}

TEST_CASE("a renewal or another content asks the offline CA anew and keeps the old answer aside") {
    Offline here;
    here.refusal(Errc::interrupted);
    const auto first = here.ca.certificate(here.order);
    here.answer(first);
    CHECK(here.source.certificate(here.order) == first);
    here.now += 700 * day;
    here.order = later(order_for(*card_key("ec-p256")), 700);
    here.refusal(Errc::interrupted);
    CHECK_FALSE(std::filesystem::exists(here.file(".der")));
    here.refusal(Errc::interrupted);
    const auto second = here.ca.certificate(here.order);
    here.answer(second, ".cer");
    CHECK(here.source.certificate(here.order) == second);
    int old = 0;
    for (const auto& entry : std::filesystem::directory_iterator{here.folder / "spool"}) {
        old += entry.path().string().find(".old-") != std::string::npos ? 1 : 0;
    }
    CHECK(old == 1);
}

TEST_CASE("an answer may bring its chain along, and a revocation is left in the folder") {
    Offline here;
    here.refusal(Errc::interrupted);
    const auto certificate = here.ca.certificate(here.order);
    here.answer(concat({here.ca.issuer_certificate(), certificate}));
    CHECK(here.source.certificate(here.order) == certificate);
    here.source.revoke(certificate, 4);
    auto serial = certificate_facts(certificate).serial;
    for (auto& c : serial) c = static_cast<char>(std::tolower(c));
    CHECK_THAT(to_text(read_bytes(here.file(".revoke-" + serial + ".json"))), Contains("\"reason\": 4"));
    CHECK_THROWS_AS(here.source.revoke(Bytes{0x30}, 4), Error);
    CHECK_THROWS_WITH(SpoolSource(here.folder / "s", {}), Contains("no CA certificate is trusted"));
}
