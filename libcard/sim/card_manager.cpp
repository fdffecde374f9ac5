// SPDX-License-Identifier: Apache-2.0
#include "libcard/sim/card_manager.h"

#include <algorithm>
#include <array>

#include "libcard/sim/scp02_session.h"
#include "libcard/sim/scp03_session.h"

namespace kartsaz::sim {
namespace {

constexpr std::array<std::uint8_t, 8> isd_aid{0xA0, 0x00, 0x00, 0x01, 0x51, 0x00, 0x00, 0x00};
constexpr std::uint8_t init_update = 0x50;

}  // namespace

ByteView CardManager::aid() {
    return isd_aid;
}

ScpSession* CardManager::session() {
    return session_ && session_->is_open() ? session_.get() : nullptr;
}

Answer CardManager::handle(const Command& command) {
    if (!chip_.kind.manager.present) return refuse(0x6D00);
    if (command.ins == init_update) return initialize_update(command);
    return chip_.kind.manager.complete ? complete(command) : limited(command);
}

Answer CardManager::complete(const Command& command) {
    if (chip_.state.life_cycle == terminated && command.ins != 0xCA) return refuse(0x6985);
    switch (command.ins) {
        case 0xCA:
            return get_data(command);
        case 0xF2:
            return get_status(command);
        case 0xF0:
            return set_status(command);
        case 0xD8:
            return put_key(command);
        case 0xE4:
            return delete_key(command);
        case 0xE6:
            return install(command);
        default:
            return refuse(0x6D00);
    }
}

Answer CardManager::limited(const Command& command) {
    const ManagerTraits& traits = chip_.kind.manager;
    if (command.access.scp && command.access.level != 0) {
        if (traits.mac_only_refused && (command.access.level & 0x02) == 0) return refuse(0x6A80);
        if (traits.empty_ends_session && command.data.empty()) {
            end_session();
            return refuse(0x6985);
        }
        if (traits.max_data != 0 && command.data.size() > traits.max_data) return refuse(0x6F00);
    }
    if (command.ins != 0xE4 && command.ins != 0xE6) return refuse(0x6D00);
    if (!command.access.scp) return refuse(0x6982);
    return lone_install(command);
}

Answer CardManager::lone_install(const Command& command) const {
    if (command.ins == 0xE6 && command.p1 != 0x04 && command.p1 != 0x0C) return refuse(0x6A86);
    if (command.ins == 0xE6) {
        // no load file is on this card that could be installed from
        ByteView rest{command.data};
        for (int field = 0; field < 3; ++field) {
            if (rest.empty() || rest.size() < 1U + rest[0]) return refuse(0x6A80);
            rest = rest.subspan(1U + rest[0]);
        }
        return refuse(0x6A88);
    }
    if (!find_object(command.data, 0x4F)) return refuse(0x6A80);
    return refuse(0x6A88);
}

bool CardManager::level_allowed(std::uint8_t level) const {
    const std::uint8_t i = chip_.state.scp_i;
    if ((level & 0x10) != 0 && (i & 0x20) == 0) return false;
    if ((level & 0x20) == 0) return true;
    return chip_.state.scp == 3 && (i & 0x40) != 0;
}

Answer CardManager::initialize_update(const Command& command) {
    end_session();
    const ManagerTraits& traits = chip_.kind.manager;
    const bool s16 = chip_.state.scp == 3 && (chip_.state.scp_i & 0x01) != 0;
    if (command.data.size() != (s16 ? 16U : 8U)) return refuse(0x6700);
    if (command.p2 != 0x00) return refuse(0x6A86);
    if (chip_.state.life_cycle == terminated || chip_.state.keysets.empty()) return refuse(0x6985);
    Keyset* keyset =
        command.p1 == 0 || traits.any_version ? &chip_.state.keysets.front() : chip_.state.keyset(command.p1);
    if (keyset == nullptr) return refuse(0x6A88);
    if (keyset->tries == 0) return refuse(0x6983);
    Bytes out = start_session(*keyset, command.data);
    if (out.empty()) return refuse(0x6985);
    return {out};
}

/// The answer to INITIALIZE UPDATE; empty when the sequence counter is used up.
Bytes CardManager::start_session(Keyset& keyset, const Bytes& host_challenge) {
    return chip_.state.scp == 2 ? start_scp02(keyset, host_challenge) : start_scp03(keyset, host_challenge);
}

/// The counter counts sessions that were opened: it moves with EXTERNAL AUTHENTICATE (E.1.2.1).
Bytes CardManager::start_scp02(Keyset& keyset, const Bytes& host_challenge) {
    if (keyset.counter == 0xFFFF) return {};
    const bool pseudo_random = (chip_.state.scp_i & 0x40) != 0;
    const Bytes card_challenge =
        pseudo_random ? Scp02Session::pseudo_random_challenge(keyset, isd_aid) : chip_.rng.bytes(6);
    session_ = std::make_unique<Scp02Session>(keyset, host_challenge, card_challenge);
    chip_.meter.des(15 * 8);  // four session keys, two cryptograms less one block, the challenge
    Bytes out = key_diversification_data(chip_);
    append(out, Bytes{keyset.version, 0x02});
    append(out, big_endian(keyset.counter, 2));
    append(out, card_challenge);
    append(out, session_->card_cryptogram());
    return out;
}

Bytes CardManager::start_scp03(Keyset& keyset, const Bytes& host_challenge) {
    Bytes card_challenge;
    const std::size_t size = host_challenge.size();
    const bool pseudo_random = (chip_.state.scp_i & 0x10) != 0;
    if (pseudo_random) {
        if (keyset.counter == 0xFFFFFF) return {};
        ++keyset.counter;
        chip_.changed = true;
        chip_.meter.write_page();
        card_challenge = Scp03Session::pseudo_random_challenge(keyset.keys[0], keyset.counter, isd_aid, size);
    } else {
        card_challenge = chip_.rng.bytes(size);
    }
    session_ = std::make_unique<Scp03Session>(keyset, host_challenge, card_challenge);
    chip_.meter.aes(160);  // three session keys, two cryptograms, the challenge

    Bytes out = key_diversification_data(chip_);
    const bool any = chip_.kind.manager.any_version;
    append(out, Bytes{any ? std::uint8_t{0xFF} : keyset.version, 0x03, chip_.state.scp_i});
    append(out, card_challenge);
    append(out, session_->card_cryptogram());
    if (pseudo_random) append(out, big_endian(keyset.counter, 3));
    return out;
}

Answer CardManager::external_authenticate(const ApduIn& in) {
    if (!session_ || session_->is_open()) {
        end_session();
        return refuse(0x6985);
    }
    static constexpr std::array<std::uint8_t, 6> levels{0x00, 0x01, 0x03, 0x11, 0x13, 0x33};
    const bool known = std::find(levels.begin(), levels.end(), in.p1) != levels.end();
    std::uint16_t sw = 0x9000;
    if (!known || in.p2 != 0) {
        sw = 0x6A86;
    } else if (!level_allowed(in.p1)) {
        sw = 0x6985;
    } else if (in.data.size() != session_->authentication_size()) {
        sw = 0x6700;
    }
    if (sw != 0x9000) {
        end_session();
        return refuse(sw);
    }
    Keyset* keyset = chip_.state.keyset(session_->key_version());
    const bool scp02 = chip_.state.scp == 2;
    if (scp02) {
        chip_.meter.des(4 * 8);
    } else {
        chip_.meter.aes(48);
    }
    if (!session_->authenticate(in)) {
        if (keyset != nullptr && keyset->tries > 0) --keyset->tries;
        chip_.changed = true;
        chip_.meter.write_page();
        end_session();
        return refuse(0x6300);
    }
    if (keyset != nullptr && (keyset->tries != full_tries || scp02)) {
        keyset->tries = full_tries;
        if (scp02) ++keyset->counter;
        chip_.changed = true;
        chip_.meter.write_page();
    }
    status_left_.clear();
    return {};
}

}  // namespace kartsaz::sim
