// SPDX-License-Identifier: Apache-2.0
#include "libcard/app/registry.h"

#include "libcard/app/emrtd/application.h"
#include "libcard/app/globalplatform/application.h"
#include "libcard/app/pkcs15/application.h"

namespace kartsaz::app {

const perso::Applications& registry() {
    static const perso::Applications all{
        &globalplatform::application(),
        &pkcs15::application(),
        &emrtd::application(),
    };
    return all;
}

}  // namespace kartsaz::app
