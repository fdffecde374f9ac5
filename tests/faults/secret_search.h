// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "apdu/bytes.h"

/// Looks for secrets in whatever a program left behind, in every dress that a program might put them in.
namespace kartsaz::faults {

struct Secret {
    std::string name;
    Bytes bytes;
};

/// Every form that is looked for: raw, hexadecimal in both cases, with blanks and with colons between the
/// bytes, as a list of decimal numbers, and base64 in its three alignments.
std::vector<std::pair<std::string, std::string>> forms_of(const Secret& secret);

/// One line per secret, form and file: "out/log: issuer enc as lower-case hex at byte 120".
/// @param folder  searched with all below it
std::vector<std::string> search(const std::filesystem::path& folder, const std::vector<Secret>& secrets);

}  // namespace kartsaz::faults
