// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

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
constexpr std::size_t shortest_pin = 4, stored_pin_length = 16;
constexpr std::size_t puk_length = 16;
constexpr std::uint8_t key_references = 16;    ///< 0..15
constexpr std::size_t max_file_size = 0x7FFF;  ///< one more gives 6F00

/// What the applet says of itself.
struct AppletVersion {
    std::uint8_t major = 0, minor = 0, features = 0;
    bool extended() const { return (features & 0x01U) != 0; }
    bool ecc() const { return (features & 0x04U) != 0; }
    bool rsa_4096() const { return (features & 0x20U) != 0; }
    /// RSA 3072 (algorithm F4), a bit of bodies that have it; IsoApplet has not.
    bool rsa_3072() const { return (features & 0x40U) != 0; }
    friend bool operator==(const AppletVersion&, const AppletVersion&) = default;
};
/// GET DATA 01 01, of command set 1.
/// @param extended  in the extended form, which shows whether reader and card take it
apdu::CommandApdu get_version(bool extended);
/// Of the answer to it, or of what command set 0 answers to SELECT. Empty when it is something else.
std::optional<AppletVersion> parse_version(ByteView answer);

/// Access rules, DO 86: FF, then who may delete, terminate, activate, deactivate, then for a DF create a DF,
/// create an EF, delete a child; for an EF write, update, read. 00 everybody, 90 with the PIN, FF nobody.
extern const Bytes acl_df;    ///< everything with the PIN
extern const Bytes acl_file;  ///< read by everybody; changed and deleted with the PIN

/// CREATE FILE; the created file is selected, its DF the current one.
apdu::CommandApdu create_df(std::uint16_t fid, ByteView acl);
/// @param size 1..7FFF
apdu::CommandApdu create_ef(std::uint16_t fid, std::size_t size, ByteView acl);
apdu::CommandApdu delete_file(std::uint16_t fid);
/// SELECT wherever the file is; answers with the template of its creation.
apdu::CommandApdu select_fid(std::uint16_t fid);
apdu::CommandApdu pin_status();  ///< empty VERIFY: 63Cx tries left, 9000 verified or no PIN yet
/// CHANGE REFERENCE DATA without data: 6700 a PUK can be set, 6A86 it was. Only while there is no PIN.
apdu::CommandApdu puk_status();
/// Headers of commands whose data is a secret.
apdu::CommandApdu verify_header();
/// The rule that a PIN breaks by its length, in words; empty when it may be sent: "the PIN has 4 to 16
/// characters". @param longest  what the card stores
std::string fault_of_length(const keys::SecretBytes& pin, std::size_t longest = stored_pin_length);
/// A PIN as it is sent: filled up to `size` bytes. The one place where a PIN that comes from outside is
/// filled.
/// @throws Error{usage} when its length is not possible; nothing was sent then
keys::SecretBytes padded_pin(const keys::SecretBytes& pin, std::size_t size = stored_pin_length,
                             std::uint8_t fill = 0x00);
apdu::CommandApdu set_reference_header(std::uint8_t reference);  ///< CHANGE REFERENCE DATA, P1 = 01
apdu::CommandApdu reset_retry_header();                          ///< data: PUK, then the new PIN
/// MSE for generating, and GENERATE with its domain parameters.
apdu::CommandApdu mse_generate(keys::KeyAlgorithm algorithm, std::uint8_t key_reference);
/// @param extended  the card answers in one piece; else it announces the rest by 61xx
apdu::CommandApdu generate(keys::KeyAlgorithm algorithm, bool extended = true);
std::size_t generate_answer_size(keys::KeyAlgorithm algorithm);
/// MSE for signing, and PSO COMPUTE DIGITAL SIGNATURE over what the card wants: the hash (ECDSA), or the
/// DigestInfo (RSA PKCS#1 v1.5). Le is exact for RSA, the largest DER length for ECDSA.
apdu::CommandApdu mse_sign(keys::KeyAlgorithm algorithm, std::uint8_t key_reference);
apdu::CommandApdu sign(keys::KeyAlgorithm algorithm, ByteView digest);
std::size_t signature_size(keys::KeyAlgorithm algorithm);        ///< the largest
std::size_t usual_signature_size(keys::KeyAlgorithm algorithm);  ///< the one that comes most often

bool is_rsa(keys::KeyAlgorithm algorithm);
std::size_t key_bits(keys::KeyAlgorithm algorithm);  ///< of the modulus or the field
/// A SubjectPublicKeyInfo of this kind and length that is nobody's key: to know lengths beforehand.
Bytes sample_public_key(keys::KeyAlgorithm algorithm);

}  // namespace kartsaz::app::pkcs15
