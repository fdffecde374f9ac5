// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>

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
/// proofs. Facts written (application "emrtd"):
///   selectable             "yes" or the status word
///   card-access            EF.CardAccess, hex, or the status word
///   plain-read.sw          status word of reading EF.COM (fid 011E) with no access protocol; "9000" is a
///   fault plain-read-dg1.sw      the same of DG1 pace                   "ok", "not offered", or why it
///   failed bac                    "ok", "not tried", or why it failed access                 the one used
///   for reading: "PACE", "BAC", "SCP03" aa.challenge, aa.response   hex; aa.sw the status word write.sw
///   status word of writing EF.COM's first byte again over itself; "6985"/"6982" mean locked scp03 "issuer
///   keys", "transport keys", "none" (no such command), or why it failed
/// @throws Error{keys_failed} when nothing opens the card, with what was tried; Error{card_refused} when the
///         application is not there.
DumpApplication read_application(apdu::Transport& card, const ReadOptions& options);

/// Reads the file `fid` through `link` to the end of its outermost object. Blocks as large as link.limits().
/// @param[out] whole_file  false when the file is shorter than its object says
Bytes read_file(apdu::Transport& link, std::uint16_t fid, const std::string& name);

}  // namespace kartsaz::app::emrtd
