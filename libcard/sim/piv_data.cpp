// SPDX-License-Identifier: Apache-2.0
// The PIV application's containers, and what it holds when it leaves its maker.
#include <algorithm>

#include "libcard/sim/piv.h"
#include "libcard/sim/piv_keys.h"
#include "libcard/sim/power_lost.h"
#include "libcard/sim/status.h"

namespace kartsaz::sim {
namespace {

constexpr std::uint32_t discovery_tag = 0x7E, biometric_tag = 0x7F61;
constexpr std::uint32_t chuid_tag = 0x5FC102, ccc_tag = 0x5FC107, history_tag = 0x5FC10C,
                        attestation_tag = 0x5FFF01;
constexpr std::uint16_t any_object = 0x3FFF;
constexpr std::uint8_t tag_list = 0x5C, tag_data = 0x53;
constexpr std::uint16_t full = 0x6A84;

/// Fingerprints, face, printed information, iris, pairing code. Source: SP 800-73-4 part 1, table 2.
bool wants_pin(std::uint32_t tag) {
    switch (tag) {
        case 0x5FC103:
        case 0x5FC108:
        case 0x5FC109:
        case 0x5FC121:
        case 0x5FC123:
            return true;
        default:
            return false;
    }
}

bool special(std::uint32_t tag) {
    return tag == discovery_tag || tag == biometric_tag;
}

/// The tag that a tag list names; 0: none, or more than one.
std::uint32_t named(ByteView list) {
    return list.empty() || list.size() > 3 ? 0 : static_cast<std::uint32_t>(big_endian(list));
}

Bytes first_ccc(Rng& rng) {
    // card identifier: RID of the GSC, unknown maker, Java Card, then of this card alone
    const Bytes identifier = concat({from_hex("A0000001 16 FF 02"), rng.bytes(14)});
    return concat({object(0xF0, identifier), from_hex("F10121 F20121 F300 F400 F50110 F600 F700 FA00 FB00 "
                                                      "FC00 FD00 FE00")});
}

Bytes first_chuid(Rng& rng) {
    const Bytes expiry = to_bytes(std::string{"20500101"});
    return concat({object(0x30, Bytes(25, 0)), object(0x34, rng.bytes(16)), object(0x35, expiry),
                   from_hex("3E00 FE00")});
}

}  // namespace

const PivContainers* Piv::container(std::uint32_t tag) const {
    const std::uint32_t group = tag >> 8;
    if (group != 0x5FC1 && group != 0x5FFF && !special(tag)) return nullptr;
    const auto id = static_cast<std::uint16_t>(tag);
    const auto list = traits().containers;
    const auto found = std::find_if(list.begin(), list.end(), [id](const PivContainers& range) {
        return id >= range.first && id <= range.last;
    });
    return found == list.end() ? nullptr : &*found;
}

bool Piv::may_read(std::uint32_t tag) const {
    return !wants_pin(tag) || pin_given_;
}

Answer Piv::get_data(const Command& command) {
    if (command.p1p2() != any_object) return refuse(status::wrong_p1p2);
    ByteView rest{gathered_};
    const auto list = take_object(rest);
    if (!list || list->tag != tag_list || !rest.empty()) return refuse(status::wrong_data);
    const std::uint32_t tag = named(list->value);
    if (tag == discovery_tag && !traits().discovery_stored) {
        const Bytes usage{0x40, traits().pin_usage};
        return {object(discovery_tag, concat({object(0x4F, aid()), object(0x5F2F, usage)}))};
    }
    if (container(tag) == nullptr) return refuse(status::not_found);
    if (!may_read(tag)) return refuse(status::denied);
    const auto found = state().objects.find(tag);
    if (found == state().objects.end() || found->second.empty()) return refuse(status::not_found);
    return {object(special(tag) ? tag : tag_data, found->second)};
}

Answer Piv::put_data(const Command& command) {
    if (command.p1p2() != any_object) return refuse(status::wrong_p1p2);
    ByteView rest{gathered_};
    const auto list = take_object(rest);
    if (!list) return refuse(status::wrong_data);
    if (!managed_) return refuse(status::denied);
    // SP 800-73-4 part 2, table 12: these two come under their own tags
    if (special(list->tag) && rest.empty() && container(list->tag) != nullptr) {
        return put_object(list->tag, list->value);
    }
    if (list->tag != tag_list) return refuse(status::wrong_data);
    const std::uint32_t tag = named(list->value);
    if (container(tag) == nullptr) return refuse(traits().unknown_container);
    const auto data = take_object(rest);
    const std::uint32_t wanted = special(tag) ? tag : tag_data;
    if (!data || data->tag != wanted || !rest.empty()) return refuse(status::wrong_data);
    return put_object(tag, data->value);
}

Answer Piv::put_object(std::uint32_t tag, ByteView content) {
    const std::uint32_t capacity = container(tag)->capacity;
    if (capacity != 0 && object(tag_data, content).size() > capacity) return refuse(status::wrong_length);
    const auto old = state().objects.find(tag);
    const std::size_t before = old == state().objects.end() ? 0 : old->second.size();
    const std::size_t others = state().stored() - before;
    if (traits().memory != 0 && others + content.size() > traits().memory) return refuse(full);
    chip_.changed = true;
    if (content.empty()) {
        state().objects.erase(tag);
        chip_.meter.write_page();
        return {};
    }
    const std::size_t count =
        std::min<std::size_t>(chip_.cut_in_write.value_or(content.size()), content.size());
    Bytes& kept = state().objects[tag];
    // written in place: a cut leaves the beginning of the new content before the rest of the old
    if (count == content.size() || kept.size() < count) kept.resize(count);
    std::copy_n(content.begin(), count, kept.begin());
    chip_.meter.write(tag, 0, count);
    if (chip_.cut_in_write) throw PowerLost{};
    return {};
}

Bytes piv_factory_pin() {
    return from_hex("313233343536FFFF");
}

Bytes piv_factory_puk() {
    return from_hex("3132333435363738");
}

PivState fresh_piv(const PivTraits& traits, Rng& rng) {
    PivState state;
    state.pin = {piv_factory_pin(), traits.pin_tries, traits.pin_tries, true};
    state.puk = {piv_factory_puk(), traits.puk_tries, traits.puk_tries, true};
    const Bytes eight = from_hex("0102030405060708");
    state.management = {piv_des3, true, concat({eight, eight, eight})};
    if (traits.first_objects) {
        state.objects[ccc_tag] = first_ccc(rng);
        state.objects[chuid_tag] = first_chuid(rng);
    }
    if (traits.first_key_history) state.objects[history_tag] = from_hex("C10100 C20100 FE00");
    if (traits.attests) {
        PivKey key{.algorithm = piv_p256, .pin = piv_never, .pkcs8 = piv_generate(rng, piv_p256)};
        const Bytes certificate = piv_attestation(traits, rng, piv_attestation_key, key, key);
        state.objects[attestation_tag] = object(0x70, certificate);
        state.keys[piv_attestation_key] = std::move(key);
    }
    return state;
}

}  // namespace kartsaz::sim
