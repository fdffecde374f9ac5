// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "libcard/app/inspect.h"

namespace kartsaz::tools {

/// An inspection for people.
void say_inspection(const app::Inspection& seen);

}  // namespace kartsaz::tools
