// SPDX-License-Identifier: Apache-2.0
// Key pairs and certificates: made on the card, certified by the issuer, each proved before it is relied on.
#include <fmt/format.h>

#include <algorithm>

#include "apdu/error.h"
#include "keys/crypto.h"
#include "libcard/app/piv/key_commands.h"
#include "libcard/app/piv/objects.h"
#include "libcard/app/piv/plan_steps.h"

namespace kartsaz::app::piv {
namespace {

using keys::KeyAlgorithm;

/// A certificate whose length only the CA knows: everything but key and signature.
constexpr std::size_t guessed_frame = 800;

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
    return fmt::format("piv/{}.request", slot.name);
}

/// What the issuer gave must fit what the card holds and what was ordered. @throws Error{keys_failed}
void check_certificate(const Bytes& der, ByteView public_key, const SlotWork& work, std::int64_t now) {
    const auto refuse = [&](const std::string& why) {
        throw Error{
            Errc::keys_failed,
            fmt::format("the certificate that the issuer gave for the key {:02X} {}; it was not written",
                        work.slot.reference, why)};
    };
    const auto says = keys::read_citizen_certificate(der);
    if (!says) refuse("is no X.509 certificate");
    if (!std::ranges::equal(says->public_key, public_key)) refuse("is for another key");
    if (keys::contradicts(*says, work.wanted)) refuse("names another holder, card or usage");
    if (says->not_after <= now) refuse("has run out");
    if (work.certificate && der == work.certificate->der) refuse("is the old one");
}

std::vector<apdu::CommandApdu> signing(const Slot& slot, ByteView digest, const Capability& capability) {
    auto out = sign(slot.reference, slot.algorithm, digest, capability.block);
    out.back().ne = capability.ne_for(sign_answer_size(slot.algorithm));
    return out;
}

/// The container's value with this certificate. @throws Error{keys_failed} when the card has no room for it
Bytes container_value(const Slot& slot, ByteView der, bool compress, const Capability& capability) {
    const auto& container = *container_of_id(slot.container);
    Bytes value = encode_certificate_object(make_certificate_object(der, compress), container.name);
    const auto room = capability.room(container).value_or(0);
    if (value.size() <= room) return value;
    throw Error{
        Errc::keys_failed,
        fmt::format("the {} has {} bytes, and {} takes {}{}", container.name, value.size(), capability.name(),
                    room, compress ? "" : "; compress = true in [piv.certificate] makes it smaller")};
}

}  // namespace

void Steps::make_key(const SlotWork& work, const std::vector<SlotWork>& all) {
    const Slot& slot = work.slot;
    auto make = step(slot.name + "/generate", fmt::format("key {:02X}: make the pair on the card, {}",
                                                          slot.reference, keys::name(slot.algorithm)));
    const std::size_t answer_size = generate_answer_size(slot.algorithm);
    make.action = generate(slot.reference, slot.algorithm, own_.capability.ne_for(answer_size));
    make.response_size = answer_size;
    make.written = timing_.page_size + 1;  // two pages
    make.card_seconds = seconds_of(timing_, slot.algorithm).make;
    make.irreversible = true;
    make.makes_key = public_key_item(slot);
    make.take = [work, all](const apdu::ResponseApdu& answer, perso::Learned& learned) {
        const std::string what = fmt::format("key {:02X}", work.slot.reference);
        const Bytes key = public_key_of_answer(answer.data, work.slot.algorithm);
        keys::check_made_key(key, work.slot.algorithm, what);
        for (const auto& other : all) {
            if (other.slot.reference != work.slot.reference && public_key_of(other, learned) == key) {
                throw Error{Errc::card_refused, fmt::format("{}: the card made the key {:02X} again", what,
                                                            other.slot.reference)};
            }
        }
        learned[public_key_item(work.slot)] = key;
    };
    add(std::move(make));
}

void Steps::request(const SlotWork& work) {
    const Slot& slot = work.slot;
    const auto info = [work](const perso::Learned& learned) {
        return keys::request_info(work.wanted.subject, public_key_of(work, learned));
    };
    perso::LateCommands late;
    const auto digest = keys::digest_of(slot.algorithm);
    late.expected = signing(slot, keys::hash(digest, {}), own_.capability);
    late.make = [info, digest, slot, capability = own_.capability](perso::Learned& learned,
                                                                   const perso::Services&) {
        return signing(slot, keys::hash(digest, info(learned)), capability);
    };
    auto sign = step(slot.name + "/sign-request",
                     fmt::format("key {:02X}: sign the certificate request", slot.reference));
    sign.action = std::move(late);
    sign.response_size = sign_answer_size(slot.algorithm);
    sign.card_seconds = seconds_of(timing_, slot.algorithm).sign;
    sign.take = [work, info](const apdu::ResponseApdu& answer, perso::Learned& learned) {
        const Bytes signed_part = info(learned);
        const Bytes signature = dynamic_data(answer.data, 0x82);
        if (!keys::verify_signature(public_key_of(work, learned), signed_part, signature)) {
            throw Error{
                Errc::card_refused,
                fmt::format("key {:02X}: the card's signature over the certificate request does not "
                            "verify: the card does not hold this key, and no certificate was asked for",
                            work.slot.reference)};
        }
        learned[request_item(work.slot)] =
            keys::assemble_request(signed_part, work.slot.algorithm, signature);
    };
    add(std::move(sign));
}

void Steps::certify(const SlotWork& work) {
    const Slot& slot = work.slot;
    const Bytes key = work.make_key ? sample_public_key(slot.algorithm) : work.public_key;
    const std::size_t size = order_.certificates->certificate_size(work.wanted, key)
                                 .value_or(guessed_frame + key.size() + signature_size(slot.algorithm));
    const bool compress = options_.certificate.compress;
    // what gzip leaves is known only then
    const Bytes sample(compress ? size - size / 8 : size, 0x00);
    perso::LateCommands late;
    late.expected = put_data(*container_of_id(slot.container),
                             container_value(slot, sample, false, own_.capability), block_);
    late.make = [work, compress, capability = own_.capability, block = block_, chip = chip_,
                 now = order_.now](perso::Learned& learned, const perso::Services& services) {
        const keys::CertificateOrder wanted{chip, work.slot.book_name(), work.wanted,
                                            learned.at(request_item(work.slot))};
        const Bytes der = services.certificates->certificate(wanted);
        check_certificate(der, public_key_of(work, learned), work, now);
        learned[fmt::format("piv/{}.certificate", work.slot.name)] = der;
        return put_data(*container_of_id(work.slot.container),
                        container_value(work.slot, der, compress, capability), block);
    };
    auto write = step(slot.name + "/certificate",
                      fmt::format("{}: fetch and write it", container_of_id(slot.container)->name));
    write.action = std::move(late);
    write.written = size;
    add(std::move(write));
}

}  // namespace kartsaz::app::piv
