// SPDX-License-Identifier: Apache-2.0
// Key pairs and certificates: made on the card, certified by the issuer, each proved before it is relied on.
#include <fmt/format.h>

#include <algorithm>

#include "apdu/error.h"
#include "keys/crypto.h"
#include "libcard/app/pkcs15/plan_steps.h"

namespace kartsaz::app::pkcs15 {
namespace {

using keys::KeyAlgorithm;

/// A certificate whose length only the CA knows: everything but key and signature.
constexpr std::size_t guessed_frame = 700;

/// The chip's own seconds with one key.
struct KeySeconds {
    double make = 0;
    double sign = 0;
};

KeySeconds seconds_of(const perso::Timing& timing, KeyAlgorithm algorithm) {
    constexpr double ms = 1e-3;
    switch (algorithm) {
        case KeyAlgorithm::ec_p256:
            return {timing.ec_256_ms * ms, timing.ec_256_ms * ms};
        case KeyAlgorithm::ec_p384:
            return {timing.ec_384_ms * ms, timing.ec_384_ms * ms};
        case KeyAlgorithm::rsa_2048:
            return {timing.rsa_2048_generate_ms * ms, timing.rsa_2048_ms * ms};
        case KeyAlgorithm::rsa_3072:
            return {timing.rsa_3072_generate_ms * ms, timing.rsa_3072_ms * ms};
        case KeyAlgorithm::rsa_4096:
            return {timing.rsa_4096_generate_ms * ms, timing.rsa_4096_ms * ms};
    }
    throw Error{Errc::internal, "unknown key algorithm"};
}

std::string request_item(const Slot& slot) {
    return fmt::format("pkcs15/{}.request", slot.name);
}

/// What the issuer gave must fit what the card holds and what was ordered. @throws Error{keys_failed}
void check_certificate(const Bytes& der, ByteView public_key, const SlotWork& work, std::int64_t now) {
    const auto refuse = [&](const std::string& why) {
        throw Error{
            Errc::keys_failed,
            fmt::format("the certificate that the issuer gave for the key \"{}\" {}; it was not written",
                        work.slot.name, why)};
    };
    const auto says = keys::read_citizen_certificate(der);
    if (!says) refuse("is no X.509 certificate");
    if (!std::ranges::equal(says->public_key, public_key)) refuse("is for another key");
    if (keys::contradicts(*says, work.wanted)) refuse("names another holder or usage");
    if (says->not_after <= now) refuse("has run out");
    if (der == work.superseded) refuse("is the old one");
    if (der.size() > max_file_size)
        refuse(fmt::format("has {} bytes, a file holds {}", der.size(), max_file_size));
}

}  // namespace

void Steps::make_key(const SlotWork& work, const std::vector<SlotWork>& all) {
    const Slot& slot = work.slot;
    const std::string name = slot.name;
    auto choose = step(name + "/mse-generate", fmt::format("key \"{}\": choose {} in slot {:02X}", name,
                                                           keys::name(slot.algorithm), slot.reference));
    choose.action = mse_generate(slot.algorithm, slot.reference);
    add(std::move(choose));

    auto make = step(name + "/generate", fmt::format("key \"{}\": make the pair on the card", name));
    make.action = generate(slot.algorithm, extended_);
    make.response_size = generate_answer_size(slot.algorithm);
    make.written = timing_.page_size + 1;  // two pages
    make.card_seconds = seconds_of(timing_, slot.algorithm).make;
    make.irreversible = true;
    make.makes_key = public_key_item(slot);
    make.take = [work, all](const apdu::ResponseApdu& answer, perso::Learned& learned) {
        const std::string what = fmt::format("key \"{}\"", work.slot.name);
        const Bytes key = public_key_from_answer(answer.data, keys::name(work.slot.algorithm));
        keys::check_made_key(key, work.slot.algorithm, what);
        for (const auto& other : all) {
            if (other.slot.name != work.slot.name && public_key_of(other, learned) == key) {
                throw Error{Errc::card_refused,
                            fmt::format("{}: the card made the key \"{}\" again", what, other.slot.name)};
            }
        }
        learned[public_key_item(work.slot)] = key;
    };
    add(std::move(make));

    // at once: a pair whose public key is lost must be made again
    const std::uint16_t fid = slot.public_key_fid();
    const Bytes sample = public_key_file(sample_public_key(slot.algorithm));
    write_late(fmt::format("EF.{:04X}/write", fid),
               fmt::format("EF.{:04X}: write the public key of \"{}\"", fid, name), fid, sample.size(),
               sample, [work](perso::Learned& learned, const perso::Services&) {
                   return public_key_file(public_key_of(work, learned));
               });
}

void Steps::write_public_key(const SlotWork& work) {
    const std::uint16_t fid = work.slot.public_key_fid();
    const std::string name = fmt::format("EF.{:04X}", fid);
    const Bytes content = public_key_file(work.view.public_key);
    write_file({fid, name.c_str(), "public key", content.size()}, content);
}

void Steps::request(const SlotWork& work) {
    const Slot& slot = work.slot;
    auto choose = step(slot.name + "/mse-sign", fmt::format("key \"{}\": choose it for signing", slot.name));
    choose.action = mse_sign(slot.algorithm, slot.reference);
    add(std::move(choose));

    const auto info = [work](const perso::Learned& learned) {
        return keys::request_info(work.wanted.subject, public_key_of(work, learned));
    };
    perso::LateCommands late;
    const auto digest = keys::digest_of(slot.algorithm);
    late.expected = {pkcs15::sign(slot.algorithm, keys::hash(digest, {}))};
    late.make = [info, digest, algorithm = slot.algorithm](perso::Learned& learned, const perso::Services&) {
        return std::vector{pkcs15::sign(algorithm, keys::hash(digest, info(learned)))};
    };
    auto sign =
        step(slot.name + "/sign-request", fmt::format("key \"{}\": sign the certificate request", slot.name));
    sign.action = std::move(late);
    sign.response_size = usual_signature_size(slot.algorithm);
    sign.card_seconds = seconds_of(timing_, slot.algorithm).sign;
    sign.take = [work, info](const apdu::ResponseApdu& answer, perso::Learned& learned) {
        const Bytes signed_part = info(learned);
        if (!keys::verify_signature(public_key_of(work, learned), signed_part, answer.data)) {
            throw Error{Errc::card_refused,
                        fmt::format("key \"{}\": the card's signature over the certificate request does not "
                                    "verify under the public key of EF.{:04X}: the card does not hold this "
                                    "key, and no certificate was asked for",
                                    work.slot.name, work.slot.public_key_fid())};
        }
        learned[request_item(work.slot)] =
            keys::assemble_request(signed_part, work.slot.algorithm, answer.data);
    };
    add(std::move(sign));
}

void Steps::certify(const SlotWork& work) {
    const Slot& slot = work.slot;
    const Bytes key = work.make_key ? sample_public_key(slot.algorithm) : work.view.public_key;
    const std::size_t size = order_.certificates->certificate_size(work.wanted, key)
                                 .value_or(guessed_frame + key.size() + signature_size(slot.algorithm));
    const std::string name = fmt::format("EF.{:04X}", work.certificate_fid);
    write_late(
        name + "/write", fmt::format("{}: fetch and write the certificate of \"{}\"", name, slot.name),
        work.certificate_fid, 0, Bytes(size, 0x00),
        [work, chip = chip_, now = order_.now](perso::Learned& learned, const perso::Services& services) {
            const keys::CertificateOrder wanted{chip, work.slot.name, work.wanted,
                                                learned.at(request_item(work.slot))};
            Bytes der = services.certificates->certificate(wanted);
            check_certificate(der, public_key_of(work, learned), work, now);
            learned[fmt::format("pkcs15/{}.certificate", work.slot.name)] = der;
            return der;
        });
}

}  // namespace kartsaz::app::pkcs15
