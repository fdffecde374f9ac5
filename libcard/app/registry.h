// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "libcard/perso/application.h"

namespace kartsaz::app {

/// Every card application there is. A new one adds its folder and one line in registry.cpp.
const perso::Applications& registry();

}  // namespace kartsaz::app
