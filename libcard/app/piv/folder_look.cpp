// SPDX-License-Identifier: Apache-2.0
// What a card already has of a folder of ready-made objects.
#include <fmt/format.h>

#include <algorithm>

#include "apdu/error.h"
#include "keys/card_identity.h"
#include "keys/management_key.h"
#include "libcard/app/piv/folder_application.h"
#include "libcard/app/piv/key_commands.h"
#include "libcard/app/piv/read_steps.h"

namespace kartsaz::app::piv {
namespace {

using Owner = Management::Owner;

class FolderInsider {
public:
    FolderInsider(apdu::Transport& card, const perso::Order& order, perso::CardState& state, State& own)
        : card_{card},
          order_{order},
          state_{state},
          own_{own},
          folder_{dynamic_cast<const FolderMaterial&>(*order.material).folder()},
          seen_{std::make_unique<FolderState>()} {}

    void operator()() {
        if (own_.management.owner == Owner::unknown) find_management_key();
        find_room();
        verify_pin();
        for (const auto& container : containers()) {
            if (own_.capability.room(container)) read(container);
        }
        if (own_.has_metadata()) ask_keys(card_, own_);
        for (const auto& key : folder_.keys) compare(key);
        state_.sealed = state_.sealed || is_finished();
        tell();
        state_.applications["piv-folder"] = std::move(seen_);
    }

private:
    void find_management_key() {
        const std::string identity = keys::identity_of_card(state_.chip.name, order_.record.document_number);
        const auto keyset_name = read_options(order_.profile).management_keyset;
        for (const auto algorithm : algorithms()) {
            for (const auto* keyset : order_.keys.versions(keyset_name)) {
                const auto key =
                    keys::derive_management_key(*keyset, identity, algorithm, management_key_size(algorithm));
                if (reading::proves_management(card_, algorithm, key))
                    return found(Owner::issuer, algorithm, keyset->version);
            }
            if (!own_.has_metadata() &&
                reading::proves_management(card_, algorithm, factory_management_key()))
                return found(Owner::factory, algorithm, 0);
        }
    }

    std::vector<std::uint8_t> algorithms() {
        if (own_.has_metadata()) {
            const auto told = own_.management.algorithm;
            return management_key_size(told) == 0 ? std::vector<std::uint8_t>{} : std::vector{told};
        }
        const auto algorithm = reading::find_management_algorithm(card_);
        return algorithm ? std::vector{*algorithm} : std::vector<std::uint8_t>{};
    }

    void found(Owner owner, std::uint8_t algorithm, std::uint8_t version) {
        own_.management = {owner, algorithm, version};
    }

    void find_room() {
        for (const auto& one : folder_.objects) {
            const auto& container = *container_of_id(one.id);
            const auto room = own_.capability.room(container);
            if (!room) {
                seen_->no_room[one.id] = fmt::format("{}: this card does not take it", container.name);
            } else if (one.value.size() > *room) {
                seen_->no_room[one.id] =
                    fmt::format("{}: {} bytes, this card takes {}", container.name, one.value.size(), *room);
            }
        }
        for (const auto& key : folder_.keys) {
            const auto& container = *container_of_key(key.reference);
            const auto algorithm = keys::algorithm_of(key.public_key);
            if (!own_.capability.room(container)) {
                seen_->no_room[container.id] =
                    fmt::format("key {:02X}: this card has no place for it", key.reference);
            } else if (!algorithm || !own_.capability.makes(*algorithm)) {
                seen_->no_room[container.id] =
                    fmt::format("key {:02X}: this card has no {}", key.reference, key_name(key.public_key));
            }
        }
    }

    /// The maker's PIN only where the card says that it is the maker's, the holder's with more than one try.
    void verify_pin() {
        const bool makers = own_.pin_data && own_.pin_data->factory.value_or(false);
        const auto tries = own_.pin_tries();
        const bool given = order_.holder_pin != nullptr && fault_of_pin(*order_.holder_pin).empty();
        if (!tries || *tries < 2 || (!makers && !given)) return;
        const auto pin = given ? order_.holder_pin->clone() : factory_pin();
        if (!reading::verify_pin(card_, pin).ok() && given) {
            throw Error{Errc::keys_failed,
                        "PIN: the card refused the PIN that was given; nothing was written"};
        }
    }

    void read(const Container& container) {
        const auto answer = card_.transmit(get_data(container.tag, own_.capability.response));
        constexpr std::uint16_t not_found = 0x6A82;
        if (!answer.sw.ok()) {
            if (answer.sw.value() != not_found) seen_->hidden.insert(container.id);
            return;
        }
        try {
            auto value = value_in(container, answer.data);
            if (!value.empty()) seen_->objects[container.id] = std::move(value);
        } catch (const Error& error) {
            if (error.code() != Errc::input_invalid) throw;
            seen_->objects[container.id] = answer.data;  // something is there, and it is to be replaced
        }
    }

    /// By what the card tells; a card that tells nothing gets the key again.
    void compare(const FolderKey& key) {
        const auto told = own_.keys.find(key.reference);
        if (told != own_.keys.end() && told->second.public_key == key.public_key)
            seen_->same_keys.insert(key.reference);
    }

    /// Keys are the last thing that is written: a card whose certificates all have theirs was finished once.
    bool is_finished() const {
        bool certified = false;
        for (const auto reference : {0x9A, 0x9C, 0x9D, 0x9E}) {
            const auto place = static_cast<std::uint8_t>(reference);
            if (!seen_->objects.contains(container_of_key(place)->id)) continue;
            certified = true;
            if (own_.has_metadata() && !own_.keys.contains(place)) return false;
        }
        return certified && seen_->objects.contains(id_chuid);
    }

    void tell() const {
        auto& facts = state_.facts;
        facts["PIV management key"] = own_.management.owner == Owner::factory ? "the maker's"
                                      : own_.management.owner == Owner::issuer
                                          ? "ours"
                                          : "neither the maker's nor ours";
        std::string left_out;
        for (const auto& [id, why] : seen_->no_room) left_out += (left_out.empty() ? "" : "; ") + why;
        if (!left_out.empty()) facts["PIV left out"] = left_out;
    }

    apdu::Transport& card_;
    const perso::Order& order_;
    perso::CardState& state_;
    State& own_;
    const ObjectFolder& folder_;
    std::unique_ptr<FolderState> seen_;
};

}  // namespace

void look_inside_for_folder(apdu::Transport& card, const perso::Order& order, perso::CardState& state) {
    auto& own = dynamic_cast<State&>(*state.applications.at("piv"));
    if (own.stage == Stage::absent) return;
    state.pending.reset();
    if (order.profile.applications.size() > 1)
        apdu::expect(card.transmit(select_application()), "PIV application: select");
    FolderInsider{card, order, state, own}();
}

}  // namespace kartsaz::app::piv
