// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "keys/secret.h"
#include "keys/secure_channel.h"

/// Basic Access Control and PACE, terminal side. Source: ICAO Doc 9303-11, 4.3 and 4.4.
namespace kartsaz::keys {

/// What opens a chip: the MRZ information (document number, birth and expiry date, each with its check
/// digit). @param mrz_information  "L898902C<369080619406236"
struct MrzPassword {
    SecretBytes mrz_information;
};

/// K_enc and K_mac from the MRZ information (9303-11, 9.7.2); parity adjusted.
struct BacKeys {
    SecretBytes enc;
    SecretBytes mac;
};
BacKeys bac_keys(const MrzPassword& password);

/// Runs BAC on the selected application.
/// @param rnd_ifd, k_ifd  8 and 16 bytes; empty: random. Only tests give them.
/// @throws Error{keys_failed} when the card refuses (the MRZ is not this card's) with its status word,
///         Error{secure_channel} when the card's answer does not prove the same keys.
std::unique_ptr<SecureChannel> open_bac(apdu::Transport& card, const MrzPassword& password,
                                        ByteView rnd_ifd = {}, ByteView k_ifd = {});

/// One PACEInfo of EF.CardAccess that can be spoken here: ECDH, generic mapping, AES-128, standard
/// parameters (id 12 P-256; 13 brainpoolP256r1 too).
struct PaceInfo {
    Bytes oid;  ///< value bytes of the protocol OID
    unsigned parameter_id = 0;
    bool ambiguous = false;  ///< the card offers this protocol with several curves: the id must be sent
};
/// The PACEInfo objects of an EF.CardAccess (SET OF SecurityInfo) that are supported, in its order.
/// @throws Error{input_invalid}
std::vector<PaceInfo> parse_card_access(ByteView card_access);

/// Runs PACE with the MRZ as password, before or after an application is selected.
/// @param fixed  scalars for tests: sk_map || sk_dh, 32 bytes each; empty: random
/// @throws as open_bac
std::unique_ptr<SecureChannel> open_pace(apdu::Transport& card, const PaceInfo& info,
                                         const MrzPassword& password, const SecretBytes& fixed = {});

/// ISO/IEC 7816-4 secure messaging as ICAO uses it. @param ssc 8 bytes for 3DES, 16 for AES
std::unique_ptr<SecureChannel> sm_3des(SecretBytes ks_enc, SecretBytes ks_mac, ByteView ssc);
std::unique_ptr<SecureChannel> sm_aes(SecretBytes ks_enc, SecretBytes ks_mac, ByteView ssc);

}  // namespace kartsaz::keys
