// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "libcard/sim/body.h"
#include "libcard/sim/crypt.h"

/// A small terminal for the tests of the simulated body: sends hex, speaks SCP03, BAC, PACE and secure
/// messaging. Written apart from the card's code; of it only the bare ciphers are used.
namespace kartsaz::sim::test {

/// A response taken apart.
struct Reply {
    Bytes data;
    unsigned sw = 0;
};
Reply reply_of(const Bytes& wire);
/// Sends `hex`; blanks allowed.
Reply send(Body& body, std::string_view hex);
Reply send(Body& body, const Bytes& wire);
/// Status word alone.
unsigned sw(Body& body, std::string_view hex);

/// An SCP03 session as a host opens it, with keys all alike.
class ScpHost {
public:
    explicit ScpHost(Bytes key) : key_{std::move(key)} {}
    /// INITIALIZE UPDATE and EXTERNAL AUTHENTICATE; the status word of the one that failed, or 9000.
    unsigned open(Body& body, std::uint8_t level, std::uint8_t version = 0, std::size_t challenge_size = 8);
    /// Protects a plain command in hex (short or extended, as it stands), sends it, opens the response.
    Reply send(Body& body, std::string_view hex);
    Bytes protect(std::string_view hex);
    Reply unprotect(const Bytes& wire);
    /// PUT KEY data for three keys of one value under this host's DEK.
    Bytes put_key_data(std::uint8_t version, const Bytes& fresh) const;
    Bytes init_response;  ///< data of INITIALIZE UPDATE
    bool spoil_cryptogram = false;

private:
    Bytes derive(const Bytes& key, std::uint8_t constant, std::size_t size) const;
    Bytes iv(std::uint8_t first) const;

    Bytes key_, context_, s_enc_, s_mac_, s_rmac_, chaining_;
    std::uint64_t counter_ = 0;
    std::uint8_t level_ = 0;
    std::size_t mac_ = 8;
};

/// Secure messaging, terminal side.
class SmHost {
public:
    SmHost(bool aes, Bytes enc, Bytes mac, Bytes ssc);
    Bytes protect(std::string_view hex);
    Reply unprotect(const Bytes& wire);
    Reply send(Body& body, std::string_view hex);

private:
    Bytes mac(const Bytes& padded);
    void count();
    bool aes_;
    Bytes enc_, mac_, ssc_;
};

/// SHA-1 of the MRZ information of the body that `personalize` makes.
Bytes access_seed();
/// Null when the card refused; `why` then is its status word.
std::unique_ptr<SmHost> open_bac(Body& body, const Bytes& seed, unsigned* why = nullptr);
std::unique_ptr<SmHost> open_pace(Body& body, const Bytes& seed, unsigned* why = nullptr);

/// The transport key of a new body, sixteen bytes.
Bytes transport_key();
inline constexpr std::string_view select_passport = "00A4040C07A0000002471001";
/// BAC keys, EF.COM (22 bytes 60 14 ..) and DG1, under SCP03 where the kind wants it.
void personalize(Body& body);

}  // namespace kartsaz::sim::test
