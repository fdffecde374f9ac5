// SPDX-License-Identifier: Apache-2.0
#include "keys/scp02_channel.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "apdu/error.h"
#include "keys/crypto.h"
#include "keys/scp03_channel.h"

namespace kartsaz::keys {
namespace {

using apdu::CommandApdu;
using apdu::ResponseApdu;

constexpr std::size_t mac_size = 8;
constexpr std::size_t most_mac_data = 255 - mac_size;  ///< data that Lc of the C-MAC can count
constexpr std::uint8_t secure_messaging = 0x04;
/// Secure messaging and logical channel: not in the R-MAC (E.4.5).
constexpr std::uint8_t not_in_r_mac = 0x07;

std::size_t padded8(std::size_t size) {
    return (size / 8 + 1) * 8;
}

/// Triple DES whose three keys are the first half: single DES, which OpenSSL 3 by itself keeps in a provider
/// that is not loaded.
BlockCipher single_des(ByteView key) {
    Botan::secure_vector<std::uint8_t> three;
    for (int i = 0; i < 3; ++i) three.insert(three.end(), key.begin(), key.begin() + 8);
    return BlockCipher{KeyType::des3, BlockCipher::Mode::ecb, BlockCipher::Way::encrypt, three};
}

class Scp02Channel final : public SecureChannel {
public:
    explicit Scp02Channel(Scp02SessionKeys keys)
        : keys_{std::move(keys)},
          encrypt_{keys_.enc.reveal([](ByteView key) {
              return BlockCipher{KeyType::des3, BlockCipher::Mode::cbc, BlockCipher::Way::encrypt, key};
          })},
          r_chain_{keys_.last_mac} {}

    CommandApdu wrap(const CommandApdu& command) override;
    ResponseApdu unwrap(const ResponseApdu& response) override;
    apdu::BlockLimits inner_limits(const apdu::BlockLimits& outer) const override;

private:
    bool on(std::uint8_t bit) const { return has(keys_.level, bit); }
    void keep_for_r_mac(const CommandApdu& command);
    [[noreturn]] void die(const std::string& why, std::optional<apdu::StatusWord> sw = {});

