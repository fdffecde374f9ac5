// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <set>
#include <thread>

#include "apdu/error.h"
#include "keys/ca_ledger.h"
#include "keys/issuer.h"
#include "keys/key_store.h"
#include "tests/unit/keys/issued.h"

using namespace kartsaz;
using namespace kartsaz::keys;
using namespace kartsaz::test;
using Catch::Contains;

namespace {

Identity identity() {
    return development_keys()->identity("citizen-ca");
}
std::unique_ptr<CaLedger> open_ledger(const std::filesystem::path& file) {
    return std::make_unique<CaLedger>(authority_of(identity().key->public_key()), file);
}
std::unique_ptr<LocalCa> open_ca(const std::filesystem::path& file) {
    return std::make_unique<LocalCa>(identity(), open_ledger(file),
                                     LocalCaOptions{.now = [] { return in_2026; }});
}
std::string read(const std::filesystem::path& file) {
    return to_text(read_bytes(file));
}
void write(const std::filesystem::path& file, const std::string& text) {
    std::ofstream{file, std::ios::binary | std::ios::trunc} << text;
}
std::string refusal(const std::filesystem::path& file) {
    try {
        open_ledger(file);
    } catch (const Error& e) {
        CHECK(e.code() == Errc::store_failed);
        return e.what();
    }
    return "nothing was thrown";
}

}  // namespace

TEST_CASE("a ledger is there again when it is opened again, and is nobody else's to read") {
    const TemporaryFolder folder;
    const auto file = folder.path() / "ca" / "ledger.jsonl";
    const auto key = card_key("ec-p256");
    const auto certificate = open_ca(file)->certificate(order_for(*key));
    open_ca(file)->revoke(certificate, 5);
    const auto other = open_ca(file)->certificate(order_for(*card_key("ec-p384")));
    CHECK(open_ca(file)->certificate(order_for(*card_key("ec-p384"))) == other);
    const auto entries = open_ca(file)->entries();
    REQUIRE(entries.size() == 2);
    CHECK(entries[0].revoked->reason == 5);
    CHECK(entries[0].chip == "chip 1");
    CHECK(entries[0].subject == "سارا محمدی");
    CHECK_FALSE(entries[1].revoked);
    struct stat facts {};
    REQUIRE(::stat(file.c_str(), &facts) == 0);
    CHECK((facts.st_mode & 07777U) == 0600);
    REQUIRE(::stat(file.parent_path().c_str(), &facts) == 0);
    CHECK((facts.st_mode & 07777U) == 0700);
}

TEST_CASE(
    "a ledger that was cut at any byte is whole again without what was torn, never with two valid ones") {
    const TemporaryFolder folder;
    const auto whole_file = folder / "whole";
    {
        const auto ca = open_ca(whole_file);
        ca->certificate(order_for(*card_key("ec-p256")));
        ca->certificate(order_for(*card_key("ec-p384")));  // supersedes: two lines in one write
        ca->crl(in_2026, 7);
    }
    const auto whole = read(whole_file);
    const auto key = card_key("ec-p384");
    const auto file = folder / "torn";
    for (std::size_t size = 0; size <= whole.size(); size += size + 20 < whole.size() ? 61 : 1) {
        INFO(size);
        write(file, whole.substr(0, size));
        const auto ca = open_ca(file);
        int valid = 0;
        for (const auto& entry : ca->entries()) valid += entry.valid_at(in_2026) ? 1 : 0;
        CHECK(valid <= 1);
        ca->certificate(order_for(*key));
        valid = 0;
        for (const auto& entry : ca->entries()) valid += entry.valid_at(in_2026) ? 1 : 0;
        CHECK(valid == 1);
        CHECK(read(file).back() == '\n');
    }
}

TEST_CASE("a ledger with a broken line names it, and goes on refusing") {
    const TemporaryFolder folder;
    const auto file = folder / "ledger";
    open_ca(file)->certificate(order_for(*card_key("ec-p256")));
    const auto whole = read(file);
    const auto head = whole.substr(0, whole.find('\n') + 1);
    const auto issued = whole.substr(head.size());
    write(file, head + "{\"event\":\"issued\"}\n" + issued);
    CHECK_THAT(refusal(file), Contains("line 2: not an event"));
    write(file, head + std::string(40, '\0') + "\n" + issued);
    CHECK_THAT(refusal(file), Contains("line 2"));
    write(file, whole + issued);
    CHECK_THAT(refusal(file), Contains("line 3: serial") && Contains("issued before"));
    write(file, head + "{\"event\":\"revoked\",\"serial\":\"00\",\"reason\":1,\"time\":1}\n");
    CHECK_THAT(refusal(file), Contains("never issued"));
    write(file, head + "{\"event\":\"moved\"}\n");
    CHECK_THAT(refusal(file), Contains("unknown kind"));
    write(file, issued);
    CHECK_THAT(refusal(file), Contains("no heading"));
    write(file, head + head);
    CHECK_THAT(refusal(file), Contains("second heading"));
    CHECK_THROWS_WITH(CaLedger("another", whole.empty() ? file : [&] {
                          write(file, whole);
                          return file;
                      }()),
                      Contains("another CA's"));

    const auto ca = open_ca(file);
    write(file, whole + "rubbish\n");
    for (int i = 0; i < 2; ++i) CHECK_THROWS_WITH(ca->entries(), Contains("line 3: not an event"));
    const auto cut = open_ledger(folder / "cut");
    write(folder / "cut", "");
    CHECK_THROWS_WITH(cut->turn(), Contains("something cut it off"));
}

