// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "libcard/app/dump.h"
#include "libcard/verify/verify.h"
#include "piv_pki.h"

/// Judging the GSA's ICAM test cards with the CAs, CRLs and keys beside them.
namespace kartsaz::test {

/// 2026-11-21, the day that the notes beside the cards judge by.
constexpr std::int64_t icam_day = 1'795'219'200;

/// False, after a word to the reader of the test's output, when the cards are not there.
bool icam_there();
std::filesystem::path icam_folder();                ///< of all cards
std::vector<std::filesystem::path> icam_folders();  ///< of each card, in the order of numbers
std::filesystem::path icam_folder_of(const std::string& number);
app::CardDump icam_dump(const std::filesystem::path& folder);

/// What is trusted: the folder of CAs, with CRLs. @param revoked  with a CRL of the third generation's CA
/// that revokes what the published, empty one ought to: the content signer of card 57
verify::Report judge_icam(const app::CardDump& dump, bool revoked = false,
                          const app::CardDump* registered = nullptr);

/// An identity of the folder of CAs: "ICAM_Test_Card_PIV_Signing_CA_-_gold_gen3".
PivParty icam_party(const std::string& name);

/// "fatal " and the like, for the output of a test.
std::string name_of(const verify::Finding& finding);

}  // namespace kartsaz::test
