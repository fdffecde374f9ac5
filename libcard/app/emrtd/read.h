// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apdu/transport.h"
#include "keys/key_store.h"
#include "keys/mrtd_access.h"
#include "libcard/app/dump.h"

namespace kartsaz::app::emrtd {

struct ReadOptions {
    Bytes aid;                                   ///< A0000002471001 when empty
    std::optional<std::string> mrz_information;  ///< opens PACE and BAC
    const keys::KeyStore* keys = nullptr;  ///< issuer keys: files that only the issuer's SCP03 may read (DG3)
    std::string issuer_keyset = "issuer";
    std::string transport_keyset = "transport";
    Bytes kdd;          ///< key diversification data of the chip, when known
    bool prove = true;  ///< run the proofs: plain read refused, both accesses, AA, write refused
    std::function<void(std::string_view file, std::size_t done, std::size_t total)> progress;
};

/// Reads every file that EF.COM and EF.SOD name (and the mandatory ones), from a reset card, and runs the
/// proofs. Facts written (application "emrtd"); SW stands for four hexadecimal digits:
/// - selectable: "yes" or the SW
/// - card-access: EF.CardAccess, hex, or the SW
/// - plain-read.sw: SW of reading EF.COM with no access protocol, or of selecting it; "9000" is a fault
/// - plain-read-dg1.sw: the same of EF.DG1
/// - pace: "ok", "not offered", or why it failed; missing when it was not tried
/// - bac: "ok", "not tried", or why it failed
/// - scp03: "issuer keys", "transport keys", "none" (no such command), "not tried", or why it failed
/// - access: the one used for reading: "PACE", "BAC", "SCP03", "plain"
/// - FILE.refused: SW by which `access` refused a file that SCP03 then read: "EF.DG3.refused" -> "6982"
/// - aa.challenge, aa.response: hex; aa.sw the SW. Only where there is a DG15
/// - write.sw: SW of writing EF.COM's first byte again over itself, under PACE or BAC (never under the
/// issuer's
///   SCP03, which may); "6985" and "6982" mean locked, "9000" that the card is open
/// - write-plain.sw: the same with no access protocol (or of selecting EF.COM); not where BAC alone was used
/// Without `prove` only selectable, card-access, pace, bac, scp03 and access are there.
/// @throws Error{keys_failed} when nothing opens the card, with what was tried; Error{card_refused} when the
///         application is not there.
DumpApplication read_application(apdu::Transport& card, const ReadOptions& options);

/// The application is on the card and holds no file: each is "not found" (6A82) by SELECT; DG3 and DG4,
/// which some applets refuse at any time, may be 6982. Resets the card.
bool is_blank(apdu::Transport& card, const Bytes& aid = {});

/// Reads the file `fid` through `link` to the end of its outermost object: blocks as large as link.limits(),
/// no offset asked for that lies behind the object. Shorter when the card has no more than that; when the
/// first bytes are no BER-TLV object, what the first command gave. @throws Error{card_refused} with the
/// status word
Bytes read_file(apdu::Transport& link, std::uint16_t fid, const std::string& name);

/// What BAC and PACE are keyed by, from the MRZ of DG1. Source: ICAO Doc 9303-11, 9.7.2; long document
/// numbers of TD1: 9303-5, 4.2.2.1. @param mrz  90, 72 or 88 characters. @throws Error{input_invalid}
std::string mrz_information_of(std::string_view mrz);

/// Writes what is for people beside the raw files: photo.jpg or photo.jp2, finger-<n>.fmr (n counts from 1)
/// and document-signer.cer. A file that does not decode gives nothing. @return the files written, in that
/// order
/// @throws Error{store_failed}
std::vector<std::filesystem::path> save_for_people(const DumpApplication& application,
                                                   const std::filesystem::path& folder);

}  // namespace kartsaz::app::emrtd
