// SPDX-License-Identifier: Apache-2.0
#include "apdu/atr.h"
#include "tests/support/vectors.h"
#include "tests/unit/apdu/support.h"

using namespace kartsaz;
using namespace kartsaz::apdu;
using test::check_error;

namespace {

/// The vectors of transport.json of one kind.
std::vector<test::Vector> transport_vectors(const std::string& kind) {
    const auto file = test::data_dir() / "vectors" / "transport.json";
    const auto whole = nlohmann::json::parse(to_text(test::read_bytes(file)));
    std::vector<test::Vector> out;
    for (const auto& data : whole.at("vectors")) {
        if (data.at("kind") == kind) out.push_back({data, file.string()});
    }
    return out;
}

/// `head` and the TCK that belongs to it.
Bytes with_tck(const std::string& head) {
    Bytes atr = from_hex(head);
    std::uint8_t sum = 0;
    for (std::size_t i = 1; i < atr.size(); ++i) sum = static_cast<std::uint8_t>(sum ^ atr[i]);
    atr.push_back(sum);
    return atr;
}

}  // namespace

TEST_CASE("the ATRs of the vectors are read") {
    const auto all = transport_vectors("atr");
    REQUIRE(all.size() >= 2);
    for (const auto& vector : all) {
        CAPTURE(vector.id(), vector.file);
        const Bytes bytes = vector.bytes("atr");
        const Atr atr = parse_atr(bytes);
        CHECK(atr.raw == bytes);
        REQUIRE(atr.tck);
        CHECK(*atr.tck == bytes.back());
    }
}

TEST_CASE("a contactless ATR has no rates of its own") {
    const Atr atr = parse_atr(from_hex("3B80800101"));
    CHECK(atr.contactless);
    CHECK(atr.offers(1));
    CHECK(atr.historical.empty());
    CHECK(describe(atr) == "contactless (ISO/IEC 14443)");
}

TEST_CASE("interface and historical bytes of a token's ATR are told apart") {
    const Atr atr = parse_atr(from_hex("3BF81300008131FE15597562696B657934D4"));
    CHECK_FALSE(atr.contactless);
    REQUIRE(atr.interface.size() == 3);
    CHECK(atr.interface[0].ta == 0x13);
    CHECK(atr.interface[0].td == 0x81);
    CHECK(atr.interface[2].ta == 0xFE);
    CHECK(atr.interface[2].tb == 0x15);
    CHECK_FALSE(atr.interface[2].td);
    CHECK(to_text(atr.historical) == "Yubikey4");
    CHECK(atr.protocols == std::vector<unsigned>{1});
    CHECK_FALSE(atr.capabilities);
    CHECK(describe(atr) == "T=1, 53763 bit/s at 5 MHz");
}

TEST_CASE("TA1 gives the rates of the table") {
    const auto all = transport_vectors("ta1");
    REQUIRE(all.size() >= 8);
    for (const auto& vector : all) {
        CAPTURE(vector.id());
        const Atr atr = parse_atr(from_hex("3B10" + vector.text("ta1")));
        CHECK(atr.fi == vector.data.at("fi").get<unsigned>());
        CHECK(atr.di == vector.data.at("di").get<unsigned>());
        CHECK(atr.f_max_khz == vector.data.at("f_max_mhz").get<double>() * 1000);
        CHECK(atr.bit_rate(4e6) == Approx(vector.data.at("baud_at_4_mhz").get<double>()).margin(0.51));
        CHECK(atr.bit_rate(5e6) == Approx(vector.data.at("baud_at_5_mhz").get<double>()).margin(0.51));
        CHECK(atr.protocols == std::vector<unsigned>{0});
        CHECK_FALSE(atr.tck);
    }
}

