// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "keys/revocation.h"
#include "tests/unit/keys/small_ca.h"

using namespace kartsaz;
using namespace kartsaz::keys;
using namespace kartsaz::test;
using Catch::Contains;
using Kind = RevocationFaultKind;
using Status = RevocationStatus;

namespace {

const Extensions responder_extensions{{"keyUsage", "critical,digitalSignature"},
                                      {"extendedKeyUsage", "critical,OCSPSigning"},
                                      {"noCheck", "ignored"}};

Extensions without(const std::string& name) {
    auto out = responder_extensions;
    std::erase_if(out, [&](const auto& one) { return one.first == name; });
    return out;
}

struct Scene {
    Made ca = make_ca("CA"), leaf = make_leaf("Leaf", ca);
    Made responder = make({"Responder", &ca, responder_extensions});
    CertificatePool pool;
    Scene() { pool.add(ca.der(), "ca"); }

    OcspWish wish() const { return {&leaf, &ca, &responder}; }
    RevocationAnswer check(const OcspWish& wish, TrustAnchors::When at = in_2026) const {
        return check_ocsp(make_ocsp(wish), "leaf.ors", leaf.der(), ca.der(), pool, at);
    }
    /// By a responder with this certificate.
    RevocationAnswer by(const Wish& certificate, TrustAnchors::When at = in_2026) const {
        const auto other = make(certificate);
        auto wanted = wish();
        wanted.signer = &other;
        return check(wanted, at);
    }
};

std::string said(const RevocationAnswer& answer) {
    std::string out{name_of(answer.status)};
    for (const auto& fault : answer.faults)
        out += "; " + std::string{name_of(fault.kind)} + ": " + fault.text;
    return out;
}

/// This fault, alone, and no good answer.
void check_only(const RevocationAnswer& answer, Kind kind, Status status = Status::unknown) {
    INFO(name_of(kind) << " / " << said(answer));
    CHECK(answer.status == status);
    CHECK(answer.has(kind));
    CHECK(answer.faults.size() == 1);
}

}  // namespace

TEST_CASE("a response of the issuer or of its responder is believed, however it names them") {
    const Scene scene;
    for (const bool by_key : {false, true}) {
        for (const char* hash : {"SHA1", "SHA256", "SHA384", "SHA512"}) {
            auto wish = scene.wish();
            wish.by_key = by_key;
            wish.hash = hash;
            const auto good = scene.check(wish);
            INFO(said(good));
            CHECK(good.status == Status::good);
            CHECK(good.faults.empty());
            CHECK(good.source == "OCSP");
            CHECK(good.what == "leaf.ors");
            wish.signer = &scene.ca;
            CHECK(scene.check(wish).status == Status::good);
        }
    }
}

TEST_CASE("a response that revokes tells since when and why") {
    const Scene scene;
    auto wish = scene.wish();
    wish.status = V_OCSP_CERTSTATUS_REVOKED;
    wish.revoked = in_2025;
    wish.reason = 1;
    const auto answer = scene.check(wish);
    CHECK(answer.status == Status::revoked);
    CHECK(answer.since == in_2025);
    CHECK(answer.reason == "keyCompromise");
    CHECK(scene.check(wish, in_2027 + 86400).status == Status::revoked);  // for good
}

TEST_CASE(
    "a response of by the day revokes whatever its date, one of later by its date or as told by itself") {
    const Scene scene;
    auto wish = scene.wish();
    wish.status = V_OCSP_CERTSTATUS_REVOKED;
    wish.revoked = in_2027;
    const auto known = scene.check(wish);
    CHECK(known.status == Status::revoked);
    CHECK(known.since == in_2027);
    CHECK_FALSE(known.revoked_later.has_value());
    wish.from = wish.produced = in_2027;
    wish.until = in_2030;
    const auto later = scene.check(wish);
    CHECK(later.status == Status::stale);
    REQUIRE(later.revoked_later.has_value());
    CHECK(later.revoked_later->since == in_2027);
    CHECK_THAT(later.revoked_later->text, Contains("revoked later, 2027-01-01") && Contains("(leaf.ors)"));
    wish.revoked = in_2025;
    CHECK(scene.check(wish).status == Status::revoked);
}

