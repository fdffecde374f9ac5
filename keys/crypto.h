// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "apdu/bytes.h"
#include "keys/secret.h"

/// The host's primitives, computed by OpenSSL. Secrets go in as SecretBytes; results that are no secret
/// come out as Bytes. Every function throws Error{internal} when OpenSSL fails and Error{usage} on
/// a key or block of the wrong length.
namespace kartsaz::keys {

enum class HashAlgorithm { sha1, sha224, sha256, sha384, sha512 };
Bytes hash(HashAlgorithm algorithm, ByteView data);
inline Bytes sha256(ByteView data) {
    return hash(HashAlgorithm::sha256, data);
}

/// The first `size` bytes of the hash over a secret and what follows it.
SecretBytes hash_secret(HashAlgorithm algorithm, const SecretBytes& secret, ByteView tail, std::size_t size);

/// `size` bytes of OpenSSL's generator.
Bytes random_bytes(std::size_t size);
SecretBytes random_secret(std::size_t size);

/// AES-128/192/256 of whole 16-byte blocks, no padding.
Bytes aes_ecb_encrypt(const SecretBytes& key, ByteView blocks);
Bytes aes_cbc_encrypt(const SecretBytes& key, ByteView iv, ByteView blocks);
Bytes aes_cbc_decrypt(const SecretBytes& key, ByteView iv, ByteView blocks);
/// AES-CMAC, 16 bytes. Source: NIST SP 800-38B.
Bytes aes_cmac(const SecretBytes& key, ByteView message);
/// Counter mode KDF with AES-CMAC: one counter byte 01, 02, .. before `fixed`, first `size` bytes.
/// Source: NIST SP 800-108, 5.1, r = 8.
SecretBytes kdf_counter_cmac(const SecretBytes& key, ByteView fixed, std::size_t size);
/// Two-key or three-key triple DES of whole 8-byte blocks, no padding.
Bytes des3_ecb_encrypt(const SecretBytes& key, ByteView blocks);
Bytes des3_cbc_encrypt(const SecretBytes& key, ByteView iv, ByteView blocks);
Bytes des3_cbc_decrypt(const SecretBytes& key, ByteView iv, ByteView blocks);
/// ISO/IEC 9797-1 MAC algorithm 3 (retail MAC), 16-byte key; `padded` is whole 8-byte blocks. 8 bytes.
Bytes retail_mac(const SecretBytes& key, ByteView padded);

/// ISO/IEC 9797-1 padding method 2: 80, then 00 up to a whole block.
Bytes pad80(ByteView data, std::size_t block);
/// Takes that padding off. @param what  named in the error  @throws Error{secure_channel} when it is not
/// there.
Bytes unpad80(ByteView data, std::string_view what);

/// Equal in content, in constant time.
bool equal_constant_time(ByteView a, ByteView b);

}  // namespace kartsaz::keys
