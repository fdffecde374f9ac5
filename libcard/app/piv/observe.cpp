// SPDX-License-Identifier: Apache-2.0
// What a card tells of its PIV application while nothing is authenticated.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "apdu/error.h"
#include "apdu/iso7816.h"
#include "apdu/tlv.h"
#include "libcard/app/piv/application.h"
#include "libcard/app/piv/key_commands.h"

namespace kartsaz::app::piv {
namespace {

constexpr std::size_t cplc_size = 42;
constexpr std::uint16_t cplc_tag = 0x9F7F;

/// The card says plainly that it has no such application, object or command.
bool is_absence(apdu::StatusWord sw) {
    constexpr std::array<std::uint16_t, 8> words{0x6A82, 0x6A88, 0x6D00, 0x6A81,
                                                 0x6E00, 0x6A86, 0x6B00, 0x6700};
    return std::ranges::count(words, sw.value()) > 0;
}

/// The name that a card manager's production data gives the chip: the same as for every other application of
/// it. Fabricator, type, date, batch, serial; nothing where the serial number is zero.
std::string name_of_cplc(ByteView cplc) {
    if (cplc.size() != cplc_size || big_endian(cplc.subspan(12, 4)) == 0) return {};
    const auto hex = [&](std::size_t offset, std::size_t size) { return to_hex(cplc.subspan(offset, size)); };
    return fmt::format("{}-{}-{}-{}-{}", hex(0, 2), hex(2, 2), hex(10, 2), hex(16, 2), hex(12, 4));
}

Bytes cplc_in(const apdu::ResponseApdu& response) {
    if (!response.sw.ok()) return {};
    if (response.data.size() == cplc_size) return response.data;
    try {
        const auto object = apdu::find_tlv(response.data, cplc_tag, "CPLC");
        if (object && object->value.size() == cplc_size) return {object->value.begin(), object->value.end()};
    } catch (const Error& error) {
        if (error.code() != Errc::input_invalid) throw;
    }
    return {};
}

class Observer {
public:
    Observer(apdu::Transport& card, const perso::Order& order, perso::CardState& state)
        : card_{card},
          card_state_{state},
          options_{read_options(order.profile)},
          own_{std::make_unique<State>()} {}

    void operator()() {
        ask_card_manager();
        if (select()) {
            own_->version = parse_version(ask(get_version()));
            own_->management_data = metadata_of(management_reference);
            if (own_->has_metadata()) {
                own_->pin_data = metadata_of(pin_reference);
                own_->puk_data = metadata_of(puk_reference);
            } else {
                own_->pin_sw = card_.transmit(pin_status()).sw;
            }
            read_discovery();
            own_->capability =
                capability_of(own_->property, own_->version, own_->discovery, card_state_.atr, limits());
            if (!card_state_.chip.known()) ask_serial();
            judge_management();
        }
        tell();
        card_state_.applications["piv"] = std::move(own_);
    }

private:
    /// A chip with a card manager has one name in all the station's books.
    void ask_card_manager() {
        if (card_state_.chip.known() || options_.card_manager.empty()) return;
        const auto selected = ask_name(apdu::select_aid_quiet(options_.card_manager), "SELECT card manager");
        if (!selected.sw.ok()) return;
        card_state_.chip.cplc = cplc_in(ask_name(apdu::get_data(cplc_tag, 0x80), "GET DATA CPLC"));
        card_state_.chip.name = name_of_cplc(card_state_.chip.cplc);
    }

    /// Management key, PIN, PUK and GUID come from the chip's name, so a card that is only disturbed must not
    /// go by another one: its secrets would be those of another card, for good.
    apdu::ResponseApdu ask_name(const apdu::CommandApdu& command, std::string_view what) {
        auto response = card_.transmit(command);
        if (response.sw.ok() || is_absence(response.sw)) return response;
        throw Error{
            Errc::card_refused,
            fmt::format("{}: SW {:04X} ({}): the card does not say who it is, nor that it cannot; its "
                        "keys would be another card's. Nothing was written",
                        what, response.sw.value(), apdu::describe(response.sw)),
            response.sw};
    }

    void ask_serial() {
        const auto response = ask_name(get_serial(), "serial number (INS F8)");
        if (response.sw.ok()) card_state_.chip.name = chip_name_of_serial(response.data);
    }

    bool select() {
        own_->select = select_application();
        auto response = card_.transmit(own_->select);
        if (!response.sw.ok()) {  // of another version, perhaps
            own_->select = select_application(truncated_aid);
            response = card_.transmit(own_->select);
        }
        own_->select_sw = response.sw;
        own_->select_response = response.data.size();
        if (!response.sw.ok()) return false;
        own_->property = parse_property_template(response.data).value_or(PropertyTemplate{});
        own_->stage = Stage::begun;
        return true;
    }

    Bytes ask(const apdu::CommandApdu& command) {
        auto response = card_.transmit(command);
        return response.sw.ok() ? std::move(response.data) : Bytes{};
    }

    std::optional<Metadata> metadata_of(std::uint8_t reference) {
        const auto response = card_.transmit(metadata(reference));
        if (!response.sw.ok()) return std::nullopt;
        try {
            return parse_metadata(response.data);
        } catch (const Error& error) {
            if (error.code() != Errc::input_invalid) throw;
            return std::nullopt;
        }
    }

    void read_discovery() {
        const auto& container = *container_of_id(id_discovery);
        const auto response = card_.transmit(get_data(container.tag));
        if (!response.sw.ok()) return;
        try {
            own_->discovery = value_in(container, response.data);
        } catch (const Error& error) {
            if (error.code() != Errc::input_invalid) throw;
        }
    }

    apdu::BlockLimits limits() const {
        auto out = card_.limits();
        if (options_.max_command > 0) {
            out.command_data = std::min(out.command_data, options_.max_command);
            if (out.command_data <= 255) out.response_data = std::min<std::size_t>(out.response_data, 256);
        }
        return out;
    }

    /// As far as the card tells by itself; else look_inside() asks for a proof.
    void judge_management() {
        if (!own_->has_metadata()) return;
        auto& management = own_->management;
        management.algorithm = own_->management_data->algorithm.value_or(algorithm_des3);
        if (!own_->management_data->factory.value_or(false)) return;
        management.owner = Management::Owner::factory;
        own_->stage = Stage::blank;
    }

    void tell() const {
        auto& facts = card_state_.facts;
        if (own_->stage == Stage::absent) {
            facts["PIV application"] = fmt::format("none (SW {:04X})", own_->select_sw.value());
            return;
        }
        facts["PIV application"] = fmt::format(
            "{}{}{}", own_->property.label.empty() ? "there" : own_->property.label,
            own_->version.empty() ? "" : ", version " + own_->version,
            own_->capability.block > 255 ? fmt::format(", commands of {} bytes", own_->capability.block)
                                         : "");
        facts["PIV limits"] = own_->capability.name();
        const auto tries = own_->pin_tries();
        if (tries) facts["PIV PIN"] = *tries == 0 ? "blocked" : fmt::format("{} tries left", *tries);
    }

    apdu::Transport& card_;
    perso::CardState& card_state_;
    Options options_;
    std::unique_ptr<State> own_;
};

}  // namespace

void observe(apdu::Transport& card, const perso::Order& order, perso::CardState& state) {
    Observer{card, order, state}();
}

}  // namespace kartsaz::app::piv
