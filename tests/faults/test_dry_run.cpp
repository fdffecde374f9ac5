// SPDX-License-Identifier: Apache-2.0
// What the dry run says is what happens: commands and bytes exactly (but for the length that an ECDSA
// signature of the card happens to have), seconds within 5 % of the card's own model.
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <cmath>

#include "apdu/counting.h"
#include "apdu/error.h"
#include "libcard/reader/sim_transport.h"
#include "tests/faults/station.h"

namespace kartsaz::faults {
namespace {

constexpr double allowed = 0.05;

struct Outcome {
    std::size_t steps = 0;
    double predicted = 0, modelled = 0;
};

perso::Traffic traffic_of(const apdu::CountingTransport& counting) {
    const auto& count = counting.count();
    return {count.commands, count.bytes_to_card, count.bytes_from_card};
}

/// The DER form of an ECDSA signature is some bytes shorter or longer than usual; under R-ENCRYPTION that may
/// be a block.
std::uint64_t unknown_bytes(const perso::Plan& plan) {
    constexpr std::uint8_t perform_security_operation = 0x2A;
    constexpr std::uint64_t block = 16;
    std::uint64_t out = 0;
    for (const auto& step : plan.steps) out += step.ins() == perform_security_operation ? block : 0;
    return out;
}

std::uint64_t apart(std::uint64_t a, std::uint64_t b) {
    return a > b ? a - b : b - a;
}

/// Predicts one call, makes it, and holds the two against each other.
Outcome predict_and_do(const Station& station, sim::Body& body, perso::Permits permits = {}) {
    const auto raw = reader::sim_transport(body);
    apdu::CountingTransport card{*raw};
    const auto run = station.run(nullptr, permits);
    auto prepared = perso::prepare(card, run);
    CHECK(prepared.observed == traffic_of(card));
    card.restart();
    body.reset_time();
    const auto receipt = perso::execute(card, prepared, run);
    const auto real = traffic_of(card);
    CHECK(prepared.estimate.traffic.commands == real.commands);
    CHECK(prepared.estimate.traffic.bytes_out == real.bytes_out);
    CHECK(apart(prepared.estimate.traffic.bytes_in, real.bytes_in) <= unknown_bytes(prepared.plan));
    CHECK(receipt.written == real);
    CHECK(receipt.observed == prepared.observed);
    const auto& estimate = prepared.estimate;
    const auto time = body.time();
    INFO(fmt::format(
        "predicted {:.4f} = {:.4f} link + {:.4f} compute + {:.4f} write, modelled {:.4f} = {:.4f} "
        "+ {:.4f} + {:.4f}",
        estimate.seconds, estimate.link, estimate.compute, estimate.write, time.total(), time.link,
        time.compute, time.write));
    CHECK(std::abs(estimate.seconds - time.total()) <= allowed * time.total());
    return {prepared.plan.steps.size(), estimate.seconds, time.total()};
}

void tell(const std::string& what, const Outcome& outcome) {
    fmt::print("dry-run, {}: {} steps exact, {:.3f} s predicted, {:.3f} s modelled ({:+.2f} %)\n", what,
               outcome.steps, outcome.predicted, outcome.modelled,
               outcome.modelled > 0 ? 100 * (outcome.predicted / outcome.modelled - 1) : 0);
}

}  // namespace

TEST_CASE("The dry run is exact for every profile on a blank body", "[dry-run]") {
    const auto [profile, kind] = GENERATE(table<std::string, std::string>({{"national-eid", "kartsaz"},
                                                                           {"national-eid-open", "jmrtd"},
                                                                           {"emrtd", "kartsaz"},
                                                                           {"signature", "isoapplet"}}));
    const Station station{shipped_profile(profile)};
    const auto body = seeded_body(kind);
    const auto blank = predict_and_do(station, *body);
    CHECK(blank.steps > 10);
    tell(fmt::format("{} on {}, blank", profile, kind), blank);
    const auto complete = predict_and_do(station, *body);
    CHECK(complete.steps == 0);
}

TEST_CASE("The dry run is exact for a card torn at any APDU", "[dry-run]") {
    const auto [profile, kind] = GENERATE(table<std::string, std::string>({{"national-eid", "kartsaz"},
                                                                           {"national-eid-open", "jmrtd"},
                                                                           {"emrtd", "kartsaz"},
                                                                           {"signature", "isoapplet"}}));
    const Station station{shipped_profile(profile)};
    const auto body = seeded_body(kind);
    const Bytes blank = body->snapshot();
    const auto start = body->apdu_count();
    station.personalize(*body, nullptr);
    const auto whole = body->apdu_count() - start;
    for (std::uint64_t n = 1; n < whole; ++n) {
        INFO(fmt::format("{} on {}, torn after APDU {}", profile, kind, n));
        body->restore(blank);
        body->set_faults({{sim::Faults::Kind::cut_after, n, 0}});
        REQUIRE_THROWS_AS(station.personalize(*body, nullptr), Error);
        body->set_faults({});
        const auto outcome = predict_and_do(station, *body);
        CHECK(outcome.steps > 0);
    }
    fmt::print("dry-run, {} on {}: exact in {} torn states\n", profile, kind, whole - 1);
}

TEST_CASE("The dry run knows what the older command set sends in pieces", "[dry-run]") {
    const Station station{
        replaced(shipped_profile("signature"), "algorithm = \"ec-p256\"", "algorithm = \"rsa-2048\"")};
    const auto body = seeded_body("isoapplet-v0");
    const auto outcome = predict_and_do(station, *body);
    CHECK(outcome.steps > 10);
    tell("signature on isoapplet-v0, RSA 2048", outcome);
}

TEST_CASE("The dry run is exact for a change of a finished card", "[dry-run]") {
    Station station{shipped_profile("national-eid")};
    const auto body = seeded_body("kartsaz");
    station.personalize(*body, nullptr);
    station.record().postal_code = "1987654321";
    const auto outcome = predict_and_do(station, *body, {.update = true});
    CHECK(outcome.steps > 0);
    tell("national-eid, a change", outcome);
}

TEST_CASE("The dry run is right on every link", "[dry-run]") {
    const std::string link = GENERATE("contact", "contact-11", "contact-18", "contact-94", "contactless-106",
                                      "contactless-212", "contactless-424", "contactless-848");
    const auto [profile, kind] = GENERATE(
        table<std::string, std::string>({{"national-eid", "kartsaz"}, {"national-eid-open", "jmrtd"}}));
    auto text = shipped_profile(profile);
    // an ATR does not tell the rate of a contactless link; the station's profile does
    if (link.starts_with("contactless-"))
        text += "\n[timing]\ncontactless_rate = \"" + link.substr(link.size() - 3) + "\"\n";
    const Station station{text};
    const auto body = seeded_body(kind, link);
    INFO(fmt::format("{} on {}, {}", profile, kind, link));
    tell(fmt::format("{} on {}, {}", profile, kind, link), predict_and_do(station, *body));
}

TEST_CASE("The dry run is exact in every form of the secure channel", "[dry-run]") {
    const int i = GENERATE(0x00, 0x10, 0x20, 0x30, 0x60, 0x70, 0x01, 0x71);
    const std::string level = GENERATE("01", "03", "11", "13", "33");
    const bool r_mac = level[0] != '0', r_enc = level[0] == '3';
    const bool supported = (!r_mac || (i & 0x20) != 0) && (!r_enc || (i & 0x60) == 0x60);
    if (!supported) return;  // the card cannot do it: Amendment D, table 5-1
    // key data and PINs are sent to the applications, so their own channels encrypt whatever the card
    // manager's does
    const std::string inner = level[1] == '1' ? level.substr(0, 1) + "3" : level;
    auto text = shipped_profile("national-eid");
    const auto section = text.find("[pkcs15]");
    const Station station{replaced(text.substr(0, section), "level = \"03\"", "level = \"" + level + "\"") +
                          replaced(text.substr(section), "level = \"03\"", "level = \"" + inner + "\"")};
    const auto body = seeded_body("kartsaz", "contact", static_cast<std::uint8_t>(i));
    INFO(fmt::format("i = {:02X}, level {}", i, level));
    tell(fmt::format("i = {:02X}, level {}", i, level), predict_and_do(station, *body));
}

}  // namespace kartsaz::faults
