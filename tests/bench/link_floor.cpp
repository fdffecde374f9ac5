// SPDX-License-Identifier: Apache-2.0
// Modelled seconds of a personalization over the floor that no tool can go below on that link.
//
// The rule of the floor. It is told by the finished card; what we send enters only where the card does not
// show it, and then each different command once, so that sending more never raises the floor:
// - each file that stands on the finished card: one CREATE, and its content (padding behind it not counted)
//   in blocks as large as the card takes;
// - each other command that changes the card or uses a PIN or key, once: keys, PUK, PIN, states, and per key
//   pair its choice, its making, one signature for its request. Equal commands are one command;
// - one opening of the card manager's secure channel, where keys or states of the card are set: it takes them
//   in no other way;
// - what only the card knows must come back: public key, signature, check value of a key;
// - all of it plain, with the shortest header and a status word;
// - the memory for file contents in whole pages, a page for each file, the pages of each such command;
// - the chip's own work of making a key and signing, and of taking up each of these commands.
// Not in the floor: all else of secure channels (further handshakes, MACs, padding, ciphering), SELECT, every
// question to the card, and reading. The modelled seconds have all of it, from the first look at a blank
// card.
#include <algorithm>
#include <set>
#include <tuple>

#include "apdu/error.h"
#include "apdu/iso7816.h"
#include "libcard/app/pkcs15/commands.h"
#include "libcard/perso/estimate.h"
#include "libcard/reader/sim_transport.h"
#include "libcard/sim/body.h"
#include "libcard/sim/link_model.h"
#include "tests/bench/figure.h"
#include "tests/support/bureau.h"

namespace kartsaz::bench {
namespace {

using test::Bureau;

constexpr std::uint8_t ins_select = 0xA4, ins_create = 0xE0, ins_update = 0xD6;

/// Adds up what the rule counts.
class Floor {
public:
    Floor(const std::string& link, std::size_t block) : link_{sim::link_model(link)}, block_{block} {}

    void command(std::size_t data, std::size_t answer, std::size_t pages, double work = 0) {
        const std::size_t header = data == 0    ? 4
                                   : data > 255 ? 7
                                                : 5;  // CLA INS P1 P2, Lc where there is data
        const std::size_t le = answer == 0 ? 0 : answer > 256 ? 2 : 1;
        seconds_ +=
            sim::exchange_seconds(link_, header + data + le, answer + 2) + link_.command_seconds + work;
        memory_ += static_cast<double>(pages) * link_.page_seconds;
        bytes_ += data + answer;
    }
    void content(std::size_t size) {
        for (std::size_t sent = 0; sent < size; sent += block_) command(std::min(block_, size - sent), 0, 0);
        memory_ += static_cast<double>(pages_of(size)) * link_.page_seconds;
    }
    std::size_t pages_of(std::size_t bytes) const {
        return (bytes + link_.page_bytes - 1) / link_.page_bytes;
    }

