// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "apdu/decorator.h"
#include "keys/pin.h"
#include "libcard/app/pkcs15/commands.h"
#include "tests/unit/pkcs15/isoapplet_card.h"

using namespace kartsaz;
using namespace kartsaz::test;
namespace p15 = app::pkcs15;

namespace {

/// Counts attempts at the PIN.
class Attempts final : public apdu::TransportDecorator {
public:
    using TransportDecorator::TransportDecorator;
    std::size_t count = 0;
    apdu::ResponseApdu transmit(const apdu::CommandApdu& command) override {
        if (command.ins == 0x20 && !command.data.empty()) {
            ++count;
            CHECK(command.data.size() == 16);
        }
        CHECK(command.ins != 0x24);
        CHECK(command.ins != 0x2C);
        return below().transmit(command);
    }
};

struct Reading {
    app::DumpApplication read;
    std::size_t attempts = 0;
    std::string fact(const char* name) const { return read.fact(name); }
};

Reading read(SignatureCard& card, const p15::ReadOptions& options) {
    card.card().reset();
    Attempts attempts{card.card()};
    auto application = p15::read_application(attempts, options);
    REQUIRE(application);
    card.restart();
    return {std::move(*application), attempts.count};
}

Reading read_with(SignatureCard& card, const std::string& pin) {
    const auto holder = secret(pin);
    p15::ReadOptions options;
    options.pin = &holder;
    return read(card, options);
}

const keys::KeyStore& store() {
    static const auto keys = keys::development_keys();
    return *keys;
}
const std::string identity = "chip 4790-0001";

Reading read_as_issuer(SignatureCard& card,
                       const std::optional<perso::TransportPin>& made = perso::TransportPin{}) {
    p15::ReadOptions options;
    options.keys = &store();
    options.identity = identity;
    options.transport_pin = made;
    return read(card, options);
}

/// A card with the issuer's transport PIN.
SignatureCard delivered() {
    SignatureCard card;
    const auto pin = keys::derive_pin(store().keyset("pin"), "pin", identity, 6);
    card.set_pin(pin.reveal([](ByteView digits) { return to_text(digits); }));
    return card;
}

}  // namespace

TEST_CASE("the transport PIN is told by the card that takes it") {
    auto card = delivered();
    const auto seen = read_as_issuer(card);
    CHECK(seen.fact("pin.status") == "63C3");
    CHECK(seen.fact("pin.state") == "transport");
    CHECK(seen.fact("pin.tries") == "3");
    CHECK(seen.fact("pin.tries.after") == "3");
    CHECK(seen.attempts == 1);
}

TEST_CASE("a PIN that the holder changed costs one try, once") {
    SignatureCard card;
    card.set_pin("112358");
    const auto seen = read_as_issuer(card);
    CHECK(seen.fact("pin.state") == "changed");
    CHECK(seen.fact("pin.tries") == "3");
    CHECK(seen.fact("pin.tries.after") == "2");
    CHECK(seen.attempts == 1);
    CHECK(card.tries() == 2);
    for (int i = 0; i < 3; ++i) {
        const auto later = read_as_issuer(card);
        CHECK(later.fact("pin.state") == "not tried");
        CHECK(later.fact("pin.why").find("only when all are") != std::string::npos);
        CHECK(later.attempts == 0);
        CHECK(card.tries() == 2);
    }
    CHECK(card.verify("112358").ok());
}

TEST_CASE("the transport PIN is not tried without keys or without an identity") {
    auto card = delivered();
    p15::ReadOptions options;
    options.transport_pin = perso::TransportPin{};
    auto seen = read(card, options);
    CHECK(seen.fact("pin.state") == "not tried");
    CHECK(seen.fact("pin.why").find("no PIN was given") != std::string::npos);
    options.keys = &store();
    seen = read(card, options);
    CHECK(seen.fact("pin.state") == "not tried");
    CHECK(seen.fact("pin.why").find("neither chip nor document number") != std::string::npos);
    CHECK(seen.attempts == 0);
    CHECK(card.tries() == 3);
}

TEST_CASE("a transport PIN of another length or keyset costs no try where receipt or profile tells of it") {
    SignatureCard card;
    const auto pin = keys::derive_pin(store().keyset("pin"), "pin", identity, 8);
    card.set_pin(pin.reveal([](ByteView digits) { return to_text(digits); }));
    const auto other = read_as_issuer(card, perso::TransportPin{"other", 8});
    CHECK(other.attempts == 0);
    CHECK(other.fact("pin.why").find("no keys \"other\"") != std::string::npos);

    const auto told = read_as_issuer(card, perso::TransportPin{"pin", 8});
    CHECK(told.attempts == 1);
    CHECK(told.fact("pin.state") == "transport");
    CHECK(told.fact("pin.digits") == "8");
    CHECK(card.tries() == 3);
}

