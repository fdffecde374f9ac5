// SPDX-License-Identifier: Apache-2.0
// Commands that are malformed, random, or well protected with random content.
#include <catch2/catch.hpp>

#include <random>

#include "bodies.h"

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

}  // namespace kartsaz::sim::test
