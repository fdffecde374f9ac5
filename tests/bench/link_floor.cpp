// SPDX-License-Identifier: Apache-2.0
// Modelled seconds of a personalization over the floor that no tool can go below on that link: the payload in
// the largest blocks the card takes, one plain command header for each, and the time the memory needs to
// write it.
#include <algorithm>

#include "libcard/perso/estimate.h"
#include "libcard/reader/sim_transport.h"
#include "libcard/sim/body.h"
#include "libcard/sim/link_model.h"
#include "tests/bench/figure.h"
#include "tests/support/bureau.h"

namespace kartsaz::bench {
namespace {

using test::Bureau;

/// Bytes that must reach the card: file contents, and the data of keys and passwords.
std::size_t payload_of(const perso::Prepared& prepared) {
    std::size_t payload = prepared.image.content_bytes();
    for (const auto& step : prepared.plan.steps) {
        if (std::holds_alternative<perso::SecretCommand>(step.action)) payload += step.data_size();
    }
    return payload;
}

double floor_seconds(const std::string& link_name, std::size_t payload, std::size_t block, double write) {
    const auto link = sim::link_model(link_name);
    constexpr std::size_t header = 7;  // CLA INS P1 P2 and an extended Lc
    double seconds = write;
    for (std::size_t sent = 0; sent < payload; sent += block) {
        seconds += sim::exchange_seconds(link, header + std::min(block, payload - sent), 2);
    }
    return seconds;
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
    const std::size_t payload = payload_of(prepared);
    const std::size_t block = card->limits().command_data;
    perso::execute(*card, prepared, run);
    const auto time = body->time();
    const double floor = floor_seconds(link, payload, block, time.write);
    outcome.results.push_back(
        {name, time.total() / floor, "ratio", Bound::at_most, 1.05,
         std::to_string(payload) + " payload bytes, looking at the blank card included"});
    outcome.results.push_back({"  modelled", time.total(), "s", Bound::none, 0, ""});
    outcome.results.push_back({"  floor", floor, "s", Bound::none, 0, ""});
    outcome.results.push_back({"  of_it_memory", time.write, "s", Bound::none, 0, ""});
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
