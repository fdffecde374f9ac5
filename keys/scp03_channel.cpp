// SPDX-License-Identifier: Apache-2.0
#include "keys/scp03_channel.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "apdu/error.h"
#include "keys/crypto.h"

namespace kartsaz::keys {
namespace {

using apdu::CommandApdu;
using apdu::ResponseApdu;
using Mode = BlockCipher::Mode;
using Way = BlockCipher::Way;

constexpr std::uint8_t secure_messaging = 0x04;

std::size_t mac_size(bool s16) {
    return s16 ? 16 : 8;
}

std::size_t padded16(std::size_t size) {
    return (size / 16 + 1) * 16;
}

std::size_t command_size(ScpLevel level, std::size_t mac, std::size_t nc) {
    if (!has(level, c_mac_bit)) return nc;
    return mac + (has(level, c_dec_bit) && nc > 0 ? padded16(nc) : nc);
}

std::size_t response_size(ScpLevel level, std::size_t mac, std::size_t nr) {
    if (!has(level, r_mac_bit)) return nr;
    return mac + (has(level, r_enc_bit) && nr > 0 ? padded16(nr) : nr);
}

/// Most plain bytes whose protected form has at most `outer` bytes.
std::size_t inner_size(bool protects, bool encrypts, std::size_t mac, std::size_t outer) {
    if (!protects) return outer;
    const std::size_t room = outer > mac ? outer - mac : 0;
    if (!encrypts) return room;
    return room < 16 ? 0 : room / 16 * 16 - 1;
}

class Scp03Channel final : public SecureChannel {
public:
    explicit Scp03Channel(Scp03SessionKeys keys)
        : keys_{std::move(keys)},
          counter_cipher_{cipher(Mode::ecb, Way::encrypt)},
          encrypt_{cipher(Mode::cbc, Way::encrypt)},
          decrypt_{cipher(Mode::cbc, Way::decrypt)},
          rmac_{keys_.rmac.reveal([](ByteView key) { return Cmac{key}; })} {}

    CommandApdu wrap(const CommandApdu& command) override;
    ResponseApdu unwrap(const ResponseApdu& response) override;
    apdu::BlockLimits inner_limits(const apdu::BlockLimits& outer) const override;

private:
    BlockCipher cipher(Mode mode, Way way) const {
        return keys_.enc.reveal([&](ByteView key) { return BlockCipher{KeyType::aes, mode, way, key}; });
    }
    bool on(std::uint8_t bit) const { return has(keys_.level, bit); }
    Bytes initial_value(std::uint8_t first);
    std::optional<std::uint32_t> outer_ne(const CommandApdu& command) const;
    Bytes check_mac(const ResponseApdu& response);
    [[noreturn]] void die(const std::string& why, std::optional<apdu::StatusWord> sw = {});

