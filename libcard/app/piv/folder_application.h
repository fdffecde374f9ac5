// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "libcard/app/piv/application.h"
#include "libcard/app/piv/folder.h"

/// Writing a folder of ready-made objects to a card: [piv] with source = "folder", profile piv-objects. The
/// same application, observed the same way; what it must hold comes from the folder and not from a record.
namespace kartsaz::app::piv {

/// Options of [piv] beside those of options.h.
struct FolderOptions {
    bool import_keys = true;            ///< private keys go to the card; else only objects
    std::set<std::uint16_t> must_hold;  ///< containers that may not be left out where the card has no room
    bool remove = true;                 ///< objects of the card that the folder has not are removed
};
/// True of a profile whose [piv] has source = "folder".
bool is_from_folder(const profile::Profile& profile);
/// @throws Error{input_invalid}
FolderOptions read_folder_options(const profile::Profile& profile);

class FolderMaterial final : public perso::Material {
public:
    explicit FolderMaterial(ObjectFolder folder) : folder_{std::move(folder)} {}
    const ObjectFolder& folder() const { return folder_; }
    std::string digest() const override;
    std::string card_number() const override;

private:
    ObjectFolder folder_;
};

/// @throws Error{input_invalid} naming file, offset and rule; Error{keys_failed} as load_object_folder()
std::unique_ptr<perso::Material> load_folder_material(const profile::Profile& profile,
                                                      const std::filesystem::path& path);

/// What the card has of it.
struct FolderState final : perso::AppState {
    std::map<std::uint16_t, Bytes> objects;  ///< values that could be read
    std::set<std::uint16_t> hidden;          ///< there or not: they could not be read
    std::set<std::uint8_t> same_keys;        ///< references that hold the folder's key
    std::map<std::uint16_t, std::string>
        no_room;  ///< containers of the folder that the card cannot hold: why
};

void look_inside_for_folder(apdu::Transport& card, const perso::Order& order, perso::CardState& state);
std::vector<perso::Item> encode_folder(const perso::Order& order, const perso::CardState& state);
void plan_folder(const perso::Order& order, const perso::CardState& state, perso::Plan& plan);

}  // namespace kartsaz::app::piv
