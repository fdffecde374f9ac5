// SPDX-License-Identifier: Apache-2.0
#include "libcard/perso/guard.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "keys/card_identity.h"
#include "keys/crypto.h"

namespace kartsaz::perso {
namespace {

std::int64_t seconds_now() {
    return std::chrono::duration_cast<std::chrono::seconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

}  // namespace

Guard::Guard(const Run& run, const CardState& state)
    : run_{run},
      chip_{keys::card_name(state.chip.name, run.order.record.document_number)},
      named_{state.chip.known()},
      record_{run.order.digest()} {
    if (run_.journal != nullptr) before_ = run_.journal->find(chip_);
}

void Guard::admit() const {
    if (run_.order.profile.production && run_.order.keys.development()) {
        throw Error{
            Errc::keys_failed,
            fmt::format("profile {} is for production and refuses development keys; name a key file with "
                        "--keys",
                        run_.order.profile.name)};
    }
    if (const auto weak = run_.order.keys.weaknesses(); run_.order.profile.production && !weak.empty()) {
        throw Error{Errc::keys_failed,
                    fmt::format("profile {} is for production and refuses keys that are not "
                                "held well: {}",
                                run_.order.profile.name, fmt::join(weak, "; "))};
    }
    if (!before_) return;
    if (before_->stage == "void") {
        throw Error{Errc::card_refused, fmt::format("chip {} is void by this station's journal", chip_)};
    }
    if (before_->authentication_failed && !run_.permits.release_failed_authentication) {
        throw Error{
            Errc::keys_failed,
            fmt::format("chip {} refused an authentication on {} ({}); it is left alone until released "
                        "with --release-failed-authentication",
                        chip_, before_->updated, before_->authentication_fault)};
    }
    // other cards of the document share a nameless card's entry: only its own state says whose it is
    if (before_->record_digest == record_ || keys::is_made_name(chip_)) return;
    if (before_->stage == "complete" && !run_.permits.update) {
        throw Error{
            Errc::card_refused,
            fmt::format("chip {} was completed on {} for another record or another state of it; a change of "
                        "the same citizen's card is `kartsaz update`",
                        chip_, before_->updated)};
    }
    if (before_->stage == "writing" && !run_.permits.reassign && !run_.permits.update) {
        throw Error{
            Errc::card_refused,
            fmt::format("chip {} was begun on {} for another record and not finished; finish it with that "
                        "record, or write it anew with --reassign",
                        chip_, before_->started)};
    }
}

void Guard::admit_plan(const Plan& plan, const CardState& state) const {
    if (plan.empty()) return;
    // what only time has made necessary is no change of the card
    if (std::all_of(plan.steps.begin(), plan.steps.end(), [](const Step& step) { return step.upkeep; }))
        return;
    const bool torn_here = before_ && before_->stage == "writing" && before_->record_digest == record_;
    if (run_.permits.update) {
        if (state.sealed || torn_here) return;
        throw Error{Errc::card_refused, "this card is not complete yet; `kartsaz personalize` completes it"};
    }
    // a nameless card shares its entry with every card of this document: only its own state counts
    if (!state.chip.known() && !state.sealed) return;
    const bool complete = state.sealed || (before_ && before_->stage == "complete");
    if (complete && !torn_here) {
        throw Error{
            Errc::card_refused,
            fmt::format("chip {} is complete, but differs from its record now ({} steps would be needed, "
                        "the first: \"{}\"); a change on purpose is `kartsaz update`",
                        chip_, plan.steps.size(), plan.steps.front().label)};
    }
}

void Guard::save(const std::string& stage, const std::string& step) {
    if (run_.journal == nullptr) return;
    entry_.stage = stage;
    entry_.last_step = step;
    entry_.updated = utc_text(seconds_now());
    run_.journal->save(entry_);
}

void Guard::wait() {
    if (saving_.valid()) saving_.get();
}

Books Guard::books() const {
    if (!before_) return {};
    Books books;
    books.made_keys = before_->made_keys;
    // of another card of the document, perhaps, whose PIN is its own
    books.own_pin = named_ && before_->own_pin;
    books.delivered_pin_refused =
        before_->delivered_pin_refused && !run_.permits.release_failed_authentication;
    books.completed = before_->completed || before_->stage == "complete";
    return books;
}

void Guard::made(ByteView public_key) {
    begun();
    auto& made = entry_.made_keys;
    made.push_back(to_hex(keys::sha256(public_key)));
    if (made.size() > most_made_keys) made.erase(made.begin());
    save("writing", entry_.last_step);
}

void Guard::opened_by_holder() {
    begun();
    entry_.own_pin = true;
}

void Guard::describe() {
    if (before_) {
        entry_.completed = before_->completed || before_->stage == "complete";
        entry_.own_pin = before_->own_pin;
        entry_.delivered_pin_refused =
            before_->delivered_pin_refused && !run_.permits.release_failed_authentication;
        entry_.made_keys = before_->made_keys;
    }
    entry_.chip = chip_;
    entry_.profile = run_.order.profile.name;
    entry_.profile_digest = to_hex(run_.order.profile.digest);
    entry_.record_digest = record_;
    entry_.started =
        before_ && before_->record_digest == record_ ? before_->started : utc_text(seconds_now());
    entry_.development_keys = run_.order.keys.development();
}

void Guard::begin() {
    describe();
    if (run_.journal != nullptr) saving_ = std::async(std::launch::async, [this] { save("writing", ""); });
}

void Guard::begin_early() {
    if (before_ && before_->stage == "complete") return;
    begin();
}

void Guard::begun() {
    if (entry_.chip.empty()) begin();
    wait();
}

void Guard::take_back() {
    if (!saving_.valid()) return;
    wait();
    if (before_) {
        run_.journal->save(*before_);
    } else {
        run_.journal->forget(chip_);
    }
}

void Guard::nothing_to_write() {
    if (!before_ || before_->stage != "writing") return take_back();
    wait();
    // a change that was torn before it wrote anything, and is now taken back, leaves the card as this record
    // has it
    if (before_->record_digest == record_) {
        entry_ = *before_;
    } else {
        describe();
    }
    save("complete", "");
}

void Guard::stopped(const Step& step, const Error& error) {
    if (step.delivered_pin && error.code() == Errc::secure_channel && error.sw()) {
        entry_.delivered_pin_refused = true;
    } else {
        remember(error);
    }
    save("writing", step.id);
}

void Guard::remember(const Error& error) {
    if (error.code() != Errc::secure_channel || !error.sw()) return;
    entry_.authentication_failed = true;
    constexpr std::size_t enough = 500;
    entry_.authentication_fault = std::string{error.what()}.substr(0, enough);
}

void Guard::refused_while_looking(const Error& error) {
    if (run_.journal == nullptr || error.code() != Errc::secure_channel || !error.sw()) return;
    if (before_) {
        entry_ = *before_;
    } else {
        describe();
    }
    remember(error);
    save(before_ ? before_->stage : "looked at", "");
}

void Guard::complete() {
    begun();
    save("complete", "");
}

}  // namespace kartsaz::perso
