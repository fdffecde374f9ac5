// SPDX-License-Identifier: Apache-2.0
#include "libcard/app/pkcs15/card_key.h"

#include <fmt/format.h>

#include <algorithm>

#include "apdu/error.h"
#include "apdu/iso7816.h"
#include "keys/certificate_request.h"
#include "keys/issuer.h"
#include "libcard/app/pkcs15/commands.h"
#include "libcard/app/pkcs15/objects.h"

namespace kartsaz::app::pkcs15 {
namespace {

class CardKey final : public keys::SigningKey {
public:
    CardKey(apdu::Transport& card, Bytes public_key, std::uint8_t reference)
        : card_{card}, public_key_{std::move(public_key)}, reference_{reference} {}

    const Bytes& public_key() const override { return public_key_; }
    std::string place() const override { return fmt::format("card, key {}", reference_); }
    Bytes sign_digest(keys::HashAlgorithm algorithm, ByteView digest) const override {
        const auto kind = keys::algorithm_of(public_key_);
        if (!kind || keys::digest_of(*kind) != algorithm) {
            throw Error{Errc::keys_failed, place() + ": does not sign this kind of digest"};
        }
        apdu::expect(card_.transmit(mse_sign(*kind, reference_)), "choose the key");
        return apdu::expect(card_.transmit(pkcs15::sign(*kind, digest)), "sign").data;
    }

private:
    apdu::Transport& card_;
    Bytes public_key_;
    std::uint8_t reference_;
};

/// The object that a file begins with; of a directory file, everything up to its padding.
Bytes read_file(apdu::Transport& card, std::uint16_t fid, const char* what) {
    apdu::expect(card.transmit(select_fid(fid)), std::string{"select "} + what);
    constexpr std::size_t most = 32767;
    Bytes out;
    while (out.size() < most) {
        const auto block =
            static_cast<std::uint32_t>(std::min(card.limits().response_data, most - out.size()));
        const auto answer = card.transmit(apdu::read_binary(out.size(), block));
        if (!answer.sw.ok() && answer.sw.value() != 0x6282) break;
        append(out, answer.data);
        if (answer.data.size() < block) break;
    }
    return out;
}

std::uint16_t fid_of(const Path& path, const char* what) {
    if (path.path.size() < 2) throw Error{Errc::card_refused, std::string{what} + ": no path"};
    const auto end = path.path.size();
    return static_cast<std::uint16_t>(path.path[end - 2] << 8U | path.path[end - 1]);
}

/// @param pin  as it is sent
void verify_pin(apdu::Transport& card, const keys::SecretBytes& pin) {
    const auto status = card.transmit(pin_status()).sw;
    if (status.ok()) return;  // verified already
    const bool counted = (status.value() & 0xFFF0U) == 0x63C0;
    if (!counted || (status.value() & 0x0FU) < 2) {
        throw Error{Errc::keys_failed,
                    fmt::format("PIN: SW {:04X} ({}); it is not tried on the last try", status.value(),
                                apdu::describe(status)),
                    status};
    }
    auto command = verify_header();
    pin.reveal([&](ByteView bytes) { command.data.assign(bytes.begin(), bytes.end()); });
    const auto sw = card.transmit(command).sw;
    Botan::secure_scrub_memory(command.data.data(), command.data.size());
    if (!sw.ok()) {
        throw Error{Errc::keys_failed,
                    fmt::format("PIN: refused, SW {:04X} ({})", sw.value(), apdu::describe(sw)), sw};
    }
}

const PrivateKeyObject& find_key(const std::vector<PrivateKeyObject>& all, std::string_view label) {
    if (label.empty() && all.size() == 1) return all.front();
    std::string known;
    for (const auto& key : all) {
        if (key.common.label == label) return key;
        known += fmt::format("{}\"{}\"", known.empty() ? "" : ", ", key.common.label);
    }
    throw Error{Errc::card_refused, fmt::format("no private key \"{}\" on this card; there is: {}", label,
                                                known.empty() ? "none" : known)};
}

Bytes certificate_of(apdu::Transport& card, const PrivateKeyObject& key) {
    for (const auto& object : decode_cdf(read_file(card, fid_cdf, "EF.CDF"))) {
        if (object.id != key.id) continue;
        if (!object.path) return object.direct;
        return without_padding(read_file(card, fid_of(*object.path, "certificate"), "certificate"),
                               "certificate");
    }
    throw Error{Errc::card_refused, fmt::format("key \"{}\" has no certificate", key.common.label)};
}

/// Command set 0 makes a SHA-1 hash of whatever it is given for a key of a curve, so no signature with the
/// hash that is asked for can be got from it.
void refuse_hashing_card(const std::optional<AppletVersion>& version, ByteView public_key,
                         std::string_view label) {
    const auto kind = keys::algorithm_of(public_key);
    if (!version || version->major != 0 || !kind || is_rsa(*kind)) return;
    throw Error{
        Errc::card_refused,
        fmt::format("key \"{}\", {}: this card (command set 0) signs with SHA-1 only where the key is "
                    "one of a curve, and such signatures are not made here; the PIN was not tried",
                    label, keys::name(*kind))};
}

}  // namespace

keys::Identity card_identity(apdu::Transport& card, const keys::SecretBytes& pin, std::string_view label) {
    const auto sent_pin = padded_pin(pin);
    const auto selected =
        apdu::expect(card.transmit(apdu::select_aid(applet_aid)), "select the signature application");
    const auto keys = decode_prkdf(read_file(card, fid_prkdf, "EF.PrKDF"));
    const auto& key = find_key(keys, label);
    keys::Identity out;
    out.certificate = certificate_of(card, key);
    const auto facts = keys::certificate_facts(out.certificate);
    refuse_hashing_card(parse_version(selected.data), facts.public_key, key.common.label);
    verify_pin(card, sent_pin);
    out.key = std::make_shared<CardKey>(card, facts.public_key,
                                        static_cast<std::uint8_t>(key.reference.value_or(0)));
    return out;
}

}  // namespace kartsaz::app::pkcs15
