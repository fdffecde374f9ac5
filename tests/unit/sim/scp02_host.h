// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "terminal.h"

namespace kartsaz::sim::test {

/// An SCP02 session as a host opens it, with three keys all alike, levels 00 to 03. Written apart from the
/// card's code.
class Scp02Host {
public:
    explicit Scp02Host(Bytes key) : key_{std::move(key)} {}
    /// INITIALIZE UPDATE and EXTERNAL AUTHENTICATE; the status word of the one that failed, or 9000.
    unsigned open(Body& body, std::uint8_t level, std::uint8_t version = 0);
    /// Protects a plain short command in hex, sends it.
    Reply send(Body& body, std::string_view hex);
    Bytes protect(std::string_view hex);
    /// PUT KEY data for three keys of one value under the session's DEK.
    Bytes put_key_data(std::uint8_t version, const Bytes& fresh) const;

    Bytes init_response;     ///< data of INITIALIZE UPDATE
    Bytes authentication{};  ///< the EXTERNAL AUTHENTICATE that was sent
    bool spoil_cryptogram = false, spoil_mac = false;

private:
    Bytes session_key(std::uint8_t purpose) const;
    Bytes mac(Bytes message) const;

    Bytes key_, counter_, last_;
    std::uint8_t level_ = 0;
};

}  // namespace kartsaz::sim::test
