// SPDX-License-Identifier: Apache-2.0
// What the real applet answered, command for command, and what OpenSC did with an emulated one.
#include <catch2/catch.hpp>

#include "signature_card.h"
#include "tests/support/vectors.h"

namespace kartsaz::sim::test {
namespace {

/// `expected` is hexadecimal; ?? stands for any byte, a star for any bytes.
bool fits(const std::string& expected, const Bytes& response) {
    const std::string got = to_hex(response);
    if (expected.starts_with('*')) return got.ends_with(expected.substr(1));
    if (expected.size() != got.size()) return false;
    for (std::size_t at = 0; at < got.size(); ++at) {
        if (expected[at] != '?' && expected[at] != got[at]) return false;
    }
    return true;
}

constexpr std::string_view verify_pin_of_trace = "0020000104 31323334";

/// An extended Le of 0000 is a number to the applet, and too small for a signature: the bench on which the
/// transcript was made put 7FFF in its place.
bool signs_with_open_le(const std::string& command) {
    return command.starts_with("002A9E9A000033") && command.ends_with("0000");
}

}  // namespace

TEST_CASE("bodies answer as the real applet did", "[sim][signature][vectors]") {
    std::size_t replayed = 0;
    for (const auto& vector : kartsaz::test::vectors("isoapplet_transcript", "card-transcript")) {
        NewBody options;
        options.kind = vector.text("body");
        options.seed = Bytes(32, 9);
        auto body = Body::create(options);
        body->power_on();
        for (const auto& step : vector.data.at("steps")) {
            if (step.at(0) == "reset") {
                body->power_on();
                continue;
            }
            const auto command = step.at(0).get<std::string>(), expected = step.at(1).get<std::string>();
            INFO(vector.id() << ": " << step.at(2).get<std::string>() << ": " << command);
            const Bytes response = body->transmit(from_hex(command));
            INFO("expected " << expected << ", got " << to_hex(response));
            CHECK((signs_with_open_le(command) ? to_hex(response) == "6C00" : fits(expected, response)));
            ++replayed;
        }
    }
    CHECK(replayed > 1000);
}

TEST_CASE("what OpenSC wrote on an emulated applet lands on a body of kind isoapplet-v0",
          "[sim][signature][vectors]") {
    const auto traces = kartsaz::test::vectors("isoapplet_trace", "apdu-trace");
    REQUIRE_FALSE(traces.empty());
    auto body = blank_signature_card("isoapplet-v0");
    for (const auto& step : traces.front().data.at("apdus")) {
        const Bytes command = from_hex(step.at("c").get<std::string>());
        const Bytes expected = from_hex(step.at("r").get<std::string>());
        const Reply reply = fetch(*body, send(*body, command));
        INFO(to_hex(command));
        CHECK(big_endian(ByteView{expected}.last(2)) == reply.sw);
        const bool random = command[1] == 0x46 || command[1] == 0x2A;
        CHECK(reply.data.size() == expected.size() - 2);
        if (!random) CHECK(to_hex(reply.data) == to_hex(ByteView{expected}.first(expected.size() - 2)));
    }
    // the files that the same source says were there at the end
    std::size_t files = 0;
    for (const auto& file : kartsaz::test::vectors("isoapplet_trace", "pkcs15-file")) {
        REQUIRE(sw(*body, verify_pin_of_trace) == 0x9000);
        REQUIRE(sw(*body, "00A4000C02" + file.text("file_id")) == 0x9000);
        Bytes content = file.bytes("content_without_trailing_zero");
        content.resize(file.data.at("allocated").get<std::size_t>(), 0);
        const Reply reply = send(*body, "00B00000000000");
        CHECK(reply.sw == 0x9000);
        CHECK(to_hex(reply.data) == to_hex(content));
        ++files;
    }
    CHECK(files >= 11);
}

}  // namespace kartsaz::sim::test
