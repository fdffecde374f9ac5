// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <filesystem>

#include "apdu/error.h"
#include "libcard/perso/personalize.h"
#include "libcard/reader/sim_transport.h"
#include "libcard/sim/body.h"
#include "tests/support/bureau.h"
#include "tests/support/vectors.h"

namespace {

using namespace kartsaz;
using perso::Journal;
using perso::Permits;
using sim::Body;
using sim::Faults;
using test::Bureau;

Journal fresh_journal(const char* name) {
    const auto folder = test::scratch_dir() / name;
    std::filesystem::remove_all(folder);
    return Journal{folder};
}

/// The error of a call that must fail. @returns its code and text
std::pair<Errc, std::string> refusal(Body& body, const perso::Run& run) {
    const auto card = reader::sim_transport(body);
    try {
        perso::personalize(*card, run);
    } catch (const Error& error) {
        return {error.code(), error.what()};
    }
    FAIL("not refused");
    return {Errc::internal, ""};
}

perso::Receipt write(Body& body, const perso::Run& run) {
    const auto card = reader::sim_transport(body);
    return perso::personalize(*card, run);
}

}  // namespace

TEST_CASE("a finished card is left alone by the same call and refused to another record", "[guard]") {
    const auto body = Body::create(sim::NewBody{});
    Journal kept = fresh_journal("guard-finished");
    const Bureau bureau{"national-eid"};
    CHECK(write(*body, bureau.run(&kept)).complete);
    CHECK(write(*body, bureau.run(&kept)).steps.empty());

    Bureau changed{"national-eid"};
    changed.change().postal_code = "1987654321";
    const auto [code, text] = refusal(*body, changed.run(&kept));
    CHECK(code == Errc::card_refused);
    CHECK_THAT(text, Catch::Contains("kartsaz update"));
    // another station, without this journal, sees it from the card itself
    CHECK(refusal(*body, changed.run()).first == Errc::card_refused);

    Bureau stranger{"national-eid"};
    stranger.change().document_number = "Z99999999";
    CHECK(refusal(*body, stranger.run()).first == Errc::card_refused);
}

TEST_CASE("an update writes the difference to a finished card, and nothing else may be updated", "[guard]") {
    const auto body = Body::create(sim::NewBody{});
    Bureau bureau{"national-eid"};
    const Permits update{.update = true};
    const auto [code, text] = refusal(*body, bureau.run(nullptr, update));
    CHECK(code == Errc::card_refused);
    CHECK_THAT(text, Catch::Contains("not complete yet"));
    const auto first = write(*body, bureau.run());
    bureau.change().postal_code = "1987654321";
    const auto second = write(*body, bureau.run(nullptr, update));
    CHECK(second.complete);
    CHECK(second.steps.size() < 8);
    CHECK(second.written.bytes_out * 10 < first.written.bytes_out);
    CHECK(write(*body, bureau.run()).steps.empty());
}

TEST_CASE("a card begun for one record is not finished with another without a permit", "[guard]") {
    const auto body = Body::create(sim::NewBody{});
    Journal journal = fresh_journal("guard-begun");
    const Bureau bureau{"national-eid"};
    body->set_faults({{Faults::Kind::cut_after, 20, 0}});
    CHECK(refusal(*body, bureau.run(&journal)).first == Errc::interrupted);
    Bureau other{"national-eid"};
    other.change().national_id = "1098765435";
    const auto [code, text] = refusal(*body, other.run(&journal));
    CHECK(code == Errc::card_refused);
    CHECK_THAT(text, Catch::Contains("--reassign"));
    CHECK(write(*body, bureau.run(&journal)).complete);
}

TEST_CASE("a chip that refused an authentication is left alone until released", "[guard]") {
    const auto body = Body::create(sim::NewBody{});
    Journal journal = fresh_journal("guard-authentication");
    const Bureau bureau{"national-eid"};
    std::uint64_t external_authenticate = 0;
    {  // find it: the first command of class 84, instruction 82
        const auto probe = Body::create(sim::NewBody{});
        const auto card = reader::sim_transport(*probe);
        auto prepared = perso::prepare(*card, bureau.run());
        external_authenticate = probe->apdu_count() + 1;
    }
    body->set_faults({{Faults::Kind::answer_sw, external_authenticate, 0x6300}});
    const auto [code, text] = refusal(*body, bureau.run(&journal));
    CHECK(code == Errc::secure_channel);
    CHECK_THAT(text, Catch::Contains("EXTERNAL AUTHENTICATE") && Catch::Contains("6300"));
    const auto count = body->apdu_count();
    const auto [again, why] = refusal(*body, bureau.run(&journal));
    CHECK(again == Errc::keys_failed);
    CHECK_THAT(why, Catch::Contains("--release-failed-authentication"));
    CHECK(body->apdu_count() - count <= 13);  // it was looked at, and not authenticated
    const auto receipt = write(*body, bureau.run(&journal, Permits{.release_failed_authentication = true}));
    CHECK(receipt.complete);
    CHECK_FALSE(journal.find(receipt.chip)->authentication_failed);
}

