// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "libcard/verify/checks.h"
#include "libcard/verify/observation_pkcs15.h"

/// What the checks of the signature application have in common.
namespace kartsaz::verify {

/// Something that this issuer's cards must have and others' need not: a fault on our own card, a note on
/// another maker's.
void departs(const Signature& card, Verdicts& verdicts, const std::string& object,
             const std::string& expected, const std::string& got, const std::string& text);

/// The same where something is missing that leaves others' cards of little use: a warning there.
void lacks(const Signature& card, Verdicts& verdicts, const std::string& object, const std::string& expected,
           const std::string& got, const std::string& text);

/// A check that looks at nothing but the signature application.
std::function<void(const Observation&, Verdicts&)> on_signature(void (*run)(const Signature&, Verdicts&));

void add_pkcs15_structure_checks(std::vector<Check>& checks);
void add_pkcs15_key_checks(std::vector<Check>& checks);
void add_pkcs15_certificate_checks(std::vector<Check>& checks);
void add_pkcs15_subject_checks(std::vector<Check>& checks);
void add_pkcs15_pin_checks(std::vector<Check>& checks);

}  // namespace kartsaz::verify
