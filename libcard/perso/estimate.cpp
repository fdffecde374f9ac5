// SPDX-License-Identifier: Apache-2.0
#include "libcard/perso/estimate.h"

#include <algorithm>

namespace kartsaz::perso {
namespace {

/// Sizes of one command, before and after protection.
struct Size {
    std::size_t nc = 0;
    std::optional<std::size_t> ne;
    std::size_t nr = 0;
    bool extended = false;
};

std::size_t wire(const Size& size) {
    const bool extended = size.extended || size.nc > 255 || size.ne.value_or(0) > 256;
    std::size_t bytes = 4;
    if (size.nc > 0) bytes += (extended ? 3 : 1) + size.nc;
    if (size.ne) bytes += extended ? (size.nc > 0 ? 2 : 3) : 1;
    return bytes;
}

class Estimator {
public:
    Estimator(const Plan& plan, const CardState& state, const Timing& timing)
        : plan_{plan}, state_{state}, timing_{timing} {}

    Estimate operator()() {
        std::optional<std::size_t> entered;
        for (const auto& step : plan_.steps) {
            if (entered != step.target) enter(plan_.targets[step.target]);
            entered = step.target;
            add_step(step, plan_.targets[step.target].scp);
        }
        out_.seconds = out_.link + out_.compute + out_.write;
        return out_;
    }

private:
    /// SELECT, then the handshake of the secure channel; what observing the card left open is not done again.
    void enter(const Target& target) {
        const bool s16 = form().s16;
        const bool pending = first_ && target.scp && state_.pending && state_.pending->aid == target.aid;
        first_ = false;
        if (!pending) {
            Size select{target.select.data.size(), std::nullopt, target.select_response, false};
            if (target.select.ne) select.ne = *target.select.ne;
            exchange(select);
        }
        if (!target.scp) return;
        if (!pending) {
            exchange({s16 ? 16U : 8U, 256, state_.channel.initialize_update_size, false});
            compute_handshake();
            pages(1);  // sequence counter
        }
        exchange({s16 ? 32U : 16U, std::nullopt, 0, false});
    }

    void add_step(const Step& step, const std::optional<ScpUse>& scp) {
        out_.compute += step.card_seconds;
        if (const auto* late = std::get_if<LateCommands>(&step.action)) {
            for (const auto& command : late->expected) {
                // whatever the card answers comes with the last
                const bool last = &command == &late->expected.back();
                add_command(command, command.data.size(), last ? step.response_size : 0, scp,
                            written_by(command, last ? step.written : 0));
            }
            return;
        }
        const auto* secret = std::get_if<SecretCommand>(&step.action);
        const auto& command = secret != nullptr ? secret->header : std::get<apdu::CommandApdu>(step.action);
        add_command(command, step.data_size(), step.response_size, scp, step.written);
    }

    /// A write writes its data; making or removing a file is an entry in a directory.
    static std::size_t written_by(const apdu::CommandApdu& command, std::size_t otherwise) {
        if (command.ins == 0xD6) return command.data.size();
        return command.ins == 0xE0 || command.ins == 0xE4 ? 1 : otherwise;
    }

    void add_command(const apdu::CommandApdu& command, std::size_t data, std::size_t response,
                     const std::optional<ScpUse>& scp, std::size_t written) {
        Size size{data, std::nullopt, response, false};
        if (command.ne) size.ne = *command.ne;
        size.extended = command.extended;
        if (scp) protect(size, *scp);
        exchange(size);
        if (written > 0) write(written, command);
    }