TEST_CASE("two stations share a ledger: what one writes the other knows") {
    const TemporaryFolder folder;
    const auto file = folder / "ledger";
    const auto a = open_ca(file);
    const auto b = open_ca(file);
    const auto certificate = a->certificate(order_for(*card_key("ec-p256")));
    CHECK(b->certificate(order_for(*card_key("ec-p256"))) == certificate);
    b->revoke(certificate, 1);
    CHECK_THROWS_WITH(a->certificate(order_for(*card_key("ec-p256"))), Contains("compromised"));

    std::atomic<int> failures = 0;
    std::vector<std::thread> stations;
    for (auto* ca : {a.get(), b.get()}) {
        stations.emplace_back([ca, &failures] {
            try {
                for (int i = 0; i < 10; ++i) ca->crl(in_2026, 7);
            } catch (const Error&) {
                ++failures;
            }
        });
    }
    for (auto& station : stations) station.join();
    CHECK(failures == 0);
    const auto again = open_ledger(file);
    CHECK(again->turn().last_crl() == 20);
}

TEST_CASE("a ledger that cannot be kept is refused") {
    const TemporaryFolder folder;
    write(folder / "plain", "");
    CHECK_THAT(refusal(folder.path() / "plain" / "ledger"), Contains("plain"));
    CHECK_THAT(refusal(folder.path()), Contains("cannot"));
}

TEST_CASE("a CRL lists what was revoked by serial, with reasons and a number that only grows") {
    const TemporaryFolder folder;
    const auto ca = open_ca(folder / "ledger");
    const auto one = ca->certificate(order_for(*card_key("ec-p256")));
    const auto two = ca->certificate(order_for(*card_key("ec-p384"), "chip 2"));
    const auto three = ca->certificate(order_for(*card_key("rsa-2048"), "chip 3"));
    ca->revoke(three, 1);
    ca->revoke(one, 0);
    const auto text = openssl_text(ca->crl(in_2026, 7), "crl");
    TrustAnchors anchors;
    anchors.add_certificate(ca->issuer_certificate(), "ca");
    anchors.add_crl(ca->crl(in_2026, 7), "crl");
    if (text.empty()) return;  // no openssl program at hand
    CHECK_THAT(text, Contains("Version 2 (0x1)") && Contains("X509v3 CRL Number: \n                1") &&
                         Contains("Key Compromise"));
    std::set<std::string> serials{certificate_facts(one).serial, certificate_facts(three).serial};
    std::size_t at = 0;
    for (const auto& serial : serials) {
        const auto found = text.find("Serial Number: " + serial);
        CHECK(found != std::string::npos);
        CHECK(found > at);
        at = found;
    }
    CHECK(text.find(certificate_facts(two).serial) == std::string::npos);
    CHECK_THAT(openssl_text(ca->crl(in_2026, 7), "crl"), Contains("X509v3 CRL Number: \n                3"));
    CHECK_THROWS_WITH(ca->crl(in_2026 - 1, 7), Contains("is the clock right"));
    CHECK_THROWS_WITH(ca->crl(in_2026, 0), Contains("1 to 3650"));
}

TEST_CASE("what has expired is on one more CRL and then left out") {
    const TemporaryFolder folder;
    const auto ca = open_ca(folder / "ledger");
    const auto serial = [&] {
        const auto certificate = ca->certificate(order_for(*card_key("ec-p256")));
        ca->revoke(certificate, 5);
        return certificate_facts(certificate).serial;
    }();
    const auto listed = [&](std::int64_t at) {
        return to_hex(ca->crl(at, 7)).find("0210" + serial) != std::string::npos;
    };
    CHECK(listed(in_2026));
    CHECK(listed(in_2026 + 729 * day));
    CHECK(listed(in_2026 + 731 * day));
    CHECK_FALSE(listed(in_2026 + 732 * day));
}

TEST_CASE("books that are opened to be read are left as they are, and are not made by it") {
    const TemporaryFolder folder;
    const auto file = folder / "ledger.jsonl";
    const auto authority = authority_of(identity().key->public_key());
    const auto look = [&] { return CaLedger{authority, file, CaLedger::Use::read}.turn().entries().size(); };
    CHECK_THROWS_AS(look(), Error);
    CHECK_FALSE(std::filesystem::exists(file));
    (void)open_ca(file)->certificate(order_for(*card_key("ec-p256")));
    write(file, read(file) + "{\"event\":\"iss");
    const auto before = read(file);
    CHECK(look() == 1);
    CHECK(read(file) == before);
    CaLedger ledger{authority, file, CaLedger::Use::read};
    auto turn = ledger.turn();
    CHECK_THROWS_WITH(turn.number_crl(in_2026), Contains(file.string()));
    CHECK(read(file) == before);
    // several may read at once
    CHECK(look() == 1);
}
