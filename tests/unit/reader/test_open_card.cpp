// SPDX-License-Identifier: Apache-2.0
#include "apdu/exchanger.h"
#include "apdu/iso7816.h"
#include "apdu/transcript.h"
#include "libcard/reader/reader.h"
#include "libcard/reader/sim_transport.h"
#include "libcard/sim/body.h"
#include "libcard/sim/power_lost.h"
#include "tests/support/vectors.h"
#include "tests/unit/apdu/support.h"

using namespace kartsaz;
using namespace kartsaz::reader;
using test::check_error;

namespace {

const apdu::CommandApdu select_manager = apdu::select_aid(from_hex("A000000151000000"));

sim::NewBody same_each_time(const std::string& kind) {
    sim::NewBody out;
    out.kind = kind;
    out.seed = Bytes(48, 0x5E);
    return out;
}

sim::Faults at(sim::Faults::Kind kind, std::uint64_t apdu) {
    return {kind, apdu, 0};
}

}  // namespace

TEST_CASE("a simulated body is powered by its transport and off after it") {
    const auto body = sim::Body::create(same_each_time("kartsaz"));
    {
        const auto card = sim_transport(*body);
        CHECK(card->atr() == body->atr());
        CHECK_FALSE(card->atr().empty());
        CHECK(card->reset() == body->atr());
        CHECK(card->transmit(select_manager).data.size() > 8);
    }
    CHECK_THROWS_AS(body->transmit(from_hex("0084000008")), sim::PowerLost);
}

TEST_CASE("the limits of a simulated body are learned in two commands, or in none") {
    const auto large = sim::Body::create(same_each_time("kartsaz"));
    CHECK(sim_transport(*large)->limits().command_data > 255);
    CHECK(large->apdu_count() == 2);
    const auto small = sim::Body::create(same_each_time("jmrtd"));
    const auto card = sim_transport(*small);
    CHECK_FALSE(card->limits().extended());
    CHECK(small->apdu_count() == 0);
}

TEST_CASE("a body that loses its power is a removed card, and stays away") {
    const auto body = sim::Body::create(same_each_time("kartsaz"));
    const auto card = sim_transport(*body);
    body->set_faults({at(sim::Faults::Kind::cut_before, 1)});
    check_error([&] { card->transmit(apdu::get_challenge(8)); }, Errc::card_removed, {"lost power"});
    check_error([&] { card->transmit(apdu::get_challenge(8)); }, Errc::card_removed);
    check_error([&] { card->reset(); }, Errc::card_removed);
    body->set_faults({});
    CHECK(sim_transport(*body)->transmit(select_manager).sw.ok());
}

TEST_CASE("sim: opens the body of a file and keeps others off it") {
    const auto file = test::scratch_dir() / "reader.body";
    sim::Body::create(file, same_each_time("kartsaz")).reset();
    const auto card = open_card("sim:" + file.string());
    CHECK(card->transmit(select_manager).sw.ok());
    check_error([&] { open_card("sim:" + file.string()); }, Errc::store_failed);
    check_error([] { open_card("sim:/nowhere/at/all"); }, Errc::store_failed, {"/nowhere/at/all"});
}

TEST_CASE("replay: plays a transcript of a file") {
    const auto file = test::scratch_dir() / "session.apdu";
    test::write_bytes(file, to_bytes("! ATR 3B80800101\n> 0084000008\n< 0102030405060708 9000\n"));
    const auto card = open_card("replay:" + file.string());
    CHECK(to_hex(card->atr()) == "3B80800101");
    CHECK(card->transmit(apdu::get_challenge(8)).data.size() == 8);
    check_error([&] { card->transmit(apdu::get_challenge(8)); }, Errc::input_invalid,
                {"session.apdu", "nothing more"});
    check_error([] { open_card("replay:/nowhere.apdu"); }, Errc::input_invalid, {"/nowhere.apdu"});
}

TEST_CASE("a session with a simulated body is recorded and played back") {
    std::string text;
    const auto run = [](apdu::Transport& card) {
        apdu::Exchanger exchanger{card};
        exchanger.transmit(apdu::select_aid(from_hex("A0000002471001")));
        exchanger.transmit(apdu::get_challenge(8));
        return exchanger.transmit(apdu::select_ef(0x0101)).sw;
    };
    const auto body = sim::Body::create(same_each_time("kartsaz"));
    const auto card = sim_transport(*body);
    apdu::RecordingTransport recorder{*card, [&](std::string_view line) { text.append(line) += '\n'; },
                                      apdu::RecordingTransport::Form::full};
    const auto sw = run(recorder);
    apdu::ReplayTransport again{text, "record"};
    CHECK(run(again) == sw);
    CHECK(again.finished());
}