    void protect(Size& size, const ScpUse& scp) {
        const auto plain = size;
        size.nc = keys::scp_command_size(form(), scp.level, plain.nc);
        size.extended = plain.extended || plain.nc > 255 || plain.ne.value_or(0) > 256 || size.nc > 255;
        size.nr = keys::scp_response_size(form(), scp.level, plain.nr);
        if (plain.ne) {
            const std::size_t most = size.extended && plain.ne.value_or(0) > 256 ? 65536 : 256;
            size.ne = std::min(most, keys::scp_response_size(form(), scp.level, *plain.ne));
        }
        const bool encrypted = (static_cast<unsigned>(scp.level) & 0x02U) != 0;
        // what is encrypted is gone over twice, once for the MAC; a header or chaining value is one block
        // more
        const std::size_t block = des() ? 8 : 16;
        compute_blocks((size.nc + block + block - 1) / block +
                       (encrypted ? (size.nc + block - 1) / block : 0));
        // the R-MAC of SCP02 goes over the command once more: header, length of the response, status word
        const bool r_mac = (static_cast<unsigned>(scp.level) & 0x10U) != 0;
        if (des() && r_mac) compute_blocks((5 + plain.nc + plain.nr + 3 + block - 1) / block);
    }

    void exchange(const Size& size) {
        if (size.ne && *size.ne <= 256 && size.nr > *size.ne) {
            // announced by 61xx, fetched by GET RESPONSE
            exchange({size.nc, size.ne, *size.ne, size.extended});
            const std::size_t rest = size.nr - *size.ne;
            exchange({0, std::min<std::size_t>(rest, 256), rest, false});
            return;
        }
        const std::size_t command = wire(size);
        const std::size_t response = size.nr + 2;
        ++out_.traffic.commands;
        out_.traffic.bytes_out += command;
        out_.traffic.bytes_in += response;
        // every link block but the last of each direction is acknowledged; each turn of the link costs its
        // guard time
        const auto blocks = [&](std::size_t bytes) {
            return (bytes + timing_.block_size - 1) / timing_.block_size;
        };
        const std::size_t out = blocks(command);
        const std::size_t in = blocks(response);
        const std::size_t framing = (out + in) * timing_.block_overhead + (out + in - 2) * timing_.ack_size;
        const std::size_t turns = 2 * (out + in) - 2;
        out_.link += (static_cast<double>(command + response + framing) * timing_.character_us +
                      static_cast<double>(turns) * timing_.block_us) /
                     1e6;
        out_.compute += timing_.command_us / 1e6;
    }

    const keys::ScpForm& form() const { return state_.channel.form; }
    bool des() const { return form().protocol == 2; }

    void compute_blocks(std::size_t blocks) {
        out_.compute +=
            static_cast<double>(blocks) * (des() ? timing_.des_block_us : timing_.aes_block_us) / 1e6;
    }

    /// Session keys, two cryptograms, one MAC.
    void compute_handshake() {
        constexpr std::size_t aes_blocks = 14;
        constexpr std::size_t des_blocks = 4 * 2 + 2 * 4 + 3;
        compute_blocks(des() ? des_blocks : aes_blocks);
    }

    void pages(std::size_t count) {
        open_page_.reset();
        out_.write += static_cast<double>(count) * timing_.page_us / 1e6;
    }

    /// UPDATE BINARY pays for the pages it touches, but not again for the page the write before it ended in;
    /// a key or the lock goes to one page of the application's own.
    void write(std::size_t written, const apdu::CommandApdu& command) {
        constexpr std::uint8_t update_binary = 0xD6;
        constexpr std::uint8_t put_data = 0xDA;
        if (command.ins == put_data) return pages(1);
        if (command.ins != update_binary) return pages((written + timing_.page_size - 1) / timing_.page_size);
        const std::size_t offset = static_cast<std::size_t>(command.p1) << 8U | command.p2;
        const std::size_t first = offset / timing_.page_size;
        const std::size_t last = (offset + written - 1) / timing_.page_size;
        const bool open = offset != 0 && open_page_ == first;
        out_.write += static_cast<double>(last - first + (open ? 0 : 1)) * timing_.page_us / 1e6;
        open_page_ = last;
    }

    const Plan& plan_;
    const CardState& state_;
    const Timing& timing_;
    Estimate out_;
    bool first_ = true;
    std::optional<std::size_t> open_page_;
};

}  // namespace

Estimate estimate(const Plan& plan, const CardState& state, const Timing& timing) {
    return Estimator{plan, state, timing}();
}

}  // namespace kartsaz::perso
