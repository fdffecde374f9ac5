// SPDX-License-Identifier: Apache-2.0
#include "keys/key_block.h"

#include <fmt/format.h>

#include "apdu/error.h"
#include "keys/ciphers.h"
#include "keys/crypto.h"
#include "keys/key_block_header.h"

namespace kartsaz::keys {
namespace {

using Secure = Botan::secure_vector<std::uint8_t>;
constexpr std::size_t length_size = 2;  ///< of the key in bits, before the key

/// CMAC with triple DES of whole blocks, so that only the first subkey is needed. NIST SP 800-38B, 6.2.
Secure des3_cmac(ByteView key, ByteView message) {
    constexpr std::size_t block = 8;
    Secure subkey(block);
    BlockCipher{KeyType::des3, BlockCipher::Mode::ecb, BlockCipher::Way::encrypt, key}.run(
        {}, Bytes(block, 0x00), subkey.data());
    const bool carry = (subkey[0] & 0x80U) != 0;
    for (std::size_t i = 0; i < block; ++i) {
        const unsigned next = i + 1 < block ? subkey[i + 1] >> 7U : 0U;
        subkey[i] = static_cast<std::uint8_t>((subkey[i] << 1U) | next);
    }
    if (carry) subkey[block - 1] ^= 0x1BU;
    Secure masked(message.begin(), message.end());
    for (std::size_t i = 0; i < block; ++i) masked[masked.size() - block + i] ^= subkey[i];
    Secure chain(masked.size());
    BlockCipher{KeyType::des3, BlockCipher::Mode::cbc, BlockCipher::Way::encrypt, key}.run(
        Bytes(block, 0x00), masked, chain.data());
    return {chain.end() - static_cast<std::ptrdiff_t>(block), chain.end()};
}

Secure cmac(KeyType type, ByteView key, ByteView message) {
    if (type == KeyType::des3) return des3_cmac(key, message);
    const auto mac = Cmac{key}.compute({message});
    return {mac.begin(), mac.end()};
}

/// Encryption and authentication key of one KBPK, as long as it: CMAC of counter, purpose, 00, algorithm,
/// length in bits (key derivation binding method; NIST SP 800-108, 5.1).
struct BlockKeys {
    BlockKeys(KeyType type, const SecretBytes& kbpk)
        : encryption{derive(type, kbpk, 0x00)}, authentication{derive(type, kbpk, 0x01)} {}

    static SecretBytes derive(KeyType type, const SecretBytes& kbpk, std::uint8_t purpose) {
        const auto size = kbpk.size();
        const auto algorithm = static_cast<std::uint8_t>(size / 8 - 2 + (type == KeyType::aes ? 2 : 0));
        const auto bits = size * 8;
        Secure out;
        kbpk.reveal([&](ByteView key) {
            for (std::uint8_t counter = 1; out.size() < size; ++counter) {
                const Bytes input{counter,
                                  0x00,
                                  purpose,
                                  0x00,
                                  0x00,
                                  algorithm,
                                  static_cast<std::uint8_t>(bits >> 8U),
                                  static_cast<std::uint8_t>(bits & 0xFFU)};
                const auto block = cmac(type, key, input);
                out.insert(out.end(), block.begin(), block.end());
            }
        });
        out.resize(size);
        return SecretBytes{std::move(out)};
    }

