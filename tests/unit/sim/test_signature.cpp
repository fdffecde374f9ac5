// SPDX-License-Identifier: Apache-2.0
// The signature application on its card: beside the passport application, under SCP03, and its time.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "apdu/error.h"
#include "bodies.h"
#include "libcard/sim/link_model.h"
#include "signature_card.h"

namespace kartsaz::sim::test {
TEST_CASE("each kind with the signature application says what it is", "[sim][signature]") {
    auto first = blank_signature_card("isoapplet");
    CHECK(send(*first, select_signature).data.empty());
    CHECK(to_hex(send(*first, "00CA010100").data) == "01002F");
    CHECK(sw(*first, "00CA010200") == 0x6A86);
    auto older = blank_signature_card("isoapplet-v0");
    CHECK(to_hex(send(*older, select_signature).data) == "000606");
    CHECK(sw(*older, "00CA010100") == 0x6D00);
    auto both = blank_signature_card("kartsaz");
    CHECK(to_hex(send(*both, "00CA010100").data) == "01006F");
    for (const char* kind : {"jmrtd", "jcardengine"}) {
        NewBody options;
        options.kind = kind;
        auto body = Body::create(options);
        body->power_on();
        CHECK(sw(*body, select_signature) == 0x6A82);
        CHECK_FALSE(nlohmann::json::parse(body->describe_json()).contains("signature"));
    }
    // no passport, no card manager
    for (const char* kind : {"isoapplet", "isoapplet-v0"}) {
        auto body = blank_signature_card(kind);
        CHECK(sw(*body, select_passport) == 0x6A82);
        CHECK(sw(*body, "00A4040008A000000151000000") == 0x6A82);
        CHECK(sw(*body, "8050000008000102030405060700") == 0x6E00);
        CHECK(sw(*body, "0CB0000000") == 0x6882);
        CHECK(sw(*body, "04B0000000") == 0x6882);
        body->power_on();
        CHECK(sw(*body, "00B0000000") == 0x6986);
        CHECK(sw(*body, "00A40000") == 0x6986);
    }
}

TEST_CASE("both applications of a card stand beside each other", "[sim][signature]") {
    auto body = ready();
    REQUIRE(sw(*body, select_signature) == 0x9000);
    CHECK(sw(*body, "00A40000023F0000") == 0x9000);  // its own master file, not the card's
    REQUIRE(sw(*body, create_5015) == 0x9000);
    // one identifier, one file on the whole body
    CHECK(create(*body, 0x0101, 4) == 0x6984);
    CHECK(create(*body, 0x011E, 4) == 0x6984);
    CHECK(create(*body, 0x0111, 4) == 0x9000);
    CHECK(sw(*body, "00A40000025015") == 0x9000);
    CHECK(create(*body, 0x4402, 4) == 0x9000);
    CHECK(create(*blank_signature_card("isoapplet"), 0x0101, 4) == 0x9000);
    REQUIRE(sw(*body, select_passport) == 0x9000);
    CHECK(sw(*body, "00A40000025015") == 0x6A82);
    auto link = open_bac(*body, access_seed());
    REQUIRE(link);
    CHECK(link->send(*body, "00A4020C02011E").sw == 0x9000);
    // and both sets of files are told
    std::vector<std::string> names;
    for (const auto& file : body->files()) names.push_back(file.name);
    CHECK(names == std::vector<std::string>{"EF.DG1", "EF.COM", "0111", "EF.PrKDF"});
    body->power_on();
    send(*body, select_signature);
    REQUIRE(sw(*body, "00A4000002440200") == 0x9000);
    body->flip(0x4402, 3, 0x81);
    CHECK(to_hex(send(*body, "00B0000000").data) == "00000081");
    CHECK_THROWS_AS(body->flip(0x4402, 4, 1), Error);
    CHECK_THROWS_AS(body->flip(0x5015, 0, 1), Error);
}

TEST_CASE("the signature application hands SCP03 to the card manager", "[sim][signature][scp03]") {
    for (const std::uint8_t level :
         {std::uint8_t{0x01}, std::uint8_t{0x03}, std::uint8_t{0x13}, std::uint8_t{0x33}}) {
        INFO("level " << unsigned{level});
        auto body = blank_signature_card("kartsaz");
        ScpHost host{transport_key()};
        REQUIRE(host.open(*body, level) == 0x9000);
        CHECK(to_hex(host.send(*body, "00CA010100").data) == "01006F");
        CHECK(host.send(*body, create_5015).sw == 0x9000);
        CHECK(host.send(*body, create_4401).sw == 0x9000);
        CHECK(host.send(*body, "00D6000004DEADBEEF").sw == 0x9000);
        CHECK(to_hex(host.send(*body, "00B0000004").data).starts_with("DEADBEEF"));
        // selecting files inside does not end the session, a plain command that writes is refused
        CHECK(to_hex(host.send(*body, "00A4000002501500").data) == "6F11820138830250158608FF90909090909000");
        CHECK(sw(*body, "00D6000001AA") == 0x6985);
        CHECK(host.send(*body, "0024010210 39393939393939393939393939393939").sw == 0x9000);
        CHECK(host.send(*body, "0024010106 313233343536").sw == 0x9000);
        CHECK(host.send(*body, verify_pin).sw == 0x9000);
        CHECK(host.send(*body, "00224100068001EC840100").sw == 0x9000);
        const Reply made = host.send(*body, to_hex(command("00460000", curve_parameters("secp256r1"), 1000)));
        REQUIRE(made.sw == 0x9000);
        CHECK(host.send(*body, "002241B606800121840100").sw == 0x9000);
        const Reply signature = host.send(*body, to_hex(command("002A9E9A", Bytes(32, 1), 72)));
        REQUIRE(signature.sw == 0x9000);
        CHECK(ec_verifies("secp256r1", made.data, Bytes(32, 1), signature.data, "Raw"));
        // the PIN is the holder's: the issuer's keys do not stand for it
        REQUIRE(host.send(*body, "0020000106313233343537").sw == 0x63C2);
        CHECK(host.send(*body, "00D6000001AA").sw == 0x6982);
        CHECK(host.send(*body, "002241B606800121840100").sw == 0x6982);
        REQUIRE(sw(*body, select_signature) == 0x9000);
        CHECK(sw(*body, "84CA010100") == 0x6985);
    }
}

TEST_CASE("a locked card does not select the signature application", "[sim][signature]") {
    auto body = signature_card("kartsaz");
    REQUIRE(sw(*body, "00A4040000") == 0x9000);
    ScpHost host{transport_key()};
    REQUIRE(host.open(*body, 0x03) == 0x9000);
    for (const char* step : {"80F0800700", "80F0800F00", "80F0807F00"})
        REQUIRE(host.send(*body, step).sw == 0x9000);
    CHECK(sw(*body, select_signature) == 0x6A82);
    body->power_on();
    CHECK(sw(*body, select_signature) == 0x6A82);
}

TEST_CASE("files are found by name, path, parent and short identifier", "[sim][signature]") {
    auto body = signature_card("isoapplet");
    REQUIRE(sw(*body, "00E000001A 6F18 820138 83025015 840CA000000063504B43532D3135 8A0105") == 0x9000);
    REQUIRE(sw(*body, "00E0000009 6F07 820138 83025016") == 0x9000);
    REQUIRE(create(*body, 0x4403, 8) == 0x9000);
    CHECK(sw(*body, "00A404000CA000000063504B43532D3135") == 0x9000);
    CHECK(sw(*body, "00A404000BA000000063504B43532D31") == 0x6A82);
    CHECK(sw(*body, "00A4090004 50164403") == 0x9000);
    CHECK(sw(*body, "00A40300") == 0x9000);
    CHECK(to_hex(send(*body, "00A4030000").data) == "6F0782013883023F00");
    CHECK(sw(*body, "00A40300") == 0x6A82);
    CHECK(sw(*body, "00A4080004 50154403") == 0x6A82);
    CHECK(sw(*body, "00A4080006 501550164403") == 0x9000);
    CHECK(sw(*body, "00A4080008 3F00501550164403") == 0x9000);
    CHECK(sw(*body, "00A4080003 501550") == 0x6A82);
    CHECK(sw(*body, "00A40800") == 0x6A82);
    CHECK(sw(*body, "00A4020002 4403") == 0x9000);
    CHECK(sw(*body, "00A4010002 4403") == 0x6A82);
    CHECK(sw(*body, "00A4020001 44") == 0x6A82);
    CHECK(sw(*body, "00A4050002 4403") == 0x6A86);
    CHECK(sw(*body, "00A4000102 4403") == 0x6A86);
    CHECK(to_hex(send(*body, "00B0830002").data) == "0000");
    CHECK(sw(*body, "00B0838002") == 0x6B00);
    CHECK(sw(*body, "00B0C30002") == 0x6A86);
    CHECK(sw(*body, "00D6838001AA") == 0x6F00);
    CHECK(sw(*body, "00D6830801AA") == 0x6B00);
}

TEST_CASE("the file tree has an end", "[sim][signature]") {
    auto body = signature_card("isoapplet");
    unsigned made = 0, answer = 0x9000;
    for (; made < 40 && answer == 0x9000; ++made) {
        REQUIRE(sw(*body, "00A40000") == 0x9000);
        answer = create(*body, 0x6000 + made, 32767);
    }
    CHECK(made == 31);
    CHECK(answer == 0x6A84);
    REQUIRE(sw(*body, "00A40000") == 0x9000);
    REQUIRE(sw(*body, "00E40000026000") == 0x9000);
    REQUIRE(sw(*body, "00E0000009 6F07 820138 83025015") == 0x9000);
    unsigned more = 0;
    while (create(*body, 0x7000 + more, 32767) == 0x9000 && more < 40) ++more;
    CHECK(more == 3);  // the memory, 1 MB in all
    CHECK(sw(*body, "00E40000025015") == 0x9000);
    CHECK(sw(*body, "00A40000027000") == 0x6A82);
}

TEST_CASE("keys take the time that the model says", "[sim][signature][link]") {
    const LinkModel link = link_model("contact");
    auto body = signature_card("kartsaz");
    const auto compute = [&](const auto& action) {
        body->reset_time();
        action();
        return body->time().compute - link.command_seconds;
    };
    const auto set = [&](const char* command) { REQUIRE(sw(*body, command) == 0x9000); };
    for (const auto& [curve, seconds] : std::vector<std::pair<std::string, double>>{
             {"secp256r1", 0.04}, {"secp384r1", 0.08}, {"secp521r1", 0.16}}) {
        set("00224100068001EC840100");
        CHECK(compute([&] { generate_ec(*body, curve); }) == Approx(seconds));
        set("002241B606800121840100");
        CHECK(compute([&] { send(*body, command("002A9E9A", Bytes(32, 1), 256)); }) == Approx(seconds));
    }
    set("00224100068001F3840100");
    CHECK(compute([&] { send(*body, "00464200000000"); }) == Approx(5.0));
    set("002241B606800111840100");
    CHECK(compute([&] { send(*body, command("002A9E9A", Bytes(32, 1), 256)); }) == Approx(0.25));
    // a page for the file, a page for the PIN's counter
    body->reset_time();
    REQUIRE(create(*body, 0x4402, 8) == 0x9000);
    CHECK(body->time().write == Approx(link.page_seconds));
    body->reset_time();
    set("0020000106313233343536");
    CHECK(body->time().write == Approx(link.page_seconds));
    body->reset_time();
    set("00D6000008 0102030405060708");
    CHECK(body->time().write == Approx(link.page_seconds));
}

}  // namespace kartsaz::sim::test
