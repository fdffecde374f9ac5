// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <bit>

#include "apdu/error.h"
#include "apdu/iso7816.h"
#include "keys/crypto.h"
#include "keys/mrtd_access.h"
#include "keys/mrtd_kdf.h"

// Source: ICAO Doc 9303-11, 4.3 and 9.7.
namespace kartsaz::keys {
namespace {

using Secure = Botan::secure_vector<std::uint8_t>;

constexpr std::size_t random_size = 8, key_size = 16, cryptogram_size = 32, mac_size = 8;

/// Odd parity in each byte, as DES keys have it.
SecretBytes with_parity(const SecretBytes& key) {
    Secure out;
    key.reveal([&](ByteView bytes) { out.assign(bytes.begin(), bytes.end()); });
    for (auto& byte : out) {
        const auto high = static_cast<std::uint8_t>(byte & 0xFEU);
        byte = static_cast<std::uint8_t>(high | (std::popcount(high) % 2 == 0 ? 1U : 0U));
    }
    return SecretBytes{std::move(out)};
}

BacKeys bac_keys_of(const SecretBytes& seed) {
    return {with_parity(mrtd_kdf(seed, kdf_enc)), with_parity(mrtd_kdf(seed, kdf_mac))};
}

SecretBytes given_or_random(ByteView given, std::size_t size) {
    if (given.empty()) return random_secret(size);
    if (given.size() != size) throw Error{Errc::usage, fmt::format("BAC: {} bytes were expected", size)};
    return SecretBytes{given};
}

/// The card's 32 plain bytes RND.IC, RND.IFD, K.IC, its MAC proved.
Secure open_answer(ByteView answer, const BacKeys& keys) {
    if (answer.size() != cryptogram_size + mac_size) {
        throw Error{Errc::secure_channel, fmt::format("BAC: the card's answer has {} bytes, {} expected",
                                                      answer.size(), cryptogram_size + mac_size)};
    }
    const auto cryptogram = answer.first(cryptogram_size);
    if (!equal_constant_time(retail_mac(keys.mac, pad80(cryptogram, 8)), answer.last(mac_size))) {
        throw Error{Errc::secure_channel, "BAC: the MAC of the card's answer is wrong"};
    }
    auto plain = des3_cbc_decrypt(keys.enc, Bytes(8), cryptogram);
    Secure out(plain.begin(), plain.end());
    Botan::secure_scrub_memory(plain.data(), plain.size());
    return out;
}

std::unique_ptr<SecureChannel> session(const SecretBytes& k_ifd, const Secure& answer, ByteView rnd_ic,
                                       ByteView rnd_ifd) {
    Secure seed(answer.end() - key_size, answer.end());
    k_ifd.reveal([&](ByteView mine) {
        for (std::size_t i = 0; i < key_size; ++i) seed[i] ^= mine[i];
    });
    auto keys = bac_keys_of(SecretBytes{std::move(seed)});
    const auto ssc = concat({rnd_ic.last(4), rnd_ifd.last(4)});
    return sm_3des(std::move(keys.enc), std::move(keys.mac), ssc);
}

}  // namespace

SecretBytes mrtd_kdf(const SecretBytes& secret, std::uint8_t counter) {
    return hash_secret(HashAlgorithm::sha1, secret, Bytes{0, 0, 0, counter}, key_size);
}

BacKeys bac_keys(const MrzPassword& password) {
    return bac_keys_of(hash_secret(HashAlgorithm::sha1, password.mrz_information, {}, key_size));
}

std::unique_ptr<SecureChannel> open_bac(apdu::Transport& card, const MrzPassword& password, ByteView rnd_ifd,
                                        ByteView k_ifd) {
    const auto keys = bac_keys(password);
    const auto challenge =
        apdu::expect(card.transmit(apdu::get_challenge(random_size)), "BAC: get challenge").data;
    if (challenge.size() != random_size) {
        throw Error{Errc::secure_channel,
                    fmt::format("BAC: a challenge of {} bytes, 8 expected", challenge.size())};
    }
    const auto random = given_or_random(rnd_ifd, random_size).reveal([](ByteView bytes) {
        return Bytes(bytes.begin(), bytes.end());
    });
    const auto key = given_or_random(k_ifd, key_size);
    Secure plain(random.begin(), random.end());
    plain.insert(plain.end(), challenge.begin(), challenge.end());
    key.reveal([&](ByteView bytes) { plain.insert(plain.end(), bytes.begin(), bytes.end()); });
    auto message = des3_cbc_encrypt(keys.enc, Bytes(8), plain);
    append(message, retail_mac(keys.mac, pad80(message, 8)));

    const auto response = card.transmit(apdu::mutual_authenticate(message, cryptogram_size + mac_size));
    if (!response.sw.ok()) {
        throw Error{Errc::keys_failed,
                    fmt::format("BAC: the card refuses, the MRZ is not this card's: SW {:04X} ({})",
                                response.sw.value(), apdu::describe(response.sw)),
                    response.sw};
    }
    const auto answer = open_answer(response.data, keys);
    const ByteView view{answer};
    if (!equal_constant_time(view.first(random_size), challenge) ||
        !equal_constant_time(view.subspan(random_size, random_size), random)) {
        throw Error{Errc::secure_channel, "BAC: the card's answer does not hold the two challenges"};
    }
    return session(key, answer, challenge, random);
}

}  // namespace kartsaz::keys
