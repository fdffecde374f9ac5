// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "libcard/sim/body.h"

/// Limits and quirks of each kind of body, as data. The code asks the table and never the kind's name.
namespace kartsaz::sim {

/// How a card manager departs from a complete one.
struct ManagerTraits {
    bool present = false;
    bool complete = false;            ///< GET DATA, GET STATUS, SET STATUS, PUT KEY, INSTALL known
    bool any_version = false;         ///< asked key version ignored, FF reported
    bool fixed_kdd = false;           ///< diversification data 00..09 instead of chip data
    bool protects_responses = false;  ///< R-MAC and R-ENC are really done
    bool mac_only_refused = false;    ///< levels 01 and 11 accepted, but each command then gives 6A80
    bool empty_ends_session = false;  ///< a secured command without data: 6985 and the session is gone
    std::uint32_t max_data = 0;       ///< more plain data gives 6F00; 0: no such limit
};

/// The signature application of a kind of body.
struct SignatureTraits {
    bool present = false;
    std::uint8_t version = 1;  ///< command set 00.06 (0) or 01.00 (1)
    bool rsa_3072 = false;     ///< algorithm F4, which the applet does not have
};

/// Containers of the PIV application that PUT DATA takes: the last two bytes of their tags, first and last.
struct PivContainers {
    std::uint16_t first = 0, last = 0;
    std::uint32_t capacity = 0;  ///< bytes of content with tag and length of 53; 0: as the command allows
};

/// The PIV application of a kind of body.
struct PivTraits {
    bool present = false;
    std::array<std::uint8_t, 3> version{};  ///< INS FD
    std::string_view label{}, url{};        ///< SELECT, 50 and 5F50
    bool full_aid = false;                  ///< SELECT tells the whole AID, not its last part
    std::uint8_t pin_tries = 3, puk_tries = 3;
    std::uint8_t last_retired = 0x95;            ///< 82 to this one are retired keys
    std::span<const std::uint8_t> algorithms{};  ///< of key pairs
    std::span<const std::uint8_t> management{};  ///< of the management key
    std::span<const std::uint8_t> told{};        ///< SELECT, AC
    std::span<const PivContainers> containers{};
    std::uint32_t max_data = 0, max_response = 0;  ///< of one command; 0: as the kind
    std::uint32_t max_chain = 65535;               ///< bytes of data that a chain brings
    std::uint32_t chunk = 256;                     ///< bytes of a response, whatever Le is; 0: Le alone
    std::uint32_t memory = 0;                      ///< bytes of all containers; 0: no such limit
    std::uint16_t remaining_cap = 0xFF;            ///< the largest SW2 of 61xx, or 100: 00
    bool long_chain_hangs = false;                 ///< 6F00, and then to every command until SELECT
    bool tells_lengths = false;                    ///< SELECT has 7F66
    bool discovery_stored = false;                 ///< 7E and 7F61 are written; else 7E is computed
    std::uint8_t pin_usage = 0;                    ///< second byte of the PIN usage policy of a computed 7E
    bool first_objects = false;                    ///< CCC and CHUID are there from the beginning
    bool first_key_history = false;                ///< so is the key history
    std::uint16_t unknown_container = 0;           ///< answer to PUT DATA
    std::uint16_t wrong_length = 0;                ///< answer to a PIN or PUK of another length
    std::uint16_t not_proved = 0;                  ///< answer to a wrong cryptogram of the management key
    bool any_is_own = false;       ///< algorithm 00 of 9B is whatever the key has; else triple DES
    bool last_try_blocks = false;  ///< the wrong PIN that blocks gives 6983; the status then is 63C0
    bool pin_digits = false, puk_digits = false;  ///< a new one must have six to eight digits
    bool select_keeps = false;                    ///< SELECT again leaves PIN and management key as they were
    bool pin_used_up = false;      ///< "always": the operation takes the PIN back; else the next command does
    bool policies = false;         ///< AA and AB of GENERATE and import count
    bool agreement_on_9d = false;  ///< ECDH with 9D and retired keys only
    bool hashes_only = false;      ///< ECDSA over 20, 32 or 48 bytes; else up to the width of the field
    bool erases_keys = false;      ///< PIN and PUK both blocked: the private keys are gone
    bool sets_retries = false;     ///< INS FA
    bool attests = false;          ///< INS F9
    bool short_metadata = false;  ///< INS F7 in the older form: no algorithm for PIN and PUK, origin 00 or 01
};

struct Kind {
    std::string_view name;
    std::string_view description;
    bool extended = false;             ///< extended Lc and Le
    std::uint32_t max_data = 255;      ///< bytes of a command's data field
    std::uint32_t max_response = 256;  ///< bytes of a response's data field
    std::uint32_t max_read = 0;        ///< bytes of one READ BINARY; 0: as the response allows
    bool master_file = false;          ///< EF.ATR/INFO and EF.CardAccess
    bool scp_on_application = false;   ///< the passport application hands SCP03 to the card manager
    bool sfi = false;                  ///< READ BINARY by short file identifier
    unsigned pace_domain = 0;          ///< standard domain parameter id of PACE; 0: no PACE
    bool ecdsa = false;                ///< PUT DATA 66 and Active Authentication by ECDSA
    bool create_selects = false;       ///< CREATE FILE also selects (ISO/IEC 7816-9)
    bool elastic = false;              ///< a re-created file may grow past its first size
    bool finger_files = false;         ///< DG3 and DG4 can be created
    bool write_under_scp = false;      ///< writing needs SCP03 with C-MAC and C-DECRYPTION
    bool issuer_updates = false;       ///< after the lock the issuer's keys may still write
    bool plain_keeps_sm = false;       ///< a plain command does not end secure messaging
    bool ignores_chaining = false;     ///< the chaining bit of CLA has no effect
    std::uint8_t capabilities = 0;     ///< third byte of the card capabilities in the ATR
    ManagerTraits manager;
    bool passport = true;  ///< the passport application is on it
    SignatureTraits signature{};
    PivTraits piv{};
};

/// @throws Error{usage} that lists the kinds there are
const Kind& kind_of(std::string_view name);

}  // namespace kartsaz::sim
