// SPDX-License-Identifier: Apache-2.0
// The power fails, or a response is lost, at every APDU of a personalization: the same call on the same card
// goes on, and the card verifies clean.
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "tests/faults/tear.h"

namespace kartsaz::faults {
namespace {

/// Which points of a trip: each APDU with each kind of cut, or also writes cut inside, and each without a
/// journal, too.
enum class Depth { each_apdu, everything };

void every_point_of(const std::string& name, const std::string& profile, const std::string& kind,
                    Depth depth) {
    const Station station{profile};
    const auto body = seeded_body(kind);
    const Bytes blank = body->snapshot();
    const auto trip = survey(station, *body, {});
    REQUIRE(station.faults_of(*body) == "");
    Tally tally;
    for (const bool with_journal : {true, false}) {
        if (depth == Depth::each_apdu && !with_journal) continue;
        for (const auto& point : points_of(trip)) {
            if (depth == Depth::each_apdu && point.kind == sim::Faults::Kind::cut_in_write) continue;
            body->restore(blank);
            Desk desk{with_journal};
            tally.add(tear_and_resume(station, *body, desk, trip, point));
        }
    }
    fmt::print("tear, {} on {}: {} APDUs, {} points, {} passed, none skipped\n", name, kind,
               trip.writes.size(), tally.points, tally.passed);
    CHECK(tally.points >= 3 * trip.writes.size());
    CHECK(tally.faults == "");
    CHECK(tally.passed == tally.points);
}

constexpr const char* open_profile = "national-eid-open";

}  // namespace

TEST_CASE("A national-eid card torn at any APDU is completed by the same call and verifies clean", "[tear]") {
    every_point_of("national-eid", shipped_profile("national-eid"), "kartsaz", Depth::everything);
}

TEST_CASE("An open passport applet torn at any APDU is completed by the same call and verifies clean",
          "[tear]") {
    every_point_of(open_profile, shipped_profile(open_profile), "jmrtd", Depth::each_apdu);
}

// An RSA key pair is a function of the chip and takes its time each time; the rest of the card is as above.
TEST_CASE("An open passport applet torn inside any write is completed by the same call and verifies clean",
          "[tear]") {
    const auto profile = replaced(shipped_profile(open_profile), "active_authentication = \"rsa-1024\"",
                                  "active_authentication = \"none\"");
    every_point_of("national-eid-open without a chip key", profile, "jmrtd", Depth::everything);
}

TEST_CASE("An open passport applet torn anywhere at all is completed and verifies clean", "[.full]") {
    every_point_of(open_profile, shipped_profile(open_profile), "jmrtd", Depth::everything);
}

TEST_CASE("A card torn again while it is being completed is completed by the third call", "[tear]") {
    const Station station{shipped_profile("national-eid")};
    const auto body = seeded_body("kartsaz");
    const Bytes blank = body->snapshot();
    const auto trip = survey(station, *body, {});
    Tally tally;
    for (std::uint64_t first = 1; first <= trip.writes.size(); first += 7) {
        body->restore(blank);
        Desk desk{true};
        const Point torn{sim::Faults::Kind::cut_after, first, 0};
        REQUIRE(tear(station, *body, desk, trip, torn) == "");
        const Bytes half = body->snapshot();
        const auto entry = desk.entry();
        const auto rest = survey(station, *body, {});
        for (std::uint64_t second = 1; second <= rest.writes.size(); second += 2) {
            for (const auto kind : {sim::Faults::Kind::cut_before, sim::Faults::Kind::cut_after}) {
                body->restore(half);
                Desk again{true};
                again.put(entry);
                tally.add(tear_and_resume(station, *body, again, rest, {kind, second, 0}));
            }
        }
    }
    fmt::print("tear, a second one while completing: {} points, {} passed, none skipped\n", tally.points,
               tally.passed);
    CHECK(tally.points > 100);
    CHECK(tally.faults == "");
    CHECK(tally.passed == tally.points);
}

TEST_CASE("A torn change of a finished card is completed by the same call and verifies clean", "[tear]") {
    Station station{shipped_profile("national-eid")};
    const auto body = seeded_body("kartsaz");
    Desk first{true};
    station.personalize(*body, first.journal());
    const Bytes complete = body->snapshot();
    const auto entry = first.entry();
    REQUIRE(entry);
    station.record().postal_code = "1987654321";
    station.record().address_fa = "شیراز، خیابان دیگر، پلاک ۷";
    const perso::Permits permits{.update = true};
    const auto trip = survey(station, *body, permits);
    REQUIRE(station.faults_of(*body) == "");
    Tally tally;
    for (const bool with_journal : {true, false}) {
        for (const auto& point : points_of(trip)) {
            body->restore(complete);
            Desk desk{with_journal};
            desk.put(entry);
            tally.add(tear_and_resume(station, *body, desk, trip, point));
        }
    }
    fmt::print("tear, a change of a finished card: {} APDUs, {} points, {} passed, none skipped\n",
               trip.writes.size(), tally.points, tally.passed);
    CHECK(tally.points > 3 * trip.writes.size());
    CHECK(tally.faults == "");
    CHECK(tally.passed == tally.points);
}

}  // namespace kartsaz::faults
