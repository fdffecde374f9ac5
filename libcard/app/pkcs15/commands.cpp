// SPDX-License-Identifier: Apache-2.0
#include "libcard/app/pkcs15/commands.h"

#include <fmt/format.h>

#include <algorithm>

#include "apdu/error.h"
#include "apdu/tlv.h"
#include "libcard/app/pkcs15/curves.h"
#include "libcard/app/pkcs15/objects.h"

namespace kartsaz::app::pkcs15 {

using apdu::CommandApdu;
using keys::KeyAlgorithm;

const Bytes applet_aid = from_hex("F276A288BCFBA69D34F31001");
const Bytes pkcs15_aid = from_hex("A000000063504B43532D3135");
const Bytes acl_df = from_hex("FF90FFFFFF909090");
const Bytes acl_file = from_hex("FF90FFFFFF909000");

namespace {

constexpr std::uint8_t computing = 0x41;  // MSE SET: computation, generation
constexpr std::uint8_t signing = 0xB6;

/// 6F {81 size, 82 kind, 83 fid, 86 access rules}: the form and order of OpenSC's driver.
CommandApdu create(std::uint16_t fid, std::uint8_t kind, const Bytes& size, ByteView acl) {
    apdu::TlvWriter out;
    out.nest(0x6F, [&](apdu::TlvWriter& in) {
        if (!size.empty()) in.put(0x81, size);
        in.put(0x82, Bytes{kind}).put(0x83, big_endian(fid, 2)).put(0x86, acl);
    });
    return {.cla = 0x00, .ins = 0xE0, .p1 = 0x00, .p2 = 0x00, .data = std::move(out).take()};
}

CommandApdu mse(std::uint8_t purpose, std::uint8_t algorithm, std::uint8_t key_reference) {
    return {.cla = 0x00,
            .ins = 0x22,
            .p1 = computing,
            .p2 = purpose,
            .data = {0x80, 0x01, algorithm, 0x84, 0x01, key_reference}};
}

std::uint8_t generation_of(KeyAlgorithm algorithm) {
    switch (algorithm) {
        case KeyAlgorithm::ec_p256:
        case KeyAlgorithm::ec_p384:
            return 0xEC;
        case KeyAlgorithm::rsa_2048:
            return 0xF3;
        case KeyAlgorithm::rsa_3072:
            return 0xF4;
        case KeyAlgorithm::rsa_4096:
            return 0xF5;
    }
    throw Error{Errc::internal, "unknown key algorithm"};
}

Bytes domain_parameters(const Curve& curve) {
    apdu::TlvWriter out;
    out.put(0x81, curve.p).put(0x82, curve.a).put(0x83, curve.b).put(0x84, curve.g).put(0x85, curve.n);
    out.put(0x87, Bytes{0x00, 0x01});  // two bytes, as the applet answers it
    return std::move(out).take();
}

/// DigestInfo of SHA-256 without the digest. Source: RFC 8017, 9.2, note 1.
const Bytes& sha256_info() {
    static const Bytes head = from_hex("3031300D060960864801650304020105000420");
    return head;
}

}  // namespace

CommandApdu get_version(bool extended) {
    return {.cla = 0x00, .ins = 0xCA, .p1 = 0x01, .p2 = 0x01, .data = {}, .ne = 256, .extended = extended};
}

std::optional<AppletVersion> parse_version(ByteView answer) {
    if (answer.size() != 3) return std::nullopt;
    return AppletVersion{answer[0], answer[1], answer[2]};
}

CommandApdu create_df(std::uint16_t fid, ByteView acl) {
    return create(fid, 0x38, {}, acl);
}

CommandApdu create_ef(std::uint16_t fid, std::size_t size, ByteView acl) {
    if (size == 0 || size > max_file_size) {
        throw Error{Errc::usage,
                    fmt::format("file {:04X} of {} bytes: 1 to {} can be made", fid, size, max_file_size)};
    }
    return create(fid, 0x01, big_endian(size, 2), acl);
}

CommandApdu delete_file(std::uint16_t fid) {
    return {.cla = 0x00, .ins = 0xE4, .p1 = 0x00, .p2 = 0x00, .data = big_endian(fid, 2)};
}

CommandApdu select_fid(std::uint16_t fid) {
    return {.cla = 0x00, .ins = 0xA4, .p1 = 0x00, .p2 = 0x00, .data = big_endian(fid, 2), .ne = 256};
}

CommandApdu pin_status() {
    return {.cla = 0x00, .ins = 0x20, .p1 = 0x00, .p2 = pin_reference, .data = {}};
}

CommandApdu puk_status() {
    return set_reference_header(puk_reference);
}

CommandApdu verify_header() {
    return {.cla = 0x00, .ins = 0x20, .p1 = 0x00, .p2 = pin_reference, .data = {}};
}

std::string fault_of_length(const keys::SecretBytes& pin, std::size_t longest) {
    if (pin.size() >= shortest_pin && pin.size() <= longest) return {};
    return fmt::format("the PIN has {} to {} characters", shortest_pin, longest);
}

keys::SecretBytes padded_pin(const keys::SecretBytes& pin, std::size_t size, std::uint8_t fill) {
    if (const auto fault = fault_of_length(pin, size); !fault.empty())
        throw Error{Errc::usage, fault + "; nothing was sent"};
    Botan::secure_vector<std::uint8_t> out(size, fill);
    pin.reveal([&](ByteView digits) { std::copy(digits.begin(), digits.end(), out.begin()); });
    return keys::SecretBytes{std::move(out)};
}

CommandApdu set_reference_header(std::uint8_t reference) {
    return {.cla = 0x00, .ins = 0x24, .p1 = 0x01, .p2 = reference, .data = {}};
}

CommandApdu reset_retry_header() {
    return {.cla = 0x00, .ins = 0x2C, .p1 = 0x00, .p2 = pin_reference, .data = {}};
}

CommandApdu mse_generate(KeyAlgorithm algorithm, std::uint8_t key_reference) {
    return mse(0x00, generation_of(algorithm), key_reference);
}

CommandApdu generate(KeyAlgorithm algorithm, bool extended) {
    const auto whole = static_cast<std::uint32_t>(generate_answer_size(algorithm));
    CommandApdu command{.cla = 0x00, .ins = 0x46, .p1 = 0x00, .p2 = 0x00, .data = {}};
    command.ne = extended ? whole : 256;
    if (is_rsa(algorithm)) {
        command.p1 = 0x42;
    } else {
        command.data = domain_parameters(curve_of(algorithm));
    }
    return command;
}

std::size_t generate_answer_size(KeyAlgorithm algorithm) {
    constexpr std::size_t outer = 5;  // 7F49 82 xxxx
    if (is_rsa(algorithm)) return outer + 4 + key_bits(algorithm) / 8 + 5;
    const std::size_t point = 2 + 1 + key_bits(algorithm) / 4;
    return outer + domain_parameters(curve_of(algorithm)).size() + point;
}

CommandApdu mse_sign(KeyAlgorithm algorithm, std::uint8_t key_reference) {
    return mse(signing, is_rsa(algorithm) ? 0x11 : 0x21, key_reference);
}

CommandApdu sign(KeyAlgorithm algorithm, ByteView digest) {
    CommandApdu command{.cla = 0x00, .ins = 0x2A, .p1 = 0x9E, .p2 = 0x9A, .data = {}};
    command.data = is_rsa(algorithm) ? concat({sha256_info(), digest}) : Bytes(digest.begin(), digest.end());
    command.ne = static_cast<std::uint32_t>(signature_size(algorithm));
    return command;
}

std::size_t signature_size(KeyAlgorithm algorithm) {
    const std::size_t bytes = key_bits(algorithm) / 8;
    // SEQUENCE of two INTEGERs with a leading zero each
    return is_rsa(algorithm) ? bytes : 2 + 2 * (2 + 1 + bytes);
}

std::size_t usual_signature_size(KeyAlgorithm algorithm) {
    // each of the two numbers needs its leading zero every other time
    return signature_size(algorithm) - (is_rsa(algorithm) ? 0 : 1);
}

bool is_rsa(KeyAlgorithm algorithm) {
    return algorithm != KeyAlgorithm::ec_p256 && algorithm != KeyAlgorithm::ec_p384;
}

std::size_t key_bits(KeyAlgorithm algorithm) {
    switch (algorithm) {
        case KeyAlgorithm::ec_p256:
            return 256;
        case KeyAlgorithm::ec_p384:
            return 384;
        case KeyAlgorithm::rsa_2048:
            return 2048;
        case KeyAlgorithm::rsa_3072:
            return 3072;
        case KeyAlgorithm::rsa_4096:
            return 4096;
    }
    throw Error{Errc::internal, "unknown key algorithm"};
}

Bytes sample_public_key(KeyAlgorithm algorithm) {
    apdu::TlvWriter answer;
    answer.nest(0x7F49, [&](apdu::TlvWriter& in) {
        if (is_rsa(algorithm)) {
            in.put(0x81, Bytes(key_bits(algorithm) / 8, 0xFF)).put(0x82, Bytes{0x01, 0x00, 0x01});
        } else {
            in.put(0x86, curve_of(algorithm).g);  // the base point is as long as every other
        }
    });
    return public_key_from_answer(answer.bytes(), keys::name(algorithm));
}

}  // namespace kartsaz::app::pkcs15
