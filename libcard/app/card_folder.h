// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "libcard/app/dump.h"

/// A card in a folder, in whatever form: what `kartsaz read -o` wrote, files of a passport, or objects that
/// others made ready for an application.
namespace kartsaz::app {

/// A form in which others keep the objects of one application.
struct FolderForm {
    std::string_view application;
    bool (*recognizes)(const std::filesystem::path& folder);
    DumpApplication (*load)(const std::filesystem::path& folder);
};
/// Each application that has one adds its line in registry.cpp.
const std::vector<FolderForm>& folder_forms();

/// card.json where there is one; else the form that recognizes the folder; else as load_dump() has it.
/// @throws Error{input_invalid} naming file, offset and rule; Error{store_failed}
CardDump load_card_folder(const std::filesystem::path& folder);

}  // namespace kartsaz::app
