// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <variant>

#include "apdu/error.h"
#include "apdu/tlv.h"
#include "keys/ciphers.h"
#include "keys/crypto.h"
#include "keys/mrtd_access.h"

// Source: ICAO Doc 9303-11, 9.8; ISO/IEC 7816-4, 10.
namespace kartsaz::keys {
namespace {

using apdu::CommandApdu;
using apdu::ResponseApdu;
using Mode = BlockCipher::Mode;
using Way = BlockCipher::Way;

constexpr std::uint32_t tag_cryptogram_odd = 0x85, tag_cryptogram = 0x87, tag_mac = 0x8E, tag_le = 0x97,
                        tag_status = 0x99;
constexpr std::size_t mac_size = 8;

/// Bytes of a TLV object with a one-byte tag.
std::size_t tlv_size(std::size_t value) {
    return value + (value < 0x80 ? 2 : value < 0x100 ? 3 : value < 0x10000 ? 4 : 5);
}

/// What is different between triple DES and AES: block, initial value, MAC.
class Ciphers {
public:
    Ciphers(KeyType type, ByteView enc, ByteView mac)
        : block_{type == KeyType::aes ? 16U : 8U},
          encrypt_{type, Mode::cbc, Way::encrypt, enc},
          decrypt_{type, Mode::cbc, Way::decrypt, enc} {
        if (type == KeyType::aes) {
            counter_cipher_.emplace(type, Mode::ecb, Way::encrypt, enc);
            mac_.emplace<Cmac>(mac);
        } else {
            mac_.emplace<RetailMac>(mac);
        }
    }
    std::size_t block() const { return block_; }
    Bytes encrypt(ByteView ssc, ByteView padded) { return encrypt_.run(initial_value(ssc), padded); }
    Bytes decrypt(ByteView ssc, ByteView blocks) { return decrypt_.run(initial_value(ssc), blocks); }
    /// The first 8 bytes of the MAC over `ssc`, `message` and the padding.
    Bytes mac(ByteView ssc, ByteView message) {
        if (auto* cmac = std::get_if<Cmac>(&mac_)) {
            const auto out = cmac->compute({ssc, pad80(message, block_)});
            return Bytes(out.begin(), out.begin() + mac_size);
        }
        const auto out = std::get<RetailMac>(mac_).compute(pad80(concat({ssc, message}), block_));
        return Bytes(out.begin(), out.end());
    }

private:
    /// AES: the counter encrypted; triple DES: zero. Source: 9303-11, 9.8.6.
    Bytes initial_value(ByteView ssc) {
        return counter_cipher_ ? counter_cipher_->run({}, ssc) : Bytes(block_);
    }
    std::size_t block_;
    BlockCipher encrypt_, decrypt_;
    std::optional<BlockCipher> counter_cipher_;
    std::variant<std::monostate, Cmac, RetailMac> mac_;
};

class MrtdChannel final : public SecureChannel {
public:
    MrtdChannel(Ciphers ciphers, ByteView ssc) : ciphers_{std::move(ciphers)}, ssc_(ssc.begin(), ssc.end()) {
        if (ssc_.size() != ciphers_.block()) {
            throw Error{Errc::usage, fmt::format("secure messaging: a send sequence counter of {} bytes was "
                                                 "expected, not of {}",
                                                 ciphers_.block(), ssc_.size())};
        }
    }
    CommandApdu wrap(const CommandApdu& command) override;
    ResponseApdu unwrap(const ResponseApdu& response) override;
    apdu::BlockLimits inner_limits(const apdu::BlockLimits& outer) const override;

private:
    struct Objects {
        std::optional<apdu::Tlv> cryptogram;
        apdu::Tlv status, mac;
        Bytes covered;  ///< what the MAC is over
    };
    void count() {
        for (auto byte = ssc_.rbegin(); byte != ssc_.rend() && ++*byte == 0; ++byte) {
        }
    }
    std::size_t padded(std::size_t size) const { return (size / ciphers_.block() + 1) * ciphers_.block(); }
    Bytes cryptogram_object(const CommandApdu& command);
    Objects parse(const ResponseApdu& response);
    Bytes decrypted(const apdu::Tlv& object);
    [[noreturn]] void die(const std::string& why, std::optional<apdu::StatusWord> sw = {});

