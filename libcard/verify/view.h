// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "libcard/verify/observation.h"

namespace kartsaz::verify {

/// What people compare with the person before them: name, dates in both calendars, numbers, fingers; photo
/// and, for a JPEG 2000 photo, a preview. Only what could be decoded.
void fill_view(const Observation& seen, Report& report);
/// Whom the certificates name, of what kind their keys are, and whose PIN it is. Part of fill_view().
void fill_signature_view(const Signature& card, std::vector<ViewField>& view);

/// Rule set, printed name, agency, expiry, FASC-N, GUID, fingers, certificates and photo of a PIV card. Part
/// of fill_view().
void fill_piv_view(const Piv& card, bool preview, Report& report);

}  // namespace kartsaz::verify
