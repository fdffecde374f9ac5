// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/piv/card.h"

#include <catch2/catch.hpp>

#include "apdu/chaining.h"
#include "apdu/command.h"
#include "keys/pkcs12.h"
#include "libcard/app/piv/commands.h"
#include "libcard/app/piv/key_commands.h"

namespace kartsaz::test {
namespace {
namespace piv = app::piv;

constexpr std::size_t short_block = 255;

}  // namespace

PivCard::PivCard(const std::string& kind) {
    sim::NewBody wish;
    wish.kind = kind;
    wish.seed = Bytes(32, 0x51);
    body_ = sim::Body::create(wish);
    transport_ = reader::sim_transport(*body_);
}

void PivCard::power_up() {
    transport_.reset();
    body_->set_faults({});
    transport_ = reader::sim_transport(*body_);
}

void PivCard::administer() {
    apdu::Exchanger card{*transport_};
    card.reset();
    apdu::expect(card.transmit(piv::select_application()), "select");
    const auto key = piv::factory_management_key();
    const auto asked = apdu::expect(card.transmit(piv::ask_witness(piv::algorithm_des3)), "witness");
    const Bytes witness =
        piv::under_management_key(piv::algorithm_des3, key, piv::dynamic_data(asked.data, 0x80), false);
    apdu::expect(card.transmit(piv::answer_witness(piv::algorithm_des3, witness, Bytes(8, 0x11))), "proof");
}

std::uint16_t PivCard::put(std::uint16_t id, ByteView value) {
    apdu::Exchanger card{*transport_};
    std::uint16_t sw = 0;
    for (const auto& part : piv::put_data(*piv::container_of_id(id), value, short_block)) {
        sw = card.transmit(part).sw.value();
        if (sw != 0x9000) break;
    }
    return sw;
}

std::uint16_t PivCard::import(std::uint8_t reference, const keys::SecretBytes& pem) {
    const auto numbers = keys::private_numbers(pem);
    const bool rsa = numbers.size() > 1;
    const auto field = rsa ? piv::import_rsa_field(numbers) : piv::import_ec_field(numbers.at(0));
    const std::uint8_t algorithm = rsa ? piv::algorithm_rsa_2048 : piv::algorithm_ec_p256;
    auto command = piv::import_header(reference, algorithm, false);
    command.data = field.reveal([](ByteView bytes) { return Bytes(bytes.begin(), bytes.end()); });
    std::uint16_t sw = 0;
    for (const auto& part : apdu::chain(command, short_block)) {
        sw = transport_->transmit(part).sw.value();
        if (sw != 0x9000) break;
    }
    return sw;
}

void PivCard::load(const app::piv::ObjectFolder& folder) {
    administer();
    for (const auto& one : folder.objects) {
        INFO(one.file);
        REQUIRE(put(one.id, one.value) == 0x9000);
    }
    for (const auto& key : folder.keys) {
        INFO(key.file);
        REQUIRE(import(key.reference, key.pem) == 0x9000);
    }
    transport_->reset();
}

app::DumpApplication PivCard::read(const std::string& pin) {
    return read_through(*transport_, pin);
}

app::DumpApplication PivCard::read_through(apdu::Transport& transport, const std::string& pin) {
    const keys::SecretBytes given{ByteView{to_bytes(pin)}};
    app::piv::ReadOptions options;
    if (!pin.empty()) options.pin = &given;
    transport.reset();
    auto out = app::piv::read_application(transport, options);
    REQUIRE(out);
    return *out;
}

}  // namespace kartsaz::test
