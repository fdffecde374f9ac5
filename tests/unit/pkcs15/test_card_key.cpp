// SPDX-License-Identifier: Apache-2.0
// Signing as the card's holder does: what is refused before the PIN costs a try.
#include <catch2/catch.hpp>

#include "apdu/decorator.h"
#include "apdu/error.h"
#include "libcard/app/pkcs15/card_key.h"
#include "libcard/app/pkcs15/commands.h"
#include "tests/unit/pkcs15/isoapplet_card.h"

using namespace kartsaz;
using namespace kartsaz::test;
namespace p15 = app::pkcs15;

namespace {

/// Counts all commands, and those with a PIN in them.
class Counted final : public apdu::TransportDecorator {
public:
    using TransportDecorator::TransportDecorator;
    std::size_t commands = 0, attempts = 0;
    apdu::ResponseApdu transmit(const apdu::CommandApdu& command) override {
        ++commands;
        if (command.ins == 0x20 && !command.data.empty()) {
            ++attempts;
            CHECK(command.data.size() == 16);
        }
        return below().transmit(command);
    }
};

struct Refusal {
    Errc code{};
    std::string text;
};

Refusal refusal(apdu::Transport& card, const std::string& pin) {
    try {
        p15::card_identity(card, secret(pin), "");
    } catch (const Error& error) {
        return {error.code(), error.what()};
    }
    return {};
}

}  // namespace

TEST_CASE("a PIN of a length that no card takes is refused before anything is sent") {
    auto made = finished_card({});
    for (const std::size_t size : {0U, 1U, 3U, 17U, 64U, 300U}) {
        INFO(size);
        Counted card{made.card.card()};
        const auto refused = refusal(card, std::string(size, '4'));
        CHECK(refused.code == Errc::usage);
        CHECK(refused.text == "the PIN has 4 to 16 characters; nothing was sent");
        CHECK(card.commands == 0);
    }
    made.card.restart();
    CHECK(made.card.tries() == 3);
}

TEST_CASE("a PIN of any possible length is filled to sixteen bytes") {
    for (const std::string pin : {"4839", "483920", "4839204839204839"}) {
        INFO(pin.size());
        const auto sent = p15::padded_pin(secret(pin));
        CHECK(sent.reveal([](ByteView bytes) {
            return Bytes{bytes.begin(), bytes.end()};
        }) == concat({to_bytes(pin), Bytes(16 - pin.size(), 0x00)}));
    }
}

TEST_CASE("the card's key signs with the right PIN, which is tried once") {
    auto made = finished_card({});
    made.card.card().reset();
    Counted card{made.card.card()};
    const auto identity = p15::card_identity(card, secret("483920"), "");
    CHECK(identity.key->public_key() == made.public_key);
    CHECK_FALSE(identity.key->sign_digest(keys::HashAlgorithm::sha256, Bytes(32, 0x55)).empty());
    CHECK(card.attempts == 1);
}

TEST_CASE("a card that hashes with SHA-1 itself is refused before its PIN is tried") {
    auto made = finished_card({}, "isoapplet-v0");
    made.card.card().reset();
    Counted card{made.card.card()};
    const auto refused = refusal(card, "483920");
    CHECK(refused.code == Errc::card_refused);
    CHECK_THAT(refused.text, Catch::Contains("SHA-1") && Catch::Contains("the PIN was not tried"));
    CHECK(card.attempts == 0);

    CardLayout rsa;
    rsa.algorithm = keys::KeyAlgorithm::rsa_2048;
    auto other = finished_card(rsa, "isoapplet-v0");
    other.card.card().reset();
    CHECK(p15::card_identity(other.card.card(), secret("483920"), "").key->public_key() == other.public_key);
}
