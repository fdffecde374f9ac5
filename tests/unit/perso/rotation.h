// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "keys/key_store.h"
#include "libcard/app/globalplatform/rotate.h"
#include "libcard/sim/body.h"

/// Cards whose keys are changed: a key store with two versions of the issuer's keys, and issued bodies.
namespace kartsaz::test {

inline constexpr std::uint8_t old_version = 0x31, new_version = 0x32;

/// "transport" as published; "issuer" versions 31, 32 and, where asked for, 33.
std::unique_ptr<keys::KeyStore> two_versions(keys::KeyType type = keys::KeyType::aes,
                                             std::size_t key_size = 16, bool third = false);
/// A seeded body that holds version 31 for this chip.
std::unique_ptr<sim::Body> issued_body(const keys::KeyStore& store, std::uint8_t scp_i = 0x70);
/// PUT KEY of one version of "issuer" under another, as some other tool would send it. @param replaced  00
/// adds
void put_keys(sim::Body& body, const keys::KeyStore& store, const std::string& under,
              std::uint8_t under_version, std::uint8_t replaced, std::uint8_t version);

app::globalplatform::RotationReport rotate(sim::Body& body, const keys::KeyStore& store,
                                           const perso::Journal* journal = nullptr,
                                           std::uint8_t to = new_version);

/// Versions that the body says it holds.
std::vector<int> versions_on(const sim::Body& body);
/// True when no keyset of the body has lost an authentication try.
bool all_tries_left(const sim::Body& body);

}  // namespace kartsaz::test
