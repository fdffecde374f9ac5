// SPDX-License-Identifier: Apache-2.0
#include "libcard/app/registry.h"

#include "libcard/app/card_folder.h"
#include "libcard/app/emrtd/application.h"
#include "libcard/app/globalplatform/application.h"
#include "libcard/app/piv/application.h"
#include "libcard/app/piv/folder.h"
#include "libcard/app/pkcs15/application.h"

namespace kartsaz::app {

const perso::Applications& registry() {
    static const perso::Applications all{
        &globalplatform::application(),
        &pkcs15::application(),
        &piv::application(),
        &emrtd::application(),
    };
    return all;
}

const std::vector<FolderForm>& folder_forms() {
    static const std::vector<FolderForm> all{
        {"piv", piv::is_object_folder,
         [](const std::filesystem::path& folder) { return piv::to_dump(piv::load_object_folder(folder)); }},
    };
    return all;
}

}  // namespace kartsaz::app
