// SPDX-License-Identifier: Apache-2.0
// Options and image of a folder of ready-made objects.
#include "libcard/app/piv/folder_application.h"

#include <fmt/format.h>

#include <algorithm>

#include "apdu/error.h"
#include "keys/crypto.h"
#include "libcard/app/piv/chuid.h"
#include "libcard/app/piv/read.h"

namespace kartsaz::app::piv {
namespace {

constexpr const char* table = "piv";

void add_to(Bytes& all, std::string_view name, ByteView content) {
    append(all, to_bytes(name));
    append(all, big_endian(content.size(), 4));
    append(all, content);
}

std::uint16_t container_named(const std::string& word, const profile::Profile& profile) {
    const auto found =
        std::ranges::find(containers(), word, [](const Container& one) { return file_name(one); });
    if (found == containers().end()) {
        throw Error{
            Errc::input_invalid,
            fmt::format("profile {}: [piv]: must_hold: there is no object \"{}\"", profile.source, word)};
    }
    return found->id;
}

}  // namespace

bool is_from_folder(const profile::Profile& profile) {
    return profile.section(table).choice("source", "record", {"record", "folder"}) == "folder";
}

FolderOptions read_folder_options(const profile::Profile& profile) {
    const auto& section = profile.section(table);
    FolderOptions out;
    out.import_keys = section.flag("import_keys", true);
    out.remove = section.choice("others", "remove", {"remove", "keep"}) == "remove";
    std::string rest = section.text("must_hold", "CHUID") + " ";
    for (auto end = rest.find(' '); end != std::string::npos; end = rest.find(' ')) {
        if (end > 0) out.must_hold.insert(container_named(rest.substr(0, end), profile));
        rest.erase(0, end + 1);
    }
    return out;
}

std::unique_ptr<perso::Material> load_folder_material(const profile::Profile& profile,
                                                      const std::filesystem::path& path) {
    std::error_code fault;
    if (!std::filesystem::is_directory(path, fault)) {
        throw Error{Errc::input_invalid, fmt::format("{}: profile {} is written from a folder of PIV objects",
                                                     path.string(), profile.name)};
    }
    return std::make_unique<FolderMaterial>(load_object_folder(path));
}

std::string FolderMaterial::digest() const {
    Bytes all = to_bytes("kartsaz folder of PIV objects 1");
    for (const auto& one : folder_.objects) add_to(all, fmt::format("{:04X}", one.id), one.value);
    for (const auto& key : folder_.keys)
        add_to(all, fmt::format("key {:02X}", key.reference), key.public_key);
    return to_hex(keys::sha256(all));
}

std::string FolderMaterial::card_number() const {
    const auto* object = folder_.object(id_chuid);
    try {
        if (object != nullptr) return to_hex(decode_chuid(object->value).guid);
    } catch (const Error& error) {
        if (error.code() != Errc::input_invalid) throw;  // a test card may be broken on purpose
    }
    return digest().substr(0, 32);
}

std::vector<perso::Item> encode_folder(const perso::Order& order, const perso::CardState& state) {
    const auto& folder = dynamic_cast<const FolderMaterial&>(*order.material).folder();
    const auto* seen = state.of<FolderState>("piv-folder");
    std::vector<perso::Item> out;
    for (const auto& one : folder.objects) {
        if (seen != nullptr && seen->no_room.contains(one.id)) continue;
        const auto& container = *container_of_id(one.id);
        out.push_back(
            {table, file_name(container), perso::ItemKind::file, container.name, one.id, one.value, {}});
    }
    if (!read_folder_options(order.profile).import_keys) return out;
    for (const auto& key : folder.keys) {
        const auto& container = *container_of_key(key.reference);
        if (seen != nullptr && seen->no_room.contains(container.id)) continue;
        perso::Item item{table, fmt::format("key-{:02X}", key.reference), perso::ItemKind::secret,
                         fmt::format("key {:02X}", key.reference)};
        item.secret = "public key " + to_hex(keys::sha256(key.public_key));
        out.push_back(std::move(item));
    }
    return out;
}

}  // namespace kartsaz::app::piv
