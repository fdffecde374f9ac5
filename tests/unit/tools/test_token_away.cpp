// SPDX-License-Identifier: Apache-2.0
// A batch of cards as a station writes it, card by card by `kartsaz personalize`, while the module's process
// is killed in the middle of a card and started anew. This program is the reader between station and card.
#include <fstream>
#include <optional>

#include "tests/faults/wire.h"
#include "tests/support/token/module_server.h"
#include "tests/unit/tools/token_desk.h"

namespace kartsaz::test {
namespace {

using Catch::Contains;
using faults::receive_message;
using faults::send_message;

/// A desk whose token is behind a module that lives elsewhere.
struct AwayDesk : TokenDesk {
    ModuleServer server{soft};
    AwayDesk() {
        module = ModuleServer::client();
        const auto keyset = [](const char* name, int version, const char* how, const std::string& keys) {
            return fmt::format(R"({{"name":"{}","version":{},"type":"aes","diversification":"{}",)"
                               R"("development":false,"keys":{{{}}}}})",
                               name, version, how, keys);
        };
        const auto key = [](const char* role, const std::string& hex) {
            return fmt::format(R"("{}":"{}{}")", role, hex, hex);
        };
        const std::string other = "A0A1A2A3A4A5A6A7A8A9AAABACADAEAF";
        const auto channel = [&](const std::string& hex) {
            return key("enc", hex) + "," + key("mac", hex) + "," + key("dek", hex);
        };
        write_private(desk, "plain.json",
                      "{\"blobs\":{},\"keysets\":[" +
                          keyset("transport", 48, "none",
                                 R"("enc":"404142434445464748494A4B4C4D4E4F",)"
                                 R"("mac":"404142434445464748494A4B4C4D4E4F",)"
                                 R"("dek":"404142434445464748494A4B4C4D4E4F")") +
                          "," + keyset("issuer", 49, "kdf3", channel(other)) + "," +
                          keyset("active-authentication", 1, "none", key("aa", other)) + "," +
                          keyset("pin", 1, "none", key("pin", other) + "," + key("puk", other)) + "]}");
        write_private(desk, "pass", "correct horse\n");
        REQUIRE(desk.run("keys seal plain.json masters.keys --passphrase-file pass").code == 0);
        REQUIRE(run("ca init ca --algorithm ec-p256").code == 0);
    }
};

struct Written {
    int code = -1;
    std::uint64_t apdus = 0;
    std::string said;
};

/// Writes the card in `body`; before its command number `at` reaches the card, `fault` happens.
Written write_card(const AwayDesk& t, const std::string& body, std::uint64_t at,
                   const std::function<void()>& fault) {
    const auto path = [&](const std::string& name) { return (t.desk / name).string(); };
    const faults::Listener listener;
    const faults::Process plug{
        {KARTSAZ_PROGRAM, "sim", "plug", path(body), "--port", std::to_string(listener.port()), "--once"},
        path("plug.log")};
    const auto card = listener.accept();
    const auto port = faults::free_port();
    const auto log = path("station.log");
    std::filesystem::remove(log);
    faults::Process station{
        {KARTSAZ_PROGRAM, "personalize", path("record/record.json"), "--token", t.uri(), "--token-pin-file",
         path("pin"), "--keys", path("masters.keys"), "--passphrase-file", path("pass"), "--ca-folder",
         path("ca"), "--journal", path("journal"), "-r", fmt::format("vpcd:{}", port)},
        log};
    const auto line = faults::connect_to(port, [&] { return station.ended(); });
    Written out;
    Bytes message;
    while (receive_message(line, message)) {
        const bool control = message.size() == 1;
        if (!control && ++out.apdus == at) fault();
        REQUIRE(send_message(card, message));
        if (control && message[0] != 4) continue;  // 4 asks for the ATR
        REQUIRE(receive_message(card, message));
        send_message(line, message);
    }
    send_message(card, Bytes{0});
    out.code = station.wait().code;
    out.said = faults::text_of(log);
    return out;
}

std::string blank(const AwayDesk& t, std::uint64_t number) {
    const auto name = fmt::format("card-{}.body", number);
    REQUIRE(t.desk.run("sim new " + name).code == 0);
    return name;
}

std::size_t certificates(const AwayDesk& t) {
    return t.run("ca list --ca-folder ca --json").json().at("certificates").size();
}

}  // namespace

TEST_CASE("a batch goes on when the module is killed in the middle of a card and started anew; it is told") {
    if (!ModuleServer::available()) return;
    AwayDesk t;
    const auto whole = write_card(t, blank(t, 0), 0, [] {});
    INFO(whole.said);
    REQUIRE(whole.code == 0);
    REQUIRE(whole.apdus > 30);
    CHECK_THAT(whole.said, !Contains("started anew"));
    std::size_t cards = 1, told = 0;
    for (std::uint64_t at = 1; at <= whole.apdus; at += 1 + whole.apdus / 10) {
        const auto body = blank(t, at);
        const auto written = write_card(t, body, at, [&] {
            t.server.kill();
            t.server.start();
        });
        INFO("killed before APDU " << at << " of " << whole.apdus << "\n" << written.said);
        CHECK(written.code == 0);
        CHECK(certificates(t) == ++cards);
        // after the last signature the token is not asked any more
        told += unwrapped(written.said).find("the module was started anew; going on") == std::string::npos
                    ? 0
                    : 1;
        const auto verified = t.run("verify -r sim:" + body + " --expect record/record.json --trust ca",
                                    "--token-pin-file pin --keys masters.keys --passphrase-file pass");
        INFO(verified.out);
        CHECK(verified.code == 0);
    }
    CHECK(told >= 2);
}

TEST_CASE("a card that loses the module for good is gone on with by the same call, with one certificate") {
    if (!ModuleServer::available()) return;
    AwayDesk t;
    for (const std::uint64_t at : {5U, 25U}) {
        const auto body = blank(t, at);
        const auto before = certificates(t);
        const auto lost = write_card(t, body, at, [&] { t.server.kill(); });
        INFO("killed before APDU " << at << "\n" << lost.said);
        CHECK(lost.code == 6);
        CHECK_THAT(unwrapped(lost.said), Contains("p11-kit-client.so") || Contains("token kartsaz-hsm"));
        t.server.start();
        const auto again = write_card(t, body, 0, [] {});
        INFO(again.said);
        CHECK(again.code == 0);
        CHECK(certificates(t) == before + 1);
    }
}

}  // namespace kartsaz::test
