// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <limits>

#include "keys/certificate_source.h"

namespace kartsaz::keys {

/// Whether an order asks for a later end than the one before it for the same key. The end of an order is
/// counted from today, so a card that was torn and is gone on with after some days asks for days more than
/// before: that is no renewal. A gain of a week is, or of a quarter of the lifetime where that is shorter.
/// @param not_after  asked for before  @param latest  no certificate can be valid longer
inline bool renewal_due(std::int64_t not_after, const CertificateTemplate& content,
                        std::int64_t latest = std::numeric_limits<std::int64_t>::max()) {
    constexpr std::int64_t week = 7 * 86400;
    const auto end = std::min(content.not_after, latest);
    return end - not_after > std::min(week, (end - content.not_before) / 4);
}

}  // namespace kartsaz::keys
