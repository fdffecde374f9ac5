// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "apdu/error.h"
#include "keys/revocation.h"
#include "tests/unit/keys/small_ca.h"

using namespace kartsaz;
using namespace kartsaz::keys;
using namespace kartsaz::test;
using Catch::Contains;
using Kind = RevocationFaultKind;
using Status = RevocationStatus;

namespace {

constexpr int hold = 6, superseded = 4, off_the_list = 8;

/// A CA, a certificate of it, and a pool of CRLs.
struct Scene {
    Made ca = make_ca("CA"), leaf = make_leaf("Leaf", ca);
    CertificatePool pool;
    Scene& crl(CrlWish wish, const std::string& what = "a.crl") {
        if (wish.issuer == nullptr) wish.issuer = &ca;
        pool.add(make_crl(wish), what);
        return *this;
    }
    RevocationAnswer ask(TrustAnchors::When at = in_2026) const {
        return revocation(leaf.der(), ca.der(), pool, at);
    }
};

}  // namespace

TEST_CASE("good, revoked, stale and unknown are four different answers") {
    const Scene nothing;
    CHECK(nothing.ask().status == Status::unknown);
    CHECK(nothing.ask().source.empty());
    CHECK_THAT(nothing.ask().text, Contains("no CRL of \"CN=CA, O=Test\" is at hand"));

    Scene scene;
    scene.crl({nullptr});
    const auto good = scene.ask();
    CHECK(good.status == Status::good);
    CHECK(good.source == "CRL");
    CHECK(good.what == "a.crl");
    CHECK(good.this_update == in_2025);
    CHECK(good.next_update == in_2030);
    CHECK(good.faults.empty());

    const auto stale = scene.ask(in_2030 + 1);
    CHECK(stale.status == Status::stale);
    CHECK(stale.has(Kind::crl_stale));
    CHECK_THAT(stale.text, Contains("next one due 2030-01-01 00:00:00 UTC"));
    CHECK(scene.ask({in_2030, in_2030 + 86399}).status == Status::good);  // its last day

    Scene listed;
    listed.crl({nullptr, {{&listed.leaf, in_2025, superseded}}});
    const auto revoked = listed.ask();
    CHECK(revoked.status == Status::revoked);
    CHECK(revoked.reason == "superseded");
    CHECK(revoked.since == in_2025);
    CHECK_THAT(revoked.text, Contains("revoked 2025-01-01 00:00:00 UTC (superseded)"));
    CHECK(listed.ask(in_2030 + 1).status == Status::revoked);  // it stays so when the list is old
}

TEST_CASE("a list that is not issued yet proves nothing good, and what it revokes later is told by itself") {
    Scene scene;
    scene.crl({nullptr, {}, in_2027});
    const auto early = scene.ask(in_2026);
    CHECK(early.status == Status::stale);
    CHECK(early.has(Kind::crl_not_yet_issued));

    Scene later;
    later.crl({nullptr, {}, in_2025, in_2027, 1});
    later.crl({nullptr, {{&later.leaf, in_2027}}, in_2027, in_2030, 2});
    const auto before = later.ask(in_2026);
    CHECK(before.status == Status::good);
    REQUIRE(before.revoked_later.has_value());
    CHECK(before.revoked_later->since == in_2027);
    CHECK_THAT(before.revoked_later->text, Contains("revoked later, 2027-01-01") && Contains("(a.crl)"));
    CHECK(later.ask(in_2027).status == Status::revoked);
    CHECK_FALSE(later.ask(in_2027).revoked_later.has_value());

    Scene only;  // nothing but a list of after the day
    only.crl({nullptr, {{&only.leaf, in_2027}}, in_2027});
    CHECK(only.ask(in_2026).status == Status::stale);
    CHECK(only.ask(in_2026).revoked_later.has_value());
    CHECK_FALSE(scene.ask(in_2026).revoked_later.has_value());

    Scene known;  // a list of after the day tells of a revocation of before it
    known.crl({nullptr, {{&known.leaf, in_2025}}, in_2027});
    CHECK(known.ask(in_2026).status == Status::revoked);
}

