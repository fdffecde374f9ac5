// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "good_piv.h"

/// Cards with one fault each, for every check of the PIV rule sets.
namespace kartsaz::test {

using PivChange = std::function<void(GoodPiv&)>;

/// One fault, put in where it cannot be found by what comes later: everything after it is made anew.
struct PivMutant {
    std::string check;               ///< that must find it
    std::string what;                ///< for people
    PivChange made{};                ///< before the objects are made and signed
    PivChange signed_{};             ///< before the security object is made over them
    PivChange sealed{};              ///< after it
    PivChange proved{};              ///< after the keys were challenged
    std::set<std::string> beside{};  ///< checks that cannot but find it, too
    std::string why{};               ///< they cannot
};

std::vector<PivMutant> piv_object_mutants();
std::vector<PivMutant> piv_signature_mutants();
std::vector<PivMutant> piv_certificate_mutants();
std::vector<PivMutant> piv_card_mutants();
std::vector<PivMutant> piv_record_mutants();

/// Fields by what they do, so that a table of mutants reads well.
PivMutant mutant_made(const char* check, const char* what, PivChange change);
PivMutant mutant_signed(const char* check, const char* what, PivChange change);
PivMutant mutant_sealed(const char* check, const char* what, PivChange change);
PivMutant mutant_proved(const char* check, const char* what, PivChange change);
PivMutant with(PivMutant mutant, std::set<std::string> beside, const char* why);

verify::Report judge_piv_mutant(const PivMutant& mutant);

}  // namespace kartsaz::test
