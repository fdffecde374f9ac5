// SPDX-License-Identifier: Apache-2.0
#include "libcard/app/piv/read.h"

#include <fmt/format.h>

#include <algorithm>

#include "apdu/error.h"
#include "apdu/exchanger.h"
#include "keys/card_identity.h"
#include "libcard/app/piv/capability.h"
#include "libcard/app/piv/read_steps.h"

namespace kartsaz::app::piv {
namespace reading {

std::string sw_hex(apdu::StatusWord sw) {
    return fmt::format("{:04X}", sw.value());
}

std::string sw_words(apdu::StatusWord sw) {
    return fmt::format("{:04X} ({})", sw.value(), apdu::describe(sw));
}

apdu::ResponseApdu Budget::transmit(const apdu::CommandApdu& command) {
    if (left_ == 0) throw Error{Errc::card_refused, "PIV application: the card does not come to an end"};
    --left_;
    auto response = below().transmit(command);
    if (response.data.size() > bytes_) {
        left_ = 0;
        throw Error{Errc::card_refused, "PIV application: the card answers with more than any card holds"};
    }
    bytes_ -= response.data.size();
    return response;
}

void Budget::grant_last() {
    left_ = 10;
    bytes_ = std::max<std::size_t>(bytes_, 65'536);
}

std::optional<Metadata> ask_metadata(apdu::Transport& card, std::uint8_t reference) {
    const auto answer = card.transmit(metadata(reference));
    if (!answer.sw.ok()) return std::nullopt;
    try {
        return parse_metadata(answer.data);
    } catch (const Error& error) {
        if (error.code() != Errc::input_invalid) throw;
        return std::nullopt;  // no such command behind this number
    }
}

}  // namespace reading

namespace {

using namespace reading;

constexpr std::uint16_t not_found = 0x6A82, denied = 0x6982;

class Reader {
public:
    Reader(apdu::Transport& card, const ReadOptions& options)
        : budget_{card}, card_{budget_}, options_{options}, door_{card_, options_, out_.facts} {
        out_.name = "piv";
    }

    std::optional<DumpApplication> run() {
        if (!select()) return std::nullopt;
        out_.facts["source"] = "card";
        bool verified = false;
        bounded([&] {
            note_applet();
            read_containers();
            note_kind();
            const auto told = note_references();
            door_.ask(told);
            const auto slots = find_slots(card_, out_);
            challenge_without_pin(card_, slots, out_.facts);
            verified = door_.open();
            if (verified) read_refused();
            challenge_with_pin(card_, slots, door_, verified, out_.facts);
            read_management(card_, options_, ask_metadata(card_, management_reference), out_.facts);
        });
        bounded([&] { leave(); });
        return std::move(out_);
    }

private:
    /// The card's own faults: what was read so far stands, and the fault is told.
    template <typename Part>
    void bounded(Part&& part) {
        try {
            part();
        } catch (const Error& error) {
            if (error.code() != Errc::card_refused) throw;
            out_.facts.try_emplace("fault", error.what());
            budget_.grant_last();
        }
    }

    bool select() {
        for (const Bytes* aid : {&application_aid, &truncated_aid}) {
            const auto selected = card_.transmit(select_application(*aid));
            if (!selected.sw.ok()) continue;
            selected_ = *aid;
            const auto told = parse_property_template(selected.data);
            out_.facts["aid"] = to_hex(told && !told->aid.empty() ? told->aid : *aid);
            if (told && told->lengths) most_ = static_cast<std::uint32_t>(told->lengths->response_data);
            property_ = told.value_or(PropertyTemplate{});
            return true;
        }
        return false;
    }

    /// Of makers whose limits are known.
    void note_kind() {
        const auto* discovery = out_.file(file_name(*container_of_id(id_discovery)));
        const auto known =
            capability_of(property_, out_.fact("version"),
                          discovery == nullptr ? Bytes{} : discovery->content, card_.atr(), card_.limits());
        if (known.kind == Capability::Kind::pivapplet) out_.facts["kind"] = "pivapplet";
        if (known.kind == Capability::Kind::canokey) out_.facts["kind"] = "canokey";
    }

