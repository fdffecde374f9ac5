// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "apdu/transport.h"
#include "keys/key_store.h"
#include "keys/secret.h"
#include "libcard/app/dump.h"
#include "libcard/perso/transport_pin.h"

/// Reading a whole card back, whatever is on it. No profile is needed: the card says what it has.
namespace kartsaz::app {

struct ReadCardOptions {
    std::optional<std::string> mrz_information;  ///< opens BAC and PACE
    const keys::KeyStore* keys = nullptr;        ///< opens what only the issuer reads; null: do not try
    std::function<void(std::string_view file, std::size_t done, std::size_t total)> progress{};
    /// The holder's PIN, tried instead of the transport PIN; null: none was given.
    const keys::SecretBytes* pin = nullptr;
    /// Of the card, where it is known and the chip has no name: the transport PIN is derived from it.
    /// EF.DG1's own when empty.
    std::string document_number{};
    /// How the transport PIN was made, by receipt or profile; empty: see pkcs15::ReadOptions.
    std::optional<perso::TransportPin> transport_pin{};
};

/// Chip identity, card manager facts ("key-version", "keys", "life-cycle"), the passport application and the
/// signature application and the PIV application with their proofs (facts: libcard/app/emrtd/read.h,
/// libcard/app/pkcs15/read.h, libcard/app/piv/read.h); one of them is enough. One that is there and that
/// nobody has begun is named in CardDump::blank. The card is reset first.
/// @throws Error{card_refused} when nothing that is known here is on the card; Error{keys_failed} when
/// nothing opens it
CardDump read_card(apdu::Transport& card, const ReadCardOptions& options);

}  // namespace kartsaz::app
