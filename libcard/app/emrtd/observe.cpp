// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "apdu/error.h"
#include "apdu/iso7816.h"
#include "apdu/tlv.h"
#include "keys/crypto.h"
#include "keys/mrtd_access.h"
#include "libcard/app/emrtd/application.h"
#include "libcard/app/emrtd/lds.h"
#include "libcard/perso/secure_session.h"

namespace kartsaz::app::emrtd {
namespace {

constexpr std::uint16_t dg3_fid = 0x0103;
/// A file that the record decides is never longer than this; more is not read while observing.
constexpr std::size_t observe_limit = 32767;

/// True when the file's object ends within what was read; a torn file has no such object yet.
bool is_whole(const Bytes& read) {
    try {
        const auto total = apdu::tlv_total_length(read, "file");
        return total && *total <= read.size();
    } catch (const Error&) {
        return false;
    }
}

/// Bytes of the selected file from the start, as many as the card gives. Asks for nothing at or behind an
/// offset the card has already cut short: the JMRTD applet does not check it.
Bytes read_what_is_there(apdu::Transport& link) {
    Bytes out;
    std::size_t block = std::min<std::size_t>(link.limits().response_data, observe_limit);
    while (out.size() < observe_limit) {
        const auto wanted = std::min(block, observe_limit - out.size());
        const auto response =
            link.transmit(apdu::read_binary(out.size(), static_cast<std::uint32_t>(wanted)));
        if (!response.sw.ok() && response.sw.value() != 0x6282) break;
        append(out, response.data);
        const bool first = out.size() == response.data.size();
        if (response.data.size() < wanted) {
            // the first answer may be short because the card's buffer is; a later one is the file's end
            if (!first || response.data.empty() || response.sw.value() == 0x6282) break;
            if (is_whole(out)) break;
            block = response.data.size();
        }
    }
    return out;
}

/// Looking from outside: nothing is authenticated.
class Observer {
public:
    Observer(apdu::Transport& card, const perso::Order& order, perso::CardState& state)
        : card_{card},
          card_state_{state},
          options_{read_options(order.profile)},
          own_{std::make_unique<State>()} {}

    void operator()() {
        select();
        if (own_->present) {
            probe_channel();
            probe_files();
        }
        card_state_.sealed = card_state_.sealed || own_->locked;
        card_state_.facts["passport application"] =
            !own_->present ? fmt::format("none (SW {:04X})", own_->select_sw.value())
            : own_->locked ? "complete and locked"
            : own_->blank  ? "blank"
                           : "begun, not finished";
        card_state_.applications["emrtd"] = std::move(own_);
    }

private:
    void select() {
        own_->select_sw = card_.transmit(apdu::select_aid_quiet(options_.aid)).sw;
        own_->present = own_->select_sw.ok();
    }

    /// Whether the application hands secure channel commands to the card manager, asked before anything is
    /// written: INITIALIZE UPDATE without its challenge is answered "wrong length" where it is known.
    void probe_channel() {
        if (!options_.scp03) return;
        const apdu::CommandApdu probe{.cla = 0x80, .ins = 0x50, .p1 = 0x00, .p2 = 0x00};
        own_->scp03_sw = card_.transmit(probe).sw;
        const auto sw1 = own_->scp03_sw.sw1();
        own_->takes_scp03 = sw1 != 0x6D && sw1 != 0x6E && sw1 != 0x68;
    }

    bool is_there(std::uint16_t fid) {
        const auto sw = card_.transmit(apdu::select_ef(fid)).sw;
        if (sw.value() == 0x6982 && fid != dg3_fid) own_->locked = true;
        if (sw.value() == 0x6982 && fid == dg3_fid && !own_->locked) own_->refuses_dg3 = true;
        own_->exists[fid] = sw.ok();
        return sw.ok();
    }

    /// Files are written in one order, so where the first is absent, so are the others; where another program
    /// wrote in another order, writing everything is right all the same. Open applications are asked about
    /// DG3, too: the JMRTD applet refuses it for ever.
    void probe_files() {
        const auto order = file_order(options_);
        const bool dg3_first = order.front() == "EF.DG3";
        bool any = is_there(find_file(order[dg3_first ? 1 : 0])->fid);
        if (dg3_first && !options_.scp03) any = is_there(dg3_fid) || any;
        own_->blank = !any && !own_->locked;
    }

