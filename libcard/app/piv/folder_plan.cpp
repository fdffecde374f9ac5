// SPDX-License-Identifier: Apache-2.0
// The difference between a folder of ready-made objects and a card, as steps.
#include <fmt/format.h>

#include <algorithm>

#include "apdu/error.h"
#include "keys/pkcs12.h"
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
        const auto removals = objects_to_remove();
        const auto writes = objects_to_write();
        const auto imports = keys_to_import();
        if (removals.empty() && writes.empty() && imports.empty()) return;
        const Options all = read_options(order_.profile);
        Steps steps{order_, state_, own_, all, plan_};
        steps.authenticate();
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
