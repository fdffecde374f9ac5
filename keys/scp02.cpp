// SPDX-License-Identifier: Apache-2.0
#include "keys/scp02.h"

#include <fmt/format.h>

#include <algorithm>

#include "apdu/error.h"
#include "keys/ciphers.h"
#include "keys/crypto.h"
#include "keys/scp02_channel.h"

namespace kartsaz::keys {
namespace {

constexpr std::uint8_t i_pseudo_random = 0x40;
/// Three keys, C-MAC on the modified command, explicit initiation, ICV encryption; GPCS 2.3.1, table E-1.
constexpr std::array<std::uint8_t, 4> variants{0x15, 0x35, 0x55, 0x75};

/// Derivation constants, GPCS 2.3.1, E.4.1.
enum class Constant : std::uint8_t { c_mac = 0x01, r_mac = 0x02, dek = 0x81, enc = 0x82 };

/// Triple DES in CBC mode of 01, constant, sequence counter, twelve bytes 00 under a static key.
SecretBytes derive(const SecretBytes& key, Constant constant, std::uint32_t counter) {
    Bytes block{0x01, static_cast<std::uint8_t>(constant)};
    append(block, big_endian(counter, 2));
    block.resize(16);
    Botan::secure_vector<std::uint8_t> out(block.size());
    key.reveal([&](ByteView bytes) {
        BlockCipher{KeyType::des3, BlockCipher::Mode::cbc, BlockCipher::Way::encrypt, bytes}.run(
            Bytes(8), block, out.data());
    });
    return SecretBytes{std::move(out)};
}

/// The last block of triple DES in CBC mode, GPCS 2.3.1, E.4.2.
Bytes cryptogram(const SecretBytes& s_enc, std::initializer_list<ByteView> parts) {
    const auto blocks = des3_cbc_encrypt(s_enc, Bytes(8), pad80(concat(parts), 8));
    return Bytes(blocks.end() - 8, blocks.end());
}

void check_keys(const ScpKeys& keys) {
    if (keys.type != KeyType::des3) throw Error{Errc::usage, "SCP02 takes triple-DES keys"};
    if (keys.enc.size() != 16 || keys.mac.size() != 16 || keys.dek.size() != 16) {
        throw Error{Errc::usage, "SCP02 takes two-key triple-DES keys of 16 bytes"};
    }
}

}  // namespace

bool scp02_variant_known(std::uint8_t i) {
    return i == 0 || std::find(variants.begin(), variants.end(), i) != variants.end();
}

struct Scp02Session::State {
    State(const ScpKeys& keys, ByteView host, const InitializeUpdateResponse& answer_)
        : answer{answer_},
          host_challenge(host.begin(), host.end()),
          counter{big_endian(*answer_.sequence_counter, 2)},
          enc{derive(keys.enc, Constant::enc, *answer_.sequence_counter)},
          dek{derive(keys.dek, Constant::dek, *answer_.sequence_counter)},
          c_mac{derive(keys.mac, Constant::c_mac, *answer_.sequence_counter)},
          r_mac{derive(keys.mac, Constant::r_mac, *answer_.sequence_counter)} {}

    InitializeUpdateResponse answer;
    Bytes host_challenge, counter;
    SecretBytes enc, dek;
    Scp02Mac c_mac, r_mac;
    Mac8 last_mac{};
    ScpLevel level = ScpLevel::authenticated;
    enum class Stage { fresh, sent, open } stage = Stage::fresh;
};

Scp02Session::Scp02Session(const ScpKeys& keys, ByteView host_challenge,
                           const InitializeUpdateResponse& answer) {
    check_keys(keys);
    if (host_challenge.size() != 8 || answer.card_challenge.size() != 6 ||
        answer.card_cryptogram.size() != 8 || !answer.sequence_counter) {
        throw Error{Errc::usage,
                    "SCP02: a host challenge of 8 bytes, a card challenge of 6, a cryptogram of 8 and a "
                    "sequence counter were expected"};
    }
    if (!scp02_variant_known(answer.i)) {
        throw Error{Errc::card_refused,
                    fmt::format("SCP02 with i={:02X} is not spoken: 15 and 55 are, and with R-MAC 35 and 75 "
                                "(explicit initiation, three keys, C-MAC on the modified command, ICV "
                                "encryption)",
                                answer.i)};
    }
    state_ = std::make_unique<State>(keys, host_challenge, answer);
}

Scp02Session::~Scp02Session() = default;
Scp02Session::Scp02Session(Scp02Session&&) noexcept = default;

bool Scp02Session::card_cryptogram_ok() const {
    const auto expected =
        cryptogram(state_->enc, {state_->host_challenge, state_->counter, state_->answer.card_challenge});
    return equal_constant_time(expected, state_->answer.card_cryptogram);
}

bool Scp02Session::card_challenge_ok(ByteView sd_aid) const {
    if ((state_->answer.i & i_pseudo_random) == 0) return false;
    const auto mac = state_->c_mac.compute({}, sd_aid);
    return equal_constant_time(ByteView{mac}.first(6), state_->answer.card_challenge);
}

apdu::CommandApdu Scp02Session::external_authenticate(ScpLevel level) {
    if (state_->stage != State::Stage::fresh) {
        throw Error{Errc::usage, "SCP02: EXTERNAL AUTHENTICATE is sent once per INITIALIZE UPDATE"};
    }
    if (!card_cryptogram_ok()) {
        throw Error{
            Errc::keys_failed,
            "SCP02: these are not the card's keys (its cryptogram is wrong); EXTERNAL AUTHENTICATE is "
            "not sent, for it would fail and may cost a try"};
    }
    check_level(state_->answer.form(), level);
    apdu::CommandApdu command{
        0x80, 0x82, static_cast<std::uint8_t>(level), 0x00,
        cryptogram(state_->enc, {state_->counter, state_->answer.card_challenge, state_->host_challenge})};
    state_->last_mac = state_->c_mac.compute({}, concat({scp02_mac_header(command), command.data}));
    command.cla = 0x84;
    append(command.data, state_->last_mac);
    state_->level = level;
    state_->stage = State::Stage::sent;
    return command;
}

std::unique_ptr<SecureChannel> Scp02Session::channel() {
    if (state_->stage != State::Stage::sent) {
        throw Error{Errc::usage, "SCP02: the channel opens once, after EXTERNAL AUTHENTICATE"};
    }
    state_->stage = State::Stage::open;
    return scp02_channel({state_->level, std::move(state_->enc), std::move(state_->c_mac),
                          std::move(state_->r_mac), state_->last_mac});
}

SecretBytes Scp02Session::put_key_dek() const {
    return state_->dek.clone();
}

}  // namespace kartsaz::keys
