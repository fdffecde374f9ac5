// SPDX-License-Identifier: Apache-2.0
#include "libcard/app/inspect.h"

#include <fmt/format.h>

#include "apdu/atr.h"
#include "apdu/error.h"
#include "apdu/exchanger.h"
#include "apdu/iso7816.h"
#include "keys/mrtd_access.h"
#include "libcard/app/globalplatform/application.h"
#include "libcard/app/globalplatform/cplc.h"
#include "libcard/app/globalplatform/manager.h"
#include "libcard/app/globalplatform/registry.h"
#include "libcard/app/inspect_piv.h"
#include "libcard/app/pkcs15/commands.h"
#include "libcard/app/pkcs15/objects.h"
#include "libcard/perso/secure_session.h"

namespace kartsaz::app {
namespace {

const Bytes isd_aid = from_hex("A000000151000000");
const Bytes lds1_aid = from_hex("A0000002471001");
constexpr std::uint16_t ef_com = 0x011E;
constexpr std::uint16_t ef_dg3 = 0x0103;
constexpr std::uint16_t ef_card_access = 0x011C;

class Inspector {
public:
    Inspector(apdu::Transport& card, const keys::KeyStore& keys, bool authenticate)
        : card_{card}, keys_{keys}, authenticate_{authenticate} {}

    Inspection operator()() {
        out_.atr = card_.reset();
        link();
        const bool pace = offers_pace();
        manager();
        passport(pace);
        signature();
        card_.reset();
        piv_ = inspect_piv(card_, out_);
        out_.blank = (passport_ || signature_ || piv_.there) && !passport_written_ && !signature_written_ &&
                     !piv_.written && (!manager_ || answering_ == perso::AnsweringKeys::transport);
        profiles();
        return std::move(out_);
    }

private:
    void link() {
        out_.link.emplace_back("ATR", to_hex(out_.atr));
        try {
            out_.link.emplace_back("means", apdu::describe(apdu::parse_atr(out_.atr)));
        } catch (const Error& error) {
            out_.link.emplace_back("means", fmt::format("not a sound ATR: {}", error.what()));
            out_.remarks.emplace_back("the ATR breaks ISO/IEC 7816-3");
        }
        const auto limits = card_.limits();
        out_.link.emplace_back("blocks", fmt::format("{} bytes out, {} in per command", limits.command_data,
                                                     limits.response_data));
        if (!limits.extended()) out_.remarks.emplace_back("short commands only");
    }

    bool offers_pace() {
        if (!card_.transmit(apdu::select_ef(ef_card_access)).sw.ok()) return false;
        const auto content = card_.transmit(apdu::read_binary(0, 256));
        try {
            return content.sw.ok() && !keys::parse_card_access(content.data).empty();
        } catch (const Error&) {
            out_.remarks.emplace_back("EF.CardAccess is not readable as SecurityInfos");
            return false;
        }
    }

    void manager() {
        const auto selected = card_.transmit(apdu::select_aid(isd_aid));
        const bool card_locked = selected.sw.value() == globalplatform::card_is_locked;
        manager_ = selected.sw.ok() || card_locked;
        out_.transport_keys = "not asked";
        if (!manager_) {
            out_.manager.emplace_back("card manager",
                                      fmt::format("none (SELECT: SW {:04X})", selected.sw.value()));
            out_.remarks.emplace_back("no card manager: no secure channel, no chip serial number");
            return;
        }
        out_.manager.emplace_back("card manager", to_hex(isd_aid));
        if (card_locked) {
            out_.manager.emplace_back("state", "CARD_LOCKED (SELECT: SW 6283)");
            out_.remarks.emplace_back(
                "the card is locked: no application can be selected; `kartsaz card unlock` opens it");
        }
        const Bytes cplc = globalplatform::read_cplc(card_);
        out_.chip = globalplatform::chip_name(cplc);
        out_.chip_fields = globalplatform::cplc_in_words(cplc);
        if (out_.chip.empty()) out_.remarks.emplace_back("the chip does not tell a serial number (no CPLC)");
        const auto probe = perso::probe_keys(card_, keys_, {"transport", "issuer"});
        answering_ = probe.keys;
        if (!probe.sw.ok()) {
            out_.manager.emplace_back("secure channel",
                                      fmt::format("none (INITIALIZE UPDATE: SW {:04X})", probe.sw.value()));
            return;
        }
        out_.manager.emplace_back("secure channel", keys::in_words(probe.answer.form()));
        tell_keys(probe);
        if (authenticate_ && !probe.keyset.empty()) registry(probe);
    }

    void tell_keys(const perso::KeyProbe& probe) {
        out_.transport_keys = probe.keys == perso::AnsweringKeys::transport ? "yes" : "no";
        const std::string version = fmt::format("version {:02X}", probe.answer.key_version);
        if (probe.keyset.empty()) {
            out_.manager.emplace_back("keys", version + ": not in this key store");
            return;
        }
        const auto& keyset = perso::keyset_for(keys_, probe.keyset, probe.answer);
        out_.manager.emplace_back("keys", fmt::format("{}: \"{}\", KCV {}{}", version, probe.keyset,
                                                      keyset.scp_keys(probe.answer.kdd).kcvs(),
                                                      keyset.development ? " (development keys)" : ""));
    }

