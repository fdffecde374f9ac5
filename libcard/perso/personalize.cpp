// SPDX-License-Identifier: Apache-2.0
#include "libcard/perso/personalize.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "apdu/counting.h"
#include "apdu/error.h"
#include "apdu/exchanger.h"
#include "keys/crypto.h"
#include "libcard/perso/guard.h"
#include "libcard/perso/session.h"

namespace kartsaz::perso {
namespace {

Traffic traffic_of(const apdu::CountingTransport& counting) {
    const auto& count = counting.count();
    return {count.commands, count.bytes_to_card, count.bytes_from_card};
}

Receipt begin_receipt(const Prepared& prepared, const Run& run, const std::string& chip) {
    Receipt receipt;
    receipt.chip = chip;
    receipt.profile = run.order.profile.name;
    receipt.profile_digest = to_hex(run.order.profile.digest);
    receipt.record_digest = run.order.digest();
    receipt.image_digest = to_hex(prepared.image.digest());
    receipt.started = utc_text(run.order.now);
    receipt.development_keys = run.order.keys.development();
    receipt.observed = prepared.observed;
    receipt.transport_pin = prepared.plan.transport_pin;
    for (const auto& item : prepared.image.items) {
        if (item.kind == ItemKind::file) receipt.files[item.id()] = to_hex(keys::sha256(item.content));
    }
    return receipt;
}

constexpr std::string_view torn =
    "stopped after writing had begun; the same call with the same card goes on: ";

bool is_link_fault(const Error& error) {
    return error.code() == Errc::reader_failed || error.code() == Errc::card_removed;
}

/// Faults of the reader, and of the station's books after the first write, become `interrupted`: the card is
/// torn, and the same call mends it.
[[noreturn]] void rethrow(const Error& error, const Step& step, std::size_t number, std::size_t total,
                          bool wrote) {
    const bool tears = is_link_fault(error) || (wrote && error.code() == Errc::store_failed);
    throw Error{tears ? Errc::interrupted : error.code(),
                fmt::format("{}{} (step {} of {}, \"{}\")", tears ? torn : "", error.what(), number, total,
                            step.label),
                error.sw()};
}

std::size_t bytes_of(const Plan& plan) {
    std::size_t total = 0;
    for (const auto& step : plan.steps) total += step.data_size();
    return total;
}

class Execution {
public:
    Execution(apdu::Transport& card, Prepared& prepared, const Run& run, Guard& guard)
        : prepared_{prepared},
          run_{run},
          guard_{guard},
          counting_{card},
          exchanger_{counting_},
          receipt_{begin_receipt(prepared, run, guard_.chip())} {}

    Receipt operator()() {
        const auto begin = std::chrono::steady_clock::now();
        const Plan& plan = prepared_.plan;
        Session session{exchanger_, run_.order.services(), prepared_.state, plan};
        if (plan.empty()) guard_.nothing_to_write();
        Progress progress{0, plan.steps.size(), 0, bytes_of(plan), nullptr};
        for (const auto& step : plan.steps) {
            ++progress.step;
            progress.label = &step.label;
            if (run_.progress) run_.progress(progress);
            run_step(session, step, progress.step);
            progress.bytes += step.data_size();
        }
        if (!plan.empty()) {
            if (run_.progress) run_.progress(progress);
            if (!plan.look_again) complete(plan);
        }
        for (const auto& [name, bytes] : session.learned()) {
            receipt_.learned[name] = to_hex(keys::sha256(bytes));
        }
        const auto time = std::chrono::steady_clock::now() - begin;
        receipt_.written = traffic_of(counting_);
        receipt_.seconds = std::chrono::duration<double>(time).count();
        receipt_.finished =
            utc_text(run_.order.now + std::chrono::duration_cast<std::chrono::seconds>(time).count());
        receipt_.complete = !plan.look_again;
        return std::move(receipt_);
    }

private:
    void run_step(Session& session, const Step& step, std::size_t number) {
        if (run_.on_step) run_.on_step(step.label);
        try {
            // Keys and life cycle of the card bind no citizen to it; everything after them does, so the
            // journal must be on disk by then. Its flush runs beside the first exchanges.
            if (step.phase >= Phase::secrets) guard_.begun();
            const auto sw = session.run(step);
            wrote_ = wrote_ || step.written > 0;
            receipt_.steps.push_back({step.id, step.label, sw});
            if (!step.makes_key.empty()) guard_.made(session.learned().at(step.makes_key));
            if (step.by_holder) guard_.opened_by_holder();
            const auto names = Session::secret_names(step);
            if (!names.empty()) receipt_.secrets[step.id] = names;
        } catch (const Error& error) {
            // the word for "wrong length" to a long command: the card or its reader speaks short APDUs only
            if (error.sw() == apdu::StatusWord{0x6700} && counting_.limits().extended()) {
                counting_.refuse_extended();
            }
            note_stop(step, error);
            rethrow(error, step, number, prepared_.plan.steps.size(), wrote_);
        }
    }

    /// Where the books cannot be told, a fault that shows a torn card all the same is what is reported.
    void note_stop(const Step& step, const Error& error) {
        try {
            guard_.begun();
            guard_.stopped(step, error);
        } catch (const Error& second) {
            const bool told_anyway = is_link_fault(error) || error.code() == Errc::store_failed;
            if (!told_anyway || second.code() != Errc::store_failed) throw;
        }
    }

    void complete(const Plan& plan) {
        try {
            guard_.complete();
        } catch (const Error& error) {
            if (error.code() != Errc::store_failed) throw;
            rethrow(error, plan.steps.back(), plan.steps.size(), plan.steps.size(), wrote_);
        }
    }

