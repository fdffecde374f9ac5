// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "keys/path_check.h"

struct x509_st;

/// What is wrong with one chain of certificates. For the sources of keys/ only.
namespace kartsaz::keys {

/// The certificate first, each signed by the next one as far as names tell; the last is taken as if it were
/// an anchor. Each fault once, in the order of the elements. RFC 5280, 6.1.
std::vector<PathFault> chain_faults(const std::vector<x509_st*>& chain, TrustAnchors::When at,
                                    const PathOptions& options);

/// The element at which no policy is left that is valid from the anchor on, when one is demanded
/// (by a certificate, or by `demanded`). OpenSSL's
/// own check refuses paths of the ICAM test cards that are right, so this one is ours. RFC 5280, 6.1.
std::optional<std::size_t> policy_fault(const std::vector<x509_st*>& chain, bool demanded);

}  // namespace kartsaz::keys
