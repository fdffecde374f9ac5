// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "keys/path_check.h"
#include "tests/unit/keys/small_ca.h"

using namespace kartsaz;
using namespace kartsaz::keys;
using namespace kartsaz::test;
using Catch::Contains;
using Kind = PathFaultKind;
using Trust = CertificatePool::Trust;

namespace {

CertificatePool pool_of(const std::vector<const Made*>& certificates) {
    CertificatePool out;
    for (const auto* one : certificates) out.add(one->der(), "test");
    return out;
}

std::string said(const PathAnswer& answer) {
    std::string out = answer.complete ? "complete" : "incomplete";
    for (const auto& fault : answer.faults) {
        out += "; " + std::string{name_of(fault.kind)} + " of " + std::to_string(fault.element) + ": " +
               fault.text;
    }
    return out;
}

const Extensions ca_extensions{{"basicConstraints", "critical,CA:TRUE"},
                               {"keyUsage", "critical,keyCertSign,cRLSign"},
                               {"subjectKeyIdentifier", "hash"}};

Extensions with(Extensions all, const std::string& name, const std::string& value) {
    std::erase_if(all, [&](const auto& one) { return one.first == name; });
    if (!value.empty()) all.emplace_back(name, value);
    return all;
}

}  // namespace

TEST_CASE("a path leads over intermediate CAs to an anchor, and tells its elements") {
    const auto root = make_ca("Root"), middle = make_ca("Middle", &root), leaf = make_leaf("Leaf", middle);
    const auto pool = pool_of({&root, &middle});
    CHECK(pool.counts().anchors == 1);
    CHECK(pool.counts().others == 1);
    const auto answer = check_path(leaf.der(), pool, in_2026);
    INFO(said(answer));
    CHECK(answer.ok());
    CHECK(answer.paths == 1);
    REQUIRE(answer.path.size() == 3);
    CHECK(answer.path[0].subject == "CN=Leaf, O=Test");
    CHECK(answer.path[1].certificate == middle.der());
    CHECK(answer.path[1].what == "test");
    CHECK_FALSE(answer.path[1].anchor);
    CHECK(answer.path[2].anchor);
    // an anchor is its own path
    CHECK(check_path(root.der(), pool, in_2026).ok());
    CHECK(check_path(root.der(), pool, in_2026).path.size() == 1);
}

TEST_CASE("who is not at hand and who is not trusted are told by the element where the path ends") {
    const auto root = make_ca("Root"), middle = make_ca("Middle", &root), leaf = make_leaf("Leaf", middle);
    const auto lonely = check_path(leaf.der(), CertificatePool{}, in_2026);
    CHECK_FALSE(lonely.ok());
    CHECK(lonely.has(Kind::unknown_issuer, 0));
    CHECK_THAT(lonely.faults.front().text, Contains("\"CN=Middle, O=Test\""));
    const auto halfway = check_path(leaf.der(), pool_of({&middle}), in_2026);
    CHECK(halfway.has(Kind::unknown_issuer, 1));
    CHECK(halfway.own_fault() == nullptr);
    CHECK_THAT(halfway.fault_above()->text, Contains("\"CN=Root, O=Test\""));
    CertificatePool untrusted;
    untrusted.add(root.der(), "root", Trust::none);
    untrusted.add(middle.der(), "middle");
    const auto other = check_path(leaf.der(), untrusted, in_2026);
    CHECK_FALSE(other.ok());
    CHECK(other.has(Kind::not_trusted, 2));
    const auto itself = check_path(root.der(), pool_of({&middle}), in_2026);
    CHECK(itself.has(Kind::not_trusted, 0));
}

TEST_CASE("a CA that another one signed is an anchor when it is said to be one") {
    const auto root = make_ca("Root"), middle = make_ca("Middle", &root), leaf = make_leaf("Leaf", middle);
    CertificatePool pool;
    pool.add(middle.der(), "middle", Trust::all);
    const auto answer = check_path(leaf.der(), pool, in_2026);
    INFO(said(answer));
    CHECK(answer.ok());
    CHECK(answer.path.size() == 2);
}

TEST_CASE("faults of a CA above are told apart from those of the certificate, and none hides another") {
    const auto root = make_ca("Root");
    const auto old = make({"Old", &root, ca_extensions, in_2015, in_2025});
    const auto early = make({"Leaf", &old, {}, in_2030, in_2040});
    auto pool = pool_of({&root, &old});
    pool.add(make_crl({&old, {{&early, in_2020}}, in_2020}), "old.crl");
    const auto answer = check_path(early.der(), pool, in_2026);
    INFO(said(answer));
    CHECK(answer.faults.size() == 2);
    CHECK(answer.has(Kind::not_yet_valid, 0));
    CHECK(answer.has(Kind::expired, 1));
    CHECK(answer.own_fault()->kind == Kind::not_yet_valid);
    CHECK(answer.fault_above()->kind == Kind::expired);
    CHECK_THAT(answer.fault_above()->text, Contains("valid until 2025-01-01 00:00:00 UTC"));
    CHECK(answer.revoked_element() == std::size_t{0});
    CHECK(answer.path[0].revocation.status == RevocationStatus::revoked);
}

