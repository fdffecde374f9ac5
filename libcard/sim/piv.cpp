// SPDX-License-Identifier: Apache-2.0
// The PIV application: selection, chains, responses in parts, and which command goes where.
#include "libcard/sim/piv.h"

#include <botan/exceptn.h>

#include <algorithm>
#include <utility>

#include "libcard/sim/status.h"

namespace kartsaz::sim {
namespace {

constexpr std::array<std::uint8_t, 11> piv_aid{0xA0, 0x00, 0x00, 0x03, 0x08, 0x00,
                                               0x00, 0x10, 0x00, 0x01, 0x00};
constexpr std::size_t rid_size = 5;
constexpr std::uint8_t ins_verify = 0x20, ins_general_authenticate = 0x87, ins_put_data = 0xDB,
                       ins_import = 0xFE, ins_get_response = 0xC0;
constexpr std::uint8_t cla_more = 0x10;
constexpr std::uint32_t short_le = 256;
// header, extended Lc and Le around the data of a command; SW1 SW2 after that of a response
constexpr std::uint32_t piv_command_frame = 4 + 3 + 2, piv_response_frame = 2;

}  // namespace

ByteView Piv::aid() {
    return piv_aid;
}

void Piv::reset() {
    close_pin();
    managed_ = false;
    asked_ = Asked::nothing;
    challenge_.clear();
    hangs_ = false;
    chaining_ = false;
    gathered_.clear();
    unsent_.clear();
}

void Piv::select(bool again) {
    if (!again || !traits().select_keeps) return reset();
    // SP 800-73-4 part 2, 3.1.1: the security status stays as it was
    chaining_ = false;
    gathered_.clear();
    unsent_.clear();
}

Bytes Piv::property_template() const {
    const PivTraits& kind = traits();
    const ByteView rid = ByteView{piv_aid}.first(rid_size);
    Bytes inner = object(0x4F, kind.full_aid ? ByteView{piv_aid} : ByteView{piv_aid}.subspan(rid_size));
    append(inner, object(0x79, object(0x4F, rid)));
    if (!kind.label.empty()) append(inner, object(0x50, to_bytes(std::string{kind.label})));
    if (!kind.url.empty()) append(inner, object(0x5F50, to_bytes(std::string{kind.url})));
    for (const std::uint8_t algorithm : kind.told) {
        append(inner, object(0xAC, concat({object(0x80, Bytes{algorithm}), object(0x06, Bytes{0x00})})));
    }
    if (kind.tells_lengths) {
        // extended length information, here for this application alone (ISO/IEC 7816-4, 12.7.1)
        append(inner,
               object(0x7F66, concat({object(0x02, big_endian(kind.max_data + piv_command_frame, 3)),
                                      object(0x02, big_endian(kind.max_response + piv_response_frame, 3))})));
    }
    return object(0x61, inner);
}

Answer Piv::select_answer(const Command& command) {
    return send(property_template(), command);
}

/// A key that always wants the PIN works in the command right after VERIFY alone. A chain is one command.
void Piv::lock_after(const Command& command) {
    if ((command.cla & cla_more) != 0 || after_verify_ == 0 || traits().pin_used_up) return;
    after_verify_ = after_verify_ == 1 ? 2 : 0;
}

std::uint16_t Piv::gather(const Command& command) {
    const bool more = (command.cla & cla_more) != 0;
    const bool chainable =
        command.ins == ins_put_data || command.ins == ins_general_authenticate || command.ins == ins_import;
    if (more && !chainable) return 0x6884;
    // another command ends a chain without its last part
    if (chaining_ && (command.ins != chain_ins_ || command.p1p2() != chain_p1p2_)) chaining_ = false;
    if (!chaining_) gathered_.clear();
    chaining_ = more;
    chain_ins_ = command.ins;
    chain_p1p2_ = command.p1p2();
    if (gathered_.size() + command.data.size() > traits().max_chain) {
        chaining_ = false;
        gathered_.clear();
        hangs_ = traits().long_chain_hangs;
        return hangs_ ? status::fault : status::wrong_length;
    }
    append(gathered_, command.data);
    return 0x9000;
}

Answer Piv::handle(const Command& command) {
    if (hangs_) return refuse(status::fault);
    lock_after(command);
    if (const auto sw = gather(command); sw != 0x9000 || chaining_) return refuse(sw);
    if (command.ins != ins_get_response) unsent_.clear();
    Answer answer;
    try {
        answer = dispatch(command);
    } catch (const Botan::Exception&) {
        answer = refuse(status::fault);  // a key that cannot be loaded, a number that is none
    }
    return answer.data.empty() ? answer : send(std::move(answer.data), command);
}

Answer Piv::dispatch(const Command& command) {
    switch (command.ins) {
        case 0xCB:
            return get_data(command);
        case ins_put_data:
            return put_data(command);
        case ins_verify:
            return verify(command);
        case 0x24:
            return change_reference(command);
        case 0x2C:
            return reset_retry(command);
        case 0x47:
            return generate(command);
        case ins_general_authenticate:
            return general_authenticate(command);
        case ins_get_response:
            return unsent_.empty() ? refuse(status::no_condition) : Answer{std::exchange(unsent_, {})};
        case 0xFF:
            return set_management(command);
        case ins_import:
            return import(command);
        case 0xFD:
            return {Bytes{traits().version.begin(), traits().version.end()}};
        case 0xFB:
            return wipe(command);
        case 0xFA:
            return traits().sets_retries ? set_retries(command) : refuse(0x6D00);
        case 0xF9:
            return traits().attests ? attest(command) : refuse(0x6D00);
        case 0xF8:
            return {big_endian(chip_.state.serial, 4)};
        case 0xF7:
            return metadata(command);
        default:
            return refuse(0x6D00);
    }
}

Answer Piv::send(Bytes data, const Command& command) {
    // a command without Le wants its answer all the same: so do the applets, and their tools rely on it
    std::size_t room = command.ne == 0 ? short_le : command.ne;
    room = std::min<std::size_t>(room, command.room);
    if (traits().chunk != 0) room = std::min<std::size_t>(room, traits().chunk);
    if (data.size() <= room) return {std::move(data)};
    unsent_.assign(data.begin() + static_cast<std::ptrdiff_t>(room), data.end());
    data.resize(room);
    const std::size_t left = std::min<std::size_t>(unsent_.size(), traits().remaining_cap);
    return {std::move(data), static_cast<std::uint16_t>(0x6100 | (left & 0xFF))};
}

}  // namespace kartsaz::sim