    void note_applet() {
        const auto answer = card_.transmit(get_version());
        const auto version = answer.sw.ok() ? parse_version(answer.data) : std::string{};
        if (!version.empty()) out_.facts["version"] = version;
        const auto serial = card_.transmit(get_serial());
        const auto chip = serial.sw.ok() ? chip_name_of_serial(serial.data) : std::string{};
        if (!chip.empty()) out_.facts["chip"] = chip;
        if (!options_.identity.empty() || (chip.empty() && options_.document_number.empty())) return;
        options_.identity = keys::identity_of_card(chip, options_.document_number);
    }

    /// @return  what the card tells of the PIN
    std::optional<Metadata> note_references() {
        const auto pin = ask_metadata(card_, pin_reference);
        if (!pin) return pin;
        const auto puk = ask_metadata(card_, puk_reference);
        if (pin->factory) out_.facts["pin.factory"] = *pin->factory ? "yes" : "no";
        if (puk && puk->factory) out_.facts["puk.factory"] = *puk->factory ? "yes" : "no";
        if (puk && puk->tries_left) out_.facts["puk.tries"] = std::to_string(*puk->tries_left);
        return pin;
    }

    void read_containers() {
        for (const auto& container : containers()) {
            // it opens the contactless interface, and nothing is judged by it
            if (container.id == id_pairing_code) continue;
            read(container, "plain");
        }
    }

    /// What the card keeps from everybody without the PIN.
    void read_refused() {
        for (const auto& container : containers()) {
            if (const auto* file = out_.file(file_name(container)); file != nullptr && !file->refused.empty())
                read(container, "PIN");
        }
    }

    void read(const Container& container, const std::string& access) {
        const auto answer = card_.transmit(get_data(container.tag, most_));
        const std::string name = file_name(container);
        if (access == "plain" && container.read != ReadAccess::always) {
            out_.facts["plain." + name] = sw_hex(answer.sw);
        }
        std::erase_if(out_.files, [&](const DumpFile& file) { return file.name == name; });
        DumpFile file{name, container.id, {}, access, {}};
        if (answer.sw.ok()) {
            try {
                file.content = value_in(container, answer.data);
            } catch (const Error& error) {
                if (error.code() != Errc::input_invalid) throw;
                file.refused = fmt::format("answered, but with no such object: {}", error.what());
            }
            if (file.refused.empty() && says_nothing(file.content)) return;
        } else if (answer.sw.value() == not_found) {
            return;
        } else {
            file.refused = sw_words(answer.sw);
            const bool wants_pin = answer.sw.value() == denied && container.read != ReadAccess::always;
            if (wants_pin) file.refused += ": it wants the PIN";
        }
        out_.files.push_back(std::move(file));
    }

    static bool says_nothing(const Bytes& value) {
        return value.empty() || (value.size() == 2 && value[0] == 0x7E && value[1] == 0x00);
    }

    /// Nothing stays verified, and the counter is seen as the next one will find it.
    void leave() {
        card_.reset();
        if (card_.transmit(select_application(selected_)).sw.ok()) door_.close();
    }

    DumpApplication out_;
    Budget budget_;
    apdu::Exchanger card_;
    ReadOptions options_;  // the card may tell whom its secrets are derived for
    PinDoor door_;
    Bytes selected_;
    PropertyTemplate property_;  ///< what SELECT told
    std::uint32_t most_ = 256;   ///< what one answer may hold; more only where SELECT's answer says so
};

}  // namespace

std::string file_name(const Container& container) {
    std::string out = container.name;
    std::replace(out.begin(), out.end(), ' ', '-');
    return out;
}

std::optional<DumpApplication> read_application(apdu::Transport& card, const ReadOptions& options) {
    return Reader{card, options}.run();
}

bool is_blank(const DumpApplication& application) {
    const bool written = std::ranges::any_of(application.files, [](const DumpFile& file) {
        const bool makers = file.fid == id_chuid || file.fid == id_ccc || file.fid == id_key_history ||
                            file.fid == id_discovery;
        // what wants the PIN answers so whether it is there or not
        return !makers && !file.content.empty();
    });
    const bool keys = std::ranges::any_of(application.facts, [](const auto& fact) {
        return fact.first.starts_with("key.") &&
               (fact.first.ends_with(".public") || fact.first.ends_with(".algorithm"));
    });
    return !written && !keys;
}

}  // namespace kartsaz::app::piv
