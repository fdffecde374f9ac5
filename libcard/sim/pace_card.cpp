// SPDX-License-Identifier: Apache-2.0
#include "libcard/sim/pace_card.h"

#include <botan/bigint.h>
#include <botan/ec_group.h>
#include <botan/exceptn.h>
#include <botan/point_gfp.h>

#include <algorithm>
#include <array>

namespace kartsaz::sim {
namespace {

// id-PACE-ECDH-GM-AES-CBC-CMAC-128
constexpr std::array<std::uint8_t, 10> protocol{0x04, 0x00, 0x7F, 0x00, 0x07, 0x02, 0x02, 0x04, 0x02, 0x02};

/// Standardized domain parameters that this card may be made with: 9303-11, 9.5.1.
const char* curve_name(unsigned domain) {
    return domain == 13 ? "brainpool256r1" : "secp256r1";
}

Bytes encode_point(const Botan::PointGFp& point) {
    const auto bytes = point.encode(Botan::PointGFp::UNCOMPRESSED);
    return {bytes.begin(), bytes.end()};
}

/// Token input: the other side's public key as a public key data object.
Bytes token(Aes& key, ByteView public_key) {
    const Bytes input = object(0x7F49, concat({object(0x06, protocol), object(0x86, public_key)}));
    Bytes out = key.cmac({input});
    out.resize(8);
    return out;
}

Answer dynamic(std::uint8_t tag, ByteView value) {
    return {object(0x7C, object(tag, value))};
}

}  // namespace

struct PaceCard::Run {
    enum class Step { nonce, map, agree, confirm } step = Step::nonce;
    explicit Run(unsigned domain) : group{curve_name(domain)} {}

    Botan::EC_Group group;
    std::vector<Botan::BigInt> workspace{Botan::PointGFp::WORKSPACE_SIZE};
    Bytes s{};
    Botan::PointGFp generator{};
    Bytes terminal_key{}, card_key{};
    Bytes secret{};

