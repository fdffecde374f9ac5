// SPDX-License-Identifier: Apache-2.0
// The card manager's data: what it tells of itself, its life cycle, its keys.
#include <algorithm>

#include "libcard/sim/card_manager.h"

namespace kartsaz::sim {
namespace {

constexpr std::uint16_t batch = 0x6417;

/// GlobalPlatform's arc 1.2.840.114283, with what follows it.
Bytes oid(std::initializer_list<std::uint8_t> tail) {
    Bytes value{0x2A, 0x86, 0x48, 0x86, 0xFC, 0x6B};
    value.insert(value.end(), tail);
    return object(0x06, value);
}

/// Card recognition data, tag 73. Source: GPCS 2.3.1, H.3.
Bytes card_recognition(const CardState& state) {
    return object(0x73,
                  concat({oid({0x01}), object(0x60, oid({0x02, 0x02, 0x03, 0x01})), object(0x63, oid({0x03})),
                          object(0x64, oid({0x04, state.scp, state.scp_i}))}));
}

/// Key information template, tag E0. Source: GPCS 2.3.1, 11.3.3.1.
Bytes key_information(const CardState& state) {
    Bytes out;
    for (const Keyset& keyset : state.keysets) {
        for (std::uint8_t id = 1; id <= keyset.keys.size(); ++id) {
            const auto size = static_cast<std::uint8_t>(keyset.keys.at(id - 1U).size());
            append(out,
                   object(0xC0, Bytes{id, keyset.version,
                                      state.des_keys() ? std::uint8_t{0x80} : std::uint8_t{0x88}, size}));
        }
    }
    return object(0xE0, out);
}

/// One key of PUT KEY under SCP03. Source: Amendment D, 7.2.
std::uint16_t take_aes_key(ByteView& rest, const ScpSession& session, Bytes& key) {
    if (rest.size() < 3) return 0x6A80;
    if (rest[0] != 0x88) return 0x9484;
    const std::size_t block = rest[1], size = rest[2];
    if (size != 16 && size != 24 && size != 32) return 0x6A80;
    const std::size_t padded = (size + 15) / 16 * 16;
    if (block != padded + 1 || rest.size() < 3 + padded) return 0x6A80;
    key = session.open_key(rest.subspan(3, padded));
    key.resize(size);
    rest = rest.subspan(3 + padded);
    return 0x9000;
}

/// The same under SCP02. Source: GPCS 2.3.1, 11.8.2.3.
std::uint16_t take_des_key(ByteView& rest, const ScpSession& session, Bytes& key) {
    constexpr std::size_t size = 16;
    if (rest.size() < 2) return 0x6A80;
    if (rest[0] != 0x80) return 0x9484;
    if (rest[1] != size || rest.size() < 2 + size) return 0x6A80;
    key = session.open_key(rest.subspan(2, size));
    rest = rest.subspan(2 + size);
    return 0x9000;
}

/// One key, and the check value behind it.
std::uint16_t take_key(ByteView& rest, const ScpSession& session, bool des, Bytes& key) {
    const auto sw = des ? take_des_key(rest, session, key) : take_aes_key(rest, session, key);
    if (sw != 0x9000) return sw;
    if (rest.size() < 4 || rest[0] != 3) return 0x6A80;
    const ByteView kcv = rest.subspan(1, 3);
    rest = rest.subspan(4);
    return same(key_check_value(key, des), kcv) ? 0x9000 : 0x6A80;
}

}  // namespace

Bytes cplc(std::uint32_t serial) {
    Bytes out{0x47, 0x90, 0xD3, 0x21, 0x47, 0x00, 0x00, 0x00, 0x00, 0x00, 0x53, 0x40};
    append(out, big_endian(serial, 4));
    append(out, big_endian(batch, 2));
    append(out, Bytes{0x48, 0x12, 0x53, 0x41, 0x48, 0x13, 0x53, 0x42, 0x00, 0x00, 0x00, 0x00,
                      0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00});
    return out;
}

Bytes key_diversification_data(const Chip& chip) {
    if (chip.kind.manager.fixed_kdd) return {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    const Bytes all = cplc(chip.state.serial);
    // fabricator and type, then batch and serial number: the last six tell chips apart
    return concat({ByteView{all}.first(4), big_endian(batch, 2), big_endian(chip.state.serial, 4)});
}

Keyset transport_keyset(const CardState& state) {
    Bytes key(16);
    for (std::size_t at = 0; at < key.size(); ++at) key[at] = static_cast<std::uint8_t>(0x40 + at);
    const std::uint8_t version = state.des_keys() ? 0x20 : 0x30;
    return {.version = version, .keys = {key, key, key}, .transport = true};
}

Bytes key_check_value(const Bytes& key, bool des) {
    Bytes kcv = des ? TripleDes{key}.cbc_encrypt(Bytes(8, 0x00)) : Aes{key}.block(Bytes(16, 0x01));
    kcv.resize(3);
    return kcv;
}

Bytes CardManager::fci() const {
    Bytes proprietary;
    if (chip_.kind.manager.complete) proprietary = card_recognition(chip_.state);
    append(proprietary, object(0x9F65, Bytes{0xFF}));
    return object(0x6F, concat({object(0x84, aid()), object(0xA5, proprietary)}));
}

Answer CardManager::get_data(const Command& command) const {
    const CardState& state = chip_.state;
    switch (command.p1p2()) {
        case 0x9F7F:
            return {object(0x9F7F, cplc(state.serial))};
        case 0x0066:
            return {object(0x66, card_recognition(state))};
        case 0x00E0:
            return {key_information(state)};
        case 0x00C1:
            return {object(0xC1, big_endian(state.keysets.front().counter, state.des_keys() ? 2 : 3))};
        case 0x0042:
            return {object(0x42, concat({big_endian(0x364900, 3)}))};
        case 0x0045:
            return {object(0x45, concat({big_endian(batch, 2), big_endian(state.serial, 4)}))};
        default:
            return refuse(0x6A88);
    }
}

Answer CardManager::get_status(const Command& command) {
    if (!command.access.scp) return refuse(0x6982);
    const std::uint8_t which = command.p1;
    if (which != 0x80 && which != 0x40 && which != 0x20 && which != 0x10) return refuse(0x6A86);
    if (command.p2 == 0x02) {
        const auto wanted = find_object(command.data, 0x4F);
        if (!wanted) return refuse(0x6A80);
        status_left_.clear();
        for (Bytes& entry : registry(chip_.kind, chip_.state, which)) {
            const auto aid = find_object(entry, 0x4F);
            const bool fits = aid && aid->size() >= wanted->size() &&
                              std::equal(wanted->begin(), wanted->end(), aid->begin());
            if (fits) status_left_.push_back(object(0xE3, entry));
        }
        if (status_left_.empty()) return refuse(0x6A88);
    } else if (command.p2 != 0x03) {
        return refuse(0x6A86);
    } else if (status_left_.empty()) {
        return refuse(0x6985);
    }
    Answer answer;
    while (!status_left_.empty() && answer.data.size() + status_left_.front().size() <= command.room) {
        append(answer.data, status_left_.front());
        status_left_.erase(status_left_.begin());
    }
    if (!status_left_.empty()) answer.sw = 0x6310;
    return answer;
}

Answer CardManager::set_status(const Command& command) {
    if (!command.access.at_least(0x01)) return refuse(0x6982);
    if (command.p1 != 0x80) return refuse(0x6A86);
    const std::uint8_t now = chip_.state.life_cycle;
    switch (command.p2) {
        case terminated:
            break;
        case card_locked:  // 5.1.1.4: from SECURED, and back
            if (now != secured) return refuse(0x6985);
            break;
        case secured:
            if (now == secured) return refuse(0x6985);
            break;
        case op_ready:
        case initialized:
            if (command.p2 <= now) return refuse(0x6985);
            break;
        default:
            return refuse(0x6A80);
    }
    chip_.state.life_cycle = command.p2;
    chip_.changed = true;
    chip_.meter.write_page();
    return {};
}

Answer CardManager::put_key(const Command& command) {
    if (!command.access.at_least(0x01)) return refuse(0x6982);
    if (chip_.state.life_cycle == card_locked) return refuse(0x6985);
    if (command.p2 != 0x81 || command.p1 > 0x7F) return refuse(0x6A86);
    ByteView rest{command.data};
    if (rest.empty()) return refuse(0x6A80);
    Keyset fresh{.version = rest[0]};
    rest = rest.subspan(1);
    if (fresh.version == 0 || fresh.version > 0x7F) return refuse(0x6A80);
    if (command.p1 != 0 && chip_.state.keyset(command.p1) == nullptr) return refuse(0x6A88);
    const bool taken = fresh.version != command.p1 && chip_.state.keyset(fresh.version) != nullptr;
    if (taken) return refuse(0x6A80);
    const bool des = chip_.state.des_keys();
    for (Bytes& key : fresh.keys) {
        if (const auto sw = take_key(rest, *session_, des, key); sw != 0x9000) return refuse(sw);
    }
    if (!rest.empty()) return refuse(0x6A80);
    if (des) {
        chip_.meter.des(9 * 8);  // three keys of two blocks, three check values
    } else {
        chip_.meter.aes(8 * 16);
    }
    chip_.meter.write_page();
    chip_.meter.write_page();
    Answer answer{Bytes{fresh.version}};
    for (const Bytes& key : fresh.keys) append(answer.data, key_check_value(key, des));
    if (Keyset* old = command.p1 == 0 ? nullptr : chip_.state.keyset(command.p1)) {
        *old = std::move(fresh);
    } else {
        chip_.state.keysets.push_back(std::move(fresh));
    }
    chip_.changed = true;
    return answer;
}

}  // namespace kartsaz::sim
