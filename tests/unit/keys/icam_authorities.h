// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>

#include "tests/unit/keys/small_ca.h"

/// The CAs and signers behind the GSA's ICAM test cards, in the shared folder.
namespace kartsaz::test {

/// 2026-11-21, the day that the cards are judged at, and its last second.
constexpr std::int64_t icam_day = 1795219200, icam_night = icam_day + 86399;

/// The folder of all cards; empty, after a word to the reader of the test's output, when it is not there.
std::optional<std::filesystem::path> icam_folder();
/// The first certificate of a file.
Bytes icam_der(const std::filesystem::path& file);
/// A certificate of ICAM_CA_and_Signer and its key, by the name of the files without extension.
Made icam_signer(const std::string& name);

}  // namespace kartsaz::test
