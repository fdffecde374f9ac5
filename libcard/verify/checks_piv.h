// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "libcard/verify/checks.h"
#include "libcard/verify/observation_piv.h"

/// What the checks of the PIV application have in common.
namespace kartsaz::verify {

/// What explains what on a PIV card. A signature that is wrong explains whatever its object says; an object
/// that is another card's explains its hash in the security object; a key that is not the certificate's
/// explains the certificate's signature.
enum PivDepth : int {
    piv_depth_reading = 2,
    piv_depth_presence = 10,
    piv_depth_structure = 11,
    piv_depth_chuid_signature = 12,
    piv_depth_security_signature = 14,
    piv_depth_biometric_signature = 16,
    piv_depth_key_identifier = 18,
    piv_depth_path = 19,
    piv_depth_chuid_identity = 22,
    piv_depth_identity = 23,
    piv_depth_hash = 25,
    piv_depth_form = 30,
    piv_depth_ocsp = 35,
    piv_depth_proof = 40,
    piv_depth_expiry = 50,
    piv_depth_validity = 51,
    piv_depth_revocation = 52,
    piv_depth_outlives = 54,
    piv_depth_usage = 55,
    piv_depth_agreement = 56,
    piv_depth_access = 57,
    piv_depth_against = 59,
    piv_depth_record = depth_comparison
};

using PivRun = void (*)(const Piv&, Verdicts&);
struct PivCheck {
    const char* id;
    const char* title;
    Severity severity;
    const char* standard;
    const char* clause;
    int depth;
    PivRun run;
};
void add_piv(std::vector<Check>& checks, std::initializer_list<PivCheck> more);

/// What is normal for an old generation: a note there, a fault elsewhere.
void piv_departs(const Piv& card, Verdicts& verdicts, const std::string& object,
                 std::optional<std::size_t> offset, const std::string& expected, const std::string& got,
                 const std::string& text);
/// What makes a card of ours unfit to be handed out: a fault there, a warning on another's.
void piv_lacks(const Piv& card, Verdicts& verdicts, const std::string& object, const std::string& expected,
               const std::string& got, const std::string& text);

/// The card answered the challenge with the key of the certificate.
bool piv_key_proved(const Piv& card, std::uint8_t key);

void add_piv_object_checks(std::vector<Check>& checks);
void add_piv_signature_checks(std::vector<Check>& checks);
void add_piv_chuid_checks(std::vector<Check>& checks);
void add_piv_signer_checks(std::vector<Check>& checks);
void add_piv_security_checks(std::vector<Check>& checks);
void add_piv_biometric_checks(std::vector<Check>& checks);
void add_piv_certificate_checks(std::vector<Check>& checks);
void add_piv_identity_checks(std::vector<Check>& checks);
void add_piv_ocsp_checks(std::vector<Check>& checks);
void add_piv_key_checks(std::vector<Check>& checks);
void add_piv_content_checks(std::vector<Check>& checks);
void add_piv_access_checks(std::vector<Check>& checks);
void add_piv_against_checks(std::vector<Check>& checks);
void add_piv_record_checks(std::vector<Check>& checks);

}  // namespace kartsaz::verify
