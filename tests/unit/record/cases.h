// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <filesystem>
#include <functional>
#include <string>

#include "apdu/bytes.h"
#include "apdu/error.h"

/// The good inputs, and the bad ones that are made from them.
namespace kartsaz::test {

std::filesystem::path demo_dir();   ///< tools/demo
std::filesystem::path good2_dir();  ///< tests/data/records/good2
nlohmann::json demo_record();       ///< its record.json
/// tests/data/records/bad/`name`
nlohmann::json bad_cases(const std::string& name);
/// The good bytes that a case of templates.json or photos.json starts from, changed as it says.
Bytes changed(const nlohmann::json& one_case, const std::string& default_file);

/// The message of the Error that `act` throws; its code must be input_invalid. Anything else is rethrown;
/// "(accepted)" when it throws nothing.
std::string refusal(const std::function<void()>& act);

bool contains(const std::string& text, const std::string& part);

}  // namespace kartsaz::test