    Scp02SessionKeys keys_;
    BlockCipher encrypt_;
    Mac8 r_chain_;          ///< R-MAC before, at first the C-MAC of EXTERNAL AUTHENTICATE; never encrypted
    Bytes r_command_;       ///< the plain command as it goes into the R-MAC
    bool pending_ = false;  ///< a command is out and its answer was not seen
    bool dead_ = false;
};

void Scp02Channel::die(const std::string& why, std::optional<apdu::StatusWord> sw) {
    dead_ = true;
    throw Error{Errc::secure_channel, "SCP02: " + why, sw};
}

void Scp02Channel::keep_for_r_mac(const CommandApdu& command) {
    if (!on(r_mac_bit)) return;
    r_command_ = {static_cast<std::uint8_t>(command.cla & ~not_in_r_mac), command.ins, command.p1, command.p2,
                  static_cast<std::uint8_t>(command.data.size())};
    append(r_command_, command.data);
}

CommandApdu Scp02Channel::wrap(const CommandApdu& command) {
    if (dead_) die("the session has ended");
    if (pending_) die("a command is sent although the answer to the one before was not read");
    if (!on(c_mac_bit)) {
        pending_ = true;
        return command;
    }
    const auto header = scp02_mac_header(command);
    if (scp02_command_size(keys_.level, command.data.size()) > 255 || apdu::is_extended(command)) {
        throw Error{Errc::usage, fmt::format("SCP02: a command with {} bytes of data does not fit: the "
                                             "protocol knows short commands only",
                                             command.data.size())};
    }
    pending_ = true;
    keep_for_r_mac(command);
    keys_.last_mac =
        keys_.c_mac.compute(keys_.c_mac.encrypt_icv(keys_.last_mac), concat({header, command.data}));
    CommandApdu out = command;
    out.cla |= secure_messaging;
    if (on(c_dec_bit) && !command.data.empty()) out.data = encrypt_.run(Bytes(8), pad80(command.data, 8));
    append(out.data, keys_.last_mac);
    if (out.ne && on(r_mac_bit)) out.ne = std::min<std::uint32_t>(256, *out.ne + mac_size);
    return out;
}

ResponseApdu Scp02Channel::unwrap(const ResponseApdu& response) {
    if (dead_) die("the session has ended");
    if (!pending_) die("a response without a command");
    pending_ = false;
    if (!on(r_mac_bit)) return response;
    const bool error = !response.sw.ok() && !response.sw.warning();
    // E.4.5 has an R-MAC on errors, too; cards that leave it out have not moved their chain either
    if (error && response.data.empty()) return response;
    if (response.data.size() < mac_size) die("the response has no R-MAC", response.sw);
    const ByteView data{response.data};
    const auto body = data.first(data.size() - mac_size);
    const Bytes end{response.sw.sw1(), response.sw.sw2()};
    r_chain_ = keys_.r_mac.compute(
        r_chain_, concat({r_command_, Bytes{static_cast<std::uint8_t>(body.size())}, body, end}));
    if (!equal_constant_time(r_chain_, data.last(mac_size))) die("the R-MAC is wrong", response.sw);
    return {Bytes(body.begin(), body.end()), response.sw};
}

apdu::BlockLimits Scp02Channel::inner_limits(const apdu::BlockLimits& outer) const {
    const auto usable = scp_outer_limits({2, 0, false}, outer);
    if (!on(c_mac_bit)) return usable;
    const std::size_t room = usable.command_data > mac_size ? usable.command_data - mac_size : 0;
    const std::size_t command = !on(c_dec_bit) ? room : room < 8 ? 0 : room / 8 * 8 - 1;
    const std::size_t response = !on(r_mac_bit)                    ? usable.response_data
                                 : usable.response_data > mac_size ? usable.response_data - mac_size
                                                                   : 0;
    return {command, response};
}

}  // namespace

Scp02Mac::Scp02Mac(const SecretBytes& key)
    : mac_{key.reveal([](ByteView bytes) { return RetailMac{bytes}; })},
      single_{key.reveal([](ByteView bytes) { return single_des(bytes); })} {}

Mac8 Scp02Mac::compute(const Mac8& icv, ByteView message) {
    auto blocks = pad80(message, 8);
    for (std::size_t at = 0; at < icv.size(); ++at) blocks[at] ^= icv[at];
    return mac_.compute(blocks);
}

Mac8 Scp02Mac::encrypt_icv(const Mac8& mac) {
    Mac8 out{};
    single_.run({}, mac, out.data());
    return out;
}

std::unique_ptr<SecureChannel> scp02_channel(Scp02SessionKeys keys) {
    return std::make_unique<Scp02Channel>(std::move(keys));
}

Bytes scp02_mac_header(const CommandApdu& command) {
    if ((command.cla & 0x40U) != 0) {
        throw Error{Errc::usage,
                    fmt::format("SCP02: class {:02X}: logical channels above 3 are not spoken", command.cla)};
    }
    if ((command.cla & 0x0CU) != 0) {
        throw Error{Errc::usage,
                    fmt::format("SCP02: class {:02X} has secure messaging already", command.cla)};
    }
    if (command.data.size() > most_mac_data) {
        throw Error{Errc::usage, fmt::format("SCP02: {} bytes of data, {} at most: the protocol knows short "
                                             "commands only",
                                             command.data.size(), most_mac_data)};
    }
    const auto cla = static_cast<std::uint8_t>((command.cla & 0xF0U) | secure_messaging);
    return {cla, command.ins, command.p1, command.p2,
            static_cast<std::uint8_t>(command.data.size() + mac_size)};
}

std::size_t scp02_command_size(ScpLevel level, std::size_t nc) {
    if (!has(level, c_mac_bit)) return nc;
    return mac_size + (has(level, c_dec_bit) && nc > 0 ? padded8(nc) : nc);
}

std::size_t scp02_response_size(ScpLevel level, std::size_t nr) {
    return has(level, r_mac_bit) ? nr + mac_size : nr;
}

}  // namespace kartsaz::keys