TEST_CASE("a void chip is refused", "[guard]") {
    const auto body = Body::create(sim::NewBody{});
    Journal journal = fresh_journal("guard-void");
    const Bureau bureau{"national-eid"};
    const auto receipt = write(*body, bureau.run(&journal));
    auto entry = *journal.find(receipt.chip);
    entry.stage = "void";
    journal.save(entry);
    const auto [code, text] = refusal(*body, bureau.run(&journal));
    CHECK(code == Errc::card_refused);
    CHECK_THAT(text, Catch::Contains("void"));
}

TEST_CASE("a production profile refuses development keys before anything is written", "[guard]") {
    const auto body = Body::create(sim::NewBody{});
    const auto file = test::scratch_dir() / "production.toml";
    auto text = to_text(test::read_bytes(std::filesystem::path{KARTSAZ_SOURCE_DIR} /
                                         "libcard/profile/shipped/national-eid.toml"));
    text.insert(text.find("applications"), "production = true\n");
    test::write_bytes(file, to_bytes(text));
    const Bureau bureau{file.string()};
    const Bytes before = body->snapshot();
    const auto [code, what] = refusal(*body, bureau.run());
    CHECK(code == Errc::keys_failed);
    CHECK_THAT(what, Catch::Contains("development keys"));
    CHECK(body->files().empty());
    CHECK(before.size() == body->snapshot().size());
}

TEST_CASE("an authentication that is refused while a finished card is looked at is remembered", "[guard]") {
    const auto body = Body::create(sim::NewBody{});
    Journal journal = fresh_journal("guard-looking");
    const Bureau bureau{"national-eid"};
    const auto receipt = write(*body, bureau.run(&journal));
    const auto before = body->apdu_count();
    CHECK(write(*body, bureau.run(&journal)).steps.empty());
    const auto looked = body->apdu_count() - before;
    bool found = false;
    for (std::uint64_t n = 1; n <= looked && !found; ++n) {
        body->set_faults({{Faults::Kind::answer_sw, n, 0x6300}});
        try {
            write(*body, bureau.run(&journal));
        } catch (const Error& error) {
            found = error.code() == Errc::secure_channel && error.sw().has_value();
        }
    }
    REQUIRE(found);
    CHECK(journal.find(receipt.chip)->authentication_failed);
    CHECK(journal.find(receipt.chip)->stage == "complete");
    body->set_faults({});
    CHECK(refusal(*body, bureau.run(&journal)).first == Errc::keys_failed);
    CHECK(write(*body, bureau.run(&journal, Permits{.release_failed_authentication = true})).complete);
}

TEST_CASE("a fault while the chip tells who it is does not make it a nameless chip", "[guard]") {
    const auto body = Body::create(sim::NewBody{});
    const Bureau bureau{"national-eid"};
    const auto before = body->apdu_count();
    {
        const auto card = reader::sim_transport(*body);
        perso::prepare(*card, bureau.run());
    }
    const auto looked = body->apdu_count() - before;
    bool told = false;
    for (std::uint64_t n = 1; n <= looked; ++n) {
        body->set_faults({{Faults::Kind::answer_sw, n, 0x6F00}});
        const auto card = reader::sim_transport(*body);
        try {
            const auto prepared = perso::prepare(*card, bureau.run());
            CHECK(prepared.state.chip.known());
        } catch (const Error& error) {
            told = told || std::string{error.what()}.find("who the chip is") != std::string::npos;
        }
    }
    CHECK(told);
}

TEST_CASE("an open card begun for one citizen is not finished with another's record", "[guard]") {
    sim::NewBody kind;
    kind.kind = "jmrtd";
    const auto body = Body::create(kind);
    const Bureau bureau{"national-eid-open"};
    body->set_faults({{Faults::Kind::cut_after, 40, 0}});
    CHECK(refusal(*body, bureau.run()).first == Errc::interrupted);
    Bureau other{"national-eid-open"};
    other.change().document_number = "Z99999999";
    const auto [code, text] = refusal(*body, other.run());
    CHECK(code == Errc::card_refused);
    CHECK_THAT(text, Catch::Contains("someone else") && Catch::Contains("--reassign"));
    CHECK(write(*body, bureau.run()).complete);
}

TEST_CASE("nameless cards of one record do not stand in each other's way", "[guard]") {
    sim::NewBody kind;
    kind.kind = "jmrtd";
    Journal journal = fresh_journal("guard-nameless");
    const Bureau bureau{"national-eid-open"};
    const auto torn = Body::create(kind);
    torn->set_faults({{Faults::Kind::cut_after, 40, 0}});
    CHECK(refusal(*torn, bureau.run(&journal)).first == Errc::interrupted);
    const auto second = Body::create(kind);
    CHECK(write(*second, bureau.run(&journal)).complete);
    CHECK(write(*torn, bureau.run(&journal)).complete);
    CHECK(write(*second, bureau.run(&journal)).steps.empty());
}
