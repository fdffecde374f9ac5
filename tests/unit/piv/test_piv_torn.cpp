// SPDX-License-Identifier: Apache-2.0
// The power fails at every APDU, before and after the card worked, and inside every write; the answer is
// lost. The same call goes on, and the issuer has one valid certificate for each of the card's keys.
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "apdu/error.h"
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

std::vector<TearPoint> tear_points(std::uint64_t apdus) {
    std::vector<TearPoint> out;
    for (std::uint64_t n = 1; n <= apdus; ++n) {
        for (const auto kind :
             {Faults::Kind::cut_before, Faults::Kind::cut_after, Faults::Kind::drop_response})
            out.push_back({kind, n});
        for (const std::uint32_t bytes : {1U, 60U}) out.push_back({Faults::Kind::cut_in_write, n, bytes});
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
    CHECK(torn > 3 * apdus - 3);
    return faults.substr(0, 3000);
}

std::uint64_t apdus_of(sim::Body& body, const Bureau& bureau) {
    const auto before = body.apdu_count();
    make_piv(body, bureau);
    return body.apdu_count() - before;
}

}  // namespace

TEST_CASE("a PIV card torn anywhere is finished by the same call", "[piv][tear]") {
    const auto kind = GENERATE(as<std::string>{}, "kartsaz-piv", "pivapplet", "canokey");
    INFO(kind);
    const auto profile = piv_profile();
    const auto body = piv_body(kind);
    const Bytes blank = body->snapshot();
    const auto apdus = apdus_of(*body, Bureau{profile});
    CHECK(torn_everywhere(*body, blank, profile, apdus) == "");
}
