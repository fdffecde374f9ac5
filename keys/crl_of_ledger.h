// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "keys/ca_ledger.h"
#include "keys/certificate_writer.h"

/// For the sources of keys/ only.
namespace kartsaz::keys {

/// The CRL that follows from a ledger. @throws Error{usage} when `days` is not 1 to 3650, or `now` is before
/// the last CRL's time; Error{keys_failed}, Error{store_failed}
Bytes crl_of_ledger(const Issuer& issuer, CaLedger& ledger, std::int64_t now, int days,
                    const std::string& who);

}  // namespace kartsaz::keys
