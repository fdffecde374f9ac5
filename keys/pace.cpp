// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "apdu/error.h"
#include "apdu/iso7816.h"
#include "apdu/tlv.h"
#include "keys/ciphers.h"
#include "keys/crypto.h"
#include "keys/curve.h"
#include "keys/mrtd_access.h"
#include "keys/mrtd_kdf.h"

// Source: ICAO Doc 9303-11, 4.4 and 9.4 to 9.7.
namespace kartsaz::keys {
namespace {

using Secure = Botan::secure_vector<std::uint8_t>;

const Bytes oid_ecdh_gm_aes128 = from_hex("04007F00070202040202");
constexpr std::size_t nonce_size = 16, token_size = 8, scalar_size = 32;
constexpr std::uint8_t password_mrz = 0x01;

bool supported(const PaceInfo& info) {
    return info.oid == oid_ecdh_gm_aes128 && find_curve(info.parameter_id) != nullptr;
}

/// Wrong answers of the card: structure, point or token.
[[noreturn]] void refuse(const std::string& why) {
    throw Error{Errc::secure_channel, "PACE: " + why};
}

/// The value of the one object `tag` in a response 7C{..}. @param tail  whether more objects may follow
Bytes response_object(const apdu::ResponseApdu& response, std::uint32_t tag, std::size_t size,
                      std::string_view step) {
    try {
        apdu::TlvReader outer{response.data, fmt::format("PACE: {}: response", step)};
        const auto dynamic = outer.next(0x7C);
        outer.finish();
        auto inner = outer.enter(dynamic);
        const auto object = inner.next(tag);
        if (object.value.size() != size) {
            inner.fail(object.offset, fmt::format("{} bytes, {} expected", object.value.size(), size));
        }
        // A certification authority reference (87, 88) may follow the token (4.4.4).
        while (tag == 0x86 && !inner.done()) inner.next();
        inner.finish();
        return Bytes(object.value.begin(), object.value.end());
    } catch (const Error& e) {
        throw Error{Errc::secure_channel, e.what()};
    }
}

class Handshake {
public:
    Handshake(apdu::Transport& card, const PaceInfo& info, const SecretBytes& fixed)
        : card_{card}, info_{info}, curve_{*find_curve(info.parameter_id)} {
        if (fixed.empty()) {
            map_ = curve_.random_scalar();
            agree_ = curve_.random_scalar();
        } else {
            if (fixed.size() != 2 * scalar_size) throw Error{Errc::usage, "PACE: two scalars of 32 bytes"};
            fixed.reveal([&](ByteView both) {
                map_ = SecretBytes{both.first(scalar_size)};
                agree_ = SecretBytes{both.last(scalar_size)};
            });
        }
    }

    std::unique_ptr<SecureChannel> run(const MrzPassword& password) {
        select();
        const auto nonce = decrypted_nonce(password);
        const auto generator = mapped_generator(nonce);
        const auto mine = curve_.encode(*curve_.multiply(agree_, *generator));
        const auto theirs = exchange(0x83, mine, 0x84, "key agreement");
        const auto shared = curve_.x_coordinate(*curve_.multiply(agree_, *point(theirs, mine)));
        auto enc = mrtd_kdf(shared, kdf_enc);
        auto mac = mrtd_kdf(shared, kdf_mac);
        confirm(mac, mine, theirs);
        return sm_aes(std::move(enc), std::move(mac), Bytes(16));
    }

private:
    void select() {
        apdu::TlvWriter crt;
        crt.put(0x80, info_.oid).put(0x83, Bytes{password_mrz});
        if (info_.ambiguous) crt.put(0x84, Bytes{static_cast<std::uint8_t>(info_.parameter_id)});
        apdu::expect(card_.transmit(apdu::manage_security_environment(0xC1, 0xA4, crt.bytes())),
                     "PACE: set authentication template");
    }

    apdu::ResponseApdu step(ByteView dynamic_data, bool last, std::string_view name) {
        return apdu::expect(card_.transmit(apdu::general_authenticate(dynamic_data, last)),
                            fmt::format("PACE: {}", name));
    }

    Bytes exchange(std::uint32_t tag, ByteView point, std::uint32_t answer_tag, std::string_view name) {
        return response_object(step(apdu::TlvWriter{}.put(tag, point).bytes(), false, name), answer_tag,
                               point.size(), name);
    }

