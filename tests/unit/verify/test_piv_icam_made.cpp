// SPDX-License-Identifier: Apache-2.0
// The cards of the ICAM list that are not at hand, made as the list describes them.
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "icam_made.h"
#include "keys/certificate_details.h"
#include "libcard/app/piv/containers.h"
#include "libcard/app/piv/fascn.h"
#include "libcard/app/piv/objects.h"

using namespace kartsaz;
using namespace kartsaz::test;
namespace pv = app::piv;

namespace {

constexpr std::int64_t a_day = 86'400;

struct Row {
    const char* number;
    const char* what;
    const char* base;
    const char* signer;
    std::function<void(MadeIcam&)> change;
    const char* cause;   ///< empty: accepted
    const char* object;  ///< of the cause
};

Bytes other_fascn() {
    return from_hex("D13810D833AB6C10C339E5A1685A08C92ADE0A6184E739C3E7");
}
Bytes other_uuid() {
    return from_hex("AAAAAAAAD180124DE044000F202B235A");
}

/// An OCSP response for 9A and 9E by one of the responders of the folder.
void ocsp_by(MadeIcam& card, const std::string& responder, bool revoke_it) {
    const auto ca = icam_party(icam_ca);
    const auto who = icam_party(responder);
    for (const std::uint8_t key : {std::uint8_t{0x9A}, std::uint8_t{0x9E}})
        card.at_hand.push_back(
            who.ocsp(card.certificate_of(key), ca, false, icam_day - a_day, icam_day + 10 * a_day));
    if (revoke_it)
        card.at_hand.push_back(ca.crl({who.serial()}, icam_day - 5 * a_day, icam_day + 20 * a_day));
}

void discovery(MadeIcam& card, const char* policy) {
    card.object(pv::id_discovery) =
        pv::encode_discovery({from_hex("A000000308000010000100"), from_hex(policy), 0});
    card.security();
}

/// A card of PIV-I, third generation. @param federal  the FASC-N is an agency's own
void interoperable(MadeIcam& card, bool federal) {
    const auto uuid = from_hex("1CA2E1B4D6F54E0F9F0A7A6C2B3D4E5F");
    const auto fascn =
        federal ? pv::encode_fascn({"4700", "4700", "000039", "0", "1", "0000000039", "1", "4700", "1"})
                : pv::encode_fascn({"9999", "9999", "999999", "0", "1", "0000000054", "3", "4700", "1"});
    card.chuid([&](pv::Chuid& c) {
        c.fascn = fascn;
        c.guid = uuid;
    });
    for (const auto id : {pv::id_face, pv::id_fingerprints})
        card.biometric(id, [&](pv::CbeffHeader& header, std::optional<Bytes>& said) {
            header.fascn = fascn;
            said = uuid;
        });
    for (const std::uint8_t key :
         {std::uint8_t{0x9A}, std::uint8_t{0x9C}, std::uint8_t{0x9D}, std::uint8_t{0x9E}})
        card.certificate(key, icam_ca_i, [&](PivWish& wish) { wish.names = {uuid_name(uuid)}; });
    card.security();
}

std::vector<Row> tampered_rows() {
    return {{"03", "another key put into 9A's certificate", "01", icam_signer_old,
             [](MadeIcam& c) {
                 c.certificate(0x9A, icam_ca_old, [](PivWish& w) { w.key_identifier = Bytes(20, 0x33); });
             },
             "piv.certificate.key-identifier", "PIV-authentication-certificate"},
            {"05", "changed bytes in 9A's and 9E's certificates", "01", icam_signer_old,
             [](MadeIcam& c) {
                 for (const auto id : {pv::id_piv_certificate, pv::id_card_certificate}) {
                     auto& value = c.object(id);
                     value.at(value.size() - 40) ^= 0x01;  // in the signature
                 }
             },
             "piv.certificate.path", "PIV-authentication-certificate"},
            {"05", "changed bytes in their public keys", "01", icam_signer_old,
             [](MadeIcam& c) {
                 for (const std::uint8_t key : {std::uint8_t{0x9A}, std::uint8_t{0x9E}}) {
                     const auto at = keys::certificate_details(c.certificate_of(key)).public_key_at;
                     c.object(pv::container_of_key(key)->id).at(at.offset + 100) ^= 0x01;
                 }
             },
             "piv.certificate.path", "PIV-authentication-certificate"},
            {"05", "changed bytes that leave no certificate", "01", icam_signer_old,
             [](MadeIcam& c) {
                 for (const auto id : {pv::id_piv_certificate, pv::id_card_certificate})
                     c.object(id).at(60) ^= 0x01;
             },
             "piv.objects.structure", "PIV-authentication-certificate"},
            {"07", "changed bytes in the fingerprints", "01", icam_signer_old,
             [](MadeIcam& c) { c.object(pv::id_fingerprints).at(300) ^= 0x10; },
             "piv.biometric.signature.digest", "fingerprints"},
            {"15", "a valid CHUID of another card (PIV)", "01", icam_signer_old,
             [](MadeIcam& c) {
                 c.chuid([](pv::Chuid& chuid) { chuid.fascn = other_fascn(); });
                 c.security();
             },
             "piv.chuid.fascn.agrees", "CHUID"},
            {"15", "the same, unknown to the security object", "01", icam_signer_old,
             [](MadeIcam& c) { c.chuid([](pv::Chuid& chuid) { chuid.fascn = other_fascn(); }); },
             "piv.chuid.fascn.agrees", "CHUID"},
            {"17", "a valid face of another card (PIV)", "01", icam_signer_old,
             [](MadeIcam& c) {
                 c.biometric(pv::id_face, [](auto& header, auto&) { header.fascn = other_fascn(); });
                 c.security();
             },
             "piv.biometric.fascn", "face"},
            {"19", "a valid CHUID of another card (PIV-I)", "02", icam_signer_i_old,
             [](MadeIcam& c) {
                 c.chuid([](pv::Chuid& chuid) { chuid.guid = other_uuid(); });
                 c.security();
             },
             "piv.chuid.uuid.agrees", "CHUID"},
            {"19", "the same with face and fingerprints", "02", icam_signer_i_old,
             [](MadeIcam& c) {
                 c.chuid([](pv::Chuid& chuid) { chuid.guid = other_uuid(); });
                 for (const auto id : {pv::id_face, pv::id_fingerprints})
                     c.biometric(id, [](auto&, auto& uuid) { uuid = other_uuid(); });
                 c.security();
             },
             "piv.chuid.uuid.agrees", "CHUID"},
            {"21", "a valid face of another card (PIV-I)", "02", icam_signer_i_old,
             [](MadeIcam& c) {
                 c.biometric(pv::id_face, [](auto&, auto& uuid) { uuid = other_uuid(); });
                 c.security();
             },
             "piv.biometric.uuid", "face"},
            {"23", "another private key behind 9A", "01", icam_signer_old,
             [](MadeIcam& c) {
                 const MadeIcam other{"46", icam_signer};
                 for (const char* name : {"key.9A.message", "key.9A.signature", "key.9A.public"})
                     c.fact(name) = other.dump.applications.front().fact(name);
             },
             "piv.key.possession", "PIV-authentication-certificate"}};
}

std::vector<Row> dated_rows() {
    return {
        {"09", "an expired content signer", "01", "ICAM_Test_Card_PIV_Content_Signer_-_expired_gen1-2",
         [](MadeIcam& c) {
             c.chuid([](pv::Chuid&) {});
             for (const auto id : {pv::id_face, pv::id_fingerprints}) c.biometric(id, [](auto&, auto&) {});
             c.security();
         },
         "piv.signer.validity", "CHUID"},
        {"11", "9A's certificate ends after the CHUID", "01", icam_signer_old,
         [](MadeIcam& c) { c.certificate(0x9A, icam_ca_old, [](PivWish& w) { w.not_after += 10 * a_day; }); },
         "piv.certificate.outlives", "PIV-authentication-certificate"},
        {"13", "expired certificates in 9A and 9E", "01", icam_signer_old,
         [](MadeIcam& c) {
             for (const std::uint8_t key : {std::uint8_t{0x9A}, std::uint8_t{0x9E}})
                 c.certificate(key, icam_ca_old, [](PivWish& w) { w.not_after = icam_day - a_day; });
         },
         "piv.certificate.validity", "PIV-authentication-certificate"},
        {"50", "a face that ends before the card", "46", icam_signer,
         [](MadeIcam& c) {
             c.biometric(pv::id_face,
                         [](auto& h, auto&) { h.valid_to = pv::cbeff_time(icam_day + 900 * a_day); });
             c.security();
         },
         "piv.biometric.ends", "face"},
        {"52", "fingerprints that end before the card", "46", icam_signer,
         [](MadeIcam& c) {
             c.biometric(pv::id_fingerprints,
                         [](auto& h, auto&) { h.valid_to = pv::cbeff_time(icam_day + 900 * a_day); });
             c.security();
         },
         "piv.biometric.ends", "fingerprints"},
        {"56", "a content signer that has expired since", "46",
         "ICAM_Test_Card_PIV_Content_Signer_Expiring_-_gold_gen3",
         [](MadeIcam& c) {
             c.chuid([](pv::Chuid&) {});
             for (const auto id : {pv::id_face, pv::id_fingerprints}) c.biometric(id, [](auto&, auto&) {});
             c.security();
         },
         "piv.signer.validity", "CHUID"},
        {"58", "a revoked card authentication certificate", "46", icam_signer,
         [](MadeIcam& c) {
             const auto serial = keys::certificate_details(c.certificate_of(0x9E)).serial;
             c.at_hand.push_back(
                 icam_party(icam_ca).crl({to_hex(serial)}, icam_day - a_day, icam_day + 10 * a_day));
         },
         "piv.certificate.revocation", "card-authentication-certificate"}};
}

std::vector<Row> other_rows() {
    return {{"26", "the application's PIN only", "46", icam_signer, [](MadeIcam& c) { discovery(c, "4000"); },
             "", ""},
            {"28", "two PINs, the global one first", "25", icam_signer,
             [](MadeIcam& c) {
                 c.dump.applications.front().files.push_back(
                     {"discovery-object",
                      pv::id_discovery,
                      from_hex("7E124F0BA0000003080000100001005F2F026020"),
                      "",
                      {}});
             },
             "", ""},
            {"39", "golden PIV-I of an agency", "46", icam_signer_i,
             [](MadeIcam& c) { interoperable(c, true); }, "", ""},
            {"54", "golden PIV-I, agency code 9999", "46", icam_signer_i,
             [](MadeIcam& c) { interoperable(c, false); }, "", ""},
            {"42", "an expired OCSP responder", "46", icam_signer,
             [](MadeIcam& c) { ocsp_by(c, "ICAM_Test_Card_PIV_OCSP_Expired_Signer_gen3", false); },
             "piv.ocsp.responder.validity", "PIV-authentication-certificate"},
            {"44", "a revoked OCSP responder, no nocheck", "46", icam_signer,
             [](MadeIcam& c) {
                 ocsp_by(c, "ICAM_Test_Card_PIV_OCSP_Revoked_Signer_No_Check_Not_Present_gen3", true);
             },
             "piv.ocsp.responder.revocation", "PIV-authentication-certificate"},
            {"45", "an OCSP responder with a wrong signature", "46", icam_signer,
             [](MadeIcam& c) { ocsp_by(c, "ICAM_Test_Card_PIV_OCSP_Invalid_Sig_Signer_gen3", false); },
             "piv.ocsp.responder", "PIV-authentication-certificate"},
            {"43", "a revoked OCSP responder with nocheck", "46", icam_signer,
             [](MadeIcam& c) {
                 ocsp_by(c, "ICAM_Test_Card_PIV_OCSP_Revoked_Signer_No_Check_Present_gen3", true);
             },
             "", ""},
            {"--", "a good OCSP response", "46", icam_signer,
             [](MadeIcam& c) { ocsp_by(c, "ICAM_Test_Card_PIV_OCSP_Valid_Signer_gen3", false); }, "", ""}};
}

}  // namespace

