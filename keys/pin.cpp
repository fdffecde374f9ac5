// SPDX-License-Identifier: Apache-2.0
#include "keys/pin.h"

#include <fmt/format.h>

#include "apdu/error.h"

namespace kartsaz::keys {
namespace {

constexpr std::size_t fewest_digits = 4, most_digits = 16;

/// All digits the same, or each one more, or each one less, than the one before (0 follows 9).
bool easily_guessed(const Botan::secure_vector<std::uint8_t>& digits) {
    const unsigned step = (digits[1] + 10U - digits[0]) % 10;
    if (step != 0 && step != 1 && step != 9) return false;
    for (std::size_t i = 2; i < digits.size(); ++i) {
        if ((digits[i] + 10U - digits[i - 1]) % 10 != step) return false;
    }
    return true;
}

/// The number of one block of the KDF as ASCII digits; empty when it must not be used.
Botan::secure_vector<std::uint8_t> number(const SecretBytes& block, std::size_t digits) {
    std::uint64_t range = 1;
    for (std::size_t i = 0; i < digits; ++i) range *= 10;
    std::uint64_t value = block.reveal([](ByteView bytes) { return big_endian(bytes); });
    Botan::secure_vector<std::uint8_t> out(digits);
    // the share of 2^64 above the last whole multiple of the range would make small numbers likelier
    const bool fair = value < UINT64_MAX - UINT64_MAX % range;
    for (auto at = out.rbegin(); at != out.rend(); ++at) {
        *at = static_cast<std::uint8_t>('0' + value % 10);
        value /= 10;
    }
    Botan::secure_scrub_memory(&value, sizeof(value));
    if (!fair || easily_guessed(out)) out.clear();
    return out;
}

}  // namespace

SecretBytes derive_pin(const Keyset& keyset, std::string_view role, std::string_view identity,
                       std::size_t digits) {
    if (digits < fewest_digits || digits > most_digits) {
        throw Error{Errc::usage, fmt::format("a {} of {} digits: {} to {} can be made", role, digits,
                                             fewest_digits, most_digits)};
    }
    if (identity.empty()) throw Error{Errc::usage, fmt::format("a {} for nobody", role)};
    // label 00 context length-in-bits, as NIST SP 800-108 orders them; the context ends with what the number
    // depends on besides the chip
    for (unsigned attempt = 1; attempt <= 255; ++attempt) {
        const auto fixed =
            concat({to_bytes("KARTSAZ "), to_bytes(role), Bytes{0}, to_bytes(identity),
                    Bytes{0, static_cast<std::uint8_t>(digits), static_cast<std::uint8_t>(attempt)},
                    big_endian(64, 4)});
        auto digits_of = number(keyset.kdf_counter_cmac(role, fixed, 8), digits);
        if (!digits_of.empty()) return SecretBytes{std::move(digits_of)};
    }
    throw Error{Errc::internal, "no PIN that may be given in 255 attempts"};
}

}  // namespace kartsaz::keys
