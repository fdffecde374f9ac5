// SPDX-License-Identifier: Apache-2.0
#include "libcard/sim/scp02_session.h"

#include <algorithm>

namespace kartsaz::sim {
namespace {

constexpr std::size_t block = 8;

/// 01, purpose, sequence counter, zeros, under a static key in CBC mode (E.4.1).
Bytes derive(const Bytes& key, std::uint8_t purpose, const Bytes& counter) {
    Bytes data{0x01, purpose, counter[0], counter[1]};
    data.resize(2 * block);
    return TripleDes{key}.cbc_encrypt(data);
}

/// Two equal halves make triple DES single.
TripleDes single(Bytes key) {
    std::copy_n(key.begin(), block, key.begin() + block);
    return TripleDes{key};
}

Bytes mac_of(TripleDes& key, const Bytes& icv, Bytes message) {
    pad(message, block);
    for (std::size_t at = 0; at < block; ++at) message[at] ^= icv[at];
    return key.retail_mac(message);
}

}  // namespace

Scp02Session::Scp02Session(const Keyset& keyset, Bytes host_challenge, Bytes card_challenge)
    : ScpSession{keyset.version, keyset.transport},
      host_challenge_{std::move(host_challenge)},
      card_challenge_{std::move(card_challenge)},
      counter_{big_endian(keyset.counter, 2)},
      s_enc_{derive(keyset.keys[0], 0x82, counter_)},
      s_mac_{derive(keyset.keys[1], 0x01, counter_)},
      s_rmac_{derive(keyset.keys[1], 0x02, counter_)},
      s_dek_{derive(keyset.keys[2], 0x81, counter_)},
      icv_{single(derive(keyset.keys[1], 0x01, counter_))} {}

Bytes Scp02Session::pseudo_random_challenge(const Keyset& keyset, ByteView sd_aid) {
    TripleDes key{derive(keyset.keys[1], 0x01, big_endian(keyset.counter, 2))};
    Bytes mac = mac_of(key, Bytes(block, 0), Bytes(sd_aid.begin(), sd_aid.end()));
    mac.resize(6);
    return mac;
}

Bytes Scp02Session::cryptogram(std::initializer_list<ByteView> parts) const {
    Bytes data = concat(parts);
    pad(data, block);
    const Bytes all = s_enc_.cbc_encrypt(data);
    return Bytes(all.end() - block, all.end());
}

Bytes Scp02Session::card_cryptogram() {
    return cryptogram({host_challenge_, counter_, card_challenge_});
}

bool Scp02Session::check_mac(ByteView header, ByteView plain, ByteView mac) {
    const Bytes icv = is_open() ? icv_.cbc_encrypt(last_mac_) : Bytes(block, 0);
    const Bytes lc{static_cast<std::uint8_t>(plain.size() + block)};
    const Bytes right = mac_of(s_mac_, icv, concat({header, lc, plain}));
    if (!same(right, mac)) return false;
    last_mac_ = right;
    return true;
}

bool Scp02Session::authenticate(const ApduIn& in) {
    const ByteView data{in.data};
    if (data.size() != authentication_size()) return false;
    const Bytes header{in.cla, in.ins, in.p1, in.p2};
    if (!check_mac(header, data.first(block), data.last(block))) return false;
    if (!same(cryptogram({counter_, card_challenge_, host_challenge_}), data.first(block))) return false;
    r_chain_ = last_mac_;
    open(in.p1);
    return true;
}

std::uint16_t Scp02Session::unwrap(const ApduIn& in, Command& out, Meter& meter) {
    if (in.extended) return 0x6700;
    if (level() == 0 || in.data.size() < block) return 0x6982;
    meter.des(in.data.size() + block);
    const ByteView data{in.data};
    const ByteView body = data.first(data.size() - block);
    out = {.cla = static_cast<std::uint8_t>(in.cla & 0xFB),
           .ins = in.ins,
           .p1 = in.p1,
           .p2 = in.p2,
           .data = Bytes(body.begin(), body.end()),
           .ne = in.ne};
    if ((level() & c_decryption) != 0 && !body.empty()) {
        if (body.size() % block != 0) return 0x6982;
        meter.des(body.size());
        out.data = s_enc_.cbc_decrypt(body);
        if (!unpad(out.data)) return 0x6982;
    }
    if (!check_mac(Bytes{in.cla, in.ins, in.p1, in.p2}, out.data, data.last(block))) return 0x6982;
    if ((level() & r_mac) != 0) {
        const auto cla = static_cast<std::uint8_t>(in.cla & 0xF8);
        const auto lc = static_cast<std::uint8_t>(out.data.size());
        r_command_ = concat({Bytes{cla, in.ins, in.p1, in.p2, lc}, out.data});
    }
    return 0x9000;
}

Bytes Scp02Session::wrap(const Answer& answer, Meter& meter) {
    const auto kind = answer.sw >> 8;
    const bool good = answer.sw == 0x9000 || kind == 0x62 || kind == 0x63;
    Bytes out = good ? answer.data : Bytes{};
    if ((level() & r_mac) == 0) return out;
    meter.des(r_command_.size() + out.size() + 3);
    const Bytes length{static_cast<std::uint8_t>(out.size())};
    r_chain_ = mac_of(s_rmac_, r_chain_, concat({r_command_, length, out, big_endian(answer.sw, 2)}));
    append(out, r_chain_);
    return out;
}

std::uint32_t Scp02Session::room(std::uint32_t wire) const {
    wire = std::min<std::uint32_t>(wire, 256);
    if ((level() & r_mac) == 0) return wire;
    return wire <= block ? 0 : wire - static_cast<std::uint32_t>(block);
}

Bytes Scp02Session::open_key(ByteView key) const {
    Bytes out;
    for (std::size_t at = 0; at + block <= key.size(); at += block) {
        append(out, s_dek_.cbc_decrypt(key.subspan(at, block)));
    }
    return out;
}

}  // namespace kartsaz::sim
