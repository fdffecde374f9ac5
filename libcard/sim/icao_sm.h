// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <variant>

#include "libcard/sim/apdu_in.h"
#include "libcard/sim/crypt.h"
#include "libcard/sim/link_model.h"

namespace kartsaz::sim {

/// Secure messaging of an eMRTD, card side. Source: ICAO Doc 9303-11, 9.8; ISO/IEC 7816-4, 10.
class IcaoSm {
public:
    /// Session keys from a shared secret (9303-11, 9.7.1): counter 1 for ENC, 2 for MAC, SHA-1.
    static IcaoSm triple_des(ByteView secret, Bytes ssc);
    static IcaoSm aes128(ByteView secret);
    static Bytes derive(ByteView secret, std::uint8_t counter);
    /// @param ssc  8 bytes for triple DES, 16 for AES
    static IcaoSm from_keys(bool aes, ByteView ks_enc, ByteView ks_mac, Bytes ssc);

    /// Checks and opens a protected command. 9000, or 6987/6988: the session must end.
    std::uint16_t unwrap(const ApduIn& in, Command& out, Meter& meter);
    /// The data field of the protected response.
    Bytes wrap(const Answer& answer, Meter& meter);
    /// Plain bytes that fit a response of `wire` bytes.
    std::uint32_t room(std::uint32_t wire) const;

private:
    struct Des {
        TripleDes enc, mac;
    };
    struct Rijndael {
        Aes enc, mac;
    };
    IcaoSm(std::variant<Des, Rijndael> keys, Bytes ssc) : keys_{std::move(keys)}, ssc_{std::move(ssc)} {}
    std::size_t block() const { return ssc_.size(); }
    void count();
    Bytes encrypt(ByteView data);
    Bytes decrypt(ByteView data);
    Bytes checksum(Bytes padded);
    void charge(Meter& meter, std::size_t bytes, unsigned passes) const;

    std::variant<Des, Rijndael> keys_;
    Bytes ssc_;
};

}  // namespace kartsaz::sim
