// SPDX-License-Identifier: Apache-2.0
#include "libcard/perso/secure_session.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "apdu/error.h"
#include "apdu/iso7816.h"
#include "keys/crypto.h"
#include "keys/scp02.h"

namespace kartsaz::perso {
namespace {

constexpr std::uint8_t scp02_pseudo_random = 0x40, scp03_pseudo_random = 0x10;

/// The session by the keyset of this name, when it made the card's cryptogram.
std::unique_ptr<keys::ScpSession> answering(const keys::KeyStore& store, const std::string& name,
                                            ByteView host_challenge,
                                            const keys::InitializeUpdateResponse& answer) {
    const auto* keyset = find_keyset(store, name, answer.form(), answer.key_version);
    if (keyset == nullptr) return nullptr;
    auto session = keys::scp_session(keyset->scp_keys(answer.kdd), host_challenge, answer);
    return session->card_cryptogram_ok() ? std::move(session) : nullptr;
}

/// INITIALIZE UPDATE, into `probe`. False when the card refused it.
bool start(apdu::Transport& card, std::uint8_t version, KeyProbe& probe) {
    Bytes challenge = keys::random_bytes(8);
    auto response = card.transmit(keys::initialize_update(version, challenge));
    if (response.sw.value() == 0x6700) {  // S16 mode wants 16 bytes, Amendment D 1.2
        challenge = keys::random_bytes(16);
        response = card.transmit(keys::initialize_update(version, challenge));
    }
    probe.sw = response.sw;
    if (!response.sw.ok()) return false;
    probe.host_challenge = challenge;
    probe.raw = response.data;
    probe.answer = keys::parse_initialize_update(response.data);
    return true;
}

/// The parameter i of an SCP02 card, 00 when it does not tell.
std::uint8_t ask_scp02_variant(apdu::Transport& card) {
    const auto response = card.transmit(apdu::get_data(0x0066, 0x80));
    if (!response.sw.ok()) return 0;
    std::vector<keys::ScpForm> told;
    try {
        told = keys::announced_channels(response.data);
    } catch (const Error&) {
        return 0;  // as good as not told; the cryptogram shows whether the keys are right all the same
    }
    std::erase_if(told, [](const auto& form) { return form.protocol != 2; });
    if (told.empty()) return 0;
    for (const auto& form : told) {
        if (keys::scp02_variant_known(form.i)) return form.i;
    }
    throw Error{Errc::card_refused,
                fmt::format("the card speaks SCP02 with i={:02X}; only 15 and 55 are spoken here, and with "
                            "R-MAC 35 and 75. Nothing was written",
                            told.front().i)};
}

}  // namespace

const keys::Keyset* find_keyset(const keys::KeyStore& store, const std::string& name,
                                const keys::ScpForm& form, std::uint8_t version) {
    const keys::Keyset* newest = nullptr;
    for (const auto* keyset : store.versions(name)) {
        if (keyset->type != form.key_type()) continue;
        if (version != 0 && keyset->version == version) return keyset;
        if (newest == nullptr) newest = keyset;
    }
    return newest;
}

const keys::Keyset& keyset_for(const keys::KeyStore& store, const std::string& name,
                               const keys::InitializeUpdateResponse& answer) {
    const auto* found = find_keyset(store, name, answer.form(), answer.key_version);
    if (found != nullptr) return *found;
    const auto& other = store.keyset(name);  // says what there is when the name is unknown
    throw Error{Errc::keys_failed,
                fmt::format("the card speaks SCP{:02X}, and no version of keyset \"{}\" has {} keys for it",
                            answer.protocol, other.name,
                            answer.form().key_type() == keys::KeyType::aes ? "AES" : "triple-DES")};
}

KeyProbe probe_keys(apdu::Transport& card, const keys::KeyStore& store, const KeysetNames& names,
                    std::uint8_t version, ByteView aid) {
    KeyProbe probe;
    if (!start(card, version, probe)) return probe;
    if (probe.answer.protocol == 2) {
        const auto i = ask_scp02_variant(card);
        if (!start(card, version, probe)) return probe;
        probe.answer.i = i;
    }
    probe.keys = AnsweringKeys::unknown;
    auto session = answering(store, names.issuer, probe.host_challenge, probe.answer);
    if (session != nullptr) {
        probe.keys = AnsweringKeys::issuer;
        probe.keyset = names.issuer;
    } else if (session = answering(store, names.transport, probe.host_challenge, probe.answer);
               session != nullptr) {
        probe.keys = AnsweringKeys::transport;
        probe.keyset = names.transport;
    }
    const auto counted = probe.answer.protocol == 2 ? scp02_pseudo_random : scp03_pseudo_random;
    if (session != nullptr && !aid.empty() && (probe.answer.i & counted) != 0) {
        probe.challenge_ok = session->card_challenge_ok(aid);
    }
    return probe;
}

std::unique_ptr<keys::SecureTransport> open_channel(apdu::Transport& card, const keys::KeyStore& store,
                                                    const ScpUse& use, const keys::ScpForm& form,
                                                    const PendingHandshake* pending,
                                                    std::optional<keys::ScpKeys>* used) {
    Bytes challenge;
    Bytes raw;
    if (pending != nullptr) {
        challenge = pending->host_challenge;
        raw = pending->answer;
    } else {
        challenge = keys::random_bytes(form.s16 ? 16 : 8);
        raw =
            apdu::expect(card.transmit(keys::initialize_update(use.version, challenge)), "INITIALIZE UPDATE")
                .data;
    }
    auto answer = keys::parse_initialize_update(raw);
    if (answer.protocol == 2 && form.protocol == 2) answer.i = form.i;
    const auto& keyset = keyset_for(store, use.keyset, answer);
    keys::ScpKeys static_keys = keyset.scp_keys(answer.kdd);
    const auto session = keys::scp_session(static_keys, challenge, answer);
    if (!session->card_cryptogram_ok()) {
        throw Error{
            Errc::keys_failed,
            fmt::format("the card (key version {:02X}) does not answer to keyset \"{}\" version {:02X}; "
                        "nothing was sent that the card could count as a failed attempt",
                        answer.key_version, keyset.name, keyset.version)};
    }
    const auto done = card.transmit(session->external_authenticate(use.level));
    if (!done.sw.ok()) {
        throw Error{Errc::secure_channel,
                    fmt::format("EXTERNAL AUTHENTICATE with keyset \"{}\": SW {:04X} ({}); do not try again "
                                "before the cause is known: each failure may use up one of the card's tries",
                                keyset.name, done.sw.value(), apdu::describe(done.sw)),
                    done.sw};
    }
    if (used != nullptr) {
        static_keys.dek = session->put_key_dek();
        *used = std::move(static_keys);
    }
    return std::make_unique<keys::SecureTransport>(card, session->channel());
}

std::unique_ptr<keys::SecureTransport> enter_channel(apdu::Transport& card, const keys::KeyStore& store,
                                                     ByteView aid, const ScpUse& use, CardState& state) {
    const auto pending = std::exchange(state.pending, std::nullopt);
    const bool ready = pending && std::ranges::equal(pending->aid, aid);
    if (!ready) apdu::expect(card.transmit(apdu::select_aid(aid)), "select " + to_hex(aid));
    return open_channel(card, store, use, state.channel.form, ready ? &*pending : nullptr);
}

}  // namespace kartsaz::perso
