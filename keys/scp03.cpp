// SPDX-License-Identifier: Apache-2.0
#include "keys/scp03.h"

#include <fmt/format.h>

#include "apdu/error.h"
#include "keys/ciphers.h"
#include "keys/crypto.h"
#include "keys/scp03_channel.h"

namespace kartsaz::keys {
namespace {

/// Derivation constants, Amendment D, table 4-1.
enum class Constant : std::uint8_t {
    card_cryptogram = 0x00,
    host_cryptogram = 0x01,
    card_challenge = 0x02,
    s_enc = 0x04,
    s_mac = 0x06,
    s_rmac = 0x07,
};

/// Amendment D, 4.1.5: 11 bytes 00, constant, 00, bits wanted, counter, context.
Botan::secure_vector<std::uint8_t> derive(Cmac& prf, Constant constant, ByteView context, std::size_t size) {
    Botan::secure_vector<std::uint8_t> out;
    Bytes head(16, 0x00);
    head[11] = static_cast<std::uint8_t>(constant);
    head[13] = static_cast<std::uint8_t>(size * 8 / 256);
    head[14] = static_cast<std::uint8_t>(size * 8 % 256);
    while (out.size() < size) {
        ++head[15];
        auto block = prf.compute({head, context});
        out.insert(out.end(), block.begin(), block.end());
        Botan::secure_scrub_memory(block.data(), block.size());
    }
    out.resize(size);
    return out;
}

Cmac keyed(const SecretBytes& key) {
    return key.reveal([](ByteView bytes) { return Cmac{bytes}; });
}

void check_keys(const ScpKeys& keys) {
    if (keys.type != KeyType::aes) throw Error{Errc::usage, "SCP03 takes AES keys"};
    if (keys.enc.size() != keys.mac.size()) {
        throw Error{Errc::usage, "SCP03: the keys of a set are of one length"};
    }
}

}  // namespace

struct Scp03Session::State {
    State(const ScpKeys& keys, const Bytes& joined, const InitializeUpdateResponse& answer_)
        : answer{answer_},
          context{joined},
          static_enc{keyed(keys.enc)},
          static_mac{keyed(keys.mac)},
          enc{derive(static_enc, Constant::s_enc, context, keys.enc.size())},
          rmac{derive(static_mac, Constant::s_rmac, context, keys.mac.size())},
          dek{keys.dek.clone()},
          mac{keyed(SecretBytes{derive(static_mac, Constant::s_mac, context, keys.mac.size())})} {}

    InitializeUpdateResponse answer;
    Bytes context;  ///< host challenge, card challenge
    Cmac static_enc, static_mac;
    SecretBytes enc, rmac;
    SecretBytes dek;  ///< static: SCP03 has no session DEK
    Cmac mac;
    Mac16 chaining{};
    ScpLevel level = ScpLevel::authenticated;
    enum class Stage { fresh, sent, open } stage = Stage::fresh;

    std::size_t half() const { return answer.s16 ? 16 : 8; }
};

Scp03Session::Scp03Session(const ScpKeys& keys, ByteView host_challenge,
                           const InitializeUpdateResponse& answer) {
    check_keys(keys);
    const std::size_t half = answer.s16 ? 16 : 8;
    if (host_challenge.size() != half || answer.card_challenge.size() != half ||
        answer.card_cryptogram.size() != half) {
        throw Error{Errc::usage, fmt::format("SCP03: challenges and cryptograms of {} bytes go with i={:02X}",
                                             half, answer.i)};
    }
    state_ = std::make_unique<State>(keys, concat({host_challenge, answer.card_challenge}), answer);
}

Scp03Session::~Scp03Session() = default;
Scp03Session::Scp03Session(Scp03Session&&) noexcept = default;

bool Scp03Session::card_cryptogram_ok() const {
    const auto expected = derive(state_->mac, Constant::card_cryptogram, state_->context, state_->half());
    return equal_constant_time(expected, state_->answer.card_cryptogram);
}

bool Scp03Session::card_challenge_ok(ByteView sd_aid) const {
    const auto& answer = state_->answer;
    if (!answer.sequence_counter) return false;
    const auto context = concat({big_endian(*answer.sequence_counter, 3), sd_aid});
    const auto expected = derive(state_->static_enc, Constant::card_challenge, context, state_->half());
    return equal_constant_time(expected, answer.card_challenge);
}

apdu::CommandApdu Scp03Session::external_authenticate(ScpLevel level) {
    if (state_->stage != State::Stage::fresh) {
        throw Error{Errc::usage, "SCP03: EXTERNAL AUTHENTICATE is sent once per INITIALIZE UPDATE"};
    }
    if (!card_cryptogram_ok()) {
        throw Error{
            Errc::keys_failed,
            "SCP03: these are not the card's keys (its cryptogram is wrong); EXTERNAL AUTHENTICATE is "
            "not sent, for it would fail and may cost a try"};
    }
    check_level(state_->answer.form(), level);
    const auto cryptogram = derive(state_->mac, Constant::host_cryptogram, state_->context, state_->half());
    apdu::CommandApdu command{0x80, 0x82, static_cast<std::uint8_t>(level), 0x00,
                              Bytes(cryptogram.begin(), cryptogram.end())};
    const auto header = scp03_mac_header(command, 2 * state_->half(), false);
    state_->chaining = state_->mac.compute({state_->chaining, header, command.data});
    command.cla = 0x84;
    append(command.data, ByteView{state_->chaining}.first(state_->half()));
    state_->level = level;
    state_->stage = State::Stage::sent;
    return command;
}

std::unique_ptr<SecureChannel> Scp03Session::channel() {
    if (state_->stage != State::Stage::sent) {
        throw Error{Errc::usage, "SCP03: the channel opens once, after EXTERNAL AUTHENTICATE"};
    }
    state_->stage = State::Stage::open;
    return scp03_channel({state_->level, state_->half(), std::move(state_->enc), std::move(state_->rmac),
                          std::move(state_->mac), state_->chaining});
}

SecretBytes Scp03Session::put_key_dek() const {
    return state_->dek.clone();
}

}  // namespace kartsaz::keys
