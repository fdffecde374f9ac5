// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "apdu/bytes.h"
#include "keys/signing_key.h"

/// The offline CA of a station: a key of its own, whoever asks, and the folder that the requests come in.
namespace kartsaz::test {

struct OfflineCa {
    OfflineCa();
    /// What is answered to the request `id` of the spool folder, PEM.
    std::string answer(const std::filesystem::path& spool, const std::string& id) const;
    std::string certificate_pem() const;

    std::shared_ptr<const keys::SigningKey> key;
    Bytes certificate;  ///< DER
};

/// The requests that lie in the folder, by their key identifiers; none when it is not there.
std::vector<std::string> spooled_requests(const std::filesystem::path& spool);

}  // namespace kartsaz::test
