// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "apdu/error.h"
#include "keys/secure_channel.h"
#include "libcard/app/emrtd/read.h"

/// The steps of reading a card. Only the sources of this folder include it.
namespace kartsaz::app::emrtd::reading {

using Facts = std::map<std::string, std::string>;
using Progress = std::function<void(std::string_view file, std::size_t done, std::size_t total)>;

std::string sw_hex(apdu::StatusWord sw);
/// "6982 (security status not satisfied)"
std::string sw_words(apdu::StatusWord sw);
/// A failure that is the card's answer and not the reader's: status word or broken channel. Others are thrown
/// on.
bool is_answer(const Error& error);

/// As read_file(); `out` holds what was read so far also when it throws.
void read_into(apdu::Transport& link, std::uint16_t fid, const std::string& name, Bytes& out,
               const Progress& progress);

/// Selects the application, protected or not, and says what the card answered.
apdu::StatusWord select_application(apdu::Transport& link, const ReadOptions& options);

/// An open card: what to send commands through.
struct Session {
    std::string access;                             ///< "PACE", "BAC", "SCP03", "plain"
    std::unique_ptr<keys::SecureTransport> secure;  ///< null for "plain"
};

/// Opens the application from a reset card. Each resets the card first, notes in its fact how it went, and
/// gives nothing when the card does not open.
class Door {
public:
    Door(apdu::Transport& card, const ReadOptions& options, Facts& facts)
        : card_{card}, options_{options}, facts_{facts} {}

    /// The card was just reset, or holds no state that is in the way of any access.
    void card_is_fresh() { fresh_ = true; }
    /// EF.CardAccess under the master file; remembered for by_pace().
    void read_card_access();
    std::optional<Session> by_pace(const std::string& mrz_information);
    std::optional<Session> by_bac(const std::string& mrz_information);
    std::optional<Session> by_scp03();
    /// The same way again, after a broken channel or a reset.
    std::optional<Session> again(const std::string& access,
                                 const std::optional<std::string>& mrz_information);

private:
    void start();
    std::unique_ptr<keys::SecureTransport> pace_link(const std::string& mrz_information);
    std::unique_ptr<keys::SecureTransport> scp03_link();

    apdu::Transport& card_;
    const ReadOptions& options_;
    Facts& facts_;
    std::optional<keys::PaceInfo> pace_;
    bool fresh_ = true;
};

/// Reads one byte of EF.COM and of DG1 on the selected application with no access protocol.
void probe_plain_read(apdu::Transport& card, Facts& facts);
/// Active Authentication by a fresh challenge. @param dg15  the file, which tells how long the answer may be
void prove_active_authentication(apdu::Transport& link, ByteView dg15, Facts& facts);
/// Writes EF.COM's first byte over itself. @param fact  where the status word goes
void probe_write(apdu::Transport& link, ByteView com, const std::string& fact, Facts& facts);

}  // namespace kartsaz::app::emrtd::reading