TEST_CASE("cards of the ICAM list that are not at hand, made as it describes them, have their verdicts") {
    if (!icam_there()) return;
    fmt::print("{:<5} {:<48} {:<7} {:<64} {}\n", "card", "made", "verdict", "cause", "expected");
    for (const auto& part : {tampered_rows(), dated_rows(), other_rows()}) {
        for (const auto& row : part) {
            INFO(row.number << ": " << row.what);
            MadeIcam card{row.base, row.signer};
            row.change(card);
            const auto report = card.judge();
            const bool accept = std::string_view{row.cause}.empty();
            const std::string cause = report.cause.value_or("-");
            const std::string object = report.accept ? "" : report.findings.front().object;
            fmt::print("{:<5} {:<48} {:<7} {:<64} {}\n", row.number, row.what,
                       report.accept ? "ACCEPT" : "REJECT",
                       report.accept ? "-" : fmt::format("{} ({})", cause, object),
                       accept ? "ACCEPT" : fmt::format("{} ({})", row.cause, row.object));
            for (const auto& finding : report.findings)
                UNSCOPED_INFO(name_of(finding) << finding.check << ": " << finding.text);
            CHECK(report.accept == accept);
            if (!accept) CHECK(cause == row.cause);
            if (!accept) CHECK(object == row.object);
        }
    }
}