TEST_CASE("of several revocations after the day the earliest is told, and none beside a revocation") {
    Scene scene;
    scene.pool.add(make_crl({&scene.ca, {}, in_2025, in_2027, 1}), "now.crl");
    scene.pool.add(make_crl({&scene.ca, {{&scene.leaf, in_2027 + 5}}, in_2027 + 9, in_2030, 2}), "next.crl");
    auto wish = scene.wish();
    wish.status = V_OCSP_CERTSTATUS_REVOKED;
    wish.revoked = wish.from = wish.produced = in_2027;
    wish.until = in_2030;
    scene.pool.add(make_ocsp(wish), "next.ors");
    const auto ask = [&] { return revocation(scene.leaf.der(), scene.ca.der(), scene.pool, in_2026); };
    const auto answer = ask();
    CHECK(answer.status == Status::good);
    REQUIRE(answer.revoked_later.has_value());
    CHECK(answer.revoked_later->since == in_2027);
    wish = scene.wish();
    wish.status = V_OCSP_CERTSTATUS_REVOKED;
    wish.revoked = in_2025;
    scene.pool.add(make_ocsp(wish), "revoked.ors");
    CHECK(ask().status == Status::revoked);
    CHECK_FALSE(ask().revoked_later.has_value());
}

TEST_CASE("each fault of a response is told by its own kind") {
    const Scene scene;
    auto wish = scene.wish();
    wish.broken_signature = true;
    check_only(scene.check(wish), Kind::ocsp_bad_signature);
    wish = scene.wish();
    wish.inside = false;
    check_only(scene.check(wish), Kind::ocsp_unknown_responder);
    wish = scene.wish();
    wish.until = in_2026 - 3600;
    check_only(scene.check(wish), Kind::ocsp_stale, Status::stale);
    wish = scene.wish();
    wish.until = 0;
    wish.from = in_2026 - 90000;
    check_only(scene.check(wish), Kind::ocsp_stale, Status::stale);
    wish = scene.wish();
    wish.from = wish.produced = in_2026 + 1;
    check_only(scene.check(wish), Kind::ocsp_not_yet_issued, Status::stale);
    wish = scene.wish();
    wish.status = V_OCSP_CERTSTATUS_UNKNOWN;
    check_only(scene.check(wish), Kind::ocsp_status_unknown);
    const auto other = make_leaf("Other", scene.ca);
    wish = scene.wish();
    wish.about = &other;
    check_only(scene.check(wish), Kind::ocsp_wrong_certificate);
    // the same serial of another issuer is another certificate
    const auto stranger = make_ca("Stranger");
    wish = scene.wish();
    wish.issuer = &stranger;
    check_only(scene.check(wish), Kind::ocsp_wrong_certificate);
    for (const auto& bytes : {Bytes{}, from_hex("3000"), from_hex("30030A0103"), from_hex("30030A0100")}) {
        check_only(check_ocsp(bytes, "x", scene.leaf.der(), scene.ca.der(), scene.pool, in_2026),
                   Kind::ocsp_structure);
    }
}

TEST_CASE("each fault of a responder's certificate is told by its own kind") {
    Scene scene;
    check_only(scene.by({"R", &scene.ca, responder_extensions, in_2015, in_2025}),
               Kind::ocsp_responder_expired);
    check_only(scene.by({"R", &scene.ca, responder_extensions, in_2027}), Kind::ocsp_responder_not_yet_valid);
    // valid at the day asked for, but not when it signed
    check_only(scene.by({"R", &scene.ca, responder_extensions, in_2026 - 3600}),
               Kind::ocsp_responder_not_yet_valid);
    check_only(scene.by({"R", &scene.ca, without("extendedKeyUsage")}), Kind::ocsp_no_responder_usage);
    auto exchanging = without("keyUsage");
    exchanging.emplace_back("keyUsage", "keyAgreement");
    check_only(scene.by({"R", &scene.ca, exchanging}), Kind::ocsp_no_responder_usage);
    check_only(scene.by({"R", &scene.ca, responder_extensions, in_2020, in_2040, {}, "SHA256", true}),
               Kind::ocsp_responder_signature);
    const auto stranger = make_ca("Stranger"), namesake = make_ca("CA");
    check_only(scene.by({"R", &stranger, responder_extensions}), Kind::ocsp_not_authorized);
    check_only(scene.by({"R", &namesake, responder_extensions}), Kind::ocsp_responder_signature);
    scene.pool.add(namesake.der(), "namesake");  // another key of the same name, as far as it is known
    check_only(scene.by({"R", &namesake, responder_extensions}), Kind::ocsp_not_authorized);
    check_only(scene.by({"R", &scene.ca, without("noCheck")}), Kind::ocsp_responder_unchecked);
}

