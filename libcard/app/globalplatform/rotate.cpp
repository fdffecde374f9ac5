// SPDX-License-Identifier: Apache-2.0
#include "libcard/app/globalplatform/rotate.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>

#include "apdu/error.h"
#include "apdu/iso7816.h"
#include "libcard/app/globalplatform/manager.h"
#include "libcard/perso/secure_session.h"

namespace kartsaz::app::globalplatform {
namespace {

constexpr std::string_view isd_aid = "A000000151000000";
constexpr std::uint8_t factory_version = 0xFF;

/// DELETE of all keys of one version. GPCS 2.3.1, 11.2.2.3.2.
apdu::CommandApdu delete_key(std::uint8_t version) {
    return {.cla = 0x80, .ins = 0xE4, .p1 = 0x00, .p2 = 0x00, .data = {0xD2, 0x01, version}, .ne = 256};
}

/// A command whose data are keys; wiped when it goes.
struct KeyCommand {
    KeyCommand(apdu::CommandApdu header, const keys::SecretBytes& data) : command{std::move(header)} {
        data.reveal([&](ByteView bytes) { command.data.assign(bytes.begin(), bytes.end()); });
    }
    KeyCommand(const KeyCommand&) = delete;
    KeyCommand& operator=(const KeyCommand&) = delete;
    ~KeyCommand() { Botan::secure_scrub_memory(command.data.data(), command.data.size()); }

    apdu::CommandApdu command;
};

std::string now() {
    return perso::utc_text(
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
            .count());
}

/// The keysets that a card holds, as far as our own versions are concerned.
struct KeysOnCard {
    keys::ScpForm form;
    Bytes kdd;
    std::uint8_t first = 0;               ///< version that answers when none is asked for
    bool transport = false;               ///< the maker's keys answer
    std::vector<std::uint8_t> ours{};     ///< versions whose cryptogram was right
    std::vector<std::uint8_t> foreign{};  ///< versions that answered with keys that are not ours

    bool has(std::uint8_t version) const { return std::ranges::find(ours, version) != ours.end(); }
};

class Rotator {
public:
    Rotator(apdu::Transport& card, const keys::KeyStore& store, const Rotation& rotation,
            const perso::Journal* journal)
        : card_{card},
          store_{store},
          rotation_{rotation},
          aid_{rotation.card_manager.empty() ? issuer_domain() : rotation.card_manager},
          journal_{journal},
          fresh_{store.keyset(rotation.keyset, rotation.to)} {
        if (rotation.to == 0 || rotation.to > 0x7F) {
            throw Error{Errc::usage, "rotate: a key version of 01 to 7F was expected"};
        }
    }

    RotationReport run() {
        select();
        auto held = look();
        admit(held);
        report_.from = held.ours.front();
        try {
            while (held.ours != std::vector<std::uint8_t>{rotation_.to}) {
                change(held);
                held = look();
                check(held);
            }
        } catch (const Error& error) {
            const bool gone = error.code() == Errc::card_removed || error.code() == Errc::reader_failed;
            if (!gone || !begun_) throw;
            throw Error{
                Errc::interrupted,
                fmt::format("chip {}: {}: {}. The card holds the old keys or the new ones: put the same "
                            "card back and give the same command",
                            report_.chip, words_, error.what())};
        }
        finish(held);
        return std::move(report_);
    }

private:
    static constexpr std::size_t most_changes = 4;

    void select() {
        const auto response = card_.transmit(apdu::select_aid(aid_));
        if (!response.sw.ok()) {
            throw Error{Errc::card_refused,
                        fmt::format("the card manager {} cannot be selected: SW {:04X} ({})", to_hex(aid_),
                                    response.sw.value(), apdu::describe(response.sw)),
                        response.sw};
        }
        report_.chip = chip_name(read_cplc(card_));
    }

    perso::KeyProbe probe(std::uint8_t version) {
        return perso::probe_keys(card_, store_, {"transport", rotation_.keyset}, version, aid_);
    }

