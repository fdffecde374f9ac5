// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
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
};

/// @throws Error{usage} that lists the kinds there are
const Kind& kind_of(std::string_view name);

}  // namespace kartsaz::sim