TEST_CASE("card capabilities are found in both forms of historical bytes") {
    const Atr compact = parse_atr(with_tck("3B88800180318065738021E0"));
    CHECK_FALSE(compact.capabilities);  // an object that runs past the end: the bytes mean something else
    const Atr plain = parse_atr(with_tck("3B878001806580738021D0"));
    CHECK_FALSE(plain.capabilities);
    const Atr whole = parse_atr(with_tck("3B8580018073C021E0"));
    REQUIRE(whole.capabilities);
    CHECK(whole.capabilities->chaining);
    CHECK(whole.capabilities->extended_length);
    CHECK(whole.capabilities->extended_length_info);
    CHECK(whole.capabilities->channels == 1);
    const Atr status = parse_atr(with_tck("3B8880010073C02153079000"));
    REQUIRE(status.capabilities);
    CHECK_FALSE(status.capabilities->chaining);
    CHECK(status.capabilities->extended_length);
    CHECK(status.capabilities->channels == 4);
    CHECK(describe(whole) == "contactless (ISO/IEC 14443), extended length, chaining");
}

TEST_CASE("faults of an ATR are named") {
    struct Row {
        Bytes atr;
        const char* rule;
    };
    const Row rows[] = {
        {{}, "TS"},
        {from_hex("3C00"), "TS 3C"},
        {from_hex("3B"), "T0"},
        {from_hex("3B10"), "TA"},
        {from_hex("3B02AA"), "historical byte"},
        {from_hex("3B8001"), "TCK"},
        {from_hex("3B80800102"), "TCK 02 is wrong, 01 expected"},
        {from_hex("3B8080010100"), "1 bytes after the end"},
        {from_hex("3B1070"), "TA1 70 is reserved"},
        {from_hex("3B1010"), "TA1 10 is reserved"},
        {Bytes(34, 0x3B), "33 at most"},
    };
    for (const auto& row : rows) {
        CAPTURE(to_hex(row.atr));
        check_error([&] { parse_atr(row.atr); }, Errc::input_invalid, {"ATR: offset", row.rule});
    }
}

TEST_CASE("every truncation and every wrong bit of an ATR with TCK is refused") {
    const Bytes atr = from_hex("3BF81300008131FE15597562696B657934D4");
    for (std::size_t size = 0; size < atr.size(); ++size) {
        check_error([&] { parse_atr(ByteView{atr}.first(size)); }, Errc::input_invalid);
    }
    for (std::size_t bit = 16; bit < atr.size() * 8; ++bit) {
        Bytes wrong = atr;
        wrong[bit / 8] = static_cast<std::uint8_t>(wrong[bit / 8] ^ (1U << (bit % 8)));
        CAPTURE(bit);
        check_error([&] { parse_atr(wrong); }, Errc::input_invalid);
    }
}

TEST_CASE("EF.ATR/INFO says how long commands and responses may be") {
    const auto info = parse_atr_info(from_hex("4703C02160 7F6608 02020809 02020800 0000FFFF"));
    CHECK(info.command_apdu == 0x0809U);
    CHECK(info.response_apdu == 0x0800U);
    REQUIRE(info.capabilities);
    CHECK(info.capabilities->extended_length);
    const auto limits = info.limits();
    REQUIRE(limits);
    CHECK(limits->command_data == 2048);
    CHECK(limits->response_data == 2046);
    const auto huge = parse_atr_info(from_hex("7F660A 0203010000 0203010002")).limits();
    REQUIRE(huge);
    CHECK(huge->command_data == 65527);
    CHECK(huge->response_data == 65536);
}

TEST_CASE("EF.ATR/INFO without lengths, or with lengths too small for any data, gives no limits") {
    CHECK_FALSE(parse_atr_info({}).limits());
    CHECK_FALSE(parse_atr_info(from_hex("4703C02160")).limits());
    CHECK_FALSE(parse_atr_info(from_hex("7F6606 020109 020102")).limits());
}

TEST_CASE("broken EF.ATR/INFO is refused") {
    for (const char* hex : {"7F66", "7F660602010902", "7F6603020109", "7F66020200", "7F6608 0202080904020800",
                            "7F660C 0205010000000002020800"}) {
        CAPTURE(hex);
        check_error([&] { parse_atr_info(from_hex(hex)); }, Errc::input_invalid, {"EF.ATR/INFO: offset"});
    }
}
