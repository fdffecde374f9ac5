// SPDX-License-Identifier: Apache-2.0
// What is computed with masters that stay elsewhere equals what is computed with their bytes.
#include <catch2/catch.hpp>

#include "apdu/error.h"
#include "keys/active_authentication.h"
#include "keys/crypto.h"
#include "keys/key_store.h"

using namespace kartsaz;
using namespace kartsaz::keys;
using Catch::Contains;

namespace {

/// Holds the keys of a keyset and computes with them, as a token would.
class Elsewhere final : public HeldKeys {
public:
    explicit Elsewhere(const Keyset& from) {
        for (const auto& [role, key] : from.keys) keys_.emplace(role, key.clone());
    }
    std::vector<std::string> roles() const override {
        std::vector<std::string> out;
        for (const auto& entry : keys_) out.push_back(entry.first);
        return out;
    }
    SecretBytes kdf_counter_cmac(std::string_view role, ByteView fixed, std::size_t size) const override {
        return keys::kdf_counter_cmac(keys_.find(role)->second, fixed, size);
    }
    SecretBytes des3_ecb_encrypt(std::string_view role, ByteView blocks) const override {
        return SecretBytes{keys::des3_ecb_encrypt(keys_.find(role)->second, blocks)};
    }
    std::size_t key_size(std::string_view role) const override { return keys_.find(role)->second.size(); }
    Bytes kcv(std::string_view role, KeyType type) const override {
        return keys::kcv(keys_.find(role)->second, type);
    }
    std::string place() const override { return "elsewhere"; }

private:
    std::map<std::string, SecretBytes, std::less<>> keys_;
};

Keyset moved_out(const Keyset& from) {
    Keyset out;
    out.name = from.name;
    out.version = from.version;
    out.type = from.type;
    out.diversification = from.diversification;
    out.held = std::make_shared<Elsewhere>(from);
    return out;
}

}  // namespace

TEST_CASE("an Active Authentication key is the same from a master in memory and from one held elsewhere") {
    const auto store = development_keys();
    const auto& here = store->keyset("active-authentication");
    const auto there = moved_out(here);
    const auto chip = to_bytes("chip 4790-5168-479101500000ABCD");
    for (const auto algorithm : {AaAlgorithm::ecdsa_p256, AaAlgorithm::rsa_1024}) {
        const auto by_bytes = derive_aa_key(here.keys.at("aa"), algorithm, chip);
        for (const auto* keyset : {&here, &there}) {
            const auto by_keyset = derive_aa_key(*keyset, algorithm, chip);
            CHECK(by_keyset.public_key == by_bytes.public_key);
            CHECK(by_keyset.scalar == by_bytes.scalar);
            CHECK(by_keyset.modulus == by_bytes.modulus);
            CHECK(by_keyset.exponent == by_bytes.exponent);
        }
    }
}

TEST_CASE("a keyset without the role aa gives no Active Authentication key") {
    const auto store = development_keys();
    CHECK_THROWS_WITH(derive_aa_key(store->keyset("issuer"), AaAlgorithm::ecdsa_p256, Bytes{1}),
                      Contains("has no key \"aa\""));
}

TEST_CASE("a chip's secure-channel keys are the same from masters held elsewhere") {
    const auto store = development_keys();
    const auto& here = store->keyset("issuer");
    const auto kdd = from_hex("47905168479101500000");
    CHECK(moved_out(here).scp_keys(kdd).kcvs() == here.scp_keys(kdd).kcvs());
    CHECK(moved_out(here).kcvs() == here.kcvs());
}
