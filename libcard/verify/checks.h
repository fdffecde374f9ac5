// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "libcard/verify/check.h"

/// The parts of the registry, one per room of the card, and the ranks of causes.
namespace kartsaz::verify {

/// What explains what: a manipulated EF.SOD explains everything else; a broken EF.COM comes next, then files
/// that differ from what EF.SOD signs; only then what the contents mean, what the chip proves, and
/// comparisons.
enum Depth : int {
    depth_kind = 1,
    depth_sod_form = 10,
    depth_sod_signature = 11,
    depth_sod_chain = 12,
    depth_sod_signer = 13,
    depth_sod_content = 14,
    depth_com_form = 16,
    depth_com_content = 17,
    depth_hash = 20,
    depth_file = 21,
    depth_form = 30,
    depth_value = 31,
    depth_agreement = 40,
    depth_signature_chain = 42,
    depth_signature_key = 43,
    depth_proof = 45,
    depth_access = 50,
    depth_validity = 55,
    depth_comparison = 60,
};

void add_card_checks(std::vector<Check>& checks);
void add_access_checks(std::vector<Check>& checks);
void add_com_checks(std::vector<Check>& checks);
void add_sod_checks(std::vector<Check>& checks);
void add_file_checks(std::vector<Check>& checks);
void add_mrz_checks(std::vector<Check>& checks);
void add_person_checks(std::vector<Check>& checks);
void add_biometric_checks(std::vector<Check>& checks);
/// Which applications are there.
void add_part_checks(std::vector<Check>& checks);
void add_chip_checks(std::vector<Check>& checks);
void add_record_checks(std::vector<Check>& checks);
/// The PIV application, all of it.
void add_piv_checks(std::vector<Check>& checks);
/// The signature application, all of it.
void add_pkcs15_checks(std::vector<Check>& checks);
void add_against_checks(std::vector<Check>& checks);

}  // namespace kartsaz::verify
