// SPDX-License-Identifier: Apache-2.0
// What goes over the wire of a PIV card's secrets is in no trace, plan or receipt.
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "apdu/decorator.h"
#include "apdu/describe.h"
#include "keys/management_key.h"
#include "keys/pin.h"
#include "libcard/reader/sim_transport.h"
#include "tests/unit/piv/made_piv_card.h"

namespace {

using namespace kartsaz;
using namespace kartsaz::test;

/// Keeps what was sent, and what a trace with everything that may be shown says of it.
class Listener final : public apdu::TransportDecorator {
public:
    explicit Listener(apdu::Transport& below) : TransportDecorator{below} {}
    apdu::ResponseApdu transmit(const apdu::CommandApdu& command) override {
        auto response = below().transmit(command);
        const apdu::MaskOptions show{.show_personal = true};
        sent += to_hex(apdu::encode(command)) + "\n";
        told += apdu::describe(command) + "\n" + apdu::masked(command, show) + "\n" +
                apdu::masked(response, command, show) + "\n";
        return response;
    }
    std::string sent, told;
};

std::string hex_of(const keys::SecretBytes& secret) {
    return secret.reveal([](ByteView bytes) { return to_hex(bytes); });
}

}  // namespace

TEST_CASE("PIN, PUK and management key go to the card, and into no trace, plan or receipt", "[piv]") {
    const auto [kind, algorithm] =
        GENERATE(table<std::string, unsigned>({{"kartsaz-piv", 0x0CU}, {"pivapplet", 0x03U}}));
    INFO(kind);
    Bureau bureau{piv_profile()};
    const auto body = piv_body(kind);
    const auto raw = reader::sim_transport(*body);
    Listener card{*raw};
    const auto receipt = perso::personalize(card, bureau.run());
    const std::string identity = "chip " + receipt.chip;
    const auto& store = bureau.keys();
    const auto management =
        keys::derive_management_key(store.keyset("piv-management"), identity,
                                    static_cast<std::uint8_t>(algorithm), algorithm == 0x03 ? 24 : 32);
    const std::string secrets[] = {hex_of(keys::derive_pin(store.keyset("pin"), "pin", identity, 6)),
                                   hex_of(keys::derive_pin(store.keyset("pin"), "puk", identity, 8)),
                                   hex_of(management)};
    std::string paper = receipt.chip;
    for (const auto& step : receipt.steps) paper += step.id + step.label;
    for (const auto& [id, name] : receipt.secrets) paper += id + name;
    for (const auto& [id, digest] : receipt.learned) paper += id + digest;
    for (const auto& secret : secrets) {
        CHECK(card.sent.find(secret) != std::string::npos);
        CHECK(card.told.find(secret) == std::string::npos);
        CHECK(paper.find(secret) == std::string::npos);
        CHECK(paper.find(to_text(from_hex(secret))) == std::string::npos);
    }
    CHECK(receipt.learned.size() == 12);  // key, request and certificate of each of four
}