    /// Opens the channel with keys that are known to be right, asks for life cycle and applications.
    void registry(const perso::KeyProbe& probe) {
        const perso::ScpUse use{probe.keyset, 0, keys::ScpLevel::c_mac_c_dec};
        const auto secured = perso::open_channel(card_, keys_, use, probe.answer.form());
        const auto state = globalplatform::read_life_cycle(*secured);
        if (!state) {
            out_.manager.emplace_back("registry", "the card manager does not tell (no GET STATUS)");
            out_.remarks.emplace_back("a card manager that authenticates and tells nothing more");
            only_authenticates_ = true;
            return;
        }
        out_.manager.emplace_back("life cycle", std::string{globalplatform::name(*state)});
        list_applications(*secured);
    }

    /// A list that the card gets wrong is told, and the rest of the body is looked at all the same.
    void list_applications(apdu::Transport& secured) {
        try {
            const auto entries =
                globalplatform::read_registry(secured, globalplatform::RegistryPart::applications);
            if (!entries) {
                out_.remarks.emplace_back("the card manager does not list its applications");
                return;
            }
            for (const auto& entry : *entries) {
                out_.applications.emplace_back(to_hex(entry.aid),
                                               fmt::format("life cycle {:02X}", entry.life_cycle));
            }
        } catch (const Error& error) {
            if (error.code() != Errc::card_refused) throw;
            out_.remarks.emplace_back(fmt::format("the list of applications is broken: {}", error.what()));
        }
    }

    void passport(bool pace) {
        card_.reset();
        const auto selected = card_.transmit(apdu::select_aid_quiet(lds1_aid));
        if (!selected.sw.ok()) {
            out_.applications.emplace_back("passport (LDS1)",
                                           fmt::format("none (SW {:04X})", selected.sw.value()));
            return;
        }
        passport_ = true;
        passport_scp_ = card_.transmit(keys::initialize_update(0x00, Bytes(8, 0x00))).sw.ok();
        const auto com = card_.transmit(apdu::select_ef(ef_com)).sw;
        const auto dg3 = card_.transmit(apdu::select_ef(ef_dg3)).sw;
        locked_ = com.value() == 0x6982;
        out_.applications.emplace_back("passport (LDS1)", locked_    ? "complete and locked"
                                                          : com.ok() ? "begun or written, not locked"
                                                                     : "blank");
        out_.applications.emplace_back("  access", pace ? "PACE and BAC" : "BAC");
        out_.applications.emplace_back("  writing", passport_scp_ ? "under SCP03" : "in the clear");
        if (!locked_ && dg3.value() == 0x6982)
            out_.remarks.emplace_back("the passport application refuses DG3");
        passport_written_ = locked_ || com.ok();
    }

    /// What IsoApplet tells of itself; docs/cards/signature.md.
    void signature() {
        card_.reset();
        const auto selected = card_.transmit(apdu::select_aid_quiet(pkcs15::applet_aid));
        if (!selected.sw.ok()) {
            out_.applications.emplace_back("signature (PKCS#15)",
                                           fmt::format("none (SW {:04X})", selected.sw.value()));
            return;
        }
        signature_ = true;
        const auto pin = card_.transmit(pkcs15::pin_status()).sw;
        const bool files = card_.transmit(pkcs15::select_fid(pkcs15::fid_df)).sw.ok();
        signature_written_ = files || !pin.ok();
        out_.applications.emplace_back("signature (PKCS#15)", !signature_written_ ? "blank"
                                                              : !files            ? "a PIN is set, no files"
                                                              : pin.ok() ? "files are there, no PIN is set"
                                                                         : "written, PIN set");
    }

    void profiles() {
        const bool passport = passport_ && !locked_;
        const bool channel = passport_scp_ && manager_ && !only_authenticates_;
        if (passport && channel && signature_) out_.profiles.emplace_back("national-eid");
        if (passport && channel) out_.profiles.emplace_back("emrtd");
        if (passport && !passport_scp_) out_.profiles.emplace_back("national-eid-open");
        if (signature_ && !signature_written_ && !channel) out_.profiles.emplace_back("signature");
        if (!piv_.there || piv_.written || !piv_.makers) return;
        out_.profiles.emplace_back("piv");
        out_.profiles.emplace_back("piv-objects");
    }

    apdu::Exchanger card_;
    const keys::KeyStore& keys_;
    bool authenticate_;
    Inspection out_;
    PivSeen piv_;
    bool signature_ = false, signature_written_ = false, passport_written_ = false;
    bool manager_ = false, passport_ = false, locked_ = false, passport_scp_ = false,
         only_authenticates_ = false;
    perso::AnsweringKeys answering_ = perso::AnsweringKeys::none;
};

}  // namespace

Inspection inspect(apdu::Transport& card, const keys::KeyStore& keys, bool authenticate) {
    return Inspector{card, keys, authenticate}();
}

}  // namespace kartsaz::app