    apdu::Transport& card_;
    perso::CardState& card_state_;
    Options options_;
    std::unique_ptr<State> own_;
};

/// Looking inside a card that is not blank.
class Reader {
public:
    Reader(apdu::Transport& card, const perso::Order& order, perso::CardState& state, State& own)
        : card_{card}, order_{order}, card_state_{state}, options_{read_options(order.profile)}, own_{own} {}

    void operator()() {
        read_content();
        refuse_other_holder();
    }

private:
    /// Opens what reads everything: the issuer's own channel where the card has one, else BAC by the record.
    void read_content() {
        const bool issuer = card_state_.channel.keys == perso::AnsweringKeys::issuer;
        if (options_.scp03 && issuer && own_.takes_scp03 == true) {
            apdu::expect(card_.transmit(apdu::select_aid_quiet(options_.aid)),
                         "passport application: select");
            card_state_.pending.reset();
            const auto& form = card_state_.channel.form;
            const perso::ScpUse use{card_state_.channel.keyset, 0, keys::strongest_level(form)};
            const auto link = perso::open_channel(card_, order_.keys, use, form);
            read_files(*link);
        } else {
            read_by_bac();
        }
        card_.reset();
        card_state_.pending.reset();
    }

    void read_by_bac() {
        if (!has_bac_keys()) return;  // so nothing of a citizen can be read; all files will be written
        card_.reset();
        if (!card_.transmit(apdu::select_aid_quiet(options_.aid)).sw.ok()) return;
        const keys::MrzPassword password{keys::SecretBytes{to_bytes(order_.record.mrz_information())}};
        std::unique_ptr<keys::SecureChannel> channel;
        try {
            channel = keys::open_bac(card_, password);
        } catch (const Error& error) {
            if (error.code() == Errc::reader_failed || error.code() == Errc::card_removed) throw;
            if (!own_.locked && order_.reassign) return;
            throw Error{
                Errc::card_refused,
                fmt::format("this card is {} and does not open with the MRZ of this record: it belongs to "
                            "someone else, or the record's document number or dates differ{}",
                            own_.locked ? "complete" : "begun",
                            own_.locked ? "" : "; --reassign writes it anew"),
                error.sw()};
        }
        keys::SecureTransport link{card_, std::move(channel)};
        read_files(link);
    }

    /// An application without BAC keys gives no challenge.
    bool has_bac_keys() {
        card_.reset();
        if (!card_.transmit(apdu::select_aid_quiet(options_.aid)).sw.ok()) return false;
        return card_.transmit(apdu::get_challenge(8)).sw.ok();
    }

    void read_files(apdu::Transport& link) {
        for (const auto& name : file_order(options_)) {
            const auto fid = find_file(name)->fid;
            const auto sw = link.transmit(apdu::select_ef(fid)).sw;
            own_.exists[fid] = sw.ok();
            if (sw.ok()) own_.files[fid] = read_what_is_there(link);
        }
    }

    /// A card that carries another person's document number is never completed with this record.
    void refuse_other_holder() const {
        const auto found = own_.files.find(find_file("EF.DG1")->fid);
        if (found == own_.files.end()) return;
        std::string mrz;
        try {
            mrz = decode_dg1(found->second);
        } catch (const Error&) {
            return;  // torn before it was whole
        }
        const std::string wanted = order_.record.mrz();
        if (mrz.size() == wanted.size() && mrz.compare(5, 25, wanted, 5, 25) != 0 && !order_.reassign) {
            throw Error{
                Errc::card_refused,
                "this card holds the document of another record (document number or national ID differ "
                "in DG1)"};
        }
    }

    apdu::Transport& card_;
    const perso::Order& order_;
    perso::CardState& card_state_;
    Options options_;
    State& own_;
};

}  // namespace

void observe(apdu::Transport& card, const perso::Order& order, perso::CardState& state) {
    Observer{card, order, state}();
}

void look_inside(apdu::Transport& card, const perso::Order& order, perso::CardState& state) {
    auto& own = dynamic_cast<State&>(*state.applications.at("emrtd"));
    if (own.present && (!own.blank || own.locked)) Reader{card, order, state, own}();
}

}  // namespace kartsaz::app::emrtd
