// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apdu/bytes.h"
#include "apdu/transport.h"
#include "keys/scp.h"

/// What a card holds, as far as it was observed.
namespace kartsaz::perso {

/// Who the chip is, by what it says itself.
struct ChipIdentity {
    Bytes cplc;        ///< card production life cycle data, 42 bytes; empty when the card does not tell
    Bytes kdd;         ///< 10 bytes of key diversification data; empty when there is no card manager
    std::string name;  ///< fit for a file name: "4790-5168-00C0FFEE-..."; empty when nothing is unique

    bool known() const noexcept { return !name.empty(); }
};

/// An application's own view of its part; only that application looks inside.
struct AppState {
    AppState() = default;
    AppState(const AppState&) = delete;
    AppState& operator=(const AppState&) = delete;
    virtual ~AppState() = default;
};

/// Names of the two keysets of a key store that a card may answer to: what the maker left, what the issuer
/// puts.
struct KeysetNames {
    std::string transport = "transport";
    std::string issuer = "issuer";
};

/// The keys that answer on the card, found out by the card's cryptogram and never by a failed attempt.
enum class AnsweringKeys { none, transport, issuer, unknown };

/// The secure channel that the card offers to all its applications.
struct ChannelFacts {
    AnsweringKeys keys = AnsweringKeys::none;
    std::string keyset;                      ///< the name of the keyset that answers
    std::uint8_t key_version = 0;            ///< as INITIALIZE UPDATE reports it
    keys::ScpForm form;                      ///< protocol and parameter
    std::size_t initialize_update_size = 0;  ///< response data bytes
};

/// An INITIALIZE UPDATE that was answered and can still be followed by EXTERNAL AUTHENTICATE, because nothing
/// was sent after it: it saves the first target's SELECT and INITIALIZE UPDATE.
struct PendingHandshake {
    Bytes aid;
    Bytes host_challenge;
    Bytes answer;  ///< response data
};

/// What the station's journal knows of this chip. All cards without a name of one document share an entry.
struct Books {
    bool completed = false;                ///< the chip, or another of the entry, was complete once
    bool own_pin = false;                  ///< the holder's own PIN opened it; only of chips with a name
    bool delivered_pin_refused = false;    ///< by the card, and not released since
    std::vector<std::string> made_keys{};  ///< see JournalEntry::made_keys
};

struct CardState {
    Books books{};
    Bytes atr;
    ChipIdentity chip;
    ChannelFacts channel;
    apdu::BlockLimits limits;
    std::optional<PendingHandshake> pending;
    bool sealed = false;  ///< an application is locked: the card was completed before
    std::map<std::string, std::unique_ptr<AppState>, std::less<>> applications;
    /// For people and receipts: "card manager" -> "A000000151000000, SCP03 i=70", ...
    std::map<std::string, std::string> facts;

    /// The state that application `name` left, as its own type; null when it left none.
    template <typename State>
    const State* of(std::string_view name) const {
        const auto found = applications.find(name);
        return found == applications.end() ? nullptr : dynamic_cast<const State*>(found->second.get());
    }
};

}  // namespace kartsaz::perso
