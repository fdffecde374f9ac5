// SPDX-License-Identifier: Apache-2.0
// Whose the management key is.
#include <array>

#include "apdu/error.h"
#include "keys/management_key.h"
#include "libcard/app/piv/key_commands.h"
#include "libcard/app/piv/read_steps.h"

namespace kartsaz::app::piv::reading {
namespace {

constexpr std::array<std::uint8_t, 4> known_algorithms{algorithm_des3, algorithm_aes_192, algorithm_aes_128,
                                                       algorithm_aes_256};

/// Of the issuer's keyset, for this card; empty where nothing derives it.
std::optional<keys::SecretBytes> issuers_key(const ReadOptions& options, std::uint8_t algorithm) {
    const bool known = options.keys != nullptr && !options.identity.empty() &&
                       !options.keys->versions(options.management_keyset).empty();
    if (!known) return std::nullopt;
    return keys::derive_management_key(options.keys->keyset(options.management_keyset), options.identity,
                                       algorithm, management_key_size(algorithm));
}

}  // namespace

std::optional<std::uint8_t> find_management_algorithm(apdu::Transport& card) {
    for (const auto algorithm : known_algorithms) {
        if (card.transmit(ask_witness(algorithm)).sw.ok()) return algorithm;
    }
    return std::nullopt;
}

bool proves_management(apdu::Transport& card, std::uint8_t algorithm, const keys::SecretBytes& key) {
    const auto asked = card.transmit(ask_witness(algorithm));
    const std::size_t block = management_block(algorithm);
    if (!asked.sw.ok() || key.size() != management_key_size(algorithm)) return false;
    try {
        const Bytes hidden = dynamic_data(asked.data, 0x80);
        if (hidden.size() != block) return false;
        const Bytes witness = under_management_key(algorithm, key, hidden, false);
        const Bytes challenge = keys::random_bytes(block);
        const auto answer = card.transmit(answer_witness(algorithm, witness, challenge));
        return answer.sw.ok() &&
               dynamic_data(answer.data, 0x82) == under_management_key(algorithm, key, challenge, true);
    } catch (const Error& error) {
        if (error.code() != Errc::input_invalid) throw;
        return false;
    }
}

void read_management(apdu::Transport& card, const ReadOptions& options, const std::optional<Metadata>& told,
                     Facts& facts) {
    const auto algorithm = told && told->algorithm ? told->algorithm : find_management_algorithm(card);
    const auto decide = [&](std::string_view whose, const char* why = nullptr) {
        facts["management.keys"] = whose;
        if (why != nullptr) facts["management.why"] = why;
    };
    if (!algorithm) return decide("not tried", "the card gives no witness under any algorithm known here");
    facts["management.algorithm"] = to_hex(Bytes{*algorithm});
    if (management_key_size(*algorithm) == 0)
        return decide("not tried", "its algorithm is none that is proved here");
    const bool told_factory = told && told->factory.value_or(false);
    const bool told_other = told && told->factory && !told_factory;
    if (told_factory) return decide("factory");
    const auto issuers = issuers_key(options, *algorithm);
    if (issuers && proves_management(card, *algorithm, *issuers)) return decide("issuer");
    if (!told_other && proves_management(card, *algorithm, factory_management_key()))
        return decide("factory");
    if (issuers || !told_other) return decide("unknown");
    decide("not tried", "it is not the maker's, and no keys of an issuer were given");
}

}  // namespace kartsaz::app::piv::reading
