// SPDX-License-Identifier: Apache-2.0
// The power fails at every APDU, before and after the card worked, and inside every write; the answer is
// lost. The same call goes on, and the issuer has one valid certificate for each of the card's keys.
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "apdu/error.h"
#include "libcard/app/piv/cbeff.h"
#include "libcard/app/piv/face.h"
#include "libcard/perso/journal.h"
#include "tests/support/vectors.h"
#include "tests/unit/piv/made_piv_card.h"

namespace {

using namespace kartsaz;
using namespace kartsaz::test;
using sim::Faults;

struct TearPoint {
    Faults::Kind kind;
    std::uint64_t at;
    std::uint32_t value = 0;
};

/// Every APDU, in two ways each: the power goes when the card has answered, then inside of a write. The card
/// of before an APDU is that of after the one before it; test_tear loses answers, too.
std::vector<TearPoint> tear_points(std::uint64_t apdus) {
    std::vector<TearPoint> out;
    for (std::uint64_t n = 1; n <= apdus; ++n) {
        out.push_back({Faults::Kind::cut_after, n});
        out.push_back({Faults::Kind::cut_in_write, n, n % 2 == 0 ? 1U : 60U});
    }
    return out;
}

/// Tears at each point from `start`, goes on by the same call, and says what was wrong then.
std::string torn_everywhere(sim::Body& body, const Bytes& start, const std::string& profile,
                            std::uint64_t apdus) {
    std::string faults;
    std::size_t torn = 0;
    for (const auto& point : tear_points(apdus)) {
        Bureau bureau{profile};
        body.restore(start);
        body.set_faults({{point.kind, point.at, point.value}});
        try {
            make_piv(body, bureau);
        } catch (const Error& error) {
            ++torn;
            if (error.code() != Errc::interrupted && error.code() != Errc::card_removed &&
                error.code() != Errc::reader_failed)
                faults += fmt::format("APDU {}: {}\n", point.at, error.what());
        }
        body.set_faults({});
        std::string fault;
        try {
            make_piv(body, bureau);
            fault = faults_of_piv(body, bureau);
        } catch (const Error& error) {
            fault = error.what();
        }
        if (!fault.empty()) {
            faults += fmt::format("kind {}, APDU {}, {} bytes: {}\n", static_cast<int>(point.kind), point.at,
                                  point.value, fault);
        }
    }
    fmt::print("piv: {} APDUs, torn {} times, all finished by the same call\n", apdus, torn);
    CHECK(torn >= apdus);
    return faults.substr(0, 3000);
}

std::uint64_t apdus_of(sim::Body& body, const Bureau& bureau) {
    const auto before = body.apdu_count();
    make_piv(body, bureau);
    return body.apdu_count() - before;
}

}  // namespace

namespace {

void tear_kind(const std::string& kind) {
    const auto profile = piv_profile();
    const auto body = piv_body(kind);
    const Bytes blank = body->snapshot();
    const auto apdus = apdus_of(*body, Bureau{profile});
    CHECK(torn_everywhere(*body, blank, profile, apdus) == "");
}

}  // namespace

TEST_CASE("a PIV card torn anywhere is finished by the same call", "[piv][tear]") {
    tear_kind("kartsaz-piv");
}

TEST_CASE("a PIV card like PivApplet torn anywhere is finished by the same call", "[piv][tear]") {
    tear_kind("pivapplet");
}

TEST_CASE("a PIV card like CanoKey torn anywhere is finished by the same call", "[piv][tear]") {
    tear_kind("canokey");
}

namespace {

/// The photo on the card.
Bytes photo_of(sim::Body& body, const Bureau& bureau) {
    const auto card = read_piv(body, bureau);
    const auto object = app::piv::decode_biometric(card.file("face")->content, "face");
    return app::piv::decode_face(object.block, "face").image;
}

record::Photo other_photo(const Bureau& bureau) {
    return record::reencode_photo(bureau.record().photo, 2'000, "photo");
}

}  // namespace

TEST_CASE("a change of the photo torn anywhere is finished by the same call, or taken back", "[piv][tear]") {
    const auto [kind, back] = GENERATE(
        table<std::string, bool>({{"kartsaz-piv", false}, {"kartsaz-piv", true}, {"canokey", true}}));
    INFO(kind << (back ? ", taken back" : ""));
    const auto profile = piv_profile();
    const auto body = piv_body(kind);
    Bureau first{profile};
    const auto folder = scratch_dir() / fmt::format("piv-torn-{}-{}", kind, back);
    std::filesystem::remove_all(folder);
    perso::Journal journal{folder};
    const auto chip = make_piv(*body, first, &journal).chip;
    const auto entry = journal.find(chip).value();
    const Bytes complete = body->snapshot();
    const Bytes before = photo_of(*body, first);
    const auto unchanged = first.record().photo;
    const auto changed = other_photo(first);
    first.change().photo = changed;
    first.change_order().now += 86'400;
    const perso::Permits permits{.update = true};
    const auto start = body->apdu_count();
    make_piv(*body, first, nullptr, permits);
    const auto apdus = body->apdu_count() - start;
    const Bytes after = photo_of(*body, first);
    REQUIRE(after != before);
    std::string faults;
    for (const auto& point : tear_points(apdus)) {
        body->restore(complete);
        journal.save(entry);
        first.change().photo = changed;
        body->set_faults({{point.kind, point.at, point.value}});
        const auto torn = [&] {
            try {
                make_piv(*body, first, &journal, permits);
                return false;
            } catch (const Error&) {
                return true;
            }
        }();
        body->set_faults({});
        if (back) first.change().photo = unchanged;
        std::string fault;
        try {
            make_piv(*body, first, &journal, permits);
            fault = faults_of_piv(*body, first);
            if (photo_of(*body, first) != (back ? before : after)) fault += "another photo";
            if (journal.find(chip)->stage != "complete") fault += "the journal does not say complete";
        } catch (const Error& error) {
            fault = error.what();
        }
        if (!fault.empty())
            faults += fmt::format("kind {}, APDU {}, {} bytes, torn {}: {}\n", static_cast<int>(point.kind),
                                  point.at, point.value, torn, fault);
    }
    fmt::print("piv, a new photo on {}{}: torn at {} APDUs\n", kind, back ? ", taken back" : "", apdus);
    CHECK(faults.substr(0, 3000) == "");
}