    Scp03SessionKeys keys_;
    BlockCipher counter_cipher_, encrypt_, decrypt_;
    Cmac rmac_;
    std::uint64_t counter_ = 0;  ///< commands since EXTERNAL AUTHENTICATE
    bool pending_ = false;       ///< a command is out and its answer was not seen
    bool dead_ = false;
};

void Scp03Channel::die(const std::string& why, std::optional<apdu::StatusWord> sw) {
    dead_ = true;
    throw Error{Errc::secure_channel, "SCP03: " + why, sw};
}

/// Block counter under S-ENC. @param first  00 for commands, 80 for responses (Amendment D, 6.2.6, 6.2.7)
Bytes Scp03Channel::initial_value(std::uint8_t first) {
    Bytes block(8, 0x00);
    block[0] = first;
    append(block, big_endian(counter_, 8));
    return counter_cipher_.run({}, block);
}

std::optional<std::uint32_t> Scp03Channel::outer_ne(const CommandApdu& command) const {
    if (!command.ne || !on(r_mac_bit)) return command.ne;
    // As many bytes as the protected answer may have, but a short command stays short.
    const std::size_t most = apdu::is_extended(command) ? 65536 : 256;
    return static_cast<std::uint32_t>(
        std::min(most, response_size(keys_.level, keys_.mac_size, *command.ne)));
}

CommandApdu Scp03Channel::wrap(const CommandApdu& command) {
    if (dead_) die("the session has ended");
    if (pending_) die("a command is sent although the answer to the one before was not read");
    if (!on(c_mac_bit)) {
        pending_ = true;
        return command;
    }
    CommandApdu out = command;
    out.cla |= secure_messaging;
    out.ne = outer_ne(command);
    const auto nc = command_size(keys_.level, keys_.mac_size, command.data.size());
    out.extended = apdu::is_extended(command) || nc > 255;
    const auto header = scp03_mac_header(command, nc, out.extended);
    pending_ = true;
    ++counter_;
    if (on(c_dec_bit) && !command.data.empty()) {
        out.data = encrypt_.run(initial_value(0x00), pad80(command.data, 16));
    }
    keys_.chaining = keys_.mac.compute({keys_.chaining, header, out.data});
    append(out.data, ByteView{keys_.chaining}.first(keys_.mac_size));
    return out;
}

/// The response data without its R-MAC, which was right.
Bytes Scp03Channel::check_mac(const ResponseApdu& response) {
    const ByteView data{response.data};
    if (data.size() < keys_.mac_size) die("the response has no R-MAC", response.sw);
    const auto body = data.first(data.size() - keys_.mac_size);
    const auto mac = rmac_.compute({keys_.chaining, body, Bytes{response.sw.sw1(), response.sw.sw2()}});
    if (!equal_constant_time(ByteView{mac}.first(keys_.mac_size), data.last(keys_.mac_size))) {
        die("the R-MAC is wrong", response.sw);
    }
    return Bytes(body.begin(), body.end());
}

ResponseApdu Scp03Channel::unwrap(const ResponseApdu& response) {
    if (dead_) die("the session has ended");
    if (!pending_) die("a response without a command");
    pending_ = false;
    if (!on(r_mac_bit)) return response;
    if (!response.sw.ok() && !response.sw.warning()) {
        // Amendment D, 6.2.5: no R-MAC on an error, and nothing but the status word.
        if (!response.data.empty()) die("an error response with data that nothing protects", response.sw);
        return response;
    }
    auto body = check_mac(response);
    if (!on(r_enc_bit) || body.empty()) return {std::move(body), response.sw};
    if (body.size() % 16 != 0) die("encrypted response data is not whole blocks", response.sw);
    const auto padded = decrypt_.run(initial_value(0x80), body);
    try {
        return {unpad80(padded, "response data"), response.sw};
    } catch (const Error& e) {
        die(e.what(), response.sw);
    }
}

apdu::BlockLimits Scp03Channel::inner_limits(const apdu::BlockLimits& outer) const {
    return {inner_size(on(c_mac_bit), on(c_dec_bit), keys_.mac_size, outer.command_data),
            inner_size(on(r_mac_bit), on(r_enc_bit), keys_.mac_size, outer.response_data)};
}

}  // namespace

std::unique_ptr<SecureChannel> scp03_channel(Scp03SessionKeys keys) {
    return std::make_unique<Scp03Channel>(std::move(keys));
}

Bytes scp03_mac_header(const CommandApdu& command, std::size_t nc, bool extended) {
    if ((command.cla & 0x40U) != 0) {
        throw Error{Errc::usage,
                    fmt::format("SCP03: class {:02X}: logical channels above 3 are not spoken", command.cla)};
    }
    if ((command.cla & 0x0CU) != 0) {
        throw Error{Errc::usage,
                    fmt::format("SCP03: class {:02X} has secure messaging already", command.cla)};
    }
    const auto cla = static_cast<std::uint8_t>((command.cla & 0xF0U) | secure_messaging);
    Bytes header{cla, command.ins, command.p1, command.p2};
    // Amendment D says "Lc as in the command"; for an extended command that is read here as its wire form.
    if (extended) header.push_back(0x00);
    append(header, big_endian(nc, extended ? 2 : 1));
    return header;
}

std::size_t scp03_command_size(ScpLevel level, bool s16, std::size_t nc) {
    return command_size(level, mac_size(s16), nc);
}

std::size_t scp03_response_size(ScpLevel level, bool s16, std::size_t nr) {
    return response_size(level, mac_size(s16), nr);
}

}  // namespace kartsaz::keys
