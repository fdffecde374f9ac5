// SPDX-License-Identifier: Apache-2.0
// What a card tells of the signature application while nothing is authenticated: all its files are open to
// readers, only the keys are not.
#include <fmt/format.h>

#include <algorithm>

#include "apdu/error.h"
#include "apdu/iso7816.h"
#include "apdu/tlv.h"
#include "libcard/app/pkcs15/layout.h"

namespace kartsaz::app::pkcs15 {
namespace {

/// For a card that takes extended length and does not say how long.
constexpr std::size_t unsaid_block = 2048;
/// Zeros at the end of a block that are taken for padding, so that the rest of a directory is not read.
constexpr std::size_t enough_zeros = 16;
constexpr std::size_t first_look = 256;

/// DF 5015 as we make it; pkcs15-init lets everybody delete it.
bool is_ours(ByteView df_template) {
    try {
        const auto outer = apdu::TlvReader{df_template, "DF 5015"}.next();
        const auto rules = apdu::find_tlv(outer.value, 0x86, "DF 5015");
        return rules && std::ranges::equal(rules->value, acl_df);
    } catch (const Error&) {
        return false;
    }
}

/// Whether a PUK is there already. The length of the data is looked at last, so asking changes nothing; only
/// the word for a wrong length says that one can be set.
bool has_puk(apdu::Transport& card) {
    return card.transmit(puk_status()).sw.value() != 0x6700;
}

std::string in_words(Stage stage) {
    switch (stage) {
        case Stage::absent:
            return "none";
        case Stage::blank:
            return "blank";
        case Stage::begun:
            return "begun, not finished";
        case Stage::complete:
            return "complete";
        case Stage::foreign:
            return "made by other software";
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
        if (select()) {
            learn_version();
            learn_length();
            own_->pin_sw = card_.transmit(pin_status()).sw;
            const auto df = card_.transmit(select_fid(fid_df));
            if (df.sw.ok()) own_->df_template = df.data.empty() ? Bytes{0} : df.data;
            // DF 5015 is made before our PUK is set, so without it a PUK is others', and cannot be changed
            if (!df.sw.ok() && !own_->pin_is_set()) own_->puk_is_set = has_puk(card_);
            const bool keyed = own_->pin_is_set() || own_->puk_is_set;
            own_->stage = !df.sw.ok()        ? (keyed ? Stage::foreign : Stage::blank)
                          : is_ours(df.data) ? Stage::begun
                                             : Stage::foreign;
        }
        tell();
        card_state_.applications["pkcs15"] = std::move(own_);
    }

private:
    bool select() {
        auto command = apdu::select_aid(options_.aid);
        command.ne.reset();
        const auto response = card_.transmit(command);
        own_->select_sw = response.sw;
        own_->select_response = response.data.size();
        own_->version = parse_version(response.data);
        return response.sw.ok();
    }

    /// Command set 1 is asked in the extended form, where the card is said to take it: a reader that does not
    /// is found out before anything is written.
    void learn_version() {
        if (own_->version) return;
        const bool claimed = card_.limits().extended();
        auto response = card_.transmit(get_version(claimed));
        if (claimed && response.sw.value() == 0x6700) {
            card_.refuse_extended();
            card_state_.limits = card_.limits();
            response = card_.transmit(get_version(false));
        }
        if (response.sw.ok()) own_->version = parse_version(response.data);
    }

    void learn_length() {
        if (!own_->version || !own_->version->extended()) return;
        const auto limits = card_.limits();
        own_->extended = limits.extended();
        if (own_->extended) {
            own_->block = limits.command_data;
            return;
        }
        if (card_state_.limits.extended()) return;
        // neither ATR nor EF.ATR/INFO may tell what the applet does
        own_->extended = card_.transmit(get_version(true)).sw.ok();
        if (own_->extended) own_->block = unsaid_block;
    }

    void tell() {
        auto& facts = card_state_.facts;
        const bool there = own_->stage != Stage::absent;
        facts["signature application"] =
            there ? in_words(own_->stage) : fmt::format("none (SW {:04X})", own_->select_sw.value());
        if (!there) return;
        if (own_->version) {
            facts["signature applet"] = fmt::format(
                "version {:02X}.{:02X}, features {:02X}{}", own_->version->major, own_->version->minor,
                own_->version->features, own_->extended ? ", extended length" : ", short commands");
        }
        facts["PIN"] = !own_->pin_is_set()  ? (own_->puk_is_set ? "not set, but a PUK" : "not set")
                       : own_->tries() == 0 ? "blocked"
                                            : fmt::format("{} tries left", own_->tries());
    }

    apdu::Transport& card_;
    perso::CardState& card_state_;
    Options options_;
    std::unique_ptr<State> own_;
};

class Reader {
public:
    Reader(apdu::Transport& card, const Options& options, State& own)
        : card_{card}, options_{options}, own_{own} {}

