// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "apdu/command.h"
#include "keys/certificate_request.h"
#include "keys/secret.h"

/// Commands of a PIV application that make and use keys. Pure builders. Source: NIST SP 800-73-4 part
/// 2, 3.2.4 and 3.3.2; SP 800-78-4, table 6-2; INS F9, FE and FF are extensions of YubiKeys.
namespace kartsaz::app::piv {

/// Algorithm identifiers. Source: SP 800-78-4, table 6-2; 05, 16 and E0 are YubiKeys'.
enum Algorithm : std::uint8_t {
    algorithm_des3 = 0x03,
    algorithm_rsa_3072 = 0x05,
    algorithm_rsa_1024 = 0x06,
    algorithm_rsa_2048 = 0x07,
    algorithm_aes_128 = 0x08,
    algorithm_aes_192 = 0x0A,
    algorithm_aes_256 = 0x0C,
    algorithm_ec_p256 = 0x11,
    algorithm_ec_p384 = 0x14,
    algorithm_rsa_4096 = 0x16
};
std::uint8_t algorithm_id(keys::KeyAlgorithm algorithm);
std::optional<keys::KeyAlgorithm> algorithm_of_id(std::uint8_t id);
bool is_rsa(keys::KeyAlgorithm algorithm);
std::size_t key_bits(keys::KeyAlgorithm algorithm);  ///< of modulus or field

/// GENERATE ASYMMETRIC KEY PAIR; the place keeps the PIN policy that it has. @param ne  of the answer
apdu::CommandApdu generate(std::uint8_t reference, keys::KeyAlgorithm algorithm, std::uint32_t ne = 256);
std::size_t generate_answer_size(keys::KeyAlgorithm algorithm);
/// SubjectPublicKeyInfo of what 7F49, or 04 of the metadata, says: 81 modulus and 82 exponent, or 86 point.
/// @throws Error{input_invalid} with offset and rule: no key of this algorithm
Bytes public_key_info(ByteView content, keys::KeyAlgorithm algorithm);
/// The same of the whole answer of GENERATE.
Bytes public_key_of_answer(ByteView answer, keys::KeyAlgorithm algorithm);
/// A SubjectPublicKeyInfo of this kind and length that is nobody's key: to know lengths beforehand.
Bytes sample_public_key(keys::KeyAlgorithm algorithm);

/// GENERAL AUTHENTICATE 7C{82, 81 ..}: signs a digest of keys::digest_of(). RSA: the block of EMSA-PKCS1-v1_5
/// (RFC 8017, 9.2), as long as the modulus. Chained where it is longer than `block`.
std::vector<apdu::CommandApdu> sign(std::uint8_t reference, keys::KeyAlgorithm algorithm, ByteView digest,
                                    std::size_t block = 255);
/// 7C{82, 85 ..}: the x coordinate of the product with a point, 04 X Y.
apdu::CommandApdu agree(std::uint8_t reference, keys::KeyAlgorithm algorithm, ByteView point);
/// What the dynamic authentication template of an answer has under `tag` (82, 81, 80).
/// @throws Error{input_invalid}
Bytes dynamic_data(ByteView answer, std::uint32_t tag);
std::size_t signature_size(keys::KeyAlgorithm algorithm);        ///< the largest
std::size_t usual_signature_size(keys::KeyAlgorithm algorithm);  ///< the one that comes most often
/// Of the whole answer to sign(), with a signature of usual size.
std::size_t sign_answer_size(keys::KeyAlgorithm algorithm);

/// Mutual proof of the management key: the card gives a witness, encrypted; it is given back in clear with a
/// challenge, which the card encrypts. No card counts failures. Blocks are of 8 bytes (3DES) or 16 (AES).
apdu::CommandApdu ask_witness(std::uint8_t algorithm);
apdu::CommandApdu answer_witness(std::uint8_t algorithm, ByteView witness, ByteView challenge);
std::size_t management_block(std::uint8_t algorithm);
std::size_t management_key_size(std::uint8_t algorithm);   ///< bytes; 0: none that opens cards
std::string_view management_name(std::uint8_t algorithm);  ///< "3DES", "AES-192"
/// One block under a management key. @param encrypt  false: decrypts  @throws Error{usage}
Bytes under_management_key(std::uint8_t algorithm, const keys::SecretBytes& key, ByteView block,
                           bool encrypt);
/// 0102030405060708 three times: what makers leave, for 3DES and AES-192.
keys::SecretBytes factory_management_key();

/// SET MANAGEMENT KEY FF FF FF (touch never); its data is management_key_field().
apdu::CommandApdu set_management_key_header();
keys::SecretBytes management_key_field(std::uint8_t algorithm, const keys::SecretBytes& key);

/// IMPORT KEY (FE). Its data, chained by the caller: chunks under import_header(.., more).
/// @param more  further parts follow
apdu::CommandApdu import_header(std::uint8_t reference, std::uint8_t algorithm, bool more);
/// RSA: 01 p, 02 q, 03 d mod p-1, 04 d mod q-1, 05 1/q mod p, each half as long as the modulus.
keys::SecretBytes import_rsa_field(const std::vector<keys::SecretBytes>& parts);
/// 06: the scalar, as long as the field.
keys::SecretBytes import_ec_field(const keys::SecretBytes& scalar);

/// ATTEST: the certificate that place F9 gives for a key that was made on the card.
apdu::CommandApdu attest(std::uint8_t reference, std::uint32_t ne = 256);

}  // namespace kartsaz::app::piv
