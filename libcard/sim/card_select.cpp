// SPDX-License-Identifier: Apache-2.0
// Selection, the files under the master file, and the answer to reset.
#include <algorithm>

#include "libcard/sim/card.h"

namespace kartsaz::sim {
namespace {

constexpr std::uint8_t by_name = 0x04, by_fid = 0x00, child_ef = 0x02, no_answer = 0x0C;
constexpr std::uint16_t master_fid = 0x3F00;

bool begins(ByteView whole, ByteView part) {
    return part.size() <= whole.size() && std::equal(part.begin(), part.end(), whole.begin());
}

}  // namespace

void Card::choose(Selected target) {
    manager_.end_session();
    selected_ = target;
    master_ef_ = 0;
    passport_.select();
    signature_.reset();
    if (target != Selected::piv) piv_.reset();
}

Answer Card::select(const Command& command) {
    // the real applet takes a protected SELECT as one of a file, whatever P1 says
    const bool file_only = chip_.kind.plain_keeps_sm && command.access.icao &&
                           selected_ == Selected::passport && command.data.size() == 2;
    if (command.p1 == by_name && !file_only) return select_aid(command);
    if (selected_ == Selected::signature) return signature_.handle(command);
    const bool master =
        command.p1 == by_fid &&
        (command.data.empty() || (command.data.size() == 2 && big_endian(command.data) == master_fid));
    if (chip_.kind.master_file && (master || selected_ == Selected::manager)) return select_master(command);
    if (selected_ == Selected::passport) return passport_.handle(command);
    const bool lone = chip_.kind.signature.present || chip_.kind.piv.present;
    return refuse(selected_ == Selected::none && lone ? 0x6986 : 0x6A82);
}

Answer Card::select_aid(const Command& command) {
    if (command.data.size() > 16) return refuse(0x6700);
    if ((command.p2 & 0xF3) != 0) return refuse((command.p2 & 0xF3) == 0x02 ? 0x6A82 : 0x6A86);
    // ISO/IEC 7816-4, 5.1: without an Le field no response data is wanted
    const bool answer = command.p2 != no_answer && command.ne > 0;
    const bool locked = chip_.state.life_cycle == card_locked;
    if (chip_.kind.manager.present && begins(CardManager::aid(), command.data)) {
        choose(Selected::manager);
        return {answer ? manager_.fci() : Bytes{}, locked ? std::uint16_t{0x6283} : std::uint16_t{0x9000}};
    }
    if (locked || command.data.empty()) return refuse(0x6A82);
    if (chip_.kind.signature.present && begins(chip_.state.signature_instance.aid, command.data)) {
        choose(Selected::signature);
        return {signature_.select_answer()};
    }
    if (chip_.kind.piv.present && begins(chip_.state.piv_instance.aid, command.data)) {
        const bool again = selected_ == Selected::piv;
        choose(Selected::piv);
        piv_.select(again);
        return command.p2 == no_answer ? Answer{} : piv_.select_answer(command);
    }
    if (!chip_.kind.passport || !begins(chip_.state.passport_instance.aid, command.data)) {
        // the name of a directory inside the signature application
        return selected_ == Selected::signature ? signature_.handle(command) : refuse(0x6A82);
    }
    choose(Selected::passport);
    if (!answer || !chip_.kind.master_file) return {};
    return {object(0x6F, object(0x84, chip_.state.passport_instance.aid))};
}

Answer Card::select_master(const Command& command) {
    if (command.p1 != by_fid && command.p1 != child_ef) return refuse(0x6A86);
    const auto fid = command.data.empty()
                         ? master_fid
                         : static_cast<std::uint16_t>(big_endian(
                               ByteView{command.data}.first(std::min<std::size_t>(2, command.data.size()))));
    if (command.data.size() != 2 && !command.data.empty()) return refuse(0x6700);
    if (fid == master_fid) {
        choose(Selected::manager);
        return {};
    }
    if (master_ef(chip_.kind, fid).empty()) return refuse(0x6A82);
    master_ef_ = fid;
    return {};
}

Answer Card::read_master(const Command& command) {
    std::uint16_t fid = master_ef_;
    std::size_t offset = command.p1p2();
    if ((command.p1 & 0x80) != 0) {
        const unsigned sfi = command.p1 & 0x7FU;
        if (sfi != 0x1C && sfi != 0x01) return refuse(0x6A82);
        fid = sfi == 0x1C ? 0x011C : 0x2F01;
        master_ef_ = fid;
        offset = command.p2;
    }
    if (fid == 0) return refuse(0x6986);
    if (command.ne == 0) return refuse(0x6700);
    const Bytes content = master_ef(chip_.kind, fid);
    if (offset >= content.size()) return refuse(0x6B00);
    const std::size_t count = std::min<std::size_t>({command.ne, command.room, content.size() - offset});
    const auto first = content.begin() + static_cast<std::ptrdiff_t>(offset);
    return {Bytes(first, first + static_cast<std::ptrdiff_t>(count))};
}

Bytes Card::atr() const {
    // compact TLV: card capabilities (ISO/IEC 7816-4, 12.1.1.9): selection by full and partial name and by
    // short identifier; one-byte data units; then chaining and length
    const Bytes historical{0x80, 0x73, 0xCC, 0x21, chip_.kind.capabilities};
    const LinkModel& link = chip_.meter.link();
    const auto count = static_cast<std::uint8_t>(historical.size());
    Bytes out;
    if (link.contact) {
        // TA1, TC1 = FF, TD1 T=1; TA3 IFSC 254; TD3 T=15 with the classes: the form of a dual-interface
        // Java Card of the SmartMX line
        out = {0x3B, static_cast<std::uint8_t>(0xD0 | count), link.ta1, 0xFF, 0x81, 0x91, 0xFE, 0x1F, 0xC3};
    } else {
        out = {0x3B, static_cast<std::uint8_t>(0x80 | count), 0x80, 0x01};  // PC/SC part 3, 3.1.3.2.3
    }
    append(out, historical);
    std::uint8_t check = 0;
    for (std::size_t at = 1; at < out.size(); ++at) check ^= out[at];
    out.push_back(check);
    return out;
}

}  // namespace kartsaz::sim