    void operator()() {
        auto select = apdu::select_aid(options_.aid);
        select.ne.reset();
        apdu::expect(card_.transmit(select), "signature application: select");
        if (!own_.pin_is_set()) own_.puk_is_set = has_puk(card_);
        for (const auto* list : {&static_files(), &key_directories()}) {
            for (const auto& file : *list) look_at(file.fid);
        }
        look_at(fid_dir);
        for (const auto& directory : key_directories()) look_at(copy_of(directory.fid));
        for (const auto& slot : options_.slots) look_at(slot);
    }

private:
    void look_at(const Slot& slot) {
        const auto fids = slot.certificate_fids();
        look_at(slot.public_key_fid());
        look_at(fids[0]);
        look_at(fids[1]);
        const SlotView view = view_of(slot, own_);
        const bool usual = !view.listed || *view.listed == fids[0] || *view.listed == fids[1];
        if (usual && view.held.empty()) return;
        look_at(fids[2]);
        look_at(fids[3]);
    }

    void look_at(std::uint16_t fid) {
        const auto selected = card_.transmit(select_fid(fid));
        if (!selected.sw.ok()) return;
        SeenFile file;
        file.size = size_in(selected.data);
        while (file.content.size() < file.size) {
            const std::size_t most = file.content.empty() && is_directory(fid) ? first_look : limit();
            const auto wanted = std::min({most, limit(), file.size - file.content.size()});
            const auto response =
                card_.transmit(apdu::read_binary(file.content.size(), static_cast<std::uint32_t>(wanted)));
            if (!response.sw.ok() || response.data.empty()) break;
            append(file.content, response.data);
            if (is_directory(fid) && ends_in_zeros(file.content)) break;
        }
        own_.files[fid] = std::move(file);
    }

    std::size_t limit() const {
        return own_.extended ? std::max<std::size_t>(card_.limits().response_data, 256) : 256;
    }

    static bool is_directory(std::uint16_t fid) { return fid < fid_public_key || fid > 0x3FFF; }

    static bool ends_in_zeros(ByteView content) {
        if (content.size() < enough_zeros) return false;
        return std::ranges::all_of(content.last(enough_zeros), [](std::uint8_t b) { return b == 0; });
    }

    /// DO 81 of the template that the file was made with.
    static std::size_t size_in(ByteView file_template) {
        try {
            const auto outer = apdu::TlvReader{file_template, "template of a file"}.next();
            const auto size = apdu::find_tlv(outer.value, 0x81, "template of a file");
            if (size && !size->value.empty() && size->value.size() <= 2) return big_endian(size->value);
        } catch (const Error& error) {
            if (error.code() != Errc::input_invalid) throw;
        }
        return 0;
    }

    apdu::Transport& card_;
    const Options& options_;
    State& own_;
};

/// A card that carries another citizen's certificate is never gone on with for this record.
void refuse_other_holder(const perso::Order& order, const Slot& slot, const SlotView& view) {
    for (const auto& certificate : view.certificates) {
        const auto& number = certificate.says.subject.serial_number;
        if (number.empty() || number == order.record.national_id || order.reassign) continue;
        throw Error{Errc::card_refused,
                    fmt::format("this card holds a certificate of another record (the national ID differs "
                                "in EF.{:04X}, key \"{}\")",
                                certificate.fid, slot.name)};
    }
}

/// EF.DIR is written last: a card that tells of the application was finished once.
bool is_announced(const State& own) {
    const SeenFile* file = own.file(fid_dir);
    if (file == nullptr) return false;
    try {
        return std::ranges::any_of(decode_dir(file->content),
                                   [](const DirEntry& entry) { return entry.aid == pkcs15_aid; });
    } catch (const Error&) {
        return false;
    }
}

void tell(const Slot& slot, const SlotView& view, const State& own, perso::CardState& state) {
    std::string text = view.public_key.empty() ? "no key that was kept" : "made";
    if (const auto* certificate = view.certificate(view.listed)) {
        text +=
            fmt::format(", certificate until {}", record::from_unix(certificate->says.not_after).gregorian());
    } else if (!view.certificates.empty()) {
        text += ", its certificate not told of";
    } else if (!view.public_key.empty()) {
        text += ", no certificate";
    }
    if (view.public_key.empty() && own.file(slot.public_key_fid()) != nullptr) {
        text += fmt::format("; EF.{:04X} holds no whole public key", slot.public_key_fid());
    }
    for (const auto fid : view.leftovers) text += fmt::format("; EF.{:04X} is not of this key", fid);
    state.facts[fmt::format("key \"{}\"", slot.name)] = text;
}

}  // namespace

void observe(apdu::Transport& card, const perso::Order& order, perso::CardState& state) {
    Observer{card, order, state}();
}

void look_inside(apdu::Transport& card, const perso::Order& order, perso::CardState& state) {
    auto& own = dynamic_cast<State&>(*state.applications.at("pkcs15"));
    if (own.stage != Stage::begun) return;
    const Options options = read_options(order.profile);
    state.pending.reset();
    Reader{card, options, own}();
    for (const auto& slot : options.slots) {
        const SlotView view = view_of(slot, own);
        refuse_other_holder(order, slot, view);
        tell(slot, view, own, state);
    }
    const bool complete = own.pin_is_set() && is_announced(own);
    if (complete) own.stage = Stage::complete;
    state.facts["signature application"] = in_words(own.stage);
    // what locks the card, where the profile has such an application, comes after this one
    const bool last = order.profile.applications.back() == "pkcs15";
    state.sealed = state.sealed || (complete && last);
}

}  // namespace kartsaz::app::pkcs15
