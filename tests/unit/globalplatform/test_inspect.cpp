// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <algorithm>

#include "libcard/app/inspect.h"
#include "libcard/reader/sim_transport.h"
#include "tests/unit/globalplatform/card.h"

using namespace kartsaz;
using namespace kartsaz::test;

namespace {

/// A link over which the list of applications comes a record at a time, or is cut short.
class NarrowLink final : public apdu::Transport {
public:
    explicit NarrowLink(apdu::Transport& below, bool cut = false) : below_{below}, cut_{cut} {}
    apdu::ResponseApdu transmit(const apdu::CommandApdu& command) override {
        const bool listing = command.ins == 0xF2 && command.p1 == 0x40;
        if (!listing) return below_.transmit(command);
        ++asked;
        auto narrow = command;
        narrow.ne = 30;  // one record; outside of what C-MAC protects
        auto answer = below_.transmit(narrow);
        if (cut_) answer.data.pop_back();
        return answer;
    }
    Bytes reset() override { return below_.reset(); }
    Bytes atr() const override { return below_.atr(); }
    apdu::BlockLimits limits() const override { return below_.limits(); }
    void refuse_extended() override { below_.refuse_extended(); }

    unsigned asked = 0;

private:
    apdu::Transport& below_;
    bool cut_;
};

bool lists(const app::Inspection& seen, const std::string& aid) {
    return std::any_of(seen.applications.begin(), seen.applications.end(), [&](const auto& field) {
        return field.first == aid && field.second == "life cycle 07";
    });
}

}  // namespace

TEST_CASE("inspect lists applications of which the card tells one at a time") {
    const auto card = body(3);
    const auto link = reader::sim_transport(*card);
    NarrowLink narrow{*link};
    const auto seen = app::inspect(narrow, *keys::development_keys(), true);
    CHECK(narrow.asked == 2);
    CHECK(lists(seen, "A0000002471001"));
    CHECK(lists(seen, "F276A288BCFBA69D34F31001"));
}

TEST_CASE("inspect tells of a broken list of applications, and looks at the rest of the body") {
    const auto card = body(3);
    const auto link = reader::sim_transport(*card);
    NarrowLink cut{*link, true};
    const auto seen = app::inspect(cut, *keys::development_keys(), true);
    CHECK(std::any_of(seen.remarks.begin(), seen.remarks.end(), [](const std::string& remark) {
        return remark.find("the list of applications is broken: GET STATUS") != std::string::npos;
    }));
    CHECK_FALSE(lists(seen, "A0000002471001"));
    CHECK(seen.blank);
    CHECK_FALSE(seen.profiles.empty());
}
