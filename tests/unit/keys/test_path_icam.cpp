// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "keys/path_check.h"
#include "tests/support/vectors.h"
#include "tests/unit/keys/icam_authorities.h"
#include "tests/unit/keys/temporary_folder.h"

using namespace kartsaz;
using namespace kartsaz::keys;
using namespace kartsaz::test;
using Kind = PathFaultKind;
using Status = RevocationStatus;
using Trust = CertificatePool::Trust;
namespace fs = std::filesystem;

namespace {

const TrustAnchors::When on_the_day{icam_day, icam_night};
constexpr const char* authorities = "ICAM_CA_and_Signer";

std::string said(const PathAnswer& answer) {
    std::string out = answer.complete ? "complete" : "incomplete";
    for (const auto& fault : answer.faults) {
        out += fmt::format("; {} of {}: {}", name_of(fault.kind), fault.element, fault.text);
    }
    for (const auto& one : answer.path)
        out += fmt::format("; {}: {}", name_of(one.revocation.status), one.revocation.text);
    return out;
}

std::vector<fs::path> files(const fs::path& folder, const std::string& extension) {
    std::vector<fs::path> out;
    for (const auto& entry : fs::directory_iterator{folder}) {
        if (entry.path().extension() == extension) out.push_back(entry.path());
    }
    std::sort(out.begin(), out.end());
    return out;
}

/// What a card's certificate is expected to give: a fault of one element, or a revocation.
struct Expected {
    std::optional<Kind> kind;
    std::size_t element = 0;
    Status status = Status::good;
};

/// By card and first letters of the file; all others are without a fault and not revoked.
Expected expected(const std::string& card, const std::string& file) {
    const bool authentication = file.starts_with("3 - ") || file.starts_with("6 - ");
    if (!authentication) return {};
    if (card == "10") return {Kind::expired, 1};
    if (card == "12") return {Kind::not_yet_valid, 0};
    if (card == "24") return {std::nullopt, 0, Status::revoked};
    return {};
}

/// Every certificate of every card against this pool.
void judge_cards(const fs::path& icam, const CertificatePool& pool) {
    std::size_t judged = 0;
    for (const auto& card : fs::directory_iterator{icam}) {
        const auto number = card.path().filename().string().substr(0, 2);
        if (!card.is_directory() || number == "IC") continue;
        for (const auto& file : files(card.path(), ".crt")) {
            const auto answer = check_path(icam_der(file), pool, on_the_day);
            const auto wanted = expected(number, file.filename().string());
            INFO(file << ": " << said(answer));
            CHECK(answer.complete);
            CHECK(answer.faults.size() == (wanted.kind ? 1 : 0));
            if (wanted.kind) CHECK(answer.has(*wanted.kind, wanted.element));
            CHECK(answer.path.at(0).revocation.status == wanted.status);
            CHECK(answer.path.at(1).revocation.status == Status::good);
            CHECK(answer.path.at(0).revocation.faults.empty());
            ++judged;
        }
    }
    CHECK(judged > 100);
}

}  // namespace

TEST_CASE(
    "the ICAM folder as it is given trusts its two roots, and judges every certificate of every card "
    "rightly") {
    const auto icam = icam_folder();
    if (!icam) return;
    const auto pool = load_pool(*icam / authorities);
    CHECK(pool.counts().anchors == 2);
    CHECK(pool.counts().crls > 40);
    REQUIRE(pool.notes().size() == 1);
    for (const auto& anchor : pool.anchors()) {
        const auto subject = certificate_facts(anchor).common_name;
        CHECK((subject == "ICAM Test Card Root CA" || subject == "ICAM Test Card PIV-I Root CA"));
    }
    judge_cards(*icam, pool);
}

TEST_CASE("copies of the ICAM files in one flat folder give the same answers") {
    const auto icam = icam_folder();
    if (!icam) return;
    const TemporaryFolder flat;
    for (const auto& file : files(*icam / authorities, ".crt")) {
        fs::copy_file(file, flat / file.filename().string());
        fs::copy_file(file, flat / ("copy of " + file.filename().string()));
    }
    for (const auto& file : files(*icam / authorities / "crls", ".crl"))
        fs::copy_file(file, flat / file.filename().string());
    for (const auto& file : files(*icam / authorities, ".p12"))
        fs::copy_file(file, flat / file.filename().string());
    judge_cards(*icam, load_pool(flat.path()));
}

