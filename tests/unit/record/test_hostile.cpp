// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <functional>
#include <random>

#include "apdu/error.h"
#include "libcard/record/date.h"
#include "libcard/record/finger_template.h"
#include "libcard/record/photo.h"
#include "libcard/record/pixels.h"
#include "libcard/record/record.h"
#include "libcard/record/text.h"
#include "tests/support/vectors.h"
#include "tests/unit/record/cases.h"

using namespace kartsaz;
using namespace kartsaz::record;

namespace {

constexpr int rounds = 20'000;

/// The same inputs in every run: a few bytes changed, taken away, doubled or cut, hostile values preferred.
class Mutator {
public:
    explicit Mutator(unsigned seed) : random_{seed} {}

    Bytes change(const Bytes& good) {
        Bytes out = good;
        for (int edits = 1 + pick(4); edits > 0 && !out.empty(); --edits) {
            const auto at = static_cast<std::ptrdiff_t>(pick(static_cast<int>(out.size())));
            switch (pick(6)) {
                case 0:
                    out[static_cast<std::size_t>(at)] ^= static_cast<std::uint8_t>(1 << pick(8));
                    break;
                case 1:
                    out[static_cast<std::size_t>(at)] = hostile[static_cast<std::size_t>(pick(6))];
                    break;
                case 2:
                    out[static_cast<std::size_t>(at)] = static_cast<std::uint8_t>(pick(256));
                    break;
                case 3:
                    out.erase(out.begin() + at);
                    break;
                case 4:
                    out.insert(out.begin() + at, static_cast<std::uint8_t>(pick(256)));
                    break;
                default:
                    if (pick(4) == 0) out.resize(static_cast<std::size_t>(at));
            }
        }
        return out;
    }

private:
    static constexpr std::array<std::uint8_t, 6> hostile{0x00, 0xFF, 0x7F, 0x80, 0x01, 0xFE};
    int pick(int below) { return static_cast<int>(random_() % static_cast<unsigned>(below)); }
    std::mt19937 random_;
};

struct Tally {
    int accepted = 0;
    int refused = 0;
};

/// Runs `parse` on mutations of `good`; anything but success or Error{input_invalid} fails the test.
Tally run(const Bytes& good, unsigned seed, int count, const std::function<void(const Bytes&)>& parse) {
    Mutator mutator{seed};
    Tally tally;
    for (int i = 0; i < count; ++i) {
        const Bytes bad = mutator.change(good);
        try {
            parse(bad);
            ++tally.accepted;
        } catch (const Error& error) {
            if (error.code() != Errc::input_invalid) FAIL("round " << i << ": " << error.what());
            ++tally.refused;
        } catch (const std::exception& error) {
            FAIL("round " << i << ": " << error.what());
        }
    }
    return tally;
}

Pixels small_picture() {
    Pixels out{48, 56, 3, {}};
    for (unsigned i = 0; i < 48 * 56 * 3; ++i) out.samples.push_back(static_cast<std::uint8_t>(i * i / 97));
    return out;
}

}  // namespace

TEST_CASE("mutated ISO templates are accepted or refused in words", "[record]") {
    const Bytes good = test::read_bytes(test::demo_dir() / "left-thumb.fmr");
    const Tally tally = run(good, 1, rounds, [](const Bytes& bad) { parse_finger_template(bad, "x"); });
    CHECK(tally.refused > rounds / 4);
    CHECK(tally.accepted + tally.refused == rounds);
}

TEST_CASE("mutated INCITS 378 templates are accepted or refused in words", "[record]") {
    const Bytes good = test::read_bytes(test::good2_dir() / "left-index.fmr");
    const Tally tally = run(good, 2, rounds, [](const Bytes& bad) { parse_finger_template(bad, "x"); });
    CHECK(tally.refused > rounds / 4);
}

TEST_CASE("mutated JPEG photos are accepted or refused in words", "[record]") {
    const Bytes good = encode_jpeg(small_picture(), 60, "x");
    const Tally tally = run(good, 3, rounds, [](const Bytes& bad) { parse_photo(bad, "x"); });
    CHECK(tally.refused > rounds / 4);
}

TEST_CASE("mutated JPEG 2000 photos are accepted or refused in words", "[record]") {
    const Bytes good = test::read_bytes(test::data_dir() / "records" / "small.jp2");
    const Tally tally = run(good, 4, rounds, [](const Bytes& bad) { parse_photo(bad, "x"); });
    CHECK(tally.refused > rounds / 4);
}

TEST_CASE("mutated records are refused in words", "[record]") {
    const Bytes good = test::read_bytes(test::demo_dir() / "record.json");
    // without the files beside it, so that only the record is looked at
    const Tally tally =
        run(good, 5, rounds, [](const Bytes& bad) { parse(to_text(bad), test::scratch_dir()); });
    CHECK(tally.refused == rounds);
}

TEST_CASE("mutated texts are accepted or refused in words", "[record]") {
    const std::string text = "كاظمي نمونهٔ ۱۲۳ ﷲ ﻻ \u200Fعلی\u200Cرضا 1369/01/30 محمّد ABC-d'e";
    const Tally tally = run(to_bytes(text), 6, rounds, [](const Bytes& bad) {
        const std::string changed = to_text(bad);
        std::string rule;
        parse_date(changed, rule);
        national_id_fault(changed);
        const std::string once = normalize_persian(changed).text;
        if (normalize_persian(once).text != once)
            throw std::runtime_error{"normalizing twice differs from once"};
        fold_persian(changed);
        transliterate_name(changed);
    });
    CHECK(tally.refused > 0);
}
