// SPDX-License-Identifier: Apache-2.0
#include "libcard/sim/scp03_session.h"

#include <algorithm>

namespace kartsaz::sim {
namespace {

/// SP 800-108 in counter mode with AES-CMAC. Source: Amendment D, 4.1.5.
Bytes derive(Aes& key, std::uint8_t constant, std::size_t size, ByteView context) {
    Bytes out;
    for (std::uint8_t counter = 1; out.size() < size; ++counter) {
        Bytes head(11, 0);
        append(head, Bytes{constant, 0x00, static_cast<std::uint8_t>(size * 8 >> 8),
                           static_cast<std::uint8_t>(size * 8), counter});
        append(out, key.cmac({head, context}));
    }
    out.resize(size);
    return out;
}

Aes session_key(const Bytes& key, std::uint8_t constant, ByteView context) {
    Aes base{key};
    return Aes{derive(base, constant, key.size(), context)};
}

}  // namespace

Scp03Session::Scp03Session(const Keyset& keyset, Bytes host_challenge, Bytes card_challenge)
    : ScpSession{keyset.version, keyset.transport},
      host_challenge_{std::move(host_challenge)},
      card_challenge_{std::move(card_challenge)},
      dek_{keyset.keys[2]},
      s_enc_{session_key(keyset.keys[0], 0x04, concat({host_challenge_, card_challenge_}))},
      s_mac_{session_key(keyset.keys[1], 0x06, concat({host_challenge_, card_challenge_}))},
      s_rmac_{session_key(keyset.keys[1], 0x07, concat({host_challenge_, card_challenge_}))} {}

Bytes Scp03Session::pseudo_random_challenge(ByteView key_enc, std::uint32_t counter, ByteView sd_aid,
                                            std::size_t size) {
    Aes key{key_enc};
    return derive(key, 0x02, size, concat({big_endian(counter, 3), sd_aid}));
}

Bytes Scp03Session::cryptogram(std::uint8_t constant) {
    return derive(s_mac_, constant, mac_size(), concat({host_challenge_, card_challenge_}));
}

bool Scp03Session::check_mac(const ApduIn& in) {
    const ByteView data{in.data};
    const Bytes full = s_mac_.cmac({chaining_, in.header_with_lc(), data.first(data.size() - mac_size())});
    if (!same(ByteView{full}.first(mac_size()), data.last(mac_size()))) return false;
    chaining_ = full;
    return true;
}

bool Scp03Session::authenticate(const ApduIn& in) {
    if (in.data.size() != 2 * mac_size() || !check_mac(in)) return false;
    if (!same(cryptogram(0x01), ByteView{in.data}.first(mac_size()))) return false;
    open(in.p1);
    return true;
}

Bytes Scp03Session::command_iv(std::uint8_t first) const {
    Bytes iv(8, 0);
    iv[0] = first;
    append(iv, big_endian(counter_, 8));
    return s_enc_.block(iv);
}

std::uint16_t Scp03Session::unwrap(const ApduIn& in, Command& out, Meter& meter) {
    if ((level() & c_mac) == 0 || in.data.size() < mac_size()) return 0x6982;
    meter.aes(in.data.size() + 16);
    if (!check_mac(in)) return 0x6982;
    out = {.cla = static_cast<std::uint8_t>(in.cla & 0xFB),
           .ins = in.ins,
           .p1 = in.p1,
           .p2 = in.p2,
           .ne = in.ne};
    const ByteView body = ByteView{in.data}.first(in.data.size() - mac_size());
    if ((level() & c_decryption) == 0) {
        out.data.assign(body.begin(), body.end());
        return 0x9000;
    }
    ++counter_;  // also for a command without data (6.2.6)
    if (body.empty()) return 0x9000;
    if (body.size() % 16 != 0) return 0x6982;
    meter.aes(body.size());
    out.data = s_enc_.cbc_decrypt(command_iv(0x00), body);
    return unpad(out.data) ? 0x9000 : 0x6982;
}

Bytes Scp03Session::wrap(const Answer& answer, Meter& meter) {
    const auto kind = answer.sw >> 8;
    const bool good = answer.sw == 0x9000 || kind == 0x62 || kind == 0x63;
    if (!good) return {};  // an error status word goes out alone (6.2.5)
    if ((level() & r_mac) == 0) return answer.data;
    Bytes out = answer.data;
    if ((level() & r_encryption) != 0 && !out.empty()) {
        pad(out, 16);
        meter.aes(out.size());
        out = s_enc_.cbc_encrypt(command_iv(0x80), out);
    }
    meter.aes(out.size() + 18);
    const Bytes mac = s_rmac_.cmac({chaining_, out, big_endian(answer.sw, 2)});
    append(out, ByteView{mac}.first(mac_size()));
    return out;
}

std::uint32_t Scp03Session::room(std::uint32_t wire) const {
    if ((level() & r_mac) == 0) return wire;
    const auto mac = static_cast<std::uint32_t>(mac_size());
    if (wire <= mac) return 0;
    const std::uint32_t left = wire - mac;
    if ((level() & r_encryption) == 0) return left;
    return left < 16 ? 0 : left / 16 * 16 - 1;
}

}  // namespace kartsaz::sim