TEST_CASE("without the legacy list card 24 is good, and with it alone revoked, too") {
    const auto icam = icam_folder();
    if (!icam) return;
    const auto ca = icam_der(*icam / authorities / "ICAM_Test_Card_PIV_Signing_CA_-_gold_gen1-2.crt");
    const auto leaf = icam_der(*icam / "24_Revoked_Certificates" / "3 - ICAM_PIV_Auth_SP_800-73-4.crt");
    const auto with = [&](const std::vector<const char*>& lists, TrustAnchors::When at) {
        CertificatePool pool;
        for (const auto* list : lists) pool.add(read_bytes(*icam / authorities / "crls" / list), list);
        return revocation(leaf, ca, pool, at);
    };
    constexpr const char* empty = "ICAMTestCardSigningCA.crl";
    constexpr const char* legacy = "ICAMTestCardSCA.crl";
    CHECK(with({}, on_the_day).status == Status::unknown);
    CHECK(with({empty}, on_the_day).status == Status::good);
    CHECK(with({legacy}, on_the_day).status == Status::revoked);
    CHECK(with({empty, legacy}, on_the_day).status == Status::revoked);
    CHECK(with({legacy, empty}, on_the_day).status == Status::revoked);
    constexpr std::int64_t before = 1372636800;  // 2013-07-01: the list is of January, its entry of July 11
    CHECK(with({legacy}, before).status == Status::revoked);
    constexpr std::int64_t long_before = 1356912000;  // 2012-12-31
    CHECK(with({legacy}, long_before).status == Status::stale);
    CHECK(with({legacy}, long_before).revoked_later.has_value());
    // the newer list of the other key of that name says nothing of this one
    CHECK(with({"ICAMTestCardGen3SigningCA.crl"}, on_the_day).status == Status::unknown);
}

TEST_CASE("a CRL that the CA of card 57 issues revokes its content signer") {
    const auto icam = icam_folder();
    if (!icam) return;
    const auto signer = icam_signer("ICAM_Test_Card_PIV_Revoked_CHUID_Signer_Cert_gen3");
    const auto ca = icam_signer("ICAM_Test_Card_PIV_Signing_CA_-_gold_gen3");
    auto pool = load_pool(*icam / authorities);
    CHECK(check_path(signer.der(), pool, on_the_day).path.at(0).revocation.status == Status::good);
    pool.add(make_crl({&ca, {{&signer, in_2025, 1}}}), "new.crl");
    const auto answer = check_path(signer.der(), pool, on_the_day);
    CHECK(answer.revoked_element() == std::size_t{0});
    CHECK(answer.path.at(0).revocation.reason == "keyCompromise");
    CHECK(answer.ok());
}