    /// INITIALIZE UPDATE of every version that we hold; costs the card nothing.
    KeysOnCard look() {
        KeysOnCard out;
        const auto first = probe(0);
        if (!first.sw.ok()) {
            throw Error{
                Errc::card_refused,
                fmt::format("the card manager offers no secure channel (INITIALIZE UPDATE: SW {:04X}, {})",
                            first.sw.value(), apdu::describe(first.sw)),
                first.sw};
        }
        out.form = first.answer.form();
        out.kdd = first.answer.kdd;
        out.first = first.answer.key_version;
        out.transport = first.keys == perso::AnsweringKeys::transport;
        note(first, out);
        for (const auto* keyset : store_.versions(rotation_.keyset)) {
            if (keyset->version == out.first || keyset->type != out.form.key_type()) continue;
            const auto answer = probe(keyset->version);
            // a card that does not care which version it is asked for answers with its own
            if (answer.sw.ok() && answer.answer.key_version == keyset->version) note(answer, out);
        }
        if (report_.chip.empty()) report_.chip = "kdd-" + to_hex(out.kdd);
        return out;
    }

    void note(const perso::KeyProbe& probe, KeysOnCard& out) const {
        const auto version = probe.answer.key_version;
        const auto all = store_.versions(rotation_.keyset);
        const bool held = std::ranges::any_of(all, [&](const auto* k) { return k->version == version; });
        const bool right =
            held && probe.keys == perso::AnsweringKeys::issuer && probe.challenge_ok.value_or(true);
        (right ? out.ours : out.foreign).push_back(version);
    }

    /// After a change: the new keys answer, and there is an end.
    void check(const KeysOnCard& held) const {
        if (!held.has(rotation_.to)) {
            throw Error{
                Errc::keys_failed,
                fmt::format("chip {}: PUT KEY was answered 9000, but the card does not answer to version "
                            "{:02X}; keep it apart",
                            report_.chip, rotation_.to)};
        }
        if (report_.done.size() >= most_changes && held.ours.size() > 1) {
            throw Error{
                Errc::keys_failed,
                fmt::format("chip {}: an old version still answers beside {:02X} after it was deleted; "
                            "keep it apart",
                            report_.chip, rotation_.to)};
        }
    }

    void admit(const KeysOnCard& held) const {
        if (journal_ != nullptr && !rotation_.release_failed_authentication) {
            const auto entry = journal_->find(report_.chip);
            if (entry && entry->authentication_failed) {
                throw Error{
                    Errc::keys_failed,
                    fmt::format("chip {} refused an authentication on {} ({}); it is left alone until "
                                "released with --release-failed-authentication",
                                report_.chip, entry->updated, entry->authentication_fault)};
            }
        }
        if (held.ours.empty() && held.transport) {
            throw Error{
                Errc::card_refused,
                fmt::format("chip {} still has its maker's keys (version {:02X}): `kartsaz personalize` "
                            "gives it the issuer's",
                            report_.chip, held.first)};
        }
        if (held.ours.empty()) {
            throw Error{
                Errc::keys_failed,
                fmt::format("chip {} holds keys of version {:02X}, which are none of keyset \"{}\"; "
                            "nothing was sent that it could count as a failed attempt. Is this the right "
                            "key file?",
                            report_.chip, held.first, rotation_.keyset)};
        }
        if (fresh_.type != held.form.key_type()) {
            throw Error{Errc::card_refused,
                        fmt::format("the card speaks {}, which keyset \"{}\" version {:02X} has no keys for",
                                    keys::in_words(held.form), rotation_.keyset, rotation_.to)};
        }
        if (std::ranges::find(held.foreign, rotation_.to) != held.foreign.end()) {
            throw Error{Errc::card_refused,
                        fmt::format("chip {} has a keyset of version {:02X} already, and it is not ours",
                                    report_.chip, rotation_.to)};
        }
        const auto newest = *std::ranges::max_element(held.ours);
        if (newest > rotation_.to && newest != factory_version && !rotation_.older) {
            throw Error{Errc::card_refused,
                        fmt::format("chip {} holds version {:02X}, which is newer than {:02X}; going back is "
                                    "allowed with --older",
                                    report_.chip, newest, rotation_.to)};
        }
    }

