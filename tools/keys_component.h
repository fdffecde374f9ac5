// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string>

#include "keys/ceremony.h"

/// Components as they are told and kept.
namespace kartsaz::tools {

void say_component(const keys::Component& component);
nlohmann::json component_json(const keys::Component& component);
/// Asks for the new passphrase, writes the file, tells the check values.
/// @param passphrase  a source of secret_input.h
void keep_component(const keys::Component& component, const std::string& file, const std::string& passphrase,
                    bool as_json);

}  // namespace kartsaz::tools
