// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "keys/certificate_source.h"

namespace kartsaz::keys {

/// Whether a certificate that an outside CA gave is what was ordered: the key of the request, the usage that
/// was asked for and no CA's, the subject's serialNumber, valid when the order begins, and a path to one of
/// `trusted` (DER). @param what  begins the error text  @throws Error{keys_failed} naming the rule broken
void check_issued(const CertificateOrder& order, ByteView certificate, const std::vector<Bytes>& trusted,
                  const std::string& what);

}  // namespace kartsaz::keys
