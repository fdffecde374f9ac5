// SPDX-License-Identifier: Apache-2.0
// Commands that are malformed, random, or well protected with random content.
#include <catch2/catch.hpp>

#include <random>

#include "bodies.h"
#include "signature_card.h"

namespace kartsaz::sim::test {
namespace {

NewBody options(const std::string& kind = "kartsaz") {
    NewBody out;
    out.kind = kind;
    out.open = kind == "kartsaz";
    out.seed = Bytes(32, 3);
    return out;
}

}  // namespace

TEST_CASE("malformed commands are answered 6700", "[sim][body]") {
    for (const auto& kind : passport_kinds()) {
        auto body = Body::create(options(kind.name));
        body->power_on();
        send(*body, select_passport);
        for (const char* bad :
             {"", "00", "00A4", "00A404", "00A404000200", "00A4040002AABBCCDD", "00A40400000001",
              "00A4040000000200", "00B00000000000FF", "00A40400000000AA"}) {
            INFO(kind.name << " " << bad);
            // 7 bytes with Lc1 = 00 are case 2 extended: well-formed, and refused only without extended
            // length
            const bool case_2e = from_hex(bad).size() == 7 && kind.name == "kartsaz";
            if (!case_2e) CHECK(sw(*body, bad) == 0x6700);
        }
        CHECK(sw(*body, "00FF0000") == 0x6D00);
        CHECK(sw(*body, "FFCA000000") == 0x6E00);
        CHECK(sw(*body, "00A4040007A000000247100100") == 0x9000);
        CHECK(sw(*body, "01A4040007A000000247100100") == 0x6881);
    }
    auto body = Body::create(options());
    body->power_on();
    CHECK(sw(*body, "10A4040007A000000247100100") == 0x6884);
}

TEST_CASE("fifty thousand random commands are all answered", "[sim][fuzz]") {
    std::mt19937 random{20261121};
    const auto pick = [&](unsigned below) { return static_cast<std::uint8_t>(random() % below); };
    const Bytes classes{0x00, 0x80, 0x84, 0x04, 0x0C, 0x10, 0x8C, 0x1C};
    const Bytes instructions{0xA4, 0xB0, 0xD6, 0xE0, 0xDA, 0x84, 0x82, 0x88,
                             0x86, 0x22, 0x50, 0xCA, 0xF2, 0xF0, 0xD8, 0xE4};
    std::size_t answered = 0;
    for (const auto& kind : passport_kinds()) {
        auto body = Body::create(options(kind.name));
        personalize(*body);
        for (unsigned n = 0; n < 20000; ++n) {
            if (n % 50 == 0) {
                body->power_on();
                if (n % 100 == 0) send(*body, select_passport);
                if (n % 200 == 0) open_bac(*body, access_seed());
            }
            Bytes command;
            if (pick(4) == 0) {
                command.resize(random() % 40);
                for (auto& byte : command) byte = pick(256);
            } else {
                command = {classes[pick(8)], instructions[pick(16)],
                           pick(3) == 0 ? pick(256) : std::uint8_t{0},
                           pick(3) == 0 ? pick(256) : std::uint8_t{0}};
                const std::uint8_t size = pick(48);
                command.push_back(size);
                for (unsigned i = 0; i < size; ++i)
                    command.push_back(pick(4) == 0 ? pick(256) : std::uint8_t{0x87});
                if (size > 2 && pick(2) == 0) command[6] = static_cast<std::uint8_t>(size - 2);
            }
            const Bytes response = body->transmit(command);
            if (response.size() < 2)
                FAIL("an answer of " << response.size() << " bytes to " << to_hex(command));
            ++answered;
        }
    }
    CHECK(answered == 60000);
}

TEST_CASE("random data in well protected commands is answered too", "[sim][fuzz]") {
    std::mt19937 random{7};
    const std::vector<std::string> headers{"80D83081", "80D80081", "80F24002", "80F28003",
                                           "00DA0062", "00DA0060", "00DA0066", "00E00000",
                                           "00D60000", "00B09E00", "80CA9F7F", "00A4040C"};
    NewBody wanted = options();
    auto body = Body::create(wanted);
    personalize(*body);
    const Bytes start = body->snapshot();
    std::size_t refused = 0;
    for (unsigned n = 0; n < 3000; ++n) {
        ScpHost host{transport_key()};
        if (n % 20 == 0) {
            body->restore(start);
            body->power_on();
        }
        if (n % 2 == 0) send(*body, select_passport);
        REQUIRE(host.open(*body, n % 3 == 0 ? 0x03 : 0x33, 0x30) == 0x9000);
        Bytes data(1 + random() % 90);
        for (auto& byte : data)
            byte = static_cast<std::uint8_t>(random() % 3 == 0 ? random() : 0x04 + random() % 3);
        const std::string command =
            headers[random() % headers.size()] + to_hex(big_endian(data.size(), 1)) + to_hex(data) + "00";
        if (host.send(*body, command).sw != 0x9000) ++refused;
    }
    CHECK(refused > 2000);
}

TEST_CASE("changed and random commands to the signature application are all answered",
          "[sim][fuzz][signature]") {
    std::mt19937 random{20261122};
    const auto pick = [&](std::size_t below) { return static_cast<std::uint8_t>(random() % below); };
    const std::vector<Bytes> seeds{
        from_hex("00E00000176F1582010183024401810200208608FF9090909090900000"),
        from_hex("00E00000136F11820138830250158608FF90909090909000"),
        from_hex("00A4080004501544010000"),
        from_hex("00A40000025015"),
        from_hex("00A404000CF276A288BCFBA69D34F31001"),
        from_hex("00D6000008DEADBEEF01020304"),
        from_hex("00B0000010"),
        from_hex("00B0810010"),
        from_hex("00E40000024401"),
        from_hex("002241B606800121840100"),
        from_hex("00224100068001EC840101"),
        from_hex("002A9E9A0401020304 50"),
        from_hex("002A80860400010203 00"),
        command("00460000", curve_parameters("secp256r1"), 256),
        command("00DB3FFF", concat({from_hex("E081CF"), curve_parameters("secp256r1")}), 0),
        from_hex("0020000106313233343536"),
        from_hex("00CA010100"),
        from_hex("0084000008"),
        from_hex("00C0000017")};
    for (const char* kind : {"kartsaz", "isoapplet", "isoapplet-v0"}) {
        auto body = signature_card(kind, true);
        REQUIRE(sw(*body, "00224100068001EC840100") == 0x9000);
        REQUIRE(generate_ec(*body, "secp256r1").sw == 0x9000);
        const Bytes start = body->snapshot();
        std::size_t good = 0;
        for (unsigned n = 0; n < 6000; ++n) {
            if (n % 40 == 0) {
                body->restore(start);
                body->power_on();
                send(*body, select_signature);
                send(*body, verify_pin);
            }
            Bytes command = seeds[pick(seeds.size())];
            for (unsigned changes = pick(4); changes > 0; --changes) {
                const std::size_t at = random() % command.size();
                command[at] =
                    pick(2) == 0 ? pick(256) : static_cast<std::uint8_t>(command[at] ^ (1U << pick(8)));
            }
            if (pick(8) == 0) command.resize(random() % command.size());
            // RSA keys take too long to be made by chance
            if (command.size() > 3 && command[1] == 0x46 && command[2] == 0x42) command[2] = 0x00;
            const Bytes response = body->transmit(command);
            if (response.size() < 2)
                FAIL("an answer of " << response.size() << " bytes to " << to_hex(command));
            if (response[response.size() - 2] == 0x90) ++good;
        }
        CHECK(good > 500);
        // and it still works
        body->restore(start);
        body->power_on();
        CHECK(sw(*body, select_signature) == 0x9000);
        CHECK(sw(*body, verify_pin) == 0x9000);
    }
}

}  // namespace kartsaz::sim::test