TEST_CASE("a responder without nocheck is asked about, and one that was revoked is not believed") {
    Scene scene;
    const auto plain = make({"Plain", &scene.ca, without("noCheck")});
    auto wish = scene.wish();
    wish.signer = &plain;
    // "revoked" is believed of a responder that nothing is known of; "good" is not
    CHECK(scene.check(wish).status == Status::unknown);
    wish.status = V_OCSP_CERTSTATUS_REVOKED;
    wish.revoked = in_2025;
    CHECK(scene.check(wish).status == Status::revoked);
    wish.status = V_OCSP_CERTSTATUS_GOOD;
    scene.pool.add(make_crl({&scene.ca}), "ca.crl");
    CHECK(scene.check(wish).status == Status::good);
    CHECK(scene.check(wish).faults.empty());

    Scene caught;
    const auto bad = make({"Plain", &caught.ca, without("noCheck")});
    caught.pool.add(make_crl({&caught.ca, {{&bad, in_2025}, {&caught.responder, in_2025}}}), "ca.crl");
    wish = caught.wish();
    wish.signer = &bad;
    check_only(caught.check(wish), Kind::ocsp_responder_revoked);
    wish.status = V_OCSP_CERTSTATUS_REVOKED;
    CHECK(caught.check(wish).status == Status::unknown);
    // with nocheck it is trusted all the same, and told
    wish = caught.wish();
    check_only(caught.check(wish), Kind::ocsp_responder_revoked_nocheck, Status::good);
    CHECK_THAT(caught.check(wish).text, Contains("good by the OCSP response"));
    CHECK_THAT(caught.check(wish).faults.front().text,
               Contains("revoked 2025") && Contains("id-pkix-ocsp-nocheck"));
    wish.status = V_OCSP_CERTSTATUS_REVOKED;
    wish.revoked = in_2025;
    check_only(caught.check(wish), Kind::ocsp_responder_revoked_nocheck, Status::revoked);
}

TEST_CASE("CRLs and responses are weighed together, and faults stand beside a good answer") {
    Scene scene;
    auto wish = scene.wish();
    wish.status = V_OCSP_CERTSTATUS_REVOKED;
    wish.revoked = in_2025;
    const auto ask = [&] { return revocation(scene.leaf.der(), scene.ca.der(), scene.pool, in_2026); };
    scene.pool.add(make_crl({&scene.ca}), "ca.crl");
    auto broken = scene.wish();
    broken.broken_signature = true;
    scene.pool.add(make_ocsp(broken), "broken.ors");
    CHECK(ask().status == Status::good);
    CHECK(ask().source == "CRL");
    CHECK(ask().has(Kind::ocsp_bad_signature));
    const auto other = make_leaf("Other", scene.ca);
    auto unrelated = scene.wish();
    unrelated.about = &other;
    scene.pool.add(make_ocsp(unrelated), "other.ors");
    CHECK(ask().faults.size() == 1);
    scene.pool.add(make_ocsp(wish), "revoked.ors");
    CHECK(ask().status == Status::revoked);
    CHECK(ask().what == "revoked.ors");

    Scene old;  // a response that is in date outweighs a list that is not
    old.pool.add(make_crl({&old.ca, {}, in_2020, in_2025}), "old.crl");
    CHECK(revocation(old.leaf.der(), old.ca.der(), old.pool, in_2026).status == Status::stale);
    old.pool.add(make_ocsp(old.wish()), "leaf.ors");
    const auto both = revocation(old.leaf.der(), old.ca.der(), old.pool, in_2026);
    CHECK(both.status == Status::good);
    CHECK(both.has(Kind::crl_stale));
}

TEST_CASE("a responder's certificate is judged by itself") {
    Scene scene;
    const auto check = [&](const Made& one) {
        return check_responder(one.der(), "r.crt", scene.pool, in_2026);
    };
    CHECK(check(scene.responder).ok());
    CHECK(check(scene.responder).no_check);
    CHECK(check(scene.responder).subject == "CN=Responder, O=Test");
    CHECK(check(scene.responder).issuer == "CN=CA, O=Test");
    CHECK(check(scene.leaf).has(Kind::ocsp_no_responder_usage));
    const auto plain = make({"Plain", &scene.ca, without("noCheck")});
    CHECK(check(plain).has(Kind::ocsp_responder_unchecked));
    CHECK_FALSE(check(plain).no_check);
    const auto stranger = make_ca("Stranger");
    const auto foreign = make({"F", &stranger, responder_extensions});
    CHECK(check(foreign).has(Kind::ocsp_not_authorized));
    CHECK_THAT(check(foreign).faults.front().text, Contains("is not at hand"));
    const auto spoiled = make({"S", &scene.ca, responder_extensions, in_2020, in_2040, {}, "SHA256", true});
    CHECK(check(spoiled).has(Kind::ocsp_responder_signature));
    scene.pool.add(make_crl({&scene.ca, {{&scene.responder, in_2025}}}), "ca.crl");
    CHECK(check(scene.responder).has(Kind::ocsp_responder_revoked_nocheck));
    CHECK(check(scene.responder).revocation.status == Status::revoked);
    CHECK(check(plain).ok());
}
