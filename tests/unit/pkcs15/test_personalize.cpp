// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "apdu/error.h"
#include "libcard/reader/sim_transport.h"
#include "libcard/sim/body.h"
#include "tests/support/bureau.h"
#include "tests/support/vectors.h"

namespace {
using namespace kartsaz;
}

TEST_CASE("a signature card is made on a blank IsoApplet", "[signature]") {
    sim::NewBody options;
    options.kind = "isoapplet";
    const auto body = sim::Body::create(options);
    const test::Bureau bureau{"signature"};
    const auto card = reader::sim_transport(*body);
    const auto receipt = perso::personalize(*card, bureau.run());
    CHECK(receipt.complete);
    for (const auto& step : receipt.steps) fmt::print("{:04X} {}\n", step.sw.value(), step.label);
    fmt::print("{} {} {}\n", receipt.written.commands, receipt.written.bytes_out, receipt.written.bytes_in);
    const auto again = perso::prepare(*card, bureau.run(nullptr, {.update = true}));
    for (const auto& step : again.plan.steps) fmt::print("again: {}\n", step.label);
    for (const auto& [n,v] : again.state.facts) fmt::print("{}: {}\n", n, v);
    CHECK(again.plan.empty());
}
