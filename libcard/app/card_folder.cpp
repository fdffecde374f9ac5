// SPDX-License-Identifier: Apache-2.0
#include "libcard/app/card_folder.h"

namespace kartsaz::app {

CardDump load_card_folder(const std::filesystem::path& folder) {
    std::error_code fault;
    if (std::filesystem::exists(folder / "card.json", fault)) return load_dump(folder);
    for (const auto& form : folder_forms()) {
        if (!form.recognizes(folder)) continue;
        CardDump out;
        out.applications.push_back(form.load(folder));
        return out;
    }
    return load_dump(folder);
}

}  // namespace kartsaz::app
