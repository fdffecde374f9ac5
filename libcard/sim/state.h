// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "apdu/bytes.h"
#include "libcard/sim/piv_state.h"
#include "libcard/sim/signature_state.h"

/// What a body keeps without power.
namespace kartsaz::sim {

/// Tries that a keyset has before it blocks.
constexpr std::uint8_t full_tries = 10;

/// Key-ENC, Key-MAC, Key-DEK of one version.
struct Keyset {
    std::uint8_t version = 0;
    std::array<Bytes, 3> keys{};
    std::uint32_t counter = 0;  ///< sequence counter: SCP03 three bytes, SCP02 two
    std::uint8_t tries = full_tries;
    bool transport = false;  ///< the maker's keys, known to everybody
};

struct StoredFile {
    std::uint16_t size = 0;
    Bytes content{};  ///< as long as the capacity
};

struct PassportState {
    std::map<std::uint16_t, StoredFile> files{};
    bool locked = false;
    Bytes access_seed{};  ///< SHA-1 of the MRZ information: BAC key seed and PACE password; empty: none
    Bytes aa_modulus{}, aa_exponent{};
    Bytes aa_scalar{};  ///< P-256
};

/// An application's instance. Without AID: its package is loaded, and INSTALL was not sent yet.
struct Instance {
    Bytes aid{};
    std::array<std::uint8_t, 3> privileges{};

    bool there() const { return !aid.empty(); }
};

/// Card life cycle: GPCS 2.3.1, table 11-6.
enum LifeCycle : std::uint8_t {
    op_ready = 0x01,
    initialized = 0x07,
    secured = 0x0F,
    card_locked = 0x7F,
    terminated = 0xFF
};

struct CardState {
    std::string kind{};
    std::uint32_t serial = 0;
    std::optional<Bytes> seed{};
    std::uint8_t scp = 3;  ///< secure channel protocol of the card manager
    std::uint8_t scp_i = 0x70;
    std::string link{};
    bool open = false;  ///< written in the clear until locked, whatever its kind demands
    std::uint8_t life_cycle = op_ready;
    std::vector<Keyset> keysets{};
    Instance passport_instance{.aid = {0xA0, 0x00, 0x00, 0x02, 0x47, 0x10, 0x01}};
    Instance signature_instance{
        .aid = {0xF2, 0x76, 0xA2, 0x88, 0xBC, 0xFB, 0xA6, 0x9D, 0x34, 0xF3, 0x10, 0x01}};
    Instance piv_instance{.aid = {0xA0, 0x00, 0x00, 0x03, 0x08, 0x00, 0x00, 0x10, 0x00, 0x01, 0x00}};
    PassportState passport{};
    SignatureState signature{};
    std::optional<PivState> piv{};  ///< empty where the kind has no such application

    bool des_keys() const { return scp == 2; }

    Keyset* keyset(std::uint8_t version);
};

/// The form of the body file; docs/simulator.md describes it.
Bytes encode(const CardState& state);
/// @param name  of the file, for error texts
/// @throws Error{store_failed} naming file, offset and rule
CardState decode(ByteView bytes, const std::string& name);

}  // namespace kartsaz::sim
