// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "libcard/verify/observation.h"

namespace kartsaz::verify {

/// What people compare with the person before them: name, dates in both calendars, numbers, fingers; photo
/// and, for a JPEG 2000 photo, a preview. Only what could be decoded.
void fill_view(const Observation& seen, Report& report);

}  // namespace kartsaz::verify