namespace {

/// What the path from a golden card over a bridge CA's faulty certificate must give: the fault, on the path's
/// element 3 but where it is another's, or the revocation status of that element.
struct BridgeRow {
    std::optional<Kind> kind{};
    std::size_t element = 3;
    std::optional<Status> status{};  ///< of the element
    std::optional<RevocationFaultKind> list{};
};

const std::map<std::string, BridgeRow> bridge_rows{
    {"01", {Kind::bad_signature}},
    {"02", {Kind::not_yet_valid}},
    {"03", {Kind::expired}},
    {"04", {Kind::unknown_issuer, 2}},  // the names do not chain
    {"05", {Kind::not_a_ca}},
    {"06", {Kind::not_a_ca}},
    {"07", {Kind::not_a_ca}},
    {"08", {Kind::path_length}},
    {"09", {Kind::key_usage}},
    {"10", {}},  // keyUsage that is not critical is no fault: RFC 5280, 4.2.1.3 says "should"
    {"11", {{}, 2, Status::unknown, RevocationFaultKind::crl_not_allowed}},
    {"12", {}},  // see the test of explicit policies
    {"13", {Kind::name_constraint, 0}},
    {"14", {Kind::name_constraint, 0}},
    {"15", {{}, 3, Status::unknown}},  // no CRL
    {"16", {{}, 3, Status::revoked}},
    {"17", {{}, 3, Status::unknown}},  // the list that is there names another issuer
    {"18", {{}, 3, Status::unknown}},
    {"19", {{}, 3, Status::stale, RevocationFaultKind::crl_stale}},
    {"20", {{}, 3, Status::stale, RevocationFaultKind::crl_not_yet_issued}},
    {"21", {}},  // no distribution point: the list at hand is right all the same
    {"22", {}},
    {"23", {Kind::policy, 2}},
    {"24", {}},
    {"25", {Kind::not_yet_valid, 4}},  // the anchor itself
    {"32", {Kind::key_identifier, 2}},
    {"33", {Kind::key_identifier}},
    {"34", {{}, 3, Status::unknown}},  // its CRL was never a CRL
    {"35", {}},
    {"36", {{}, 3, Status::unknown, RevocationFaultKind::crl_bad_signature}},
};

/// The root of that number as the only anchor, and the way down to the golden card.
CertificatePool bridge_pool(const fs::path& folder, const fs::path& bridge) {
    CertificatePool out;
    const auto number = bridge.filename().string().substr(0, 2);
    for (const auto& root : files(folder / "roots", ".crt")) {
        if (root.filename().string().starts_with(number)) out.add(read_bytes(root), root.string());
    }
    out.add(read_bytes(bridge), bridge.string(), Trust::none);
    for (const auto& name : {"bridge/99_ICAM_Test_Card_Bridge_CA_to_ICAM_Test_Card_Root_CA.crt",
                             "ICAM_Test_Card_PIV_Signing_CA_-_gold_gen3.crt"}) {
        out.add(read_bytes(folder / name), name, Trust::none);
    }
    for (const auto& crl : files(folder / "crls", ".crl")) out.add(read_bytes(crl), crl.string());
    return out;
}

}  // namespace

TEST_CASE(
    "each faulty CA of the ICAM path corpus is refused for its own reason, and each right one is taken") {
    const auto icam = icam_folder();
    if (!icam) return;
    const auto leaf = icam_der(*icam / "46_Golden_FIPS_201-2_PIV" / "3 - ICAM_PIV_Auth_SP_800-73-4.crt");
    std::set<std::string> seen;
    for (const auto& bridge : files(*icam / authorities / "bridge", ".crt")) {
        const auto number = bridge.filename().string().substr(0, 2);
        const auto row = bridge_rows.find(number);
        if (row == bridge_rows.end()) continue;
        seen.insert(number);
        const auto answer = check_path(leaf, bridge_pool(*icam / authorities, bridge), on_the_day);
        INFO(bridge.filename() << ": " << said(answer));
        const auto& wanted = row->second;
        CHECK(answer.ok() == !wanted.kind);
        if (wanted.kind) CHECK(answer.has(*wanted.kind, wanted.element));
        // all faults are of one kind, but where they follow from each other
        for (const auto& fault : answer.faults) {
            const bool follows = (number == "13" && fault.kind == Kind::unknown_issuer) ||
                                 (number == "33" && fault.kind == Kind::bad_signature);
            CHECK((follows || fault.kind == wanted.kind));
        }
        if (wanted.status)
            CHECK(answer.path.at(wanted.element).revocation.status == *wanted.status);
        else if (!wanted.kind)
            CHECK(answer.path.at(3).revocation.status == Status::good);
        if (wanted.list) CHECK(answer.path.at(wanted.element).revocation.has(*wanted.list));
    }
    CHECK(seen.size() == bridge_rows.size());
}

TEST_CASE("where policy mapping is inhibited, a demanded policy is not found behind a mapping") {
    const auto icam = icam_folder();
    if (!icam) return;
    const auto leaf = icam_der(*icam / "46_Golden_FIPS_201-2_PIV" / "3 - ICAM_PIV_Auth_SP_800-73-4.crt");
    PathOptions demanding;
    demanding.explicit_policy = true;
    const auto folder = *icam / authorities;
    const auto check = [&](const char* bridge) {
        return check_path(leaf, bridge_pool(folder, folder / "bridge" / bridge), on_the_day, demanding);
    };
    CHECK(check("12_ICAM_Invalid_inhibitPolicyMapping_to_ICAM_Test_Card_Bridge_CA.crt").has(Kind::policy));
    CHECK(check("22_ICAM_Valid_requiredExplicitPolicy_to_ICAM_Test_Card_Bridge_CA.crt").ok());
}
