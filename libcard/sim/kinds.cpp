// SPDX-License-Identifier: Apache-2.0
#include "libcard/sim/kinds.h"

#include <array>
#include <string>

#include "apdu/error.h"

namespace kartsaz::sim {
namespace {

constexpr std::array<std::uint8_t, 8> every_pair{0x06, 0x07, 0x05, 0x16, 0x11, 0x14, 0xE0, 0xE1};
constexpr std::array<std::uint8_t, 4> every_management{0x03, 0x08, 0x0A, 0x0C};
constexpr std::array<std::uint8_t, 12> every_one{0x03, 0x08, 0x0A, 0x0C, 0x06, 0x07,
                                                 0x05, 0x16, 0x11, 0x14, 0xE0, 0xE1};
// SP 800-73-4 part 1, table 3, and what YubiKeys keep for their own tools
constexpr std::array<PivContainers, 6> every_container{{{0xC101, 0xC103, 0},
                                                        {0xC105, 0xC123, 0},
                                                        {0x007E, 0x007E, 0},
                                                        {0x7F61, 0x7F61, 0},
                                                        {0xFF00, 0xFF01, 0},
                                                        {0xFF10, 0xFF15, 0}}};
constexpr std::array<std::uint8_t, 4> pivapplet_pairs{0x06, 0x07, 0x11, 0x14};
constexpr std::array<std::uint8_t, 5> pivapplet_told{0x03, 0x0C, 0x07, 0x11, 0x14};
constexpr std::array<PivContainers, 2> pivapplet_containers{{{0xC100, 0xC117, 0}, {0xFF00, 0xFF01, 0}}};
constexpr std::array<std::uint8_t, 5> canokey_pairs{0x07, 0x05, 0x11, 0x14, 0xE0};
constexpr std::array<std::uint8_t, 1> canokey_management{0x03};
constexpr std::array<PivContainers, 9> canokey_containers{{{0xC101, 0xC101, 3000},
                                                           {0xC102, 0xC102, 2916},
                                                           {0xC103, 0xC103, 3000},
                                                           {0xC105, 0xC105, 3000},
                                                           {0xC107, 0xC107, 287},
                                                           {0xC108, 0xC108, 3000},
                                                           {0xC109, 0xC109, 245},
                                                           {0xC10A, 0xC10B, 3000},
                                                           {0xC10D, 0xC10E, 3000}}};

constexpr PivTraits full_piv{
    .present = true,
    .version = {5, 7, 0},
    .label = "Kartsaz PIV",
    .algorithms = every_pair,
    .management = every_management,
    .told = every_one,
    .containers = every_container,
    .max_data = 65535,
    .max_response = 65536,
    .chunk = 0,
    .memory = 512 * 1024,
    .remaining_cap = 0x100,
    .tells_lengths = true,
    .discovery_stored = true,
    .unknown_container = 0x6A81,
    .wrong_length = 0x6A80,
    .not_proved = 0x6982,
    .any_is_own = true,
    .pin_digits = true,
    .select_keeps = true,
    .policies = true,
    .agreement_on_9d = true,
    .sets_retries = true,
};

constexpr Kind kartsaz_kind{
    .name = "kartsaz",
    .description =
        "dual-interface blank: SCP03 card manager, passport application with PACE and ECDSA, "
        "extended length",
    .extended = true,
    .max_data = 8192,
    .max_response = 8192,
    .max_read = 0,
    .master_file = true,
    .scp_on_application = true,
    .sfi = true,
    .pace_domain = 12,
    .ecdsa = true,
    .create_selects = true,
    .elastic = true,
    .finger_files = true,
    .write_under_scp = true,
    .issuer_updates = true,
    // extended Lc and Le, described in EF.ATR/INFO (ISO/IEC 7816-4, 12.1.1.9)
    .capabilities = 0x60,
    .manager = {.present = true, .complete = true, .protects_responses = true},
    .signature = {.present = true, .rsa_3072 = true},
};

/// OpenSC takes a card that has both for a PIV card only, so a blank of ours has one of them in use.
constexpr Kind kartsaz_piv_kind() {
    Kind kind = kartsaz_kind;
    kind.name = "kartsaz-piv";
    kind.description =
        "the same with a complete PIV application: every container, large contents, all algorithms";
    kind.piv = full_piv;
    return kind;
}

constexpr std::array<Kind, 8> all_kinds{{
    kartsaz_kind,
    kartsaz_piv_kind(),
    {
        .name = "jmrtd",
        .description =
            "the JMRTD passport applet alone: open until locked, short APDUs, no DG3, BAC, RSA 1024",
        .max_read = 224,
        .plain_keeps_sm = true,
        .ignores_chaining = true,
        .manager = {},
    },
    {
        .name = "jcardengine",
        .description =
            "the JMRTD passport applet under a card manager that can authenticate and nothing else",
        .max_read = 224,
        .plain_keeps_sm = true,
        .ignores_chaining = true,
        .manager = {.present = true,
                    .any_version = true,
                    .fixed_kdd = true,
                    .mac_only_refused = true,
                    .empty_ends_session = true,
                    .max_data = 127},
    },
    {
        .name = "isoapplet",
        .description =
            "the IsoApplet signature applet alone, command set 01.00: extended length, RSA 2048 and "
            "4096, EC, PSS",
        .extended = true,
        .max_data = 32767,
        .max_response = 32767,
        .capabilities = 0x40,
        .manager = {},
        .passport = false,
        .signature = {.present = true},
    },
    {
        .name = "isoapplet-v0",
        .description =
            "the IsoApplet signature applet alone, command set 00.06: chaining and GET RESPONSE, RSA "
            "2048, EC with SHA-1 in the card",
        .extended = true,
        .max_data = 32767,
        .max_response = 32767,
        .capabilities = 0xC0,
        .manager = {},
        .passport = false,
        .signature = {.present = true, .version = 0},
    },
    {
        .name = "pivapplet",
        .description =
            "the PivApplet alone, as YubiKey 5.4.0: short commands and chaining, containers of up to 6,068 "
            "bytes, RSA 1024 and 2048, EC",
        .extended = true,
        .max_data = 255,
        .max_response = 65536,
        .capabilities = 0x80,
        .manager = {},
        .passport = false,
        .piv = {.present = true,
                .version = {5, 4, 0},
                .label = "PivApplet",
                .url = "https://github.com/arekinath/PivApplet",
                .full_aid = true,
                .pin_tries = 5,
                .last_retired = 0x8C,
                .algorithms = pivapplet_pairs,
                .management = every_management,
                .told = pivapplet_told,
                .containers = pivapplet_containers,
                .max_chain = 5 + 4 + 6068,
                .chunk = 255,
                .long_chain_hangs = true,
                .first_objects = true,
                .first_key_history = true,
                .unknown_container = 0x6A81,
                .wrong_length = 0x6A80,
                .not_proved = 0x6A80,
                .pin_digits = true,
                .puk_digits = true,
                .policies = true,
                .hashes_only = true,
                .erases_keys = true,
                .sets_retries = true,
                .attests = true,
                .short_metadata = true},
    },
    {
        .name = "canokey",
        .description = "a CanoKey's PIV application alone, as YubiKey 5.7.0: extended length and chaining, "
                       "containers of "
                       "up to 2,996 bytes, RSA 2048 and 3072, EC, Ed25519",
        .extended = true,
        .max_data = 65535,
        .max_response = 65536,
        .capabilities = 0xC0,
        .manager = {},
        .passport = false,
        .piv = {.present = true,
                .version = {5, 7, 0},
                .last_retired = 0x83,
                .algorithms = canokey_pairs,
                .management = canokey_management,
                .containers = canokey_containers,
                .chunk = 0,
                .pin_usage = 0x10,
                .first_objects = true,
                .unknown_container = 0x6A82,
                .wrong_length = 0x6700,
                .not_proved = 0x6982,
                .last_try_blocks = true,
                .pin_used_up = true,
                .agreement_on_9d = true},
    },
}};

}  // namespace

const Kind& kind_of(std::string_view name) {
    std::string known;
    for (const Kind& kind : all_kinds) {
        if (kind.name == name) return kind;
        known += (known.empty() ? "" : ", ") + std::string{kind.name};
    }
    throw Error{Errc::usage,
                "no kind of simulated body is named \"" + std::string{name} + "\"; there are " + known};
}

const std::vector<BodyKind>& body_kinds() {
    static const std::vector<BodyKind> kinds = [] {
        std::vector<BodyKind> list;
        for (const Kind& kind : all_kinds) {
            list.push_back({std::string{kind.name}, std::string{kind.description}});
        }
        return list;
    }();
    return kinds;
}

}  // namespace kartsaz::sim
