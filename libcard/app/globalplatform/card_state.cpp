// SPDX-License-Identifier: Apache-2.0
#include "libcard/app/globalplatform/card_state.h"

#include <fmt/format.h>

#include <chrono>

#include "apdu/error.h"
#include "apdu/iso7816.h"
#include "libcard/app/globalplatform/manager.h"
#include "libcard/perso/secure_session.h"

namespace kartsaz::app::globalplatform {
namespace {

constexpr std::string_view isd_aid = "A000000151000000";

std::string now() {
    const auto since = std::chrono::system_clock::now().time_since_epoch();
    return perso::utc_text(std::chrono::duration_cast<std::chrono::seconds>(since).count());
}

std::string step_id(CardLifeCycle state) {
    return fmt::format("globalplatform/card-state/{}", name(state));
}

}  // namespace

bool irreversible(CardChange change) {
    return change == CardChange::terminate;
}

CardLifeCycle wanted_state(CardChange change) {
    switch (change) {
        case CardChange::lock:
            return CardLifeCycle::card_locked;
        case CardChange::unlock:
            return CardLifeCycle::secured;
        case CardChange::terminate:
            return CardLifeCycle::terminated;
    }
    throw Error{Errc::internal, "unknown change of a card's state"};
}

CardStateSession::CardStateSession(apdu::Transport& card, const keys::KeyStore& store, Options options)
    : options_{std::move(options)} {
    if (options_.card_manager.empty()) options_.card_manager = from_hex(isd_aid);
    select(card);
    open(card, store);
    report_.life_cycle = read_life_cycle(*secured_);
}

void CardStateSession::select(apdu::Transport& card) {
    const auto response = card.transmit(apdu::select_aid(options_.card_manager));
    // 6283: the card is CARD_LOCKED, and the card manager is selected all the same
    if (response.sw.ok() || response.sw.value() == 0x6283) {
        report_.chip = chip_name(read_cplc(card));
        return;
    }
    throw Error{
        Errc::card_refused,
        fmt::format("the card manager {} cannot be selected: SW {:04X} ({}). A TERMINATED card answers "
                    "so, and one that has no card manager",
                    to_hex(options_.card_manager), response.sw.value(), apdu::describe(response.sw)),
        response.sw};
}

void CardStateSession::admit() const {
    if (!before_ || !before_->authentication_failed || options_.release_failed_authentication) return;
    throw Error{Errc::keys_failed,
                fmt::format("chip {} refused an authentication on {} ({}); it is left alone until released "
                            "with --release-failed-authentication",
                            report_.chip, before_->updated, before_->authentication_fault)};
}

void CardStateSession::open(apdu::Transport& card, const keys::KeyStore& store) {
    const auto probe = perso::probe_keys(card, store, {"transport", "issuer"}, 0x00, options_.card_manager);
    if (!probe.sw.ok()) {
        throw Error{
            Errc::card_refused,
            fmt::format("the card manager offers no secure channel (INITIALIZE UPDATE: SW {:04X}, {}). "
                        "A TERMINATED card answers so",
                        probe.sw.value(), apdu::describe(probe.sw)),
            probe.sw};
    }
    if (report_.chip.empty()) report_.chip = "kdd-" + to_hex(probe.answer.kdd);
    report_.form = probe.answer.form();
    report_.key_version = probe.answer.key_version;
    report_.keyset = probe.keyset;
    if (probe.keyset.empty()) {
        throw Error{
            Errc::keys_failed,
            fmt::format("chip {} holds keys of version {:02X} that are not in this key store; nothing "
                        "was sent that it could count as a failed attempt",
                        report_.chip, report_.key_version)};
    }
    if (options_.journal != nullptr) before_ = options_.journal->find(report_.chip);
    admit();
    const perso::ScpUse use{probe.keyset, 0, keys::ScpLevel::c_mac_c_dec};
    const perso::PendingHandshake pending{options_.card_manager, probe.host_challenge, probe.raw};
    try {
        secured_ = perso::open_channel(card, store, use, report_.form, &pending);
    } catch (const Error& error) {
        if (options_.journal != nullptr && error.code() == Errc::secure_channel && error.sw()) {
            auto entry = before_.value_or(perso::JournalEntry{});
            entry.chip = report_.chip;
            if (entry.stage.empty()) entry.stage = "looked at";
            if (entry.started.empty()) entry.started = now();
            entry.updated = now();
            entry.authentication_failed = true;
            entry.authentication_fault = error.what();
            options_.journal->save(entry);
        }
        throw;
    }
}

void CardStateSession::refuse_state(CardChange change) const {
    const auto state = report_.life_cycle;
    const auto refuse = [&](const std::string& why) {
        throw Error{Errc::card_refused, fmt::format("chip {}: {}; nothing was changed", report_.chip, why)};
    };
    if (!state) refuse("the card manager does not tell the card's life cycle");
    if (change == CardChange::lock && state != CardLifeCycle::secured) {
        refuse(fmt::format("the card is {}; only a SECURED card can be locked", name(*state)));
    }
    if (change == CardChange::unlock && state != CardLifeCycle::card_locked) {
        refuse(fmt::format("the card is {}, not CARD_LOCKED", name(*state)));
    }
}

void CardStateSession::enter_void() const {
    if (options_.journal == nullptr) return;
    auto entry = before_.value_or(perso::JournalEntry{});
    entry.chip = report_.chip;
    entry.stage = "void";
    entry.last_step = step_id(CardLifeCycle::terminated);
    if (entry.started.empty()) entry.started = now();
    entry.updated = now();
    options_.journal->save(entry);
}

/// The card said no: the journal says what it said before.
void CardStateSession::take_back() const {
    if (options_.journal == nullptr) return;
    if (before_) {
        options_.journal->save(*before_);
    } else {
        options_.journal->forget(report_.chip);
    }
}

bool CardStateSession::change(CardChange change, const std::string& chip) {
    const auto wanted = wanted_state(change);
    if (irreversible(change) && chip != report_.chip) {
        throw Error{Errc::usage,
                    fmt::format("the chip in the reader is {}, not \"{}\": only the chip that is named is "
                                "terminated. Nothing was changed",
                                report_.chip, chip)};
    }
    if (report_.life_cycle == wanted) return false;
    if (irreversible(change)) {
        enter_void();
    } else {
        refuse_state(change);
    }
    apdu::ResponseApdu response;
    try {
        response = secured_->transmit(set_card_status(wanted));
    } catch (const Error& error) {
        const bool link = error.code() == Errc::reader_failed || error.code() == Errc::card_removed;
        if (!link) throw;
        throw Error{
            Errc::interrupted,
            fmt::format("chip {}: the answer to SET STATUS {} was lost ({}); `kartsaz card state` tells "
                        "whether it is done",
                        report_.chip, name(wanted), error.what())};
    }
    if (!response.sw.ok()) {
        if (irreversible(change)) take_back();
        apdu::expect(std::move(response), fmt::format("chip {}: SET STATUS {}", report_.chip, name(wanted)));
    }
    report_.life_cycle = wanted;
    return true;
}

}  // namespace kartsaz::app::globalplatform
