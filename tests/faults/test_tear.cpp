// SPDX-License-Identifier: Apache-2.0
// The power fails, or a response is lost, at every APDU of a personalization: the same call on the same card
// goes on, and the card verifies clean. Whatever the CA issued on the way is on the card or revoked.
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <functional>

#include "tests/faults/tear.h"

namespace kartsaz::faults {
namespace {

/// Which points of a trip: each APDU with each kind of cut, or also writes cut inside, and each without a
/// journal, too.
enum class Depth { each_apdu, everything };

void every_point_of(const std::string& name, const std::string& profile, const std::string& kind,
                    Depth depth) {
    Station station{profile};
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
            Desk desk{station, with_journal};
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

std::string two_keys() {
    return replaced(shipped_profile("signature"), "keys = \"signature\"",
                    "keys = \"signature authentication\"");
}

}  // namespace

TEST_CASE("A national-eid card torn at any APDU is completed by the same call and verifies clean", "[tear]") {
    every_point_of("national-eid", shipped_profile("national-eid"), "kartsaz", Depth::everything);
}

TEST_CASE("A signature card torn at any APDU is completed by the same call and verifies clean", "[tear]") {
    every_point_of("signature", shipped_profile("signature"), "isoapplet", Depth::everything);
}

TEST_CASE("A card of two key pairs torn at any APDU is completed by the same call and verifies clean",
          "[tear]") {
    every_point_of("signature with two keys", two_keys(), "isoapplet", Depth::each_apdu);
}

TEST_CASE("An open passport applet torn at any APDU is completed by the same call and verifies clean",
          "[tear]") {
    every_point_of(open_profile, shipped_profile(open_profile), "jmrtd", Depth::each_apdu);
}

TEST_CASE("A PIV card torn at any APDU is completed by the same call and verifies clean", "[tear]") {
    every_point_of("piv", shipped_profile("piv"), "kartsaz-piv", Depth::everything);
}

TEST_CASE("A PIV card of short commands torn at any APDU is completed by the same call", "[tear]") {
    every_point_of("piv", shipped_profile("piv"), "pivapplet", Depth::each_apdu);
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
    Station station{shipped_profile("national-eid")};
    const auto body = seeded_body("kartsaz");
    const Bytes blank = body->snapshot();
    const auto trip = survey(station, *body, {});
    Tally tally;
    for (std::uint64_t first = 1; first <= trip.writes.size(); first += 7) {
        body->restore(blank);
        Desk desk{station, true};
        const Point torn{sim::Faults::Kind::cut_after, first, 0};
        REQUIRE(tear(station, *body, desk, trip, torn) == "");
        const Bytes half = body->snapshot();
        const auto entry = desk.entry();
        const Desk trial{station, false, desk.books()};
        const auto rest = survey(station, *body, {});
        for (std::uint64_t second = 1; second <= rest.writes.size(); second += 2) {
            for (const auto kind : {sim::Faults::Kind::cut_before, sim::Faults::Kind::cut_after}) {
                body->restore(half);
                Desk again{station, true, desk.books()};
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

namespace {

/// What is asked of the card after the torn change.
enum class Then { the_same, as_before };

/// A finished card, a change of its record, and the update torn at every point.
void every_point_of_change(const std::string& name, const std::string& profile, const std::string& kind,
                           const std::function<void(record::Record&)>& change, Then then = Then::the_same) {
    Station station{profile};
    const auto before = station.record();
    const auto body = seeded_body(kind);
    Desk first{station, true};
    station.personalize(*body, first.journal());
    const Bytes complete = body->snapshot();
    const auto entry = first.entry();
    change(station.record());
    const perso::Permits permits{.update = true};
    const auto trip = [&] {
        const Desk trial{station, false, first.books()};
        auto out = survey(station, *body, permits);
        REQUIRE(station.faults_of(*body) == "");
        return out;
    }();
    Tally tally;
    for (const bool with_journal : {true, false}) {
        for (const auto& point : points_of(trip)) {
            body->restore(complete);
            Desk desk{station, with_journal, first.books()};
            desk.put(entry);
            station.record() = before;
            change(station.record());
            auto fault = tear(station, *body, desk, trip, point);
            if (then == Then::as_before) station.record() = before;
            if (fault.empty()) fault = resume(station, *body, desk, permits);
            tally.add(fault.empty() ? "" : named(point, desk, fault));
        }
    }
    fmt::print("tear, {}: {} APDUs, {} points, {} passed, none skipped\n", name, trip.writes.size(),
               tally.points, tally.passed);
    CHECK(tally.points > 3 * trip.writes.size());
    CHECK(tally.faults == "");
    CHECK(tally.passed == tally.points);
}

}  // namespace

TEST_CASE("A torn change of a finished card is completed by the same call and verifies clean", "[tear]") {
    every_point_of_change("a change of a finished card", shipped_profile("national-eid"), "kartsaz",
                          [](record::Record& record) {
                              record.postal_code = "1987654321";
                              record.address_fa = "شیراز، خیابان دیگر، پلاک ۷";
                          });
}

TEST_CASE("A torn exchange of certificates leaves the card with the new ones, and the old ones revoked",
          "[tear]") {
    every_point_of_change("a change of the holder's name", two_keys(), "isoapplet",
                          [](record::Record& record) { record.name.given_fa = "مریم"; });
}

TEST_CASE("A torn exchange of certificates that is taken back leaves no revoked certificate on the card",
          "[tear]") {
    every_point_of_change(
        "a change of the holder's name that is taken back", shipped_profile("signature"), "isoapplet",
        [](record::Record& record) { record.name.given_fa = "مریم"; }, Then::as_before);
}

}  // namespace kartsaz::faults