    /// One step nearer: the new keys in the place of an old version; or an old version away that is still
    /// there beside the new one.
    void change(const KeysOnCard& held) {
        const bool add = !held.has(rotation_.to);
        const auto old = *std::ranges::find_if(held.ours, [&](auto v) { return v != rotation_.to; });
        const auto words = add ? fmt::format("put-key {:02X} -> {:02X}", old, rotation_.to)
                               : fmt::format("delete-key {:02X}", old);
        auto fresh = fresh_.scp_keys(held.kdd);
        std::optional<keys::ScpKeys> used;
        auto channel = open(add ? old : rotation_.to, held.form, used);
        save("writing", words);
        begun_ = true;
        words_ = words;
        const auto response = add ? put_key(*channel, old, fresh, *used) : channel->transmit(delete_key(old));
        if (!response.sw.ok()) refused(words, response);
        if (add && response.data != keys::put_key_answer(fresh, rotation_.to)) {
            throw Error{Errc::keys_failed,
                        fmt::format("chip {}: PUT KEY: the card's key check values are not those of the keys "
                                    "sent; keep it apart",
                                    report_.chip)};
        }
        report_.done.push_back(words);
    }

    std::unique_ptr<keys::SecureTransport> open(std::uint8_t version, const keys::ScpForm& form,
                                                std::optional<keys::ScpKeys>& used) {
        try {
            return perso::open_channel(card_, store_, {rotation_.keyset, version, rotation_.level}, form,
                                       nullptr, &used);
        } catch (const Error& error) {
            if (error.code() == Errc::secure_channel && error.sw()) remember_refusal(error);
            throw;
        }
    }

    apdu::ResponseApdu put_key(apdu::Transport& channel, std::uint8_t old, const keys::ScpKeys& fresh,
                               const keys::ScpKeys& used) const {
        // a factory set goes away by itself when the first keys are put
        const KeyCommand put{put_key_header(old == factory_version ? std::uint8_t{0} : old),
                             keys::put_key_data(fresh, rotation_.to, used.dek)};
        return channel.transmit(put.command);
    }

    [[noreturn]] void refused(const std::string& words, const apdu::ResponseApdu& response) const {
        save("refused", words);
        throw Error{Errc::card_refused,
                    fmt::format("chip {}: {}: SW {:04X} ({}); the card holds the keys that it held",
                                report_.chip, words, response.sw.value(), apdu::describe(response.sw)),
                    response.sw};
    }

    void save(const std::string& stage, const std::string& words) const {
        if (journal_ == nullptr) return;
        perso::JournalEntry entry;
        entry.chip = report_.chip + " keys";
        const auto before = journal_->find(entry.chip);
        const bool goes_on = before && before->stage == "writing";
        entry.profile = "rotate " + rotation_.keyset;
        entry.stage = stage;
        entry.last_step = words;
        entry.started = goes_on ? before->started : now();
        entry.updated = now();
        entry.development_keys = fresh_.development;
        journal_->save(entry);
    }

    /// Where personalize looks, too: this chip is left alone from now on.
    void remember_refusal(const Error& error) const {
        if (journal_ == nullptr) return;
        constexpr std::size_t enough = 500;
        auto entry = journal_->find(report_.chip).value_or(perso::JournalEntry{});
        if (entry.chip.empty()) {
            entry.chip = report_.chip;
            entry.stage = "looked at";
            entry.started = now();
        }
        entry.updated = now();
        entry.authentication_failed = true;
        entry.authentication_fault = std::string{error.what()}.substr(0, enough);
        journal_->save(entry);
    }

    void finish(const KeysOnCard& held) {
        const auto begun = journal_ == nullptr ? std::nullopt : journal_->find(report_.chip + " keys");
        if (!report_.done.empty() || (begun && begun->stage == "writing")) {
            save("complete", fmt::format("holds {:02X}", rotation_.to));
        }
        report_.kcvs = fresh_.scp_keys(held.kdd).kcvs();
        report_.development = fresh_.development;
    }

    apdu::Transport& card_;
    const keys::KeyStore& store_;
    const Rotation& rotation_;
    const Bytes aid_;
    const perso::Journal* journal_;
    const keys::Keyset& fresh_;
    RotationReport report_;
    bool begun_ = false;  ///< a change was sent
    std::string words_;   ///< which
};

}  // namespace

Bytes issuer_domain() {
    return from_hex(isd_aid);
}

RotationReport rotate_keys(apdu::Transport& card, const keys::KeyStore& store, const Rotation& rotation,
                           const perso::Journal* journal) {
    return Rotator{card, store, rotation, journal}.run();
}

}  // namespace kartsaz::app::globalplatform