TEST_CASE("a day that is asked for is a whole day") {
    const auto root = make_ca("Root");
    const auto leaf = make({"Leaf", &root, {}, in_2025 + 3600, in_2026 + 3600});
    const auto pool = pool_of({&root});
    constexpr std::int64_t day = 86399;
    CHECK(check_path(leaf.der(), pool, {in_2025, in_2025 + day}).ok());
    CHECK(check_path(leaf.der(), pool, {in_2026, in_2026 + day}).ok());
    CHECK(check_path(leaf.der(), pool, in_2025).has(Kind::not_yet_valid, 0));
    CHECK(check_path(leaf.der(), pool, in_2026 + day).has(Kind::expired, 0));
}

TEST_CASE("each fault of a CA has its own kind, and is that CA's") {
    const auto root = make_ca("Root");
    struct Row {
        Kind kind;
        std::size_t element;
        Wish middle;
    };
    const Row rows[] = {
        {Kind::not_a_ca, 1, {"M", &root, with(ca_extensions, "basicConstraints", "critical,CA:FALSE")}},
        {Kind::not_a_ca, 1, {"M", &root, with(ca_extensions, "basicConstraints", "")}},
        {Kind::key_usage, 1, {"M", &root, with(ca_extensions, "keyUsage", "critical,cRLSign")}},
        {Kind::bad_signature, 1, {"M", &root, ca_extensions, in_2020, in_2040, {}, "SHA256", true}},
        {Kind::expired, 1, {"M", &root, ca_extensions, in_2015, in_2020}},
        {Kind::not_yet_valid, 1, {"M", &root, ca_extensions, in_2030, in_2040}},
        {Kind::weak_key, 1, {"M", &root, ca_extensions, in_2020, in_2040, rsa_key(1024)}},
        {Kind::weak_key, 1, {"M", &root, ca_extensions, in_2020, in_2040, {}, "SHA1"}},
        {Kind::unhandled_critical_extension,
         1,
         {"M", &root, with(ca_extensions, "1.2.3.4", "critical,ASN1:NULL")}},
        {Kind::name_constraint,
         0,
         {"M", &root, with(ca_extensions, "nameConstraints", "critical,excluded;email:x.y")}},
        {Kind::policy, 0, {"M", &root, with(ca_extensions, "policyConstraints", "requireExplicitPolicy:0")}},
    };
    for (const auto& row : rows) {
        const auto middle = make(row.middle);
        const auto leaf = make({"Leaf", &middle, {{"subjectAltName", "email:a@x.y"}}});
        const auto answer = check_path(leaf.der(), pool_of({&root, &middle}), in_2026);
        INFO(name_of(row.kind) << ": " << said(answer));
        CHECK(answer.complete);
        CHECK_FALSE(answer.ok());
        CHECK(answer.has(row.kind, row.element));
        CHECK(answer.faults.size() == 1);
    }
}

TEST_CASE("a path length counts the CAs below, and a key identifier names the issuer's certificate") {
    const auto root =
        make({"Root", nullptr, with(ca_extensions, "basicConstraints", "critical,CA:TRUE,pathlen:0")});
    const auto middle = make_ca("Middle", &root), leaf = make_leaf("Leaf", middle);
    const auto answer = check_path(leaf.der(), pool_of({&root, &middle}), in_2026);
    INFO(said(answer));
    CHECK(answer.has(Kind::path_length, 2));
    CHECK(answer.faults.size() == 1);

    const auto top = make_ca("Top");
    const auto renamed = make(
        {"Top", nullptr, with(ca_extensions, "subjectKeyIdentifier", "00112233"), in_2020, in_2040, top.key});
    const auto below = make_leaf("Leaf", top);
    CHECK(check_path(below.der(), pool_of({&renamed}), in_2026).has(Kind::key_identifier, 0));
    // with both at hand, the right one is on the path
    CHECK(check_path(below.der(), pool_of({&renamed, &top}), in_2026).ok());
}