    Prepared& prepared_;
    const Run& run_;
    Guard& guard_;
    apdu::CountingTransport counting_;
    apdu::Exchanger exchanger_;
    Receipt receipt_;
    bool wrote_ = false;
};

/// Everything that is asked of the card before it is written.
Prepared look(apdu::Transport& card, const Run& run) {
    apdu::CountingTransport counting{card};
    apdu::Exchanger exchanger{counting};
    Prepared prepared;
    prepared.state.atr = card.atr();
    prepared.state.limits = card.limits();
    for (auto it = run.applications.rbegin(); it != run.applications.rend(); ++it) {
        (*it)->observe(exchanger, run.order, prepared.state);
    }
    Guard guard{run, prepared.state};
    guard.admit();
    try {
        for (const auto* application : run.applications) {
            application->look_inside(exchanger, run.order, prepared.state);
        }
    } catch (const Error& error) {
        guard.refused_while_looking(error);
        throw;
    }
    prepared.observed = traffic_of(counting);
    prepared.state.books = guard.books();
    return prepared;
}

/// Image, plan and estimate; the card is not needed. Image and plan end with an application that wants the
/// card looked at again.
void think(Prepared& prepared, const Run& run, const Guard& guard) {
    prepared.image.profile = run.order.profile.name;
    for (const auto* application : run.applications) {
        if (prepared.plan.look_again) break;
        auto items = application->encode(run.order, prepared.state);
        std::move(items.begin(), items.end(), std::back_inserter(prepared.image.items));
        application->plan(run.order, prepared.image, prepared.state, prepared.plan);
    }
    prepared.plan.arrange();
    prepared.estimate = estimate(prepared.plan, prepared.state,
                                 timing_of(prepared.state.atr, run.order.profile.section("timing")));
    guard.admit_plan(prepared.plan, prepared.state);
}

Traffic sum(const Traffic& a, const Traffic& b) {
    return {a.commands + b.commands, a.bytes_out + b.bytes_out, a.bytes_in + b.bytes_in};
}

/// One receipt for what was done before the card was looked at again, and after.
Receipt join(Receipt first, Receipt then) {
    then.started = first.started;
    then.steps.insert(then.steps.begin(), first.steps.begin(), first.steps.end());
    then.secrets.merge(first.secrets);
    then.learned.merge(first.learned);
    then.observed = sum(first.observed, then.observed);
    then.written = sum(first.written, then.written);
    then.seconds += first.seconds;
    return then;
}

/// One look at the card, and what its plan says.
Receipt one_round(apdu::Transport& card, const Run& run) {
    auto prepared = look(card, run);
    Guard guard{run, prepared.state};
    // the journal is flushed to disk while the host signs; a card that is complete is not expected to be
    // written
    if (!prepared.state.sealed) guard.begin_early();
    try {
        think(prepared, run, guard);
    } catch (...) {
        guard.take_back();
        throw;
    }
    return Execution{card, prepared, run, guard}();
}

/// Goes on until nothing more has to be looked at again.
Receipt go_on(apdu::Transport& card, const Run& run, Receipt receipt) {
    constexpr int most_rounds = 3;
    for (int round = 0; !receipt.complete; ++round) {
        if (round == most_rounds) {
            throw Error{Errc::card_refused,
                        "the card took what makes new applications on it, and does not show them; nothing of "
                        "the citizen was written"};
        }
        try {
            card.reset();
            receipt = join(std::move(receipt), one_round(card, run));
        } catch (const Error& error) {
            if (!is_link_fault(error) && error.code() != Errc::store_failed) throw;
            throw Error{Errc::interrupted, fmt::format("{}{}", torn, error.what())};
        }
    }
    return receipt;
}

}  // namespace

Prepared prepare(apdu::Transport& card, const Run& run) {
    auto prepared = look(card, run);
    think(prepared, run, Guard{run, prepared.state});
    return prepared;
}

Receipt execute(apdu::Transport& card, Prepared& prepared, const Run& run) {
    Guard guard{run, prepared.state};
    return go_on(card, run, Execution{card, prepared, run, guard}());
}

Receipt personalize(apdu::Transport& card, const Run& run) {
    const bool extended = card.limits().extended();
    try {
        return go_on(card, run, one_round(card, run));
    } catch (const Error& error) {
        const bool now_short = extended && !card.limits().extended();
        if (error.sw() != apdu::StatusWord{0x6700} || !now_short) throw;
    }
    card.reset();
    return go_on(card, run, one_round(card, run));
}

KeysetNames keyset_names(const profile::Profile& profile) {
    const auto& section = profile.section("keys");
    return {section.text("transport", "transport"), section.text("issuer", "issuer")};
}

Applications select_applications(const profile::Profile& profile, const Applications& known) {
    Applications chosen;
    for (const auto& name : profile.applications) {
        const auto found =
            std::find_if(known.begin(), known.end(), [&](const auto* a) { return a->name() == name; });
        if (found == known.end()) {
            throw Error{Errc::input_invalid,
                        fmt::format("profile {}: applications: there is no application \"{}\"",
                                    profile.source, name)};
        }
        (*found)->check(profile);
        chosen.push_back(*found);
    }
    keyset_names(profile);
    profile.section("keys").refuse_unused();
    for (const auto* application : chosen) profile.refuse_unused(application->name());
    timing_of({}, profile.section("timing"));
    profile.section("timing").refuse_unused();
    return chosen;
}

}  // namespace kartsaz::perso
