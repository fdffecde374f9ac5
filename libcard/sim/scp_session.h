// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "libcard/sim/apdu_in.h"
#include "libcard/sim/link_model.h"

namespace kartsaz::sim {

/// Bits of the security level, GPCS 2.3.1, table 10-1.
constexpr std::uint8_t c_mac = 0x01, c_decryption = 0x02, r_mac = 0x10, r_encryption = 0x20;

/// A secure channel of the card manager as computed inside the card: what SCP02 and SCP03 have in common.
class ScpSession {
public:
    /// @param version  of the keyset  @param transport  it is the maker's
    ScpSession(std::uint8_t version, bool transport) : key_version_{version}, transport_{transport} {}
    ScpSession(const ScpSession&) = delete;
    ScpSession& operator=(const ScpSession&) = delete;
    virtual ~ScpSession() = default;

    virtual Bytes card_cryptogram() = 0;
    /// Bytes of the data field of EXTERNAL AUTHENTICATE: host cryptogram and C-MAC.
    virtual std::size_t authentication_size() const = 0;
    /// EXTERNAL AUTHENTICATE: host cryptogram and C-MAC. The session then is open at level P1.
    virtual bool authenticate(const ApduIn& in) = 0;

    /// Opens a protected command. 9000, or the status word with which the session must end.
    virtual std::uint16_t unwrap(const ApduIn& in, Command& out, Meter& meter) = 0;
    /// The data field of the response, protected as the level says.
    virtual Bytes wrap(const Answer& answer, Meter& meter) = 0;
    /// Plain bytes that fit a response of `wire` bytes.
    virtual std::uint32_t room(std::uint32_t wire) const = 0;
    /// A key block of PUT KEY in the clear; whole cipher blocks.
    virtual Bytes open_key(ByteView block) const = 0;

    bool is_open() const { return open_; }
    std::uint8_t level() const { return level_; }
    std::uint8_t key_version() const { return key_version_; }
    bool transport_keys() const { return transport_; }

protected:
    ScpSession(ScpSession&&) noexcept = default;
    void open(std::uint8_t level) {
        level_ = level;
        open_ = true;
    }

private:
    std::uint8_t key_version_;
    bool transport_;
    std::uint8_t level_ = 0;
    bool open_ = false;
};

}  // namespace kartsaz::sim