    Ciphers ciphers_;
    Bytes ssc_;
    bool odd_ = false;  ///< the pending command has an odd instruction: its data objects are BER-TLV
    bool pending_ = false;
    bool dead_ = false;
};

void MrtdChannel::die(const std::string& why, std::optional<apdu::StatusWord> sw) {
    dead_ = true;
    throw Error{Errc::secure_channel, "secure messaging: " + why, sw};
}

Bytes MrtdChannel::cryptogram_object(const CommandApdu& command) {
    if (command.data.empty()) return {};
    auto value = ciphers_.encrypt(ssc_, pad80(command.data, ciphers_.block()));
    if (odd_) return apdu::TlvWriter{}.put(tag_cryptogram_odd, value).bytes();
    value.insert(value.begin(), 0x01);  // padding indicator: method 2
    return apdu::TlvWriter{}.put(tag_cryptogram, value).bytes();
}

CommandApdu MrtdChannel::wrap(const CommandApdu& command) {
    if (dead_) die("the session has ended");
    if (pending_) die("a command is sent although the answer to the one before was not read");
    if ((command.cla & 0x4CU) != 0) {
        throw Error{Errc::usage,
                    fmt::format("secure messaging: class {:02X} is protected already, or a logical channel "
                                "above 3",
                                command.cla)};
    }
    pending_ = true;
    odd_ = (command.ins & 0x01U) != 0;
    count();
    CommandApdu out{static_cast<std::uint8_t>(command.cla | 0x0CU), command.ins, command.p1, command.p2};
    apdu::TlvWriter objects;
    objects.raw(cryptogram_object(command));
    const bool extended = apdu::is_extended(command);
    if (command.ne) objects.put(tag_le, big_endian(*command.ne, extended ? 2 : 1));
    const Bytes header{out.cla, out.ins, out.p1, out.p2};
    const auto message = concat({pad80(header, ciphers_.block()), objects.bytes()});
    objects.put(tag_mac, ciphers_.mac(ssc_, message));
    out.data = std::move(objects).take();
    out.extended = extended || out.data.size() > 255;
    out.ne = out.extended ? 65536 : 256;
    return out;
}

MrtdChannel::Objects MrtdChannel::parse(const ResponseApdu& response) {
    Objects out;
    apdu::TlvReader reader{response.data, "protected response"};
    out.cryptogram = reader.maybe(odd_ ? tag_cryptogram_odd : tag_cryptogram);
    out.status = reader.next(tag_status);
    if (out.status.value.size() != 2) reader.fail(out.status.offset, "a status word has two bytes");
    out.mac = reader.next(tag_mac);
    if (out.mac.value.size() != mac_size) reader.fail(out.mac.offset, "a MAC has eight bytes");
    reader.finish();
    out.covered = concat({out.cryptogram ? out.cryptogram->whole : ByteView{}, out.status.whole});
    return out;
}

Bytes MrtdChannel::decrypted(const apdu::Tlv& object) {
    ByteView blocks = object.value;
    if (!odd_) {
        if (blocks.empty() || blocks[0] != 0x01) die("the padding indicator of the data is not 01");
        blocks = blocks.subspan(1);
    }
    if (blocks.empty() || blocks.size() % ciphers_.block() != 0) die("encrypted data is not whole blocks");
    return unpad80(ciphers_.decrypt(ssc_, blocks), "response data");
}

ResponseApdu MrtdChannel::unwrap(const ResponseApdu& response) {
    if (dead_) die("the session has ended");
    if (!pending_) die("a response without a command");
    pending_ = false;
    count();
    if (response.data.empty()) {
        die(fmt::format("the card answered without protection: SW {:04X} ({})", response.sw.value(),
                        apdu::describe(response.sw)),
            response.sw);
    }
    try {
        const auto objects = parse(response);
        if (!equal_constant_time(ciphers_.mac(ssc_, objects.covered), objects.mac.value)) {
            die("the MAC of the response is wrong", response.sw);
        }
        const apdu::StatusWord sw{static_cast<std::uint16_t>(big_endian(objects.status.value))};
        // The status word behind the objects is not protected; one that differs was changed on the way.
        if (sw != response.sw) die("the protected status word is not the one of the response", response.sw);
        return {objects.cryptogram ? decrypted(*objects.cryptogram) : Bytes{}, sw};
    } catch (const Error& e) {
        if (dead_) throw;
        die(e.what(), response.sw);
    }
}

apdu::BlockLimits MrtdChannel::inner_limits(const apdu::BlockLimits& outer) const {
    const std::size_t indicator = 1;
    const auto most = [&](std::size_t room) {
        std::size_t blocks = room / ciphers_.block();
        while (blocks > 0 && tlv_size(indicator + blocks * ciphers_.block()) > room) --blocks;
        return blocks == 0 ? 0 : blocks * ciphers_.block() - 1;
    };
    const auto less = [](std::size_t a, std::size_t b) { return a > b ? a - b : 0; };
    // A command may want an answer too, so room for its Le object is kept.
    const std::size_t le_object = outer.extended() ? 4 : 3;
    return {most(less(outer.command_data, le_object + tlv_size(mac_size))),
            most(less(outer.response_data, tlv_size(2) + tlv_size(mac_size)))};
}

std::unique_ptr<SecureChannel> channel(KeyType type, const SecretBytes& enc, const SecretBytes& mac,
                                       ByteView ssc) {
    return enc.reveal([&](ByteView enc_key) {
        return mac.reveal([&](ByteView mac_key) {
            return std::make_unique<MrtdChannel>(Ciphers{type, enc_key, mac_key}, ssc);
        });
    });
}

}  // namespace

std::unique_ptr<SecureChannel> sm_3des(SecretBytes ks_enc, SecretBytes ks_mac, ByteView ssc) {
    return channel(KeyType::des3, ks_enc, ks_mac, ssc);
}

std::unique_ptr<SecureChannel> sm_aes(SecretBytes ks_enc, SecretBytes ks_mac, ByteView ssc) {
    return channel(KeyType::aes, ks_enc, ks_mac, ssc);
}

}  // namespace kartsaz::keys