    SecretBytes encryption;
    SecretBytes authentication;
};

Secure mac_of(KeyType type, const BlockKeys& keys, std::string_view header, const Secure& payload) {
    Secure message(header.begin(), header.end());
    message.insert(message.end(), payload.begin(), payload.end());
    return keys.authentication.reveal([&](ByteView key) { return cmac(type, key, message); });
}

Secure run_cbc(KeyType type, BlockCipher::Way way, const BlockKeys& keys, ByteView iv, ByteView blocks) {
    Secure out(blocks.size());
    keys.encryption.reveal([&](ByteView key) {
        BlockCipher{type, BlockCipher::Mode::cbc, way, key}.run(iv, blocks, out.data());
    });
    return out;
}

bool fits(KeyType type, std::size_t size) {
    return size == 16 || size == 24 || (type == KeyType::aes && size == 32);
}

/// Room that a key of this algorithm takes, so that its length stays hidden.
std::size_t masked_size(char algorithm, std::size_t key_size) {
    if (algorithm == 'A') return 32;
    if (algorithm == 'T') return 24;
    return key_size;
}

void check_key(const KeyBlockHeader& header, const SecretBytes& key, const SecretBytes& kbpk) {
    if (!fits(KeyType::aes, kbpk.size())) {
        throw Error{
            Errc::usage,
            fmt::format("key block: an AES KBPK of 16, 24 or 32 bytes was expected, not of {}", kbpk.size())};
    }
    if (header.algorithm != 'A' && header.algorithm != 'T') {
        throw Error{Errc::usage, "key block: AES (A) and triple-DES (T) keys are wrapped"};
    }
    if (!fits(header.algorithm == 'A' ? KeyType::aes : KeyType::des3, key.size())) {
        throw Error{Errc::usage, fmt::format("key block: {} is no length of a key of algorithm {}",
                                             key.size(), header.algorithm)};
    }
    // a key goes under one that is at least as strong; two-key triple DES counts as 112 bits at
    // most
    if (header.algorithm == 'A' && key.size() > kbpk.size()) {
        throw Error{Errc::usage,
                    fmt::format("key block: an AES key of {} bytes needs a transport key at least as "
                                "long, not of {}",
                                key.size(), kbpk.size())};
    }
}

Bytes hexadecimal(std::string_view digits, std::size_t offset, const std::string& what) {
    for (std::size_t i = 0; i < digits.size(); ++i) {
        const bool fine = (digits[i] >= '0' && digits[i] <= '9') || (digits[i] >= 'A' && digits[i] <= 'F');
        if (!fine) {
            throw Error{
                Errc::input_invalid,
                fmt::format("{}: offset {}: an upper-case hexadecimal digit expected", what, offset + i)};
        }
    }
    return from_hex(digits);
}

/// The key inside of a payload whose MAC was right.
SecretBytes key_of(const Secure& payload, const KeyBlockHeader& header, const std::string& what) {
    const std::size_t bits = static_cast<std::size_t>(payload[0]) * 256 + payload[1];
    const auto size = bits / 8;
    const auto refuse = [&](std::string_view rule) {
        throw Error{Errc::input_invalid, fmt::format("{}: inside, a key of {} bits: {}", what, bits, rule)};
    };
    if (bits == 0 || bits % 8 != 0 || size > payload.size() - length_size)
        refuse("no such key fits the block");
    if (header.algorithm == 'A' && !fits(KeyType::aes, size)) refuse("no length of an AES key");
    if (header.algorithm == 'T' && !fits(KeyType::des3, size)) refuse("no length of a triple-DES key");
    return SecretBytes{ByteView{payload}.subspan(length_size, size)};
}

}  // namespace

std::string wrap_key_block(const KeyBlockHeader& header, const SecretBytes& key, const SecretBytes& kbpk) {
    check_key(header, key, kbpk);
    const auto used = length_size + masked_size(header.algorithm, key.size());
    const auto whole = (used + 15) / 16 * 16;
    return wrap_key_block(header, key, kbpk, random_secret(whole - length_size - key.size()));
}

std::string wrap_key_block(const KeyBlockHeader& header, const SecretBytes& key, const SecretBytes& kbpk,
                           const SecretBytes& padding) {
    check_key(header, key, kbpk);
    Secure payload{static_cast<std::uint8_t>(key.size() * 8 / 256),
                   static_cast<std::uint8_t>(key.size() * 8 % 256)};
    for (const auto* part : {&key, &padding}) {
        part->reveal([&](ByteView bytes) { payload.insert(payload.end(), bytes.begin(), bytes.end()); });
    }
    if (payload.size() % 16 != 0) {
        throw Error{Errc::usage, "key block: length, key and padding are no whole blocks"};
    }
    const auto method = key_block_method('D', "key block");
    const auto text = key_block_header_text(header, 2 * (payload.size() + method.mac));
    const BlockKeys keys{KeyType::aes, kbpk};
    const auto mac = mac_of(KeyType::aes, keys, text, payload);
    const auto hidden = run_cbc(KeyType::aes, BlockCipher::Way::encrypt, keys, mac, payload);
    return text + to_hex(hidden) + to_hex(mac);
}

KeyBlockHeader read_key_block_header(std::string_view block, const std::string& what) {
    return parse_key_block_header(block, what).header;
}

KeyBlock unwrap_key_block(std::string_view block, const SecretBytes& kbpk, const std::string& what) {
    auto parsed = parse_key_block_header(block, what);
    const auto method = key_block_method(parsed.header.version, what);
    const auto type = parsed.header.version == 'D' ? KeyType::aes : KeyType::des3;
    const auto rest = block.substr(parsed.size);
    if (rest.size() % (2 * method.block) != 0 || rest.size() < 2 * (method.block + method.mac)) {
        throw Error{Errc::input_invalid,
                    fmt::format("{}: offset {}: {} characters of key and MAC; whole blocks of {} expected",
                                what, parsed.size, rest.size(), 2 * method.block)};
    }
    const auto hidden_size = rest.size() - 2 * method.mac;
    const auto hidden = hexadecimal(rest.substr(0, hidden_size), parsed.size, what);
    const auto mac = hexadecimal(rest.substr(hidden_size), parsed.size + hidden_size, what);
    if (!fits(type, kbpk.size())) {
        throw Error{Errc::keys_failed,
                    fmt::format("{}: version {} needs {} transport key, not one of {} bytes", what,
                                parsed.header.version, type == KeyType::aes ? "an AES" : "a triple-DES",
                                kbpk.size())};
    }
    const BlockKeys keys{type, kbpk};
    const auto payload = run_cbc(type, BlockCipher::Way::decrypt, keys, mac, hidden);
    if (!equal_constant_time(mac_of(type, keys, block.substr(0, parsed.size), payload), mac)) {
        throw Error{
            Errc::keys_failed,
            fmt::format("{}: its MAC is wrong: it was made under another transport key, or changed on the "
                        "way; nothing of it was used",
                        what)};
    }
    auto key = key_of(payload, parsed.header, what);
    return {std::move(parsed.header), std::move(key)};
}

std::string key_check_field(const SecretBytes& key, KeyType type) {
    if (type == KeyType::des3) return "00" + to_hex(kcv(key, type));
    constexpr std::size_t shown = 5;
    return "01" + to_hex(ByteView{aes_cmac(key, Bytes(16, 0x00))}.first(shown));
}

}  // namespace kartsaz::keys
