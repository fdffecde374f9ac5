// SPDX-License-Identifier: Apache-2.0
// The difference between a folder of ready-made objects and a card, as steps.
#include <fmt/format.h>

#include <algorithm>

#include "apdu/error.h"
#include "keys/pkcs12.h"
#include "libcard/app/piv/chuid.h"
#include "libcard/app/piv/folder_application.h"
#include "libcard/app/piv/key_commands.h"
#include "libcard/app/piv/plan_steps.h"

namespace kartsaz::app::piv {
namespace {

using keys::SecretBytes;

/// What IMPORT takes of a key.
SecretBytes import_field(const FolderKey& key) {
    const auto numbers = keys::private_numbers(key.pem);
    return numbers.size() == 1 ? import_ec_field(numbers[0]) : import_rsa_field(numbers);
}

SecretBytes part_of(const SecretBytes& whole, std::size_t offset, std::size_t size) {
    return whole.reveal([&](ByteView bytes) { return SecretBytes{bytes.subspan(offset, size)}; });
}

/// A step for each part of a chain; the private key is read from the folder's memory when the step runs.
void import_key(const FolderKey& key, std::size_t target, std::size_t block, perso::Plan& plan) {
    const auto algorithm = algorithm_id(*keys::algorithm_of(key.public_key));
    const std::size_t size = import_field(key).size();
    const std::size_t parts = (size + block - 1) / block;
    for (std::size_t part = 0; part < parts; ++part) {
        const std::size_t offset = part * block, length = std::min(block, size - offset);
        const bool last = part + 1 == parts;
        perso::SecretCommand command;
        command.header = import_header(key.reference, algorithm, !last);
        command.data_size = length;
        command.names = "key file \"" + key.file + "\"";
        // the folder outlives every run that is ordered from it
        command.data = [&key, offset, length](const perso::SecretAccess&) {
            return part_of(import_field(key), offset, length);
        };
        const std::string of = parts == 1 ? "" : fmt::format(", part {} of {}", part + 1, parts);
        perso::Step step;
        step.id = fmt::format("piv/key-{:02X}/import@{}", key.reference, part);
        step.label = fmt::format("key {:02X}: import{}", key.reference, of);
        step.phase = perso::Phase::secrets;
        step.target = target;
        step.action = std::move(command);
        step.written = last ? size : 0;
        step.irreversible = last;
        plan.steps.push_back(std::move(step));
    }
}

/// GUID or FASC-N of both are the same; a GUID of zeros is none.
bool is_same_card(ByteView one, ByteView other) {
    if (std::ranges::equal(one, other)) return true;
    try {
        const auto a = decode_chuid(one), b = decode_chuid(other);
        const bool named = std::ranges::any_of(a.guid, [](std::uint8_t byte) { return byte != 0; });
        return (named && a.guid == b.guid) || (!a.fascn.empty() && a.fascn == b.fascn);
    } catch (const Error& error) {
        if (error.code() != Errc::input_invalid) throw;
        return false;
    }
}

class FolderPlan {
public:
    FolderPlan(const perso::Order& order, const perso::CardState& state, perso::Plan& plan)
        : order_{order},
          state_{state},
          plan_{plan},
          folder_{dynamic_cast<const FolderMaterial&>(*order.material).folder()},
          own_{*state.of<State>("piv")},
          seen_{*state.of<FolderState>("piv-folder")},
          options_{read_folder_options(order.profile)} {}

    void operator()() {
        refuse();
        const auto others = things_of_others();
        refuse_others(others);
        const auto removals = objects_to_remove();
        auto writes = objects_to_write();
        const auto imports = keys_to_import();
        if (removals.empty() && writes.empty() && imports.empty()) return;
        const Options all = read_options(order_.profile);
        Steps steps{order_, state_, own_, all, plan_};
        steps.authenticate();
        // from here on the card says whose it is to be, so the same call goes on when it is torn
        if (!others.empty() && !writes.empty() && writes.front()->id == id_chuid) {
            steps.put(id_chuid, writes.front()->value);
            writes.erase(writes.begin());
        }
        for (const auto id : removals) steps.put(id, {}, "remove");
        for (const auto* one : writes) steps.put(one->id, one->value);
        const std::size_t target = plan_.steps.back().target;
        for (const auto* key : imports) import_key(*key, target, own_.capability.block, plan_);
    }

private:
    void refuse() const {
        if (own_.management.owner == Management::Owner::unknown) {
            throw Error{Errc::keys_failed,
                        "management key (9B): neither the maker's nor one of the issuer's keyset opens this "
                        "card; nothing was written"};
        }
        for (const auto& [id, why] : seen_.no_room) {
            if (!options_.must_hold.contains(id)) continue;
            throw Error{Errc::card_refused,
                        fmt::format("{}; profile {} does not allow to leave it out, and nothing was written",
                                    why, order_.profile.name)};
        }
    }

