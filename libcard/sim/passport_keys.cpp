// SPDX-License-Identifier: Apache-2.0
// Keys of the passport application: loading them, BAC and Active Authentication with them.
#include <botan/bigint.h>
#include <botan/ec_group.h>
#include <botan/ecdsa.h>
#include <botan/numthry.h>
#include <botan/pubkey.h>

#include <algorithm>
#include <array>

#include "libcard/sim/passport.h"

namespace kartsaz::sim {
namespace {

constexpr std::size_t rsa_bytes = 128;  // the applet knows 1024 bits only
constexpr std::size_t scalar_bytes = 32;
constexpr std::array<std::uint8_t, 8> p256_oid{0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07};

/// Check digit of the machine readable zone. Source: ICAO Doc 9303-3, 4.9.
std::uint8_t check_digit(ByteView field) {
    constexpr std::array<unsigned, 3> weights{7, 3, 1};
    unsigned sum = 0;
    for (std::size_t at = 0; at < field.size(); ++at) {
        const std::uint8_t c = field[at];
        unsigned value = 0;  // the filler
        if (c >= '0' && c <= '9') value = c - unsigned{'0'};
        if (c >= 'A' && c <= 'Z') value = c - unsigned{'A'} + 10;
        sum += value * weights.at(at % 3);
    }
    return static_cast<std::uint8_t>('0' + sum % 10);
}

/// Outer object around document number, birth and expiry date, without check digits.
std::uint16_t load_access_keys(PassportState& passport, ByteView data) {
    const auto outer = take_object(data);
    if (!outer) return 0x6A80;
    ByteView rest = outer->value;
    Bytes mrz_information;
    for (int field = 0; field < 3; ++field) {
        const auto part = take_object(rest);
        const bool date = field > 0;
        if (!part || part->value.empty() || (date && part->value.size() != 6)) return 0x6A80;
        append(mrz_information, part->value);
        mrz_information.push_back(check_digit(part->value));
    }
    passport.access_seed = sha1(mrz_information);
    return 0x9000;
}

/// Two objects, the second one 04 with the value; a leading byte 00 is dropped.
std::uint16_t load_rsa(Bytes& slot, ByteView data, bool exact) {
    if (!take_object(data)) return 0x6A80;
    const auto second = take_object(data);
    if (!second || second->tag != 0x04) return 0x6A80;
    ByteView value = second->value;
    if (!value.empty() && value[0] == 0) value = value.subspan(1);
    if (value.empty() || value.size() > rsa_bytes || (exact && value.size() != rsa_bytes)) return 0x6A80;
    slot.assign(value.begin(), value.end());
    return 0x9000;
}

std::uint16_t load_ecdsa(PassportState& passport, ByteView data) {
    const auto curve = find_object(data, 0x06);
    const auto scalar = find_object(data, 0x86);
    if (!curve || !scalar || !std::equal(curve->begin(), curve->end(), p256_oid.begin(), p256_oid.end()))
        return 0x6A80;
    if (scalar->size() != scalar_bytes) return 0x6A80;
    const Botan::BigInt value{scalar->data(), scalar->size()};
    if (value.is_zero() || value >= Botan::EC_Group{"secp256r1"}.get_order()) return 0x6A80;
    passport.aa_scalar.assign(scalar->begin(), scalar->end());
    return 0x9000;
}

Answer sign_ecdsa(Chip& chip, ByteView challenge) {
    const Bytes& scalar = chip.state.passport.aa_scalar;
    const Botan::ECDSA_PrivateKey key{chip.rng.botan(), Botan::EC_Group{"secp256r1"},
                                      Botan::BigInt{scalar.data(), scalar.size()}};
    Botan::PK_Signer signer{key, chip.rng.botan(), "EMSA1(SHA-256)"};
    const auto signature = signer.sign_message(challenge.data(), challenge.size(), chip.rng.botan());
    chip.meter.ecc(1);
    return {Bytes{signature.begin(), signature.end()}};
}

/// ISO/IEC 9796-2 scheme 1 with SHA-1, M1 of zeros: 6A || M1 || SHA-1(M1 || RND.IFD) || BC.
Answer sign_rsa(Chip& chip, ByteView challenge) {
    const PassportState& passport = chip.state.passport;
    Bytes message(rsa_bytes - 22, 0);
    Bytes block{0x6A};
    append(block, message);
    append(message, challenge);
    append(block, sha1(message));
    block.push_back(0xBC);
    const Botan::BigInt modulus{passport.aa_modulus.data(), passport.aa_modulus.size()};
    const Botan::BigInt exponent{passport.aa_exponent.data(), passport.aa_exponent.size()};
    if (modulus.is_even()) return refuse(0x6F00);
    const Botan::BigInt signature =
        Botan::power_mod(Botan::BigInt{block.data(), block.size()}, exponent, modulus);
    Bytes out(rsa_bytes);
    Botan::BigInt::encode_1363(out.data(), out.size(), signature);
    chip.meter.rsa();
    return {out};
}

Bytes padded(ByteView data) {
    Bytes out{data.begin(), data.end()};
    pad(out, 8);
    return out;
}

}  // namespace

std::uint16_t put_key_slot(Chip& chip, const Command& command) {
    PassportState& passport = chip.state.passport;
    switch (command.p1p2()) {
        case 0x0060:
            return load_rsa(passport.aa_modulus, command.data, true);
        case 0x0061:
            return load_rsa(passport.aa_exponent, command.data, false);
        case 0x0062:
            return load_access_keys(passport, command.data);
        case 0x0066:
            return chip.kind.ecdsa ? load_ecdsa(passport, command.data) : std::uint16_t{0x6A86};
        default:
            return 0x6A86;
    }
}

Answer active_authentication(Chip& chip, ByteView challenge) {
    const PassportState& passport = chip.state.passport;
    if (!passport.aa_scalar.empty()) return sign_ecdsa(chip, challenge);
    if (!passport.aa_modulus.empty() && !passport.aa_exponent.empty()) return sign_rsa(chip, challenge);
    return refuse(0x6985);
}

Answer basic_access_control(Chip& chip, ByteView challenge, ByteView data) {
    const ByteView seed = ByteView{chip.state.passport.access_seed}.first(16);
    const Bytes k_enc = IcaoSm::derive(seed, 1), k_mac = IcaoSm::derive(seed, 2);
    const TripleDes enc{k_enc};
    TripleDes mac{k_mac};
    chip.meter.des(4 * 32);
    if (!same(mac.retail_mac(padded(data.first(32))), data.last(8))) return refuse(0x6982);
    const Bytes plain = enc.cbc_decrypt(data.first(32));  // RND.IFD || RND.IC || K.IFD
    const ByteView rnd_ifd = ByteView{plain}.first(8), k_ifd = ByteView{plain}.last(16);
    if (!same(ByteView{plain}.subspan(8, 8), challenge)) return refuse(0x6982);

    const Bytes k_ic = chip.rng.bytes(16);
    Bytes out = enc.cbc_encrypt(concat({challenge, rnd_ifd, k_ic}));
    append(out, mac.retail_mac(padded(out)));
    Bytes secret(16);
    for (std::size_t at = 0; at < secret.size(); ++at) secret[at] = k_ifd[at] ^ k_ic[at];
    chip.new_sm =
        std::make_unique<IcaoSm>(IcaoSm::triple_des(secret, concat({challenge.last(4), rnd_ifd.last(4)})));
    chip.icao_done = true;
    return {out};
}

}  // namespace kartsaz::sim
