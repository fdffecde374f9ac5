// SPDX-License-Identifier: Apache-2.0
// The GSA's ICAM test cards, from their folders: verdict and cause of each, as the notes beside them tell.
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "icam_verdicts.h"

using namespace kartsaz;
using namespace kartsaz::test;

namespace {

struct Expected {
    const char* number;
    const char* cause;   ///< check id; empty: accepted
    const char* object;  ///< of the cause
};

// Source: shared/data/icam-notes.md, "Cards, faults, verdicts"
const std::vector<Expected> expected_icam{
    {"01", "", ""},
    {"02", "", ""},
    {"04", "piv.chuid.signature.digest", "CHUID"},
    {"06", "piv.biometric.signature.digest", "face"},
    {"08", "piv.security.signature.value", "security-object"},
    {"10", "piv.certificate.issuer-validity", "PIV-authentication-certificate"},
    {"12", "piv.certificate.validity", "PIV-authentication-certificate"},
    {"14", "piv.chuid.expiry", "CHUID"},
    {"16", "piv.certificate.fascn", "card-authentication-certificate"},
    {"18", "piv.biometric.fascn", "fingerprints"},
    {"20", "piv.certificate.uuid", "card-authentication-certificate"},
    {"22", "piv.biometric.uuid", "fingerprints"},
    {"24", "piv.certificate.revocation", "PIV-authentication-certificate"},
    {"25", "", ""},
    {"27", "", ""},
    {"37", "", ""},
    {"38", "piv.security.hash", "printed-information"},
    {"41", "", ""},
    {"46", "", ""},
    {"47", "", ""},
    {"49", "piv.biometric.validity", "face"},
    {"51", "piv.biometric.validity", "fingerprints"},
    {"53", "", ""},
    {"55", "piv.objects.presence", "security-object"},
    {"57", "piv.signer.revocation", "CHUID"},
    {"59", "", ""}};

}  // namespace

TEST_CASE("every ICAM card has its verdict and its cause, from its folder") {
    if (!icam_there()) return;
    fmt::print("{:<48} {:<7} {:<60} {}\n", "card", "verdict", "cause", "expected");
    std::size_t judged = 0;
    for (const auto& folder : icam_folders()) {
        const std::string name = folder.filename().string();
        const auto wanted = std::find_if(expected_icam.begin(), expected_icam.end(),
                                         [&](const Expected& one) { return name.starts_with(one.number); });
        INFO(name);
        REQUIRE(wanted != expected_icam.end());
        const auto report = judge_icam(icam_dump(folder), name.starts_with("57"));
        const std::string cause = report.cause.value_or("-");
        const std::string object = report.findings.empty() ? "" : report.findings.front().object;
        const bool accept = std::string_view{wanted->cause}.empty();
        fmt::print("{:<48} {:<7} {:<60} {}\n", name, report.accept ? "ACCEPT" : "REJECT",
                   report.accept ? "-" : fmt::format("{} ({})", cause, object),
                   accept ? "ACCEPT" : fmt::format("{} ({})", wanted->cause, wanted->object));
        for (const auto& finding : report.findings)
            UNSCOPED_INFO(name_of(finding) << finding.check << ": " << finding.text);
        CHECK(report.accept == accept);
        if (!accept) {
            CHECK(cause == wanted->cause);
            CHECK(object == wanted->object);
        }
        ++judged;
    }
    CHECK(judged == expected_icam.size());
}

TEST_CASE("the re-keyed ICAM card 41 is rejected beside card 46, which it says to be, and only there") {
    if (!icam_there()) return;
    const auto rekeyed = icam_dump(icam_folder_of("41")), registered = icam_dump(icam_folder_of("46"));
    CHECK(judge_icam(rekeyed).accept);
    const auto report = judge_icam(rekeyed, false, &registered);
    CHECK_FALSE(report.accept);
    CHECK(report.cause.value_or("") == "piv.against.keys");
    CHECK(report.findings.front().object == "PIV-authentication-certificate");
    CHECK(judge_icam(registered, false, &registered).accept);
}
