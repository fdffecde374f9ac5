// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/unit/tools/program.h"

/// Bad input, one case after another through the real program.
namespace kartsaz::test {

/// A desk holds record/, a blank card.body, and of a finished card: receipt.json, dump/ (of `read -o`),
/// trust/.
struct BadInput {
    std::string name;
    std::function<void(const Desk&)> spoil;  ///< makes the input bad
    std::string call;                        ///< arguments
    int code = 3;
    std::vector<std::string> says;  ///< pieces of the message: field or offset, and the rule
};

inline const std::string personalize = "personalize record/record.json -r sim:card.body";
inline const std::string judge = "verify --from dump --expect record/record.json";

/// A case whose one file is written anew.
BadInput bad_file(const std::string& name, const std::string& file, const std::string& text,
                  const std::string& call, std::vector<std::string> says, int code = 3);

std::vector<BadInput> bad_records();
std::vector<BadInput> bad_photos_and_templates();
std::vector<BadInput> bad_profiles();
std::vector<BadInput> bad_key_files();
std::vector<BadInput> bad_passphrase_files();
std::vector<BadInput> bad_dumps();
std::vector<BadInput> bad_trust();
std::vector<BadInput> bad_receipts();
std::vector<BadInput> bad_transcripts_and_mrz();
std::vector<BadInput> bad_bodies_and_targets();

/// Puts what a desk needs for all cases onto it.
class BadInputStock {
public:
    BadInputStock();
    void lay_out(const Desk& desk) const;

private:
    Desk desk_;
};

/// Runs one case on a desk of its own. Empty when it was refused as expected and left nothing, else what was
/// wrong.
std::string trial(const BadInputStock& stock, const BadInput& bad);

}  // namespace kartsaz::test
