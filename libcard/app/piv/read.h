// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "apdu/transport.h"
#include "keys/key_store.h"
#include "libcard/app/dump.h"
#include "libcard/app/piv/containers.h"
#include "libcard/perso/transport_pin.h"

/// Reading a PIV application of any maker, and proving its keys while it is powered.
///
/// Files: a container each, named by file_name(), fid = container id, content = exactly its value (what
/// stands under 53; discovery object and BIT group with their own tag). One without content (53 00, 7E 00) is
/// absent. Facts:
///   source            "card", or "folder" for a directory of objects (folder.h)
///   aid               what SELECT answered under 4F, hexadecimal; as it was sent where it says nothing
///   version           of the applet, where it tells (INS FD): "5.4.0"
///   chip              what it is called where nothing but a serial number (INS F8) tells: "PIV-00C0FFEE"
///   kind              "pivapplet", "canokey" by what SELECT, version, ATR and discovery object tell; else
///   absent pin.status, pin.tries, pin.tries.after, pin.state, pin.given, pin.digits, pin.why
///                     as libcard/app/pkcs15/read.h has them; pin.status is the empty VERIFY's
///                     pin.state "factory": the card said that its PIN is the maker's, and took that
///   puk.tries         where metadata (INS F7) tells it
///   pin.factory, puk.factory   "yes" or "no", where metadata tells: still as the maker set it
///   management.algorithm   "03", "08", "0A", "0C": of the management key
///   management.keys   "factory" (the well-known key answers), "issuer" (the issuer's diversified one),
///                     "unknown", "not tried"
///   management.why    in words, when it was not tried
///   key.<ref>.algorithm    "rsa-1024", "rsa-2048", "ec-p256", .. of the key, for ref in 9A 9C 9D 9E 82 .. 95
///   key.<ref>.public       its SubjectPublicKeyInfo, hexadecimal, where card or key file tells
///   key.<ref>.origin       "generated" or "imported", where told
///   key.<ref>.message      the challenge, hexadecimal; key.<ref>.digest: "sha256", "sha384"
///   key.<ref>.signature    RSA PKCS#1 v1.5 over that digest of the message, or ECDSA-Sig-Value (DER)
///   key.<ref>.agreement.private, .agreement.peer, .agreement.secret
///                     of a key that agrees and does not sign (ECDH): the scalar made up for this challenge
///                     (nobody's secret), its point as it was sent (04 X Y), and the x coordinate that the
///                     card gave back: the same comes of the scalar and the card's public key
///   key.<ref>.sw           status word when the challenge was refused
///   key.<ref>.why          in words, when no challenge was put
///   key.<ref>.plain.sw     what the key answered before any PIN: 6982 is right for all but 9E
///   key.<ref>.other-certificate   of a folder: SHA-256 of the certificate in the key file where the
///                     container holds another one
///   plain.<file name>      status word of reading without PIN, for the containers that want it and exist as
///                     far as is known: "6982" is right
///   fault             in words, when the card's answers had no end or no form and reading was stopped
namespace kartsaz::app::piv {

/// "PIV-authentication-certificate": the container's name with hyphens for spaces.
std::string file_name(const Container& container);

struct ReadOptions {
    const keys::KeyStore* keys = nullptr;  ///< gives transport PIN and management keys; null: none
    /// What they are derived for: keys::identity_of_card(). Empty: the chip's serial number, where the
    /// application tells one (INS F8), or `document_number`.
    std::string identity;
    std::string document_number;             ///< empty: not known
    const keys::SecretBytes* pin = nullptr;  ///< the holder's PIN; used instead of the transport PIN
    std::optional<perso::TransportPin> transport_pin{};  ///< how it was made; empty: keyset "pin", six digits
    std::string management_keyset = "piv-management";    ///< with the role "management"
};

/// From a card that was just reset. Empty when it has no such application. The transport PIN, or the
/// well-known one where the card says that it is still its own, is tried only when all tries are left, a
/// given PIN only when more than one is left. Whose the management key is, the metadata tell, or one proof
/// each of the issuer's and of the well-known key, which no card counts.
std::optional<DumpApplication> read_application(apdu::Transport& card, const ReadOptions& options);

/// Whether nothing was ever put into it: no certificate, no key that is told, no face, no fingerprints, no
/// security object; what makers put there themselves (CHUID, CCC, key history) does not count.
bool is_blank(const DumpApplication& application);

/// Certificates ("piv-9A.pem" and .der), face ("piv-face.jpg", .jp2) and fingerprints ("piv-fingers.fmr",
/// INCITS 378) into `folder`. What cannot be decoded is left out. Returns what was written. @throws
/// Error{store_failed}
std::vector<std::filesystem::path> save_for_people(const DumpApplication& application,
                                                   const std::filesystem::path& folder);

}  // namespace kartsaz::app::piv
