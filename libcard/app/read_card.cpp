// SPDX-License-Identifier: Apache-2.0
#include "libcard/app/read_card.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "apdu/error.h"
#include "apdu/exchanger.h"
#include "apdu/iso7816.h"
#include "keys/card_identity.h"
#include "libcard/app/emrtd/lds.h"
#include "libcard/app/emrtd/read.h"
#include "libcard/app/globalplatform/application.h"
#include "libcard/app/globalplatform/manager.h"
#include "libcard/app/piv/read.h"
#include "libcard/app/pkcs15/read.h"
#include "libcard/perso/journal.h"
#include "libcard/perso/secure_session.h"

namespace kartsaz::app {
namespace {

const Bytes isd_aid = from_hex("A000000151000000");

std::string_view word(perso::AnsweringKeys keys) {
    switch (keys) {
        case perso::AnsweringKeys::none:
            return "none";
        case perso::AnsweringKeys::transport:
            return "transport";
        case perso::AnsweringKeys::issuer:
            return "issuer";
        case perso::AnsweringKeys::unknown:
            return "unknown";
    }
    return "unknown";
}

/// The card manager's part; the chip's name is left in `dump`. True when the card is locked.
bool read_manager(apdu::Transport& card, const keys::KeyStore* store, CardDump& dump) {
    DumpApplication manager;
    manager.name = "globalplatform";
    const auto selected = card.transmit(apdu::select_aid(isd_aid));
    const bool locked = selected.sw.value() == globalplatform::card_is_locked;
    if (!selected.sw.ok() && !locked) return false;
    if (locked) manager.facts["life-cycle"] = "CARD_LOCKED";
    const Bytes cplc = globalplatform::read_cplc(card);
    dump.chip = globalplatform::chip_name(cplc);
    if (!cplc.empty()) manager.facts["cplc"] = to_hex(cplc);
    if (store != nullptr) {
        const auto probe = perso::probe_keys(card, *store, {"transport", "issuer"});
        manager.facts["keys"] = word(probe.keys);
        if (probe.sw.ok()) {
            manager.facts["key-version"] = fmt::format("{:02X}", probe.answer.key_version);
            manager.facts["scp"] = fmt::format("{:02X}", probe.answer.protocol);
            const bool told = probe.answer.protocol != 2 || probe.answer.i != 0;
            if (told) manager.facts["scp-i"] = fmt::format("{:02X}", probe.answer.i);
        }
        const auto* transport = perso::find_keyset(*store, "transport", probe.answer.form());
        if (probe.keys == perso::AnsweringKeys::issuer && transport != nullptr) {
            // a second keyset beside the issuer's own shows only when it is asked for by its version
            const auto second = perso::probe_keys(card, *store, {"transport", "issuer"}, transport->version);
            manager.facts["transport-keys"] =
                second.keys == perso::AnsweringKeys::transport ? "answer" : "do not answer";
        }
        if (probe.keys == perso::AnsweringKeys::issuer) {
            const perso::ScpUse use{"issuer", 0, keys::ScpLevel::c_mac_c_dec};
            const auto secured = perso::open_channel(card, *store, use, probe.answer.form());
            if (const auto state = globalplatform::read_life_cycle(*secured)) {
                manager.facts["life-cycle"] = globalplatform::name(*state);
            }
        }
    }
    dump.applications.push_back(std::move(manager));
    return locked;
}

/// The passport application, or why there is none: a card may be without.
std::optional<Error> read_passport(apdu::Transport& card, const ReadCardOptions& options, CardDump& dump) {
    card.reset();
    emrtd::ReadOptions emrtd;
    emrtd.mrz_information = options.mrz_information;
    emrtd.keys = options.keys;
    emrtd.progress = options.progress;
    const auto nothing = [](const DumpApplication& read) {
        return std::all_of(read.files.begin(), read.files.end(),
                           [](const DumpFile& file) { return file.content.empty(); });
    };
    try {
        auto read = emrtd::read_application(card, emrtd);
        if (nothing(read) && emrtd::is_blank(card)) {
            dump.blank.push_back(read.name);
        } else {
            dump.applications.push_back(std::move(read));
        }
    } catch (const Error& error) {
        // no key opens what has no keys yet
        if (error.code() == Errc::keys_failed && emrtd::is_blank(card)) {
            dump.blank.emplace_back("emrtd");
            return std::nullopt;
        }
        if (error.code() != Errc::card_refused) throw;
        return error;
    }
    return std::nullopt;
}

/// What EF.DG1 says; empty without one.
std::string document_number_of(const CardDump& dump) {
    const auto* passport = dump.application("emrtd");
    const auto* file = passport == nullptr ? nullptr : passport->file("EF.DG1");
    if (file == nullptr || file->content.empty()) return {};
    try {
        const std::string mrz = emrtd::mrz_information_of(emrtd::decode_dg1(file->content));
        // number and its check digit, then birth and expiry date with theirs
        constexpr std::size_t behind_number = 1 + 7 + 7;
        if (mrz.size() <= behind_number) return {};
        const std::string number = mrz.substr(0, mrz.size() - behind_number);
        return number.substr(0, number.find_last_not_of('<') + 1);
    } catch (const Error&) {
        return {};  // verification says what is wrong with it
    }
}

/// What the secrets of the card are derived for; empty when nothing tells.
std::string identity_of(const ReadCardOptions& options, const CardDump& dump) {
    const std::string number =
        options.document_number.empty() ? document_number_of(dump) : options.document_number;
    if (dump.chip.empty() && number.empty()) return {};
    return keys::identity_of_card(dump.chip, number);
}

bool read_piv(apdu::Transport& card, const ReadCardOptions& options, CardDump& dump) {
    card.reset();
    piv::ReadOptions reading;
    reading.keys = options.keys;
    reading.pin = options.pin;
    reading.transport_pin = options.transport_pin;
    if (!dump.chip.empty()) reading.identity = identity_of(options, dump);
    reading.document_number =
        options.document_number.empty() ? document_number_of(dump) : options.document_number;
    auto application = piv::read_application(card, reading);
    if (!application) return false;
    if (dump.chip.empty()) dump.chip = application->fact("chip");
    if (piv::is_blank(*application)) {
        dump.blank.push_back(application->name);
    } else {
        dump.applications.push_back(std::move(*application));
    }
    return true;
}

bool read_signature(apdu::Transport& card, const ReadCardOptions& options, CardDump& dump) {
    card.reset();
    pkcs15::ReadOptions reading;
    reading.keys = options.keys;
    reading.pin = options.pin;
    reading.transport_pin = options.transport_pin;
    reading.identity = identity_of(options, dump);
    auto application = pkcs15::read_application(card, reading);
    if (!application) return false;
    const bool begun = application->fact("pin.status") != "9000" ||
                       std::any_of(application->files.begin(), application->files.end(),
                                   [](const auto& file) { return !file.content.empty(); });
    if (begun) {
        dump.applications.push_back(std::move(*application));
    } else {
        dump.blank.push_back(application->name);
    }
    return true;
}

}  // namespace

CardDump read_card(apdu::Transport& raw, const ReadCardOptions& options) {
    apdu::Exchanger card{raw};
    CardDump dump;
    dump.atr = card.reset();
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    dump.read_at = perso::utc_text(std::chrono::duration_cast<std::chrono::seconds>(now).count());
    const bool locked = read_manager(card, options.keys, dump);

    const auto no_passport = read_passport(card, options, dump);
    const bool signature = read_signature(card, options, dump);
    if (read_piv(raw, options, dump) || signature || !no_passport) return dump;
    if (!locked) throw *no_passport;
    throw Error{Errc::card_refused,
                "the card is locked (CARD_LOCKED: its card manager says so by SELECT: SW 6283), and no other "
                "application can be selected; `kartsaz card unlock` opens it with the issuer's keys"};
}

}  // namespace kartsaz::app
