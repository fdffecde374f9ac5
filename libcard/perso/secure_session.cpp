// SPDX-License-Identifier: Apache-2.0
#include "libcard/perso/secure_session.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "apdu/error.h"
#include "apdu/iso7816.h"
#include "keys/crypto.h"

namespace kartsaz::perso {
namespace {

bool answers_to(const keys::KeyStore& store, const std::string& name, ByteView host_challenge,
                const keys::InitializeUpdateResponse& answer) {
    if (store.versions(name).empty()) return false;
    const auto& keyset = keyset_for(store, name, answer.key_version);
    const keys::Scp03Session session{keyset.scp_keys(answer.kdd), host_challenge, answer};
    return session.card_cryptogram_ok();
}

}  // namespace

const keys::Keyset& keyset_for(const keys::KeyStore& store, const std::string& name, std::uint8_t version) {
    for (const auto* keyset : store.versions(name)) {
        if (keyset->version == version) return *keyset;
    }
    return store.keyset(name);
}

KeyProbe probe_keys(apdu::Transport& card, const keys::KeyStore& store, const KeysetNames& names,
                    std::uint8_t version) {
    KeyProbe probe;
    Bytes challenge = keys::random_bytes(8);
    auto response = card.transmit(keys::initialize_update(version, challenge));
    if (response.sw.value() == 0x6700) {  // S16 mode wants 16 bytes, Amendment D 1.2
        challenge = keys::random_bytes(16);
        response = card.transmit(keys::initialize_update(version, challenge));
    }
    probe.sw = response.sw;
    if (!response.sw.ok()) return probe;
    probe.host_challenge = challenge;
    probe.raw = response.data;
    probe.answer = keys::parse_initialize_update(response.data);
    probe.keys = AnsweringKeys::unknown;
    if (answers_to(store, names.issuer, challenge, probe.answer)) {
        probe.keys = AnsweringKeys::issuer;
        probe.keyset = names.issuer;
    } else if (answers_to(store, names.transport, challenge, probe.answer)) {
        probe.keys = AnsweringKeys::transport;
        probe.keyset = names.transport;
    }
    return probe;
}

std::unique_ptr<keys::SecureTransport> open_scp03(apdu::Transport& card, const keys::KeyStore& store,
                                                  const ScpUse& use, bool s16,
                                                  const PendingHandshake* pending,
                                                  std::optional<keys::ScpKeys>* used) {
    Bytes challenge;
    Bytes raw;
    if (pending != nullptr) {
        challenge = pending->host_challenge;
        raw = pending->answer;
    } else {
        challenge = keys::random_bytes(s16 ? 16 : 8);
        raw =
            apdu::expect(card.transmit(keys::initialize_update(use.version, challenge)), "INITIALIZE UPDATE")
                .data;
    }
    const auto answer = keys::parse_initialize_update(raw);
    const auto& keyset = keyset_for(store, use.keyset, answer.key_version);
    keys::ScpKeys static_keys = keyset.scp_keys(answer.kdd);
    keys::Scp03Session session{static_keys, challenge, answer};
    if (!session.card_cryptogram_ok()) {
        throw Error{
            Errc::keys_failed,
            fmt::format("the card (key version {:02X}) does not answer to keyset \"{}\" version {:02X}; "
                        "nothing was sent that the card could count as a failed attempt",
                        answer.key_version, keyset.name, keyset.version)};
    }
    const auto done = card.transmit(session.external_authenticate(use.level));
    if (!done.sw.ok()) {
        throw Error{Errc::secure_channel,
                    fmt::format("EXTERNAL AUTHENTICATE with keyset \"{}\": SW {:04X} ({}); do not try again "
                                "before the cause is known: each failure may use up one of the card's tries",
                                keyset.name, done.sw.value(), apdu::describe(done.sw)),
                    done.sw};
    }
    if (used != nullptr) *used = std::move(static_keys);
    return std::make_unique<keys::SecureTransport>(card, session.channel());
}

std::unique_ptr<keys::SecureTransport> enter_scp03(apdu::Transport& card, const keys::KeyStore& store,
                                                   ByteView aid, const ScpUse& use, CardState& state) {
    const auto pending = std::exchange(state.pending, std::nullopt);
    const bool ready = pending && std::ranges::equal(pending->aid, aid);
    if (!ready) apdu::expect(card.transmit(apdu::select_aid(aid)), "select " + to_hex(aid));
    return open_scp03(card, store, use, state.channel.s16, ready ? &*pending : nullptr);
}

}  // namespace kartsaz::perso
