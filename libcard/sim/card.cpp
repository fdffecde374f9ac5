// SPDX-License-Identifier: Apache-2.0
#include "libcard/sim/card.h"

#include <algorithm>

namespace kartsaz::sim {
namespace {

constexpr std::uint8_t ins_select = 0xA4, ins_read = 0xB0, ins_get_data = 0xCA, ins_init_update = 0x50,
                       ins_external_authenticate = 0x82, ins_general_authenticate = 0x86, ins_mse = 0x22;
constexpr std::uint8_t cla_sm = 0x0C, cla_icao = 0x0C, cla_gp = 0x04, cla_chaining = 0x10;
constexpr std::uint8_t cla_proprietary = 0x80;
constexpr std::size_t short_response = 256;
// header, extended Lc and Le around the data field of a command; SW1 SW2 after that of a response
constexpr std::uint32_t command_frame = 4 + 3 + 2, response_frame = 2;

}  // namespace

Card::Card(const Kind& kind, CardState& state, Rng& rng, Meter& meter)
    : chip_{kind, state, rng, meter},
      manager_{chip_},
      passport_{chip_},
      signature_{chip_},
      piv_{chip_},
      pace_{chip_} {}

void Card::reset() {
    sm_.reset();
    chip_.new_sm.reset();
    chip_.icao_done = false;
    chip_.cut_in_write.reset();
    pace_.reset();
    passport_.reset();
    signature_.reset();
    piv_.reset();
    manager_.end_session();
    selected_ = chip_.kind.manager.present ? Selected::manager : Selected::none;
    master_ef_ = 0;
}

Bytes Card::exchange(ByteView wire) {
    const auto in = parse_apdu(wire);
    if (!in || (in->extended && !chip_.kind.extended) || in->data.size() > max_data()) {
        return {0x67, 0x00};
    }
    if (const auto sw = refuse_class(*in); sw != 0x9000) return big_endian(sw, 2);
    return answer(*in);
}

Bytes Card::answer(const ApduIn& in) {
    Answer answer;
    switch (in.cla & cla_sm) {
        case cla_icao:
            answer = protected_icao(in);
            break;
        case cla_gp:
            answer = protected_scp(in);
            break;
        default:
            answer = plain(in);
            break;
    }
    if (chip_.new_sm) {
        sm_ = std::move(chip_.new_sm);
        manager_.end_session();
    }
    append(answer.data, big_endian(answer.sw, 2));
    return std::move(answer.data);
}

std::uint16_t Card::refuse_class(const ApduIn& in) const {
    if ((in.cla & 0x40) != 0) return 0x6E00;  // further interindustry classes, and FF
    if ((in.cla & 0x03) != 0) return 0x6881;  // one logical channel only
    if ((in.cla & cla_sm) == 0x08) return 0x6882;
    const bool chained = (in.cla & cla_chaining) != 0;
    // these two applications judge chains themselves
    const bool own =
        selected_ == Selected::signature || selected_ == Selected::piv || chip_.kind.ignores_chaining;
    if (chained && !own && in.ins != ins_general_authenticate) return 0x6884;
    return 0x9000;
}

std::uint32_t Card::max_data() const {
    const std::uint32_t own = selected_ == Selected::piv ? chip_.kind.piv.max_data : 0;
    return own != 0 ? own : chip_.kind.max_data;
}

std::uint32_t Card::max_response() const {
    const std::uint32_t own = selected_ == Selected::piv ? chip_.kind.piv.max_response : 0;
    return own != 0 ? own : chip_.kind.max_response;
}

Access Card::access(bool icao, bool scp) {
    Access out;
    out.icao = sm_ != nullptr && (icao || chip_.kind.plain_keeps_sm);
    const ScpSession* session = manager_.session();
    out.scp = session != nullptr && (scp || session->level() == 0);
    if (out.scp) {
        out.level = session->level();
        out.transport_keys = session->transport_keys();
    }
    return out;
}

Answer Card::protected_icao(const ApduIn& in) {
    if (!sm_) return refuse(0x6882);
    Command command;
    const auto sw = sm_->unwrap(in, command, chip_.meter);
    if (sw != 0x9000) {
        sm_.reset();
        return refuse(sw);
    }
    command.access = access(true, false);
    command.room = sm_->room(std::min(in.ne == 0 ? 256 : in.ne, max_response()));
    Answer answer = route(command);
    if (answer.data.size() > command.room) answer = refuse(0x6700);
    answer.data = sm_->wrap(answer, chip_.meter);
    return answer;
}

Answer Card::protected_scp(const ApduIn& in) {
    const bool here =
        chip_.kind.manager.present && (selected_ == Selected::manager || chip_.kind.scp_on_application);
    if (!here)
        return refuse(selected_ == Selected::signature || selected_ == Selected::piv ? 0x6882 : 0x6E00);
    if (!chip_.kind.plain_keeps_sm) sm_.reset();
    if (in.cla == (cla_proprietary | cla_gp) && in.ins == ins_external_authenticate) {
        return manager_.external_authenticate(in);
    }
    ScpSession* session = manager_.session();
    if (session == nullptr) return refuse(0x6985);
    Command command;
    if (const auto sw = session->unwrap(in, command, chip_.meter); sw != 0x9000) {
        manager_.end_session();
        return refuse(sw);
    }
    command.access = access(false, true);
    const bool protects = chip_.kind.manager.protects_responses;
    const std::uint32_t wire = std::min(in.ne == 0 ? 256 : in.ne, max_response());
    command.room = protects ? session->room(wire) : wire;
    // an Le too small for any protected answer can only count plain bytes
    if (command.ne != 0 && command.room == 0) command.room = session->room(256);
    command.ne = std::min(command.ne, command.room);
    if (command.ins == ins_init_update) return refuse(0x6985);
    Answer answer = route(command);
    if (answer.data.size() > command.room) answer = refuse(0x6700);
    // a SELECT inside may have ended the session
    session = manager_.session();
    if (protects && session != nullptr) answer.data = session->wrap(answer, chip_.meter);
    return answer;
}

std::uint16_t Card::refuse_plain_in_session(const ApduIn& in) const {
    const bool harmless =
        in.ins == ins_select || in.ins == ins_read || in.ins == ins_get_data || in.ins == ins_init_update;
    return harmless ? 0x9000 : 0x6985;
}

Answer Card::plain(const ApduIn& in) {
    if (!chip_.kind.plain_keeps_sm) sm_.reset();
    const ScpSession* session = manager_.session();
    if (session != nullptr && session->level() != 0) {
        if (const auto sw = refuse_plain_in_session(in); sw != 0x9000) return refuse(sw);
    }
    const std::uint32_t room = in.ne == 0 ? max_response() : std::min(in.ne, max_response());
    const Command command{in.cla,
                          in.ins,
                          in.p1,
                          in.p2,
                          in.data,
                          std::min(in.ne, max_response()),
                          room,
                          access(false, false),
                          in.extended && in.ne == 65536};
    Answer answer = route(command);
    if (selected_ == Selected::signature) {
        // the applet does not look at Le here, but its runtime refuses what a short response cannot hold
        const bool fits = in.extended || answer.data.size() <= short_response;
        return fits ? answer : refuse(0x6F00);
    }
    if (in.ne != 0 && answer.data.size() > in.ne) {
        // wrong Le: SW2 says how many bytes there are (ISO/IEC 7816-4, 5.6)
        answer = refuse(answer.data.size() < 256 ? static_cast<std::uint16_t>(0x6C00 | answer.data.size())
                                                 : 0x6700);
    }
    return answer;
}

Answer Card::route(const Command& command) {
    const bool alive = chip_.state.life_cycle != terminated;
    if (command.ins == ins_select && (command.cla & cla_proprietary) == 0) {
        return alive ? select(command) : refuse(0x6985);
    }
    if (!alive && command.ins != ins_get_data) return refuse(0x6985);
    return application(command);
}

Answer Card::application(const Command& command) {
    const bool proprietary = (command.cla & cla_proprietary) != 0;
    if (selected_ == Selected::signature && !proprietary) return signature_.handle(command);
    if (selected_ == Selected::piv && !proprietary) return piv_.handle(command);
    if (!proprietary && chip_.kind.pace_domain != 0) {
        if (command.ins == ins_mse || command.ins == ins_general_authenticate) {
            if (command.access.icao || command.access.scp) return refuse(0x6985);
            return command.ins == ins_mse ? pace_.set_template(command) : pace_.general_authenticate(command);
        }
    }
    if (selected_ != Selected::manager && selected_ != Selected::none) {
        if (!proprietary) return passport_.handle(command);
        if (chip_.kind.scp_on_application && command.ins == ins_init_update)
            return manager_.initialize_update(command);
        return refuse(0x6E00);
    }
    if (selected_ == Selected::none) {
        if (chip_.kind.signature.present || chip_.kind.piv.present) return refuse(0x6986);
        return refuse(proprietary ? 0x6E00 : 0x6D00);
    }
    if (proprietary || command.ins == ins_get_data) return manager_.handle(command);
    return master_file(command);
}

Answer Card::master_file(const Command& command) {
    if (command.ins == ins_read && chip_.kind.master_file) return read_master(command);
    return refuse(0x6D00);
}

Bytes master_ef(const Kind& kind, std::uint16_t fid) {
    if (!kind.master_file) return {};
    if (fid == 0x011C) return card_access(kind.pace_domain);
    if (fid != 0x2F01) return {};
    // extended length information: the largest command and response APDU
    return object(0x7F66, concat({object(0x02, big_endian(kind.max_data + command_frame, 2)),
                                  object(0x02, big_endian(kind.max_response + response_frame, 2))}));
}

}  // namespace kartsaz::sim