    /// On the card, left by no maker, and not in the folder: a torn card of this folder has none.
    std::vector<std::string> things_of_others() const {
        std::vector<std::string> out;
        for (const auto& [reference, key] : own_.keys) {
            const bool untold = folder_.key(reference) != nullptr && key.public_key.empty();
            if (!untold && !seen_.same_keys.contains(reference))
                out.push_back(fmt::format("key {:02X}", reference));
        }
        for (const auto& [id, value] : seen_.objects) {
            const auto& container = *container_of_id(id);
            const auto* ours = folder_.object(id);
            if (is_issued(container) && (ours == nullptr || ours->value != value))
                out.push_back(container.name);
        }
        return out;
    }

    /// A finished card of the maker's management key is `kartsaz update`, as the guard says; one of the
    /// issuer's is a citizen's, and no folder of another card may take its place.
    void refuse_others(const std::vector<std::string>& others) const {
        if (others.empty()) return;
        const auto there = seen_.objects.find(id_chuid);
        const auto* wanted = folder_.object(id_chuid);
        if (there != seen_.objects.end() && wanted != nullptr && is_same_card(there->second, wanted->value))
            return;
        if (own_.management.owner == Management::Owner::issuer) {
            throw Error{
                Errc::card_refused,
                fmt::format("the card holds {} under the issuer's management key, and neither GUID nor "
                            "FASC-N of its CHUID is the folder's: it is another card, perhaps a "
                            "citizen's. Nothing was written",
                            in_words(others))};
        }
        const bool known = state_.chip.known() && state_.books.completed;
        if (known || state_.sealed || order_.reassign) return;
        throw Error{Errc::card_refused,
                    fmt::format("the card holds {}, which this station did not write and the folder has not: "
                                "others began this card; it is never overwritten. Nothing was written",
                                in_words(others))};
    }

    std::vector<std::uint16_t> objects_to_remove() const {
        std::vector<std::uint16_t> out;
        if (!options_.remove) return out;
        for (const auto& [id, value] : seen_.objects) {
            const bool stays = folder_.object(id) != nullptr && !seen_.no_room.contains(id);
            if (!stays) out.push_back(id);
        }
        return out;
    }

    std::vector<const FolderObject*> objects_to_write() const {
        std::vector<const FolderObject*> out;
        for (const auto& one : folder_.objects) {
            if (seen_.no_room.contains(one.id)) continue;
            const auto found = seen_.objects.find(one.id);
            if (found == seen_.objects.end() || found->second != one.value) out.push_back(&one);
        }
        return out;
    }

    std::vector<const FolderKey*> keys_to_import() const {
        std::vector<const FolderKey*> out;
        if (!options_.import_keys) return out;
        for (const auto& key : folder_.keys) {
            const auto& container = *container_of_key(key.reference);
            if (!seen_.same_keys.contains(key.reference) && !seen_.no_room.contains(container.id))
                out.push_back(&key);
        }
        return out;
    }

    const perso::Order& order_;
    const perso::CardState& state_;
    perso::Plan& plan_;
    const ObjectFolder& folder_;
    const State& own_;
    const FolderState& seen_;
    FolderOptions options_;
};

}  // namespace

void plan_folder(const perso::Order& order, const perso::CardState& state, perso::Plan& plan) {
    const auto* own = state.of<State>("piv");
    if (own == nullptr || own->stage == Stage::absent) {
        throw Error{Errc::card_refused, "there is no PIV application on this card; nothing was written"};
    }
    FolderPlan{order, state, plan}();
}

}  // namespace kartsaz::app::piv
