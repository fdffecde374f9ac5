// SPDX-License-Identifier: Apache-2.0
#include "libcard/sim/kinds.h"

#include <array>
#include <string>

#include "apdu/error.h"

namespace kartsaz::sim {
namespace {

constexpr std::array<Kind, 5> all_kinds{{
    {
        .name = "kartsaz",
        .description = "dual-interface blank: SCP03 card manager, passport application with PACE and ECDSA, "
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
    },
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