TEST_CASE("who is on a list of before the day is revoked, also by an entry dated after it") {
    Scene scene;
    scene.crl({nullptr, {{&scene.leaf, in_2027}}, in_2025});
    const auto answer = scene.ask(in_2026);
    CHECK(answer.status == Status::revoked);
    CHECK(answer.since == in_2027);
    CHECK_FALSE(answer.revoked_later.has_value());
    CHECK(scene.ask({in_2025 - 86399, in_2025}).status == Status::revoked);  // issued on the day
    const auto earlier = scene.ask(in_2025 - 1);
    CHECK(earlier.status == Status::stale);
    CHECK(earlier.revoked_later.has_value());
    scene.crl({nullptr, {}, in_2026, in_2030, 2});  // for good
    CHECK(scene.ask(in_2026).status == Status::revoked);

    Scene held;  // a hold that was lifted by the day does not count, whatever its date
    held.crl({nullptr, {{&held.leaf, in_2027, hold}}, in_2025, in_2030, 1});
    CHECK(held.ask(in_2026).status == Status::revoked);
    held.crl({nullptr, {}, in_2026, in_2030, 2});
    CHECK(held.ask(in_2026).status == Status::good);
}

TEST_CASE("trusted CAs of passports and holders compare no dates with a list of before the day, either") {
    using Verdict = TrustAnchors::Verdict;
    const Scene made;
    const auto verdict = [&](const CrlWish& list, TrustAnchors::When at) {
        TrustAnchors anchors;
        anchors.add_certificate(made.ca.der(), "ca");
        anchors.add_crl(make_crl({&made.ca, {}, in_2020, in_2030, 1}), "old.crl");
        anchors.add_crl(make_crl(list), "new.crl");
        return anchors.check_holder(made.leaf.der(), at, true).verdict;
    };
    const CrlWish dated_later{&made.ca, {{&made.leaf, in_2027}}, in_2025, in_2030, 2};
    CHECK(verdict(dated_later, in_2026) == Verdict::revoked);
    CHECK(verdict(dated_later, in_2025 - 1) == Verdict::ok);
    const CrlWish of_later{&made.ca, {{&made.leaf, in_2025}}, in_2027, in_2030, 2};
    CHECK(verdict(of_later, in_2026) == Verdict::revoked);
    CHECK(verdict(of_later, in_2025 - 1) == Verdict::ok);
    // an older list that the newest one replaced has the entry
    TrustAnchors anchors;
    anchors.add_certificate(made.ca.der(), "ca");
    anchors.add_crl(make_crl(dated_later), "old.crl");
    anchors.add_crl(make_crl({&made.ca, {}, in_2026 - 1, in_2030, 3}), "new.crl");
    CHECK(anchors.check_holder(made.leaf.der(), in_2026, true).verdict == Verdict::revoked);
}

TEST_CASE("a revocation that a newer list lacks counts all the same, whichever was found first") {
    for (const bool newer_first : {false, true}) {
        Scene scene;
        const CrlWish old{nullptr, {{&scene.leaf, in_2020}}, in_2020, in_2030, 1},
            fresh{nullptr, {}, in_2025, in_2030, 2};
        scene.crl(newer_first ? fresh : old, newer_first ? "new.crl" : "old.crl");
        scene.crl(newer_first ? old : fresh, newer_first ? "old.crl" : "new.crl");
        const auto answer = scene.ask();
        CHECK(answer.status == Status::revoked);
        CHECK(answer.what == "old.crl");
    }
}

TEST_CASE("a hold counts while the newest list has it") {
    Scene scene;
    scene.crl({nullptr, {{&scene.leaf, in_2020, hold}}, in_2020, in_2030, 1});
    CHECK(scene.ask().status == Status::revoked);
    CHECK(scene.ask().reason == "certificateHold");
    scene.crl({nullptr, {}, in_2025, in_2030, 2});
    CHECK(scene.ask(in_2026).status == Status::good);
    CHECK(scene.ask(in_2020 + 1).status == Status::revoked);  // as it was then

    Scene delta;
    delta.crl({nullptr, {{&delta.leaf, in_2020, hold}}, in_2020, in_2030, 1});
    delta.crl({nullptr,
               {{&delta.leaf, in_2020, off_the_list}},
               in_2025,
               in_2030,
               2,
               {{"deltaCRL", "critical,ASN1:INTEGER:1"}}});
    CHECK(delta.ask().status == Status::good);
}

