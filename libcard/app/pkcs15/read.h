// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "apdu/transport.h"
#include "keys/key_store.h"
#include "libcard/app/dump.h"
#include "libcard/app/pkcs15/objects.h"
#include "libcard/perso/transport_pin.h"

/// Reading the signature application of any card with a PKCS#15 structure, ours or made by others, and
/// proving its keys while it is powered.
///
/// Files: EF.DIR, EF.ODF, EF.TokenInfo, EF.AODF, EF.PrKDF, EF.PuKDF, EF.CDF, EF.DODF, each as far as its
/// content goes (padding cut off); public keys and certificates by their path: "EF.3300", "EF.3400"; content
/// is the object. Facts:
///   aid               of the application that was selected, hexadecimal
///   df                path of its DF from the MF, hexadecimal: what EF.DIR says, else 3F005015 or 3F00
///   version, features "00.06", "01.00", "05"; of the applet where it tells
///   pin.status        status word of the empty VERIFY: "63C3", "9000" (no PIN was ever set), "6983"
///   pin.tries         tries left before anything was tried; pin.tries.after: when this was over
///   pin.state         "none" (never set), "blocked", "transport" (the issuer's transport PIN was accepted),
///                     "changed" (it was refused: the holder has a PIN of his own), "verified" (the PIN that
///                     was given was accepted), "refused" (the PIN that was given was not), "not tried"
///   pin.digits        length of the transport PIN that was tried
///   pin.assumed       "length": neither receipt nor profile nor card told that length
///   pin.given         of a PIN that was given and accepted, where the keys are known: "transport" (it is the
///                     issuer's transport PIN), "changed" (it is not: the holder has one of his own)
///   pin.why           in words, when it was not tried
///   acl.<fid>         the access rule bytes of the file as SELECT shows them
///   key.<n>.id, key.<n>.reference, key.<n>.algorithm ("ec-p256"...), key.<n>.message (challenge that was
///   signed), key.<n>.signature (DER of ECDSA, or RSA), key.<n>.sw (status word when it was refused)
///                     for the n-th object of EF.PrKDF, from 0
///   key.<n>.digest    "sha1" where the card itself made a SHA-1 hash of the message (IsoApplet, command set
///   0);
///                     else the hash is digest_of() the algorithm
///   key.<n>.plain.sw  what signing was answered with before any PIN: "6982" is right
///   key.<n>.why       in words, when no challenge was put to it
///   orphan.<ref>      "ec" or "rsa": a key reference that signs and that EF.PrKDF does not name (asked with
///                     the PIN only)
///   fault             in words, when the card's answers had no end and reading was stopped
/// An object directory without entries keeps one byte of its padding as content.
namespace kartsaz::app::pkcs15 {

struct ReadOptions {
    const keys::KeyStore* keys = nullptr;    ///< gives the transport PIN; null: none
    std::string identity;                    ///< what the transport PIN is derived for: derive_pin()
    const keys::SecretBytes* pin = nullptr;  ///< the holder's PIN; used instead of the transport PIN
    /// How the transport PIN was made. Empty: by the keyset "pin", as long as EF.AODF says where it allows
    /// one length only, else six digits, as shipped profiles have it; not tried where EF.AODF allows no six.
    std::optional<perso::TransportPin> transport_pin{};
};

/// From a card that was just reset; one whose PIN was verified is reset again afterwards. Empty when the card
/// has no such application. The transport PIN is tried only when all tries are left,
/// a given PIN only when more than one is left.
std::optional<DumpApplication> read_application(apdu::Transport& card, const ReadOptions& options);

/// What the file of an object is called in a dump: "EF.3400"; with the path that leads to it where that is
/// not the application's DF, and "@" and the offset where it is only a part of the file.
std::string file_name(const Path& path, ByteView df);

/// Certificates as .pem and .der files into `folder`, numbered in the order of EF.CDF and named by their
/// labels. Returns what was written. @throws Error{store_failed}
std::vector<std::filesystem::path> save_for_people(const DumpApplication& application,
                                                   const std::filesystem::path& folder);

}  // namespace kartsaz::app::pkcs15
