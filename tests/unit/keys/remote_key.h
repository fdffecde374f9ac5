// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "apdu/error.h"
#include "keys/signing_key.h"

namespace kartsaz::test {

/// A key that is somewhere else, as in a token: nothing but its public part and its signatures comes here.
class RemoteKey final : public keys::SigningKey {
public:
    explicit RemoteKey(std::shared_ptr<const keys::SigningKey> inside) : inside_{std::move(inside)} {}
    const Bytes& public_key() const override { return inside_->public_key(); }
    std::string place() const override { return "token far away"; }
    Bytes sign_digest(keys::HashAlgorithm algorithm, ByteView digest) const override {
        ++calls;
        if (!reachable) throw Error{Errc::keys_failed, "token far away: the line is dead"};
        auto out = inside_->sign_digest(algorithm, digest);
        if (lies) out.back() ^= 0x01;
        return out;
    }

    mutable int calls = 0;
    bool reachable = true;
    bool lies = false;

private:
    std::shared_ptr<const keys::SigningKey> inside_;
};

}  // namespace kartsaz::test
