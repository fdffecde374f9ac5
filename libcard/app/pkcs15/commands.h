// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "apdu/command.h"
#include "apdu/transport.h"
#include "keys/certificate_request.h"
#include "keys/secret.h"

/// The commands of the signature application (IsoApplet, both command-set versions). Facts:
/// docs/cards/signature.md. Pure builders: nothing is sent here but by the functions that take a transport.
namespace kartsaz::app::pkcs15 {

extern const Bytes applet_aid;  ///< F276A288BCFBA69D34F31001
extern const Bytes pkcs15_aid;  ///< A000000063504B43532D3135

constexpr std::uint8_t pin_reference = 0x01, puk_reference = 0x02;
constexpr std::size_t stored_pin_length = 16;

/// What the applet says of itself.
struct AppletVersion {
    std::uint8_t major = 0, minor = 0, features = 0;
    bool extended() const { return (features & 0x01U) != 0; }
    bool ecc() const { return (features & 0x04U) != 0; }
    friend bool operator==(const AppletVersion&, const AppletVersion&) = default;
};

apdu::CommandApdu create_df(std::uint16_t fid, ByteView acl);
apdu::CommandApdu create_ef(std::uint16_t fid, std::size_t size, ByteView acl);
apdu::CommandApdu delete_file(std::uint16_t fid);
apdu::CommandApdu select_fid(std::uint16_t fid);
apdu::CommandApdu pin_status();  ///< empty VERIFY: 63Cx tries left, 9000 verified or no PIN yet
/// Headers of commands whose data is a secret.
apdu::CommandApdu verify_header();
apdu::CommandApdu set_reference_header(std::uint8_t reference);  ///< CHANGE REFERENCE DATA, P1 = 01
/// MSE for generating, and GENERATE with its domain parameters.
apdu::CommandApdu mse_generate(keys::KeyAlgorithm algorithm, std::uint8_t key_reference);
apdu::CommandApdu generate(keys::KeyAlgorithm algorithm);
std::size_t generate_answer_size(keys::KeyAlgorithm algorithm);
/// MSE for signing, and PSO COMPUTE DIGITAL SIGNATURE over what the card wants: the hash (ECDSA), or the
/// DigestInfo (RSA PKCS#1 v1.5). Le is exact for RSA, the largest DER length for ECDSA.
apdu::CommandApdu mse_sign(keys::KeyAlgorithm algorithm, std::uint8_t key_reference);
apdu::CommandApdu sign(keys::KeyAlgorithm algorithm, ByteView digest);

}  // namespace kartsaz::app::pkcs15
