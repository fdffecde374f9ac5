// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "apdu/status_word.h"
#include "libcard/perso/transport_pin.h"

/// What was done to one card, for the bureau's books. Digests, KCVs and status words; no content, no keys.
namespace kartsaz::perso {

struct StepResult {
    std::string id;
    std::string label;
    apdu::StatusWord sw;
};

struct Traffic {
    std::uint64_t commands = 0;
    std::uint64_t bytes_out = 0;  ///< wire bytes to the card
    std::uint64_t bytes_in = 0;   ///< wire bytes from it, status words included
    friend bool operator==(const Traffic&, const Traffic&) = default;
};

struct Receipt {
    std::string chip;
    std::string profile;
    std::string profile_digest;
    std::string record_digest;
    std::string image_digest;
    std::string started;  ///< UTC
    std::string finished;
    std::map<std::string, std::string> files;  ///< "emrtd/EF.DG1" -> SHA-256, hexadecimal
    std::map<std::string, std::string>
        secrets;  ///< "globalplatform/issuer-keys" -> "issuer v49, KCV 504A77 ..."
    /// What card and issuer made: "pkcs15/signature.certificate" -> SHA-256, hexadecimal. Public data.
    std::map<std::string, std::string> learned;
    /// Of the signature application; empty: none, or a receipt of before this was noted.
    std::optional<TransportPin> transport_pin;
    std::vector<StepResult> steps;
    Traffic observed;    ///< exchanges before the first step
    Traffic written;     ///< exchanges of the steps
    double seconds = 0;  ///< wall time
    bool complete = false;
    bool development_keys = false;
};

std::string to_json(const Receipt& receipt);
/// @throws Error{input_invalid} naming `what` and the field
Receipt receipt_from_json(std::string_view json, const std::string& what);

}  // namespace kartsaz::perso