TEST_CASE("a given PIN is used instead of the transport PIN, and counted") {
    SignatureCard card;
    card.set_pin("112358");
    auto seen = read_with(card, "112358");
    CHECK(seen.fact("pin.state") == "verified");
    CHECK(seen.attempts == 1);
    seen = read_with(card, "999999");
    CHECK(seen.fact("pin.state") == "refused");
    CHECK(seen.fact("pin.tries.after") == "2");
    CHECK(seen.attempts == 1);
    // two are left: one may be tried, and the right one brings back all
    seen = read_with(card, "112358");
    CHECK(seen.fact("pin.tries") == "2");
    CHECK(seen.fact("pin.state") == "verified");
    CHECK(seen.fact("pin.tries.after") == "3");
    const auto holder = secret("112358");
    p15::ReadOptions both;
    both.keys = &store();
    both.identity = identity;
    both.pin = &holder;
    CHECK(read(card, both).fact("pin.state") == "verified");
}

TEST_CASE("the last try is never spent, not even on the right PIN") {
    SignatureCard card;
    card.set_pin("112358");
    card.verify("999999");
    card.verify("999999");
    REQUIRE(card.tries() == 1);
    for (const char* pin : {"112358", "999999"}) {
        const auto seen = read_with(card, pin);
        CHECK(seen.fact("pin.state") == "not tried");
        CHECK(seen.fact("pin.why").find("never spent") != std::string::npos);
        CHECK(seen.attempts == 0);
        CHECK(card.tries() == 1);
    }
    CHECK(read_as_issuer(card).attempts == 0);
}

TEST_CASE("a blocked PIN is told and left alone") {
    SignatureCard card;
    card.set_pin("112358");
    for (int i = 0; i < 3; ++i) card.verify("999999");
    const auto seen = read_with(card, "112358");
    CHECK(seen.fact("pin.state") == "blocked");
    CHECK(seen.fact("pin.tries") == "0");
    CHECK(seen.attempts == 0);
}

TEST_CASE("a PIN that was never set is told and no attempt is made") {
    SignatureCard card;
    const auto seen = read_with(card, "112358");
    CHECK(seen.fact("pin.state") == "none");
    CHECK(seen.fact("pin.status") == "9000");
    CHECK(seen.attempts == 0);
}

TEST_CASE("a PIN too long or too short for the card is not sent, and that is said") {
    SignatureCard card;
    card.set_pin("112358");
    for (const char* pin : {"123", "12345678901234567", "12345678901234567890"}) {
        INFO(pin);
        const auto seen = read_with(card, pin);
        CHECK(seen.attempts == 0);
        CHECK(seen.fact("pin.state") == "not tried");
        CHECK(seen.fact("pin.why").find("4 to 16 characters") != std::string::npos);
    }
    CHECK(card.tries() == 3);
}

TEST_CASE("whose PIN it is that was given is told by the keys, each time and at no cost") {
    const auto given = [](SignatureCard& card, const std::string& pin, bool with_keys = true) {
        const auto holder = secret(pin);
        p15::ReadOptions options;
        options.pin = &holder;
        options.identity = identity;
        options.transport_pin = perso::TransportPin{};
        if (with_keys) options.keys = &store();
        return read(card, options);
    };
    SignatureCard card;
    card.set_pin("112358");
    for (int i = 0; i < 2; ++i) {
        const auto seen = given(card, "112358");
        CHECK(seen.fact("pin.state") == "verified");
        CHECK(seen.fact("pin.given") == "changed");
        CHECK(seen.attempts == 1);
    }
    CHECK(given(card, "112358", false).fact("pin.given").empty());
    CHECK(given(card, "999999").fact("pin.given").empty());

    auto fresh = delivered();
    const auto pin = keys::derive_pin(store().keyset("pin"), "pin", identity, 6);
    const auto digits = pin.reveal([](ByteView bytes) { return to_text(bytes); });
    CHECK(given(fresh, digits).fact("pin.given") == "transport");
}

TEST_CASE("no PIN is ever in a fact") {
    auto card = delivered();
    auto seen = read_as_issuer(card);
    const auto pin = keys::derive_pin(store().keyset("pin"), "pin", identity, 6);
    const std::string digits = pin.reveal([](ByteView bytes) { return to_text(bytes); });
    const std::string hex = pin.reveal([](ByteView bytes) { return to_hex(bytes); });
    for (const auto& [name, value] : seen.read.facts) {
        CHECK(value.find(digits) == std::string::npos);
        CHECK(value.find(hex) == std::string::npos);
    }
}