TEST_CASE("policies are mapped on the way, and one is demanded where the caller or a CA wants it") {
    const auto root = make_ca("Root");
    const auto middle = make({"M", &root,
                              with(with(with(ca_extensions, "certificatePolicies", "1.2.3,1.2.4"),
                                        "policyConstraints", "requireExplicitPolicy:0"),
                                   "policyMappings", "1.2.3:1.2.9")});
    const auto pool = pool_of({&root, &middle});
    const auto policy_of = [&](const char* policy) {
        const auto leaf = make({"Leaf", &middle, {{"certificatePolicies", policy}}});
        return check_path(leaf.der(), pool, in_2026);
    };
    CHECK(policy_of("1.2.4").ok());
    CHECK(policy_of("1.2.9").ok());
    CHECK(policy_of("1.2.3").has(Kind::policy, 0));  // it was mapped away
    CHECK(policy_of("1.2.5").has(Kind::policy, 0));
    const auto plain = make_leaf("Leaf", root);
    CHECK(check_path(plain.der(), pool, in_2026).ok());
    PathOptions demanding;
    demanding.explicit_policy = true;
    CHECK(check_path(plain.der(), pool, in_2026, demanding).has(Kind::policy, 0));
}

TEST_CASE("of cross certificates and several certificates of one key, the path without faults is taken") {
    const auto root = make_ca("Root"), elsewhere = make_ca("Elsewhere");
    const auto good = make_ca("Middle", &root);
    const auto expired = make({"Middle", &root, ca_extensions, in_2015, in_2020, good.key});
    const auto crossed = make({"Middle", &elsewhere, ca_extensions, in_2020, in_2040, good.key});
    const auto namesake = make_ca("Middle", &root);  // another key
    const auto leaf = make_leaf("Leaf", good);
    const auto orders = std::vector<std::vector<const Made*>>{{&root, &expired, &namesake, &crossed, &good},
                                                              {&good, &crossed, &namesake, &expired, &root}};
    for (const auto& order : orders) {
        const auto answer = check_path(leaf.der(), pool_of(order), in_2026);
        INFO(said(answer));
        CHECK(answer.ok());
        CHECK(answer.paths == 2);
        CHECK(answer.path[1].certificate == good.der());
    }
    // what is left leads to a fault, which is that of the path to an anchor
    const auto worse = check_path(leaf.der(), pool_of({&root, &expired, &crossed}), in_2026);
    CHECK(worse.has(Kind::expired, 1));
    const auto other_root = check_path(leaf.der(), pool_of({&root, &expired, &crossed, &elsewhere}), in_2026);
    CHECK(other_root.ok());
    CHECK(other_root.path.back().subject == "CN=Elsewhere, O=Test");
    CHECK(check_path(leaf.der(), pool_of({&root, &namesake}), in_2026).has(Kind::bad_signature, 0));
}

TEST_CASE("a CA that was revoked is gone around when another way is open") {
    const auto root = make_ca("Root"), elsewhere = make_ca("Elsewhere");
    const auto revoked = make_ca("Middle", &root);
    const auto crossed = make({"Middle", &elsewhere, ca_extensions, in_2020, in_2040, revoked.key});
    const auto leaf = make_leaf("Leaf", revoked);
    auto pool = pool_of({&root, &revoked});
    pool.add(make_crl({&root, {{&revoked, in_2025, 2}}}), "root.crl");
    const auto answer = check_path(leaf.der(), pool, in_2026);
    CHECK(answer.ok());  // but for the revocation
    CHECK(answer.revoked_element() == std::size_t{1});
    CHECK(answer.path[1].revocation.reason == "cACompromise");
    pool.add(crossed.der(), "crossed");
    pool.add(elsewhere.der(), "elsewhere");
    CHECK_FALSE(check_path(leaf.der(), pool, in_2026).revoked_element().has_value());
    PathOptions unasked;
    unasked.revocation = false;
    CHECK(check_path(leaf.der(), pool, in_2026, unasked).path[1].revocation.text.empty());
}

TEST_CASE("CAs that signed each other do not make a path go in circles") {
    const auto a = make_ca("A"), b = make_ca("B");
    const auto a_by_b = make({"A", &b, ca_extensions, in_2020, in_2040, a.key});
    const auto b_by_a = make({"B", &a, ca_extensions, in_2020, in_2040, b.key});
    const auto leaf = make_leaf("Leaf", a);
    const auto answer = check_path(leaf.der(), pool_of({&a_by_b, &b_by_a}), in_2026);
    CHECK_FALSE(answer.complete);
    CHECK(answer.path.size() == 3);
    CHECK(check_path(leaf.der(), pool_of({&a_by_b, &b_by_a, &b}), in_2026).ok());
}

TEST_CASE("bytes that are no certificate have no path") {
    const auto root = make_ca("Root");
    for (const auto& bytes : {Bytes{}, Bytes{0x30}, from_hex("3003020100")}) {
        const auto answer = check_path(bytes, pool_of({&root}), in_2026);
        CHECK(answer.has(Kind::structure, 0));
        CHECK_FALSE(answer.ok());
        CHECK(answer.path.empty());
    }
}
