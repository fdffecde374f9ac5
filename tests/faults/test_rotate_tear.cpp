// SPDX-License-Identifier: Apache-2.0
// A card whose keys are being changed, torn at every APDU, and a station that dies at every APDU: the card
// answers to exactly one version that we know, and the same call ends it.
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <optional>

#include "apdu/decorator.h"
#include "apdu/error.h"
#include "libcard/reader/sim_transport.h"
#include "tests/faults/station.h"
#include "tests/unit/perso/rotation.h"

namespace kartsaz::faults {
namespace {

using app::globalplatform::rotate_keys;
using app::globalplatform::Rotation;
using test::new_version;
using test::old_version;
using Kind = sim::Faults::Kind;

const std::vector<int> only_old{old_version}, only_new{new_version}, both{old_version, new_version};

/// Not an Error, so that nothing in the station handles it: what a SIGKILL leaves is what is on disk and
/// card.
struct Killed {};

/// Dies at one APDU, before it is sent or when it was answered.
class Dying final : public apdu::TransportDecorator {
public:
    Dying(apdu::Transport& below, std::uint64_t at, bool answered)
        : TransportDecorator{below}, at_{at}, answered_{answered} {}
    apdu::ResponseApdu transmit(const apdu::CommandApdu& command) override {
        const bool last = ++count_ == at_;
        if (last && !answered_) throw Killed{};
        auto response = below().transmit(command);
        if (last) throw Killed{};
        return response;
    }

private:
    std::uint64_t at_;
    bool answered_;
    std::uint64_t count_ = 0;
};

/// A card and a station's journal that start anew for every point.
class Bench {
public:
    /// @param stuck  the new keys were put beside the old ones already
    explicit Bench(bool stuck) : store_{test::two_versions()}, body_{test::issued_body(*store_)} {
        if (stuck) test::put_keys(*body_, *store_, "issuer", old_version, 0, new_version);
        before_ = body_->snapshot();
        const auto start = body_->apdu_count();
        test::rotate(*body_, *store_);
        apdus_ = body_->apdu_count() - start;
        again();
    }

    std::uint64_t apdus() const { return apdus_; }
    sim::Body& body() { return *body_; }
    void again() {
        body_->restore(before_);
        folder_.emplace();
        journal_.emplace(folder_->path());
    }

    void rotate() { test::rotate(*body_, *store_, &*journal_); }
    void rotate_and_die(std::uint64_t at, bool answered) {
        const auto card = reader::sim_transport(*body_);
        Dying dying{*card, at, answered};
        Rotation rotation;
        rotation.to = new_version;
        rotate_keys(dying, *store_, rotation, &*journal_);
    }

    /// Empty when the torn card is as it may be, and the same call brings it to the new keys alone.
    std::string wrong_after_the_tear(bool stuck) {
        const auto torn = test::versions_on(*body_);
        const bool allowed = torn == only_new || torn == (stuck ? both : only_old);
        if (!allowed) return fmt::format("the card holds {} versions after the tear", torn.size());
        if (!test::all_tries_left(*body_)) return "an authentication try was spent";
        try {
            rotate();
        } catch (const Error& error) {
            return std::string{"the second call: "} + error.what();
        }
        if (test::versions_on(*body_) != only_new)
            return "the second call did not end with the new keys alone";
        if (!test::all_tries_left(*body_)) return "the second call spent an authentication try";
        std::optional<perso::JournalEntry> entry;
        for (const auto& file : std::filesystem::directory_iterator{folder_->path()}) {
            auto name = file.path().stem().string();
            if (const auto at = name.find("_keys"); at != std::string::npos) name[at] = ' ';
            entry = journal_->find(name);
        }
        if (entry && entry->stage != "complete") return "the journal says \"" + entry->stage + "\"";
        return {};
    }

private:
    std::unique_ptr<keys::KeyStore> store_;
    std::unique_ptr<sim::Body> body_;
    Bytes before_;
    std::uint64_t apdus_ = 0;
    std::optional<Folder> folder_;
    std::optional<perso::Journal> journal_;
};

}  // namespace

TEST_CASE("A card torn at any APDU of a rotation answers to one version, and the same call ends it",
          "[rotate]") {
    const bool stuck = GENERATE(false, true);
    Bench bench{stuck};
    REQUIRE(bench.apdus() > 8);
    std::size_t points = 0;
    for (std::uint64_t n = 1; n <= bench.apdus(); ++n) {
        for (const auto kind : {Kind::cut_before, Kind::cut_after, Kind::drop_response}) {
            bench.again();
            bench.body().set_faults({{kind, n, 0}});
            std::optional<Errc> code;
            try {
                bench.rotate();
            } catch (const Error& error) {
                code = error.code();
            }
            bench.body().set_faults({});
            INFO((stuck ? "both versions on it, " : "")
                 << "APDU " << n << ", fault " << static_cast<int>(kind));
            REQUIRE(code.has_value());
            CHECK((*code == Errc::card_removed || *code == Errc::interrupted));
            CHECK(bench.wrong_after_the_tear(stuck) == "");
            ++points;
        }
    }
    CHECK(points == 3 * bench.apdus());
}

TEST_CASE("A station that dies at any APDU of a rotation leaves a card that the next call ends", "[rotate]") {
    const bool stuck = GENERATE(false, true);
    Bench bench{stuck};
    for (std::uint64_t n = 1;; ++n) {
        bool died = false;
        for (const bool answered : {false, true}) {
            bench.again();
            try {
                bench.rotate_and_die(n, answered);
            } catch (const Killed&) {
                died = true;
            }
            INFO((stuck ? "both versions on it, " : "") << "APDU " << n << (answered ? " answered" : ""));
            CHECK(bench.wrong_after_the_tear(stuck) == "");
        }
        if (!died) break;
    }
}

TEST_CASE("After the first change was sent a lost card is resumable, before it is only removed", "[rotate]") {
    Bench bench{false};
    bool sent = false;
    for (std::uint64_t n = 1; n <= bench.apdus(); ++n) {
        bench.again();
        bench.body().set_faults({{Kind::cut_after, n, 0}});
        Errc code = Errc::internal;
        try {
            bench.rotate();
        } catch (const Error& error) {
            code = error.code();
        }
        bench.body().set_faults({});
        sent = sent || test::versions_on(bench.body()) == only_new;
        INFO("APDU " << n);
        CHECK(code == (sent ? Errc::interrupted : Errc::card_removed));
    }
    CHECK(sent);
}

}  // namespace kartsaz::faults
