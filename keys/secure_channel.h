// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "apdu/command.h"
#include "apdu/transport.h"

namespace kartsaz::keys {

/// A secure messaging session after its handshake: SCP03, BAC, PACE. Stateful, no input or output.
/// wrap() and unwrap() must be called in turn, once each per command.
class SecureChannel {
public:
    SecureChannel() = default;
    SecureChannel(const SecureChannel&) = delete;
    SecureChannel& operator=(const SecureChannel&) = delete;
    virtual ~SecureChannel() = default;

    /// The protected form of a plain command.
    virtual apdu::CommandApdu wrap(const apdu::CommandApdu& command) = 0;
    /// The plain form of the answer to the last wrapped command.
    /// @throws Error{secure_channel} when MAC, padding or structure is wrong; the session is then dead
    ///         and every later call throws.
    virtual apdu::ResponseApdu unwrap(const apdu::ResponseApdu& response) = 0;
    /// Largest plain command data and response data when `outer` is what the card takes protected.
    virtual apdu::BlockLimits inner_limits(const apdu::BlockLimits& outer) const = 0;
};

/// A transport that protects each command by a channel. Does not own the transport below it.
class SecureTransport final : public apdu::Transport {
public:
    SecureTransport(apdu::Transport& below, std::unique_ptr<SecureChannel> channel);
    apdu::ResponseApdu transmit(const apdu::CommandApdu& command) override;
    /// Ends the session: later transmit() calls throw Error{secure_channel}.
    Bytes reset() override;
    Bytes atr() const override;
    apdu::BlockLimits limits() const override;
    void refuse_extended() override;

private:
    apdu::Transport& below_;
    std::unique_ptr<SecureChannel> channel_;
};

}  // namespace kartsaz::keys
