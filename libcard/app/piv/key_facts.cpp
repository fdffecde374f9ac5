// SPDX-License-Identifier: Apache-2.0
#include "libcard/app/piv/key_facts.h"

#include <fmt/format.h>

#include <algorithm>

#include "apdu/error.h"
#include "apdu/tlv.h"
#include "keys/certificate_request.h"

namespace kartsaz::app::piv {
namespace {

constexpr std::uint32_t sequence = 0x30, integer = 0x02, bits = 0x03;

/// A key that FIPS 201 has retired and that old cards still have.
bool is_rsa_1024(ByteView public_key) {
    constexpr std::size_t modulus = 128;
    apdu::TlvReader in{public_key, "SubjectPublicKeyInfo"};
    auto outer = in.enter(in.next(sequence));
    const auto algorithm = outer.next(sequence);
    static const Bytes rsa = from_hex("06092A864886F70D0101010500");  // RFC 3279, 2.3.1
    if (!std::ranges::equal(algorithm.value, rsa)) return false;
    auto key = outer.next(bits);
    apdu::TlvReader inside{key.value.subspan(std::min<std::size_t>(1, key.value.size())), "RSAPublicKey"};
    const auto number = inside.enter(inside.next(sequence)).next(integer).value;
    return number.size() == modulus + 1 && number[0] == 0x00 && (number[1] & 0x80U) != 0;
}

}  // namespace

std::string key_fact(std::uint8_t reference, std::string_view name) {
    return fmt::format("key.{:02X}.{}", reference, name);
}

std::string key_name(ByteView public_key) {
    if (const auto known = keys::algorithm_of(public_key)) return std::string{keys::name(*known)};
    try {
        return is_rsa_1024(public_key) ? "rsa-1024" : "";
    } catch (const Error& error) {
        if (error.code() != Errc::input_invalid) throw;  // no key at all
        return {};
    }
}

std::string digest_name(keys::HashAlgorithm digest) {
    return digest == keys::HashAlgorithm::sha384 ? "sha384" : "sha256";
}

}  // namespace kartsaz::app::piv