    double seconds() const { return seconds_ + memory_; }
    double memory() const { return memory_; }
    std::size_t bytes() const { return bytes_; }  ///< both ways, without headers and status words

private:
    sim::LinkModel link_;
    std::size_t block_;
    double seconds_ = 0, memory_ = 0;
    std::size_t bytes_ = 0;
};

const apdu::CommandApdu& header_of(const perso::Step& step) {
    if (const auto* secret = std::get_if<perso::SecretCommand>(&step.action)) return secret->header;
    if (const auto* late = std::get_if<perso::LateCommands>(&step.action)) return late->expected.front();
    return std::get<apdu::CommandApdu>(step.action);
}

/// Data bytes of the CREATE of each file and directory, as many times as it is planned.
std::vector<std::size_t> creations(const perso::Plan& plan) {
    std::vector<std::size_t> out;
    for (const auto& step : plan.steps) {
        if (header_of(step).ins == ins_create) out.push_back(header_of(step).data.size());
    }
    return out;
}

void add_commands(const perso::Plan& plan, Floor& floor) {
    std::set<std::tuple<std::size_t, std::uint8_t, std::uint8_t, std::uint8_t, Bytes>> seen;
    for (const auto& step : plan.steps) {
        const auto& header = header_of(step);
        if (header.ins == ins_select || header.ins == ins_create || header.ins == ins_update) continue;
        if (!seen.emplace(step.target, header.ins, header.p1, header.p2, header.data).second) continue;
        floor.command(step.data_size(), step.response_size, floor.pages_of(step.written), step.card_seconds);
    }
}

void add_handshake(const perso::Prepared& prepared, Floor& floor) {
    const bool managed =
        std::any_of(prepared.plan.steps.begin(), prepared.plan.steps.end(), [](const perso::Step& step) {
            return step.phase == perso::Phase::card_keys || step.phase == perso::Phase::card_life_cycle;
        });
    if (!managed) return;
    const std::size_t cryptogram = prepared.state.channel.form.s16 ? 16 : 8;
    floor.command(cryptogram, prepared.state.channel.initialize_update_size, 1);  // its sequence counter
    floor.command(2 * cryptogram, 0, 0);
}

/// What the file holds, without the room behind it. Everybody may read the signature application's files;
/// the passport's are as long as their content.
std::size_t content_size(apdu::Transport& card, const sim::Body::FileInfo& file) {
    if (!card.transmit(app::pkcs15::select_fid(file.fid)).sw.ok()) return file.size;
    const auto answer = card.transmit(apdu::read_binary(0, static_cast<std::uint32_t>(file.size)));
    std::size_t used = apdu::expect(answer, "read " + file.name).data.size();
    while (used > 0 && answer.data[used - 1] == 0x00) --used;
    return used;
}

void add_files(apdu::Transport& card, const sim::Body& body, const perso::Plan& plan, Floor& floor) {
    // the directory of the signature application is no file of the list
    const auto files = body.files();
    auto creates = creations(plan);
    std::sort(creates.begin(), creates.end());
    if (creates.size() < files.size()) throw Error{Errc::internal, "a file was made by no CREATE"};
    creates.resize(std::min(creates.size(), files.size() + 1));
    for (const std::size_t data : creates) floor.command(data, 0, 1);
    card.reset();
    apdu::expect(card.transmit(apdu::select_aid(app::pkcs15::applet_aid)), "signature application");
    for (const auto& file : files) floor.content(content_size(card, file));
}

void measure_link(const std::string& link, const std::string& name, Outcome& outcome) {
    const Bureau bureau{"national-eid"};
    sim::NewBody options;
    options.link = link;
    const auto body = sim::Body::create(options);
    const auto card = reader::sim_transport(*body);
    const auto run = bureau.run();
    body->reset_time();
    auto prepared = perso::prepare(*card, run);
    perso::execute(*card, prepared, run);
    const auto time = body->time();
    Floor floor{link, card->limits().command_data};
    add_handshake(prepared, floor);
    add_commands(prepared.plan, floor);
    add_files(*card, *body, prepared.plan, floor);
    outcome.results.push_back(
        {name, time.total() / floor.seconds(), "ratio", Bound::at_most, 1.05,
         std::to_string(floor.bytes()) + " bytes must pass, looking at the blank card included"});
    outcome.results.push_back({"  modelled", time.total(), "s", Bound::none, 0, ""});
    outcome.results.push_back({"  floor", floor.seconds(), "s", Bound::none, 0, ""});
    outcome.results.push_back({"  of_it_memory", floor.memory(), "s", Bound::none, 0, ""});
}

Outcome measure(const Options&) {
    Outcome outcome;
    measure_link("contact", "link_contact_ta1_96", outcome);
    measure_link("contactless-424", "link_contactless_424", outcome);
    return outcome;
}

}  // namespace

Figure link_floor() {
    return {"link_floor", "modelled seconds over the floor, contact TA1=96 and contactless 424 kbit/s",
            measure};
}

}  // namespace kartsaz::bench
