// SPDX-License-Identifier: Apache-2.0
#include "libcard/sim/icao_sm.h"

#include <algorithm>

namespace kartsaz::sim {
namespace {

constexpr std::uint16_t missing_object = 0x6987;
constexpr std::uint16_t wrong_object = 0x6988;
constexpr std::size_t checksum_size = 8;

/// The data objects of a protected command. Source: ISO/IEC 7816-4, table 34.
struct Objects {
    std::optional<ByteView> cryptogram, le, checksum;
    std::size_t before_checksum = 0;  ///< bytes that the checksum covers
};

bool collect(ByteView data, Objects& found) {
    ByteView rest = data;
    while (!rest.empty()) {
        const std::size_t at = data.size() - rest.size();
        const auto next = take_object(rest);
        if (!next || found.checksum) return false;
        if (next->tag == 0x87 && !found.cryptogram && !found.le) {
            found.cryptogram = next->value;
        } else if (next->tag == 0x97 && !found.le) {
            found.le = next->value;
        } else if (next->tag == 0x8E) {
            found.checksum = next->value;
            found.before_checksum = at;
        } else {
            return false;
        }
    }
    return true;
}

bool read_le(ByteView value, std::uint32_t& ne) {
    if (value.empty() || value.size() > 2) return false;
    ne = static_cast<std::uint32_t>(big_endian(value));
    if (ne == 0) ne = value.size() == 1 ? 256 : 65536;
    return true;
}

}  // namespace

Bytes IcaoSm::derive(ByteView secret, std::uint8_t counter) {
    Bytes input{secret.begin(), secret.end()};
    append(input, Bytes{0, 0, 0, counter});
    Bytes key = sha1(input);
    key.resize(16);
    return key;
}

IcaoSm IcaoSm::from_keys(bool aes, ByteView ks_enc, ByteView ks_mac, Bytes ssc) {
    if (aes) return {Rijndael{Aes{ks_enc}, Aes{ks_mac}}, std::move(ssc)};
    return {Des{TripleDes{ks_enc}, TripleDes{ks_mac}}, std::move(ssc)};
}
IcaoSm IcaoSm::triple_des(ByteView secret, Bytes ssc) {
    return from_keys(false, derive(secret, 1), derive(secret, 2), std::move(ssc));
}
IcaoSm IcaoSm::aes128(ByteView secret) {
    return from_keys(true, derive(secret, 1), derive(secret, 2), Bytes(16, 0));
}

void IcaoSm::count() {
    for (auto digit = ssc_.rbegin(); digit != ssc_.rend() && ++*digit == 0; ++digit) {
    }
}

Bytes IcaoSm::encrypt(ByteView data) {
    if (auto* des = std::get_if<Des>(&keys_)) return des->enc.cbc_encrypt(data);
    auto& aes = std::get<Rijndael>(keys_);
    return aes.enc.cbc_encrypt(aes.enc.block(ssc_), data);
}
Bytes IcaoSm::decrypt(ByteView data) {
    if (auto* des = std::get_if<Des>(&keys_)) return des->enc.cbc_decrypt(data);
    auto& aes = std::get<Rijndael>(keys_);
    return aes.enc.cbc_decrypt(aes.enc.block(ssc_), data);
}
Bytes IcaoSm::checksum(Bytes padded) {
    if (auto* des = std::get_if<Des>(&keys_)) return des->mac.retail_mac(padded);
    Bytes full = std::get<Rijndael>(keys_).mac.cmac({padded});
    full.resize(checksum_size);
    return full;
}
void IcaoSm::charge(Meter& meter, std::size_t bytes, unsigned passes) const {
    if (std::holds_alternative<Des>(keys_)) {
        meter.des(bytes, passes);
    } else {
        meter.aes(bytes, passes);
    }
}

std::uint16_t IcaoSm::unwrap(const ApduIn& in, Command& out, Meter& meter) {
    count();
    Objects found;
    if (!collect(in.data, found)) return wrong_object;
    if (!found.checksum) return missing_object;
    Bytes covered = ssc_;
    append(covered, Bytes{in.cla, in.ins, in.p1, in.p2});
    pad(covered, block());
    if (found.before_checksum > 0) {
        append(covered, ByteView{in.data}.first(found.before_checksum));
        pad(covered, block());
    }
    charge(meter, covered.size(), 1);
    if (!same(checksum(std::move(covered)), *found.checksum)) return wrong_object;
    out = {.cla = static_cast<std::uint8_t>(in.cla & 0xF3), .ins = in.ins, .p1 = in.p1, .p2 = in.p2};
    if (found.cryptogram) {
        const ByteView value = *found.cryptogram;
        if (value.size() < 1 + block() || (value.size() - 1) % block() != 0 || value[0] != 0x01)
            return wrong_object;
        charge(meter, value.size() - 1, 1);
        out.data = decrypt(value.subspan(1));
        if (!unpad(out.data)) return wrong_object;
    }
    if (found.le && !read_le(*found.le, out.ne)) return wrong_object;
    return 0x9000;
}

Bytes IcaoSm::wrap(const Answer& answer, Meter& meter) {
    count();
    Bytes out;
    if (!answer.data.empty()) {
        Bytes plain = answer.data;
        pad(plain, block());
        Bytes value{0x01};
        append(value, encrypt(plain));
        out = object(0x87, value);
        charge(meter, plain.size(), 1);
    }
    append(out, object(0x99, big_endian(answer.sw, 2)));
    Bytes covered = ssc_;
    append(covered, out);
    pad(covered, block());
    charge(meter, covered.size(), 1);
    append(out, object(0x8E, checksum(std::move(covered))));
    return out;
}

std::uint32_t IcaoSm::room(std::uint32_t wire) const {
    constexpr std::uint32_t fixed = 4 + 2 + checksum_size;  // DO 99 and DO 8E
    const auto size = static_cast<std::uint32_t>(block());
    if (wire < fixed + 3 + size) return 0;
    const std::uint32_t left = wire - fixed;
    // tag, length and padding indicator of DO 87 grow with the value
    std::uint32_t cipher = (left - 3) / size * size;
    if (cipher + 1 > 0x7F) cipher = (left - 4) / size * size;
    if (cipher + 1 > 0xFF) cipher = (left - 5) / size * size;
    return cipher - 1;
}

}  // namespace kartsaz::sim