TEST_CASE("the newest list decides what is in date, with numbers or without") {
    Scene scene;
    scene.crl({nullptr, {}, in_2020, in_2030, 1});
    scene.crl({nullptr, {}, in_2025, in_2026, 2});
    CHECK(scene.ask(in_2026 + 1).status == Status::stale);
    Scene unnumbered;
    unnumbered.crl({nullptr, {}, in_2020, in_2026, 7});
    unnumbered.crl({nullptr, {}, in_2025, in_2030, 0}, "new.crl");
    CHECK(unnumbered.ask(in_2026 + 1).status == Status::good);
    CHECK(unnumbered.ask(in_2026 + 1).what == "new.crl");
    Scene endless;
    endless.crl({nullptr, {}, in_2025, 0});
    CHECK(endless.ask(in_2025 + 3600).status == Status::good);
    CHECK(endless.ask(in_2025 + 90000).status == Status::stale);
}

TEST_CASE("only lists that the issuer's key signed, and may sign, are believed") {
    Scene forged;
    const auto impostor = make_ca("CA");
    forged.crl({nullptr, {{&forged.leaf, in_2025}}, in_2025, in_2030, 1, {}, &impostor});
    const auto answer = forged.ask();
    CHECK(answer.status == Status::unknown);
    CHECK(answer.has(Kind::crl_bad_signature));
    CHECK(answer.faults.front().what == "a.crl");
    // when that other CA of the same name is known, the list is simply its own
    forged.pool.add(impostor.der(), "impostor");
    CHECK(forged.ask().status == Status::unknown);
    CHECK(forged.ask().faults.empty());

    const auto mute =
        make({"Mute", nullptr, {{"basicConstraints", "critical,CA:TRUE"}, {"keyUsage", "keyCertSign"}}});
    const auto leaf = make({"Leaf", &mute});
    CertificatePool pool;
    pool.add(make_crl({&mute}), "mute.crl");
    const auto refused = revocation(leaf.der(), mute.der(), pool, in_2026);
    CHECK(refused.status == Status::unknown);
    CHECK(refused.has(Kind::crl_not_allowed));
}

TEST_CASE("a list covers what its distribution point says, and critical extensions must be known") {
    Scene users;
    users.crl({nullptr, {}, in_2025, in_2030, 1, {{"issuingDistributionPoint", "critical,onlyCA:TRUE"}}});
    CHECK(users.ask().status == Status::unknown);
    users.crl({nullptr, {}, in_2025, in_2030, 1, {{"issuingDistributionPoint", "critical,onlyuser:TRUE"}}});
    CHECK(users.ask().status == Status::good);

    Scene elsewhere;
    elsewhere.crl({nullptr,
                   {},
                   in_2025,
                   in_2030,
                   1,
                   {{"issuingDistributionPoint", "critical,fullname:URI:http://x/a.crl"}}});
    CHECK(elsewhere.ask().status == Status::unknown);
    const auto named = make({"Leaf", &elsewhere.ca, {{"crlDistributionPoints", "URI:http://x/a.crl"}}});
    CHECK(revocation(named.der(), elsewhere.ca.der(), elsewhere.pool, in_2026).status == Status::good);

    Scene some;
    some.crl({nullptr,
              {},
              in_2025,
              in_2030,
              1,
              {{"issuingDistributionPoint", "critical,onlysomereasons:keyCompromise"}}});
    CHECK(some.ask().status == Status::unknown);
    some.crl({nullptr,
              {{&some.leaf, in_2025, 1}},
              in_2025,
              in_2030,
              2,
              {{"issuingDistributionPoint", "critical,onlysomereasons:keyCompromise"}}});
    CHECK(some.ask().status == Status::revoked);

    Scene strange;
    strange.crl(
        {nullptr, {{&strange.leaf, in_2025}}, in_2025, in_2030, 1, {{"1.2.3.4", "critical,ASN1:NULL"}}});
    CHECK(strange.ask().status == Status::unknown);
    CHECK(strange.ask().has(Kind::crl_extension));
}

TEST_CASE("revocation is asked of certificates only") {
    const Scene scene;
    CHECK_THROWS_AS(revocation(from_hex("3000"), scene.ca.der(), scene.pool, in_2026), Error);
    CHECK_THROWS_AS(revocation(scene.leaf.der(), {}, scene.pool, in_2026), Error);
}
