// SPDX-License-Identifier: Apache-2.0
#include "keys/secure_channel.h"

#include "apdu/error.h"

namespace kartsaz::keys {

SecureTransport::SecureTransport(apdu::Transport& below, std::unique_ptr<SecureChannel> channel)
    : below_{below}, channel_{std::move(channel)} {
    if (!channel_) throw Error{Errc::usage, "a secure transport needs a channel"};
}

apdu::ResponseApdu SecureTransport::transmit(const apdu::CommandApdu& command) {
    if (!channel_) throw Error{Errc::secure_channel, "the secure channel ended with the reset of the card"};
    return channel_->unwrap(below_.transmit(channel_->wrap(command)));
}

Bytes SecureTransport::reset() {
    channel_.reset();
    return below_.reset();
}

Bytes SecureTransport::atr() const {
    return below_.atr();
}

apdu::BlockLimits SecureTransport::limits() const {
    return channel_ ? channel_->inner_limits(below_.limits()) : below_.limits();
}

void SecureTransport::refuse_extended() {
    below_.refuse_extended();
}

}  // namespace kartsaz::keys
