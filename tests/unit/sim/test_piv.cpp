// SPDX-License-Identifier: Apache-2.0
// The PIV application: selection, containers, PIN and PUK, on each kind of body that has it.
#include <catch2/catch.hpp>

#include "libcard/sim/apdu_in.h"
#include "piv_card.h"
#include "signature_card.h"

namespace kartsaz::sim::test {

TEST_CASE("the PIV application is selected by its whole name and by a truncated one", "[sim][piv]") {
    for (const auto& kind : piv_kinds) {
        INFO(kind);
        auto body = piv_card(kind);
        body->power_on();
        CHECK(sw(*body, "00CB3FFF055C035FC10200") != 0x6A82);
        for (const char* name :
             {"00A4040009A00000030800001000", "00A4040005A000000308", "00A404000BA00000030800001000010000"}) {
            const Reply told = fetch(*body, send(*body, name));
            CHECK(told.sw == 0x9000);
            REQUIRE(told.data.size() > 2);
            CHECK(told.data[0] == 0x61);
            ByteView rest{told.data};
            const auto whole = take_object(rest);
            REQUIRE(whole);
            CHECK(rest.empty());
            CHECK(to_hex(*find_object(whole->value, 0x79)) == "4F05A000000308");
        }
        CHECK(sw(*body, "00A404000BA00000030800001000010100") == 0x6A82);
        // it stays selected
        CHECK(sw(*body, "00200080") >> 4 == 0x63C);
    }
}

TEST_CASE("SELECT tells what each kind tells", "[sim][piv]") {
    const auto told = [](const char* kind) {
        auto body = piv_card(kind);
        return to_hex(fetch(*body, send(*body, "00A404000BA00000030800001000010000")).data);
    };
    CHECK(told("canokey") == "61114F0600001000010079074F05A000000308");
    CHECK(told("pivapplet").find("4F0BA00000030800001000010079074F05A0000003085009506976") !=
          std::string::npos);
    CHECK(told("pivapplet").find("AC06800111060100") != std::string::npos);
    const std::string full = told("kartsaz-piv");
    for (const char* algorithm : {"03", "08", "0A", "0C", "06", "07", "05", "16", "11", "14", "E0", "E1"}) {
        INFO(algorithm);
        CHECK(full.find(std::string{"AC068001"} + algorithm + "060100") != std::string::npos);
    }
    // 65,544 bytes of command, 65,538 of response
    CHECK(full.find("7F660A02030100080203010002") != std::string::npos);
}

TEST_CASE("a container comes back as it was written, and is gone when an empty one was written",
          "[sim][piv]") {
    for (const auto& kind : piv_kinds) {
        INFO(kind);
        auto body = managed_piv_card(kind);
        CHECK(get(*body, 0x5FC105).sw == 0x6A82);
        for (const std::size_t size : {1U, 127U, 128U, 255U, 256U, 700U, 2000U}) {
            Bytes content(size);
            for (std::size_t at = 0; at < size; ++at) content[at] = static_cast<std::uint8_t>(at * 7);
            CHECK(put(*body, 0x5FC105, content) == 0x9000);
            const Reply read = get(*body, 0x5FC105);
            CHECK(read.sw == 0x9000);
            CHECK(read.data == content);
        }
        CHECK(put(*body, 0x5FC105, {}) == 0x9000);
        CHECK(get(*body, 0x5FC105).sw == 0x6A82);
    }
}

TEST_CASE("containers are written after the management key was proved, and not before", "[sim][piv]") {
    for (const auto& kind : piv_kinds) {
        INFO(kind);
        auto body = piv_card(kind);
        const Bytes before = body->snapshot();
        CHECK(put(*body, 0x5FC105, Bytes(9, 1)) == 0x6982);
        CHECK(make_key(*body, 0x9A, 0x11).sw == 0x6982);
        CHECK(sw(*body, "00FEFF9A0106") != 0x9000);
        CHECK(body->snapshot() == before);
        REQUIRE(prove(*body) == 0x9000);
        CHECK(put(*body, 0x5FC105, Bytes(9, 1)) == 0x9000);
        body->power_on();
        send(*body, select_piv);
        CHECK(put(*body, 0x5FC105, Bytes(9, 2)) == 0x6982);
        CHECK(get(*body, 0x5FC105).data == Bytes(9, 1));
    }
}

TEST_CASE("PivApplet takes the containers it has and 6,068 bytes, then hangs until it is selected",
          "[sim][piv]") {
    auto body = managed_piv_card("pivapplet");
    for (const std::uint32_t tag : {0x5FC101U, 0x5FC102U, 0x5FC103U, 0x5FC106U, 0x5FC10CU, 0x5FC10DU,
                                    0x5FFF00U, 0x5FFF01U, 0x5FC117U}) {
        INFO(tag);
        CHECK(put(*body, tag, Bytes(20, 3)) == 0x9000);
    }
    for (const std::uint32_t tag : {0x7EU, 0x7F61U, 0x5FC118U, 0x5FC120U, 0x5FC121U, 0x5FC122U, 0x5FC123U}) {
        INFO(tag);
        CHECK(put(*body, tag, Bytes(20, 3)) == 0x6A81);
    }
    CHECK(put(*body, 0x5FC101, Bytes(6068, 4)) == 0x9000);
    CHECK(get(*body, 0x5FC101).data == Bytes(6068, 4));
    CHECK(put(*body, 0x5FC101, Bytes(6069, 5)) == 0x6F00);
    CHECK(sw(*body, "00CB3FFF055C035FC10200") == 0x6F00);
    CHECK(sw(*body, "00FD000003") == 0x6F00);
    CHECK(sw(*body, select_piv) != 0x6F00);
    CHECK(get(*body, 0x5FC101).data == Bytes(6068, 4));
    // short commands only, and 255 bytes of answer whatever Le is
    CHECK(put_at_once(*body, 0x5FC101, Bytes(248, 1)) == 0x6700);
    const Reply part = send(*body, "00CB3FFF0000055C035FC1010000");
    CHECK(part.data.size() == 255);
    CHECK(part.sw == 0x61FF);
    CHECK(to_hex(send(*body, "00CB3FFF035C017E").data) == "7E124F0BA0000003080000100001005F2F024000");
}

TEST_CASE("CanoKey takes 2,996 bytes and refuses one more cleanly", "[sim][piv]") {
    auto body = managed_piv_card("canokey");
    for (const std::uint32_t tag :
         {0x5FC106U, 0x5FC10CU, 0x5FC120U, 0x5FC121U, 0x5FC122U, 0x5FC123U, 0x7EU, 0x7F61U}) {
        INFO(tag);
        CHECK(put(*body, tag, Bytes(20, 3)) == 0x6A82);
    }
    CHECK(put(*body, 0x5FC105, Bytes(2996, 4)) == 0x9000);
    CHECK(put(*body, 0x5FC105, Bytes(2997, 5)) == 0x6700);
    CHECK(put_at_once(*body, 0x5FC10A, Bytes(2996, 6)) == 0x9000);
    CHECK(put_at_once(*body, 0x5FC10A, Bytes(2997, 6)) == 0x6700);
    CHECK(get(*body, 0x5FC105).data == Bytes(2996, 4));
    CHECK(get(*body, 0x5FC10A).data == Bytes(2996, 6));
    CHECK(put(*body, 0x5FC109, Bytes(242, 1)) == 0x9000);
    CHECK(put(*body, 0x5FC109, Bytes(243, 1)) == 0x6700);
    CHECK(to_hex(send(*body, "00CB3FFF035C017E").data) == "7E124F0BA0000003080000100001005F2F024010");
}

TEST_CASE("kind kartsaz takes every container, and a face of 40,000 bytes in one command", "[sim][piv]") {
    auto body = managed_piv_card("kartsaz-piv");
    std::size_t held = 0;
    for (std::uint32_t tag = 0x5FC101; tag <= 0x5FC123; ++tag) {
        if (tag == 0x5FC104) continue;
        INFO(tag);
        CHECK(put(*body, tag, Bytes(30, static_cast<std::uint8_t>(tag))) == 0x9000);
        ++held;
    }
    CHECK(piv_of(*body).at("objects").size() == held);
    CHECK(put(*body, 0x5FC104, Bytes(3, 1)) == 0x6A81);
    CHECK(put(*body, 0x5FC124, Bytes(3, 1)) == 0x6A81);
    const Bytes face(40000, 0xFA);
    CHECK(put_at_once(*body, 0x5FC108, face) == 0x9000);
    CHECK(get(*body, 0x5FC108).sw == 0x6982);
    REQUIRE(sw(*body, piv_pin) == 0x9000);
    CHECK(get(*body, 0x5FC108).data == face);
    const Reply whole = send(*body, "00CB3FFF0000055C035FC1080000");
    CHECK(whole.sw == 0x9000);
    CHECK(whole.data.size() == face.size() + 4);
    CHECK(put_at_once(*body, 0x5FC108, Bytes(65526, 1)) == 0x9000);
    // 512 KB and no more
    unsigned last = 0x9000;
    for (std::uint32_t tag = 0x5FC10D; last == 0x9000 && tag < 0x5FC120; ++tag) {
        last = put_at_once(*body, tag, Bytes(65000, 2));
    }
    CHECK(last == 0x6A84);
    CHECK(get(*body, 0x5FC108).data == Bytes(65526, 1));
}

TEST_CASE("discovery object and biometric templates are written and read under their own tags",
          "[sim][piv]") {
    auto body = managed_piv_card("kartsaz-piv");
    CHECK(get(*body, 0x7E).sw == 0x6A82);
    CHECK(sw(*body, "00DB3FFF147E124F0BA0000003080000100001005F2F024000") == 0x9000);
    CHECK(to_hex(send(*body, "00CB3FFF035C017E00").data) == "7E124F0BA0000003080000100001005F2F024000");
    CHECK(sw(*body, "00DB3FFF077F610302010000") == 0x6A80);  // one byte more
    CHECK(sw(*body, "00DB3FFF067F6103020100") == 0x9000);
    CHECK(to_hex(send(*body, "00CB3FFF045C027F6100").data) == "7F6103020100");
    CHECK(sw(*body, "00DB3FFF075C027F61530101") == 0x6A80);
    CHECK(sw(*body, "00DB3FFF027E00") == 0x9000);
    CHECK(get(*body, 0x7E).sw == 0x6A82);
}

TEST_CASE("GET DATA and PUT DATA refuse what is malformed", "[sim][piv]") {
    auto body = managed_piv_card("kartsaz-piv");
    CHECK(sw(*body, "00CB3F00055C035FC10200") == 0x6A86);
    CHECK(sw(*body, "00CB3FFF055D035FC10200") == 0x6A80);
    CHECK(sw(*body, "00CB3FFF055C045FC10200") == 0x6A80);
    CHECK(sw(*body, "00CB3FFF065C035FC1020000") == 0x6A80);
    CHECK(sw(*body, "00CB3FFF025C0000") == 0x6A82);
    CHECK(sw(*body, "00CB3FFF00") == 0x6A80);
    CHECK(sw(*body, "00DB3FFE085C035FC102530101") == 0x6A86);
    CHECK(sw(*body, "00DB3FFF085C035FC102540101") == 0x6A80);
    CHECK(sw(*body, "00DB3FFF085C035FC102530201") == 0x6A80);
    CHECK(sw(*body, "00DB3FFF095C035FC10253010100") == 0x6A80);
    CHECK(sw(*body, "00DB3FFF055C035FC102") == 0x6A80);
    CHECK(sw(*body, "00C0000000") == 0x6985);
    CHECK(sw(*body, "00AA0000") == 0x6D00);
    CHECK(sw(*body, "80CB3FFF055C035FC10200") == 0x6E00);
    CHECK(sw(*body, "10CB3FFF055C035FC10200") == 0x6884);
    CHECK(sw(*body, "10DB3FFF035C035F") == 0x9000);
    // another command ends the chain
    CHECK(sw(*body, "00200080") == 0x63C3);
    CHECK(sw(*body, "00DB3FFF05C102530101") == 0x6A80);
}

TEST_CASE("the PIN opens fingerprints, face and printed information, and nothing else needs it",
          "[sim][piv]") {
    for (const auto& kind : piv_kinds) {
        INFO(kind);
        auto body = managed_piv_card(kind);
        for (const std::uint32_t tag : {0x5FC103U, 0x5FC108U, 0x5FC109U}) {
            CHECK(put(*body, tag, Bytes(40, 7)) == 0x9000);
            CHECK(get(*body, tag).sw == 0x6982);
        }
        CHECK(put(*body, 0x5FC105, Bytes(40, 7)) == 0x9000);
        CHECK(get(*body, 0x5FC105).sw == 0x9000);
        REQUIRE(sw(*body, piv_pin) == 0x9000);
        for (const std::uint32_t tag : {0x5FC103U, 0x5FC108U, 0x5FC109U}) {
            CHECK(get(*body, tag).data == Bytes(40, 7));
        }
        CHECK(sw(*body, "0020FF80") == 0x9000);
        CHECK(get(*body, 0x5FC103).sw == 0x6982);
    }
}

TEST_CASE("VERIFY counts tries, tells them, and blocks as each kind does", "[sim][piv]") {
    for (const auto& [kind, tries] : std::vector<std::pair<std::string, unsigned>>{
             {"kartsaz-piv", 3}, {"pivapplet", 5}, {"canokey", 3}}) {
        INFO(kind);
        auto body = piv_card(kind);
        CHECK(sw(*body, "00200080") == 0x63C0 + tries);
        CHECK(sw(*body, piv_pin) == 0x9000);
        CHECK(sw(*body, "00200080") == 0x9000);
        CHECK(sw(*body, piv_wrong_pin) == 0x63C0 + tries - 1);
        CHECK(sw(*body, "00200080") == 0x63C0 + tries - 1);
        CHECK(sw(*body, piv_pin) == 0x9000);
        CHECK(sw(*body, "0020FF80") == 0x9000);
        CHECK(sw(*body, "00200080") == 0x63C0 + tries);
        CHECK(sw(*body, "0020008006313233343536") == (kind == "canokey" ? 0x6700 : 0x6A80));
        CHECK(sw(*body, "0020000008313233343536FFFF") == 0x6A88);
        CHECK(sw(*body, "0020018008313233343536FFFF") == 0x6A86);
        for (unsigned left = tries - 1; left > 0; --left) CHECK(sw(*body, piv_wrong_pin) == 0x63C0 + left);
        CHECK(sw(*body, piv_wrong_pin) == (kind == "canokey" ? 0x6983 : 0x63C0));
        CHECK(sw(*body, piv_pin) == 0x6983);
        CHECK(sw(*body, "00200080") == (kind == "canokey" ? 0x63C0 : 0x6983));
        CHECK(sw(*body, "0024008010313233343536FFFF363534333231FFFF") == 0x6983);
        // the PUK sets a new PIN, which must be given before it opens anything
        CHECK(sw(*body, "002C0080103132333435363739363534333231FFFF") == 0x63C2);
        CHECK(sw(*body, "002C0080103132333435363738363534333231FFFF") == 0x9000);
        CHECK(sw(*body, "00200080") == 0x63C0 + tries);
        CHECK(sw(*body, piv_pin) == 0x63C0 + tries - 1);
        CHECK(sw(*body, "0020008008363534333231FFFF") == 0x9000);
    }
}

TEST_CASE("PIN and PUK are changed by their old value", "[sim][piv]") {
    for (const auto& kind : piv_kinds) {
        INFO(kind);
        auto body = piv_card(kind);
        CHECK(sw(*body, "0024008010313233343536FFFF363534333231FFFF") == 0x9000);
        CHECK(sw(*body, "00200080") >> 4 == 0x63C);
        CHECK(sw(*body, "0020008008363534333231FFFF") == 0x9000);
        CHECK(sw(*body, "00240081103132333435363738 3837363534333231") == 0x9000);
        CHECK(sw(*body, "00240081103132333435363738 3837363534333231") == 0x63C2);
        CHECK(sw(*body, "002C0080103837363534333231 313233343536FFFF") == 0x9000);
        CHECK(sw(*body, "0024008210313233343536FFFF363534333231FFFF") == 0x6A88);
        CHECK(sw(*body, "0024008008313233343536FFFF") == (kind == "canokey" ? 0x6700 : 0x6A80));
        // five digits, and a letter
        const unsigned judged = kind == "canokey" ? 0x9000 : 0x6A80;
        CHECK(sw(*body, "0024008010313233343536FFFF3132333435FFFFFF") == judged);
        if (kind == "canokey") continue;
        CHECK(sw(*body, "0024008010313233343536FFFF31323334353641FF") == 0x6A80);
        CHECK(sw(*body, piv_pin) == 0x9000);
        CHECK(piv_of(*body).at("pin_as_delivered") == false);
    }
}

TEST_CASE("tries are set, and the application is made new, as YubiKeys do", "[sim][piv]") {
    for (const auto& kind : piv_kinds) {
        INFO(kind);
        auto body = managed_piv_card(kind);
        const Bytes content(20, 1);
        REQUIRE(put(*body, 0x5FC105, content) == 0x9000);
        REQUIRE(make_key(*body, 0x9A, 0x11).sw == 0x9000);
        if (kind == "canokey") {
            CHECK(sw(*body, "00FA0404") == 0x6D00);
        } else {
            CHECK(sw(*body, "00FA0404") == 0x6982);
            REQUIRE(sw(*body, piv_pin) == 0x9000);
            CHECK(sw(*body, "00FA0004") == 0x6A86);
            CHECK(sw(*body, "00FA1004") == 0x6A86);
            CHECK(sw(*body, "00FA0407") == 0x9000);
            CHECK(sw(*body, "00200080") == 0x63C4);
        }
        CHECK(sw(*body, "00FB0000") == 0x6982);
        for (unsigned n = 0; n < 8; ++n) {
            send(*body, piv_wrong_pin);
            send(*body, "002C0080103939393939393939363534333231FFFF");
        }
        CHECK(piv_of(*body).at("pin_tries_left") == 0);
        CHECK(piv_of(*body).at("puk_tries_left") == 0);
        // PivApplet forgets its private keys with the last try of both
        const bool kept = piv_of(*body).dump().find("\"9A\"") != std::string::npos;
        CHECK(kept == (kind != "pivapplet"));
        CHECK(get(*body, 0x5FC105).data == content);
        CHECK(sw(*body, "00FB0000") == 0x9000);
        CHECK(get(*body, 0x5FC105).sw == 0x6A82);
        CHECK(put(*body, 0x5FC105, content) == 0x6982);
        CHECK(sw(*body, piv_pin) == 0x9000);
        CHECK(prove(*body) == 0x9000);
    }
}

TEST_CASE("version, serial number and metadata are told in each kind's form", "[sim][piv]") {
    const auto hex = [](Body& body, std::string_view wire) { return to_hex(send(body, wire).data); };
    for (const auto& kind : piv_kinds) {
        INFO(kind);
        auto body = managed_piv_card(kind);
        const bool applet = kind == "pivapplet";
        CHECK(hex(*body, "00FD0000") == (applet ? "050400" : "050700"));
        CHECK(send(*body, "00F80000").data.size() == 4);
        CHECK(hex(*body, "00F70080") == (applet ? "05010106020505" : "0101FF05010106020303"));
        CHECK(hex(*body, "00F7009B") == (applet ? "01010305010102020101030100" : "01010302020001050101"));
        CHECK(send(*body, "00F7009A").sw == (applet ? 0x9000 : 0x6A88));
        CHECK(sw(*body, "00F70042") == 0x6A86);
        const Reply made = make_key(*body, 0x9A, 0x11);
        REQUIRE(made.sw == 0x9000);
        const std::string told = hex(*body, "00F7009A");
        CHECK(told.starts_with(applet ? "01011102020201030100" : "01011102020201030101"));
        CHECK(told.ends_with(to_hex(ByteView{made.data}.subspan(3))));
    }
}

}  // namespace kartsaz::sim::test