    /// A random scalar in 1..n-1.
    Botan::BigInt scalar(Rng& rng) {
        for (;;) {
            const Bytes bytes = rng.bytes(32);
            Botan::BigInt value{bytes.data(), bytes.size()};
            if (!value.is_zero() && value < group.get_order()) return value;
        }
    }
    /// A point of the terminal; empty when it is none, or infinity.
    std::optional<Botan::PointGFp> point(ByteView bytes) const {
        if (bytes.size() != 65 || bytes[0] != 0x04) return std::nullopt;
        try {
            Botan::PointGFp value = group.OS2ECP(bytes.data(), bytes.size());
            if (value.is_zero() || !value.on_the_curve()) return std::nullopt;
            return value;
        } catch (const Botan::Exception&) {
            return std::nullopt;
        }
    }
    Botan::PointGFp base(const Botan::BigInt& k, Rng& rng) {
        return group.blinded_base_point_multiply(k, rng.botan(), workspace);
    }
    Botan::PointGFp multiply(const Botan::PointGFp& p, const Botan::BigInt& k, Rng& rng) {
        return group.blinded_var_point_multiply(p, k, rng.botan(), workspace);
    }
};

PaceCard::PaceCard(Chip& chip) : chip_{chip} {}
PaceCard::~PaceCard() = default;

void PaceCard::reset() {
    run_.reset();
}

Answer PaceCard::set_template(const Command& command) {
    reset();
    if (command.p1p2() != 0xC1A4) return refuse(0x6A86);
    const auto oid = find_object(command.data, 0x80);
    const auto password = find_object(command.data, 0x83);
    const auto domain = find_object(command.data, 0x84);
    if (!oid || !password || password->size() != 1) return refuse(0x6A80);
    if (!std::equal(oid->begin(), oid->end(), protocol.begin(), protocol.end())) return refuse(0x6A80);
    if ((*password)[0] != 0x01 || chip_.state.passport.access_seed.empty()) return refuse(0x6A88);
    const bool own = !domain || (domain->size() == 1 && (*domain)[0] == chip_.kind.pace_domain);
    if (!own) return refuse(0x6A88);
    run_ = std::make_unique<Run>(chip_.kind.pace_domain);
    return {};
}

Answer PaceCard::general_authenticate(const Command& command) {
    if (!run_) return refuse(0x6985);
    ByteView rest{command.data};
    const auto outer = take_object(rest);
    const bool last = run_->step == Run::Step::confirm, more = (command.cla & 0x10) != 0;
    if (command.p1p2() != 0 || !outer || outer->tag != 0x7C || !rest.empty() || last == more) {
        reset();
        return refuse(command.p1p2() != 0 ? 0x6A86 : 0x6A80);
    }
    ByteView inner = outer->value;
    const auto value = take_object(inner);
    const auto step = [&](std::uint32_t tag, auto action) -> Answer {
        Answer answer = value && value->tag == tag ? (this->*action)(value->value) : refuse(0x6A80);
        if (answer.sw != 0x9000 || last) reset();
        return answer;
    };
    switch (run_->step) {
        case Run::Step::map:
            return step(0x81, &PaceCard::map);
        case Run::Step::agree:
            return step(0x83, &PaceCard::agree);
        case Run::Step::confirm:
            return step(0x85, &PaceCard::confirm);
        case Run::Step::nonce:
            break;
    }
    if (!outer->value.empty()) {
        reset();
        return refuse(0x6A80);
    }
    return nonce();
}

Answer PaceCard::nonce() {
    run_->s = chip_.rng.bytes(16);
    const Aes key{IcaoSm::derive(chip_.state.passport.access_seed, 3)};
    chip_.meter.aes(16);
    run_->step = Run::Step::map;
    return dynamic(0x80, key.cbc_encrypt({}, run_->s));
}

Answer PaceCard::map(ByteView terminal_key) {
    const auto theirs = run_->point(terminal_key);
    if (!theirs) return refuse(0x6A80);
    const Botan::BigInt k = run_->scalar(chip_.rng);
    const Bytes mine = encode_point(run_->base(k, chip_.rng));
    if (same(mine, terminal_key)) return refuse(0x6A80);
    const Botan::BigInt s{run_->s.data(), run_->s.size()};
    run_->generator = run_->base(s, chip_.rng) + run_->multiply(*theirs, k, chip_.rng);
    if (run_->generator.is_zero()) return refuse(0x6A80);
    chip_.meter.ecc(3);
    run_->step = Run::Step::agree;
    return dynamic(0x82, mine);
}

Answer PaceCard::agree(ByteView terminal_key) {
    const auto theirs = run_->point(terminal_key);
    if (!theirs) return refuse(0x6A80);
    const Botan::BigInt k = run_->scalar(chip_.rng);
    run_->card_key = encode_point(run_->multiply(run_->generator, k, chip_.rng));
    if (same(run_->card_key, terminal_key)) return refuse(0x6A80);
    run_->terminal_key.assign(terminal_key.begin(), terminal_key.end());
    const Botan::PointGFp shared = run_->multiply(*theirs, k, chip_.rng);
    run_->secret.resize(32);
    Botan::BigInt::encode_1363(run_->secret.data(), run_->secret.size(), shared.get_affine_x());
    chip_.meter.ecc(2);
    run_->step = Run::Step::confirm;
    return dynamic(0x84, run_->card_key);
}

Answer PaceCard::confirm(ByteView their_token) {
    Aes mac{IcaoSm::derive(run_->secret, 2)};
    chip_.meter.aes(2 * 96);
    if (!same(token(mac, run_->card_key), their_token)) return refuse(0x6300);
    chip_.new_sm = std::make_unique<IcaoSm>(IcaoSm::aes128(run_->secret));
    chip_.icao_done = true;
    return dynamic(0x86, token(mac, run_->terminal_key));
}

Bytes card_access(unsigned domain) {
    const Bytes version{0x02}, id{static_cast<std::uint8_t>(domain)};
    return object(0x31,
                  object(0x30, concat({object(0x06, protocol), object(0x02, version), object(0x02, id)})));
}

}  // namespace kartsaz::sim
