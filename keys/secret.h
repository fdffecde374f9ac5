// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <botan/mem_ops.h>
#include <botan/secmem.h>

#include <concepts>
#include <utility>

#include "apdu/bytes.h"

namespace kartsaz::keys {

/// Key or PIN bytes: move-only, wiped on release, not printable, and readable in one way only, so
/// `grep -n 'reveal('` lists every place where a secret is used. There is no operator<<, no
/// formatter and no JSON for it: a key is named by keyset, version and KCV.
class SecretBytes {
public:
    SecretBytes() = default;
    explicit SecretBytes(Botan::secure_vector<std::uint8_t> bytes) : bytes_{std::move(bytes)} {}
    explicit SecretBytes(ByteView bytes) : bytes_(bytes.begin(), bytes.end()) {}
    SecretBytes(const SecretBytes&) = delete;
    SecretBytes& operator=(const SecretBytes&) = delete;
    SecretBytes(SecretBytes&&) noexcept = default;
    SecretBytes& operator=(SecretBytes&&) noexcept = default;
    ~SecretBytes() = default;

    /// A second copy, asked for by name because each copy is one more place to protect.
    SecretBytes clone() const { return SecretBytes{bytes_}; }

    std::size_t size() const noexcept { return bytes_.size(); }
    bool empty() const noexcept { return bytes_.empty(); }

    template <std::invocable<ByteView> Use>
    decltype(auto) reveal(Use&& use) const {
        return std::forward<Use>(use)(ByteView{bytes_});
    }

    /// Constant time in the content.
    friend bool operator==(const SecretBytes& a, const SecretBytes& b) {
        return a.size() == b.size() &&
               Botan::constant_time_compare(a.bytes_.data(), b.bytes_.data(), a.size());
    }

private:
    Botan::secure_vector<std::uint8_t> bytes_;
};

}  // namespace kartsaz::keys
