// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "keys/path_check.h"
#include "tests/support/vectors.h"
#include "tests/unit/keys/icam_authorities.h"

using namespace kartsaz;
using namespace kartsaz::keys;
using namespace kartsaz::test;
using Kind = RevocationFaultKind;
using Status = RevocationStatus;

namespace {

const TrustAnchors::When on_the_day{icam_day, icam_night};

std::string said(const std::vector<RevocationFault>& faults) {
    std::string out;
    for (const auto& fault : faults) out += std::string{name_of(fault.kind)} + ": " + fault.text + "; ";
    return out;
}

struct Row {
    const char* responder;
    std::optional<Kind> fault;
};
/// The CA of the gen3 cards lists the two "revoked" ones, as their maker meant it.
constexpr const char* of_gen3[] = {"ICAM_Test_Card_PIV_OCSP_Revoked_Signer_No_Check_Present_gen3",
                                   "ICAM_Test_Card_PIV_OCSP_Revoked_Signer_No_Check_Not_Present_gen3"};
const Row rows[] = {{"ICAM_Test_Card_PIV_OCSP_Valid_Signer_gen3", std::nullopt},
                    {"ICAM_Test_Card_PIV_OCSP_Expired_Signer_gen3", Kind::ocsp_responder_expired},
                    {"ICAM_Test_Card_PIV_OCSP_Invalid_Sig_Signer_gen3", Kind::ocsp_responder_signature},
                    {of_gen3[0], Kind::ocsp_responder_revoked_nocheck},
                    {of_gen3[1], Kind::ocsp_responder_revoked},
                    {"ICAM_Test_Card_PIV_OCSP_Valid_Signer_gen1-2", Kind::ocsp_not_authorized},
                    {"ICAM_Test_Card_PIV_OCSP_RSA_2048_Valid_Signer_gen3", Kind::ocsp_not_authorized},
                    {"ICAM_Test_Card_PIV_Content_Signer_-_gold_gen3", Kind::ocsp_no_responder_usage}};

Made golden_card(const std::filesystem::path& icam) {
    const auto der = icam_der(icam / "46_Golden_FIPS_201-2_PIV" / "3 - ICAM_PIV_Auth_SP_800-73-4.crt");
    const auto* at = der.data();
    Made out;
    out.x509 = {d2i_X509(nullptr, &at, static_cast<long>(der.size())), X509_free};
    return out;
}

}  // namespace

TEST_CASE(
    "responses of each ICAM responder for a golden card are told apart by what is wrong with the responder") {
    const auto icam = icam_folder();
    if (!icam) return;
    const auto leaf = golden_card(*icam);
    const auto ca = icam_signer("ICAM_Test_Card_PIV_Signing_CA_-_gold_gen3");
    auto pool = load_pool(*icam / "ICAM_CA_and_Signer");
    const auto one = icam_signer(of_gen3[0]), other = icam_signer(of_gen3[1]);
    pool.add(make_crl({&ca, {{&one, in_2025}, {&other, in_2025}}}), "gen3.crl");
    for (const auto& row : rows) {
        const auto signer = icam_signer(row.responder);
        OcspWish wish{&leaf, &ca, &signer};
        wish.from = wish.produced = icam_day - 3600;
        const auto response = make_ocsp(wish);
        const auto answer = check_ocsp(response, row.responder, leaf.der(), ca.der(), pool, on_the_day);
        INFO(row.responder << ": " << said(answer.faults));
        const bool believed = !row.fault || *row.fault == Kind::ocsp_responder_revoked_nocheck;
        CHECK(answer.status == (believed ? Status::good : Status::unknown));
        CHECK(answer.faults.size() == (row.fault ? 1 : 0));
        if (row.fault) CHECK(answer.has(*row.fault));
        // beside the CRL that is in date, the fault is told and the card is not revoked
        CertificatePool stapled = load_pool(*icam / "ICAM_CA_and_Signer");
        stapled.add(make_crl({&ca, {{&one, in_2025}, {&other, in_2025}}}), "gen3.crl");
        stapled.add(response, "stapled.ors");
        const auto path = check_path(leaf.der(), stapled, on_the_day);
        CHECK(path.ok());
        CHECK(path.path.at(0).revocation.status == Status::good);
        CHECK(path.path.at(0).revocation.faults.size() == (row.fault ? 1 : 0));
        wish.broken_signature = true;
        CHECK(check_ocsp(make_ocsp(wish), "broken", leaf.der(), ca.der(), pool, on_the_day)
                  .has(Kind::ocsp_bad_signature));
    }
}

TEST_CASE("an ICAM responder without nocheck must be asked about, one with it need not") {
    const auto icam = icam_folder();
    if (!icam) return;
    const auto leaf = golden_card(*icam);
    const auto ca = icam_signer("ICAM_Test_Card_PIV_Signing_CA_-_gold_gen3");
    CertificatePool pool;  // without a CRL
    pool.add(ca.der(), "ca");
    const auto by = [&](const char* name) {
        const auto signer = icam_signer(name);
        OcspWish wish{&leaf, &ca, &signer};
        wish.from = wish.produced = icam_day - 3600;
        return check_ocsp(make_ocsp(wish), name, leaf.der(), ca.der(), pool, on_the_day);
    };
    CHECK(by(of_gen3[0]).status == Status::good);
    CHECK(by(of_gen3[0]).faults.empty());  // nocheck: nobody can tell that it was revoked
    CHECK(by(of_gen3[1]).status == Status::unknown);
    CHECK(by(of_gen3[1]).has(Kind::ocsp_responder_unchecked));
    CHECK(check_responder(icam_signer(of_gen3[0]).der(), "r", pool, on_the_day).no_check);
    CHECK_FALSE(check_responder(icam_signer(of_gen3[1]).der(), "r", pool, on_the_day).no_check);
}

TEST_CASE("ICAM responders' certificates are judged by themselves") {
    const auto icam = icam_folder();
    if (!icam) return;
    const auto pool = load_pool(*icam / "ICAM_CA_and_Signer");
    const auto check = [&](const std::string& name) {
        return check_responder(icam_der(*icam / "ICAM_CA_and_Signer" / (name + ".crt")), name, pool,
                               on_the_day);
    };
    for (const char* name :
         {"ICAM_Test_Card_PIV_OCSP_Valid_Signer_gen3", "ICAM_Test_Card_PIV_OCSP_Valid_Signer_gen1-2",
          "ICAM_Test_Card_PIV_OCSP_Valid_Signer_P384_gen3",
          "ICAM_Test_Card_PIV-I_OCSP_Valid_Signer_-_gold_gen3"}) {
        INFO(name << ": " << said(check(name).faults));
        CHECK(check(name).ok());
    }
    CHECK(check("ICAM_Test_Card_PIV_OCSP_Expired_Signer_gen3").has(Kind::ocsp_responder_expired));
    CHECK(check("ICAM_Test_Card_PIV_OCSP_Invalid_Sig_Signer_gen3").has(Kind::ocsp_responder_signature));
    CHECK(check("ICAM_Test_Card_PIV_Content_Signer_-_gold_gen3").has(Kind::ocsp_no_responder_usage));
}