    SecretBytes decrypted_nonce(const MrzPassword& password) {
        const auto k = hash_secret(HashAlgorithm::sha1, password.mrz_information, {}, 20);
        const auto encrypted = response_object(step({}, false, "nonce"), 0x80, nonce_size, "nonce");
        Secure out(nonce_size);
        mrtd_kdf(k, kdf_pace).reveal([&](ByteView key) {
            BlockCipher{KeyType::aes, BlockCipher::Mode::cbc, BlockCipher::Way::decrypt, key}.run(
                Bytes(16), encrypted, out.data());
        });
        return SecretBytes{std::move(out)};
    }

    Owned<ec_point_st> mapped_generator(const SecretBytes& nonce) {
        const auto mine = curve_.encode(*curve_.multiply_generator(map_));
        const auto theirs = exchange(0x81, mine, 0x82, "mapping");
        const auto h = curve_.multiply(map_, *point(theirs, mine));
        auto out = curve_.add(*curve_.multiply_generator(nonce), *h);
        if (curve_.is_infinity(*out)) refuse("the mapped generator is the point at infinity");
        return out;
    }

    Owned<ec_point_st> point(ByteView theirs, ByteView mine) {
        if (equal_constant_time(theirs, mine)) refuse("the card sent back the terminal's own point");
        auto out = curve_.decode(theirs);
        if (!out) refuse("the card's public key is not a point of the curve");
        return out;
    }

    /// Source: 9303-11, 4.4.3.4: MAC over 7F49{06 protocol, 86 the other side's key}, the first 8 bytes.
    Bytes token(const SecretBytes& mac, ByteView public_key) {
        const auto object =
            apdu::TlvWriter{}
                .nest(0x7F49, [&](apdu::TlvWriter& w) { w.put(0x06, info_.oid).put(0x86, public_key); })
                .bytes();
        auto out = aes_cmac(mac, object);
        out.resize(token_size);
        return out;
    }

    void confirm(const SecretBytes& mac, ByteView mine, ByteView theirs) {
        const auto data = apdu::TlvWriter{}.put(0x85, token(mac, theirs)).bytes();
        const auto response = card_.transmit(apdu::general_authenticate(data, true));
        if (!response.sw.ok()) {
            throw Error{Errc::keys_failed,
                        fmt::format("PACE: the card refuses, the MRZ is not this card's: SW {:04X} ({})",
                                    response.sw.value(), apdu::describe(response.sw)),
                        response.sw};
        }
        const auto theirs_token = response_object(response, 0x86, token_size, "confirmation");
        if (!equal_constant_time(theirs_token, token(mac, mine))) refuse("the card's token is wrong");
    }

    apdu::Transport& card_;
    const PaceInfo& info_;
    const Curve& curve_;
    SecretBytes map_, agree_;
};

}  // namespace

std::vector<PaceInfo> parse_card_access(ByteView card_access) {
    apdu::TlvReader file{card_access, "EF.CardAccess"};
    const auto set = file.next(0x31);
    // Some chips pad the file; what follows the set is no part of it.
    auto infos = file.enter(set);
    std::vector<PaceInfo> out;
    while (!infos.done()) {
        auto info = infos.enter(infos.next(0x30));
        PaceInfo candidate;
        const auto oid = info.next(0x06);
        candidate.oid.assign(oid.value.begin(), oid.value.end());
        if (candidate.oid != oid_ecdh_gm_aes128) continue;
        const auto version = info.next(0x02);
        if (version.value.size() != 1 || version.value[0] != 2) continue;
        const auto id = info.maybe(0x02);
        if (!id || id->value.size() != 1) continue;
        candidate.parameter_id = id->value[0];
        if (supported(candidate)) out.push_back(std::move(candidate));
    }
    if (out.size() > 1) {
        for (auto& info : out) info.ambiguous = true;
    }
    return out;
}

std::unique_ptr<SecureChannel> open_pace(apdu::Transport& card, const PaceInfo& info,
                                         const MrzPassword& password, const SecretBytes& fixed) {
    if (!supported(info)) throw Error{Errc::usage, "PACE: this protocol or curve is not spoken here"};
    return Handshake{card, info, fixed}.run(password);
}

}  // namespace kartsaz::keys
