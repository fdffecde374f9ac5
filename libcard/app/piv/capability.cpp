// SPDX-License-Identifier: Apache-2.0
#include "libcard/app/piv/capability.h"

#include <algorithm>
#include <array>

#include "apdu/error.h"
#include "libcard/app/piv/key_commands.h"
#include "libcard/app/piv/objects.h"

namespace kartsaz::app::piv {
namespace {

using Kind = Capability::Kind;

constexpr std::size_t pivapplet_room = 6068;  // one byte more in a chain ends in 6F00 until SELECT
constexpr std::size_t yubikey_room = 3052;    // a buffer of 3,072 bytes
constexpr std::uint32_t short_answer = 255;   // PivApplet gives no more at a time, whatever Le says

struct Room {
    std::uint32_t tag;
    std::size_t value;
};
/// CanoKey: capacities of 3,000, 2,916, 287 and 245 bytes hold tag and length of 53, too.
constexpr std::array<Room, 11> canokey_rooms{{{0x5FC101, 2996},
                                              {0x5FC102, 2912},
                                              {0x5FC103, 2996},
                                              {0x5FC105, 2996},
                                              {0x5FC107, 283},
                                              {0x5FC108, 2996},
                                              {0x5FC109, 242},
                                              {0x5FC10A, 2996},
                                              {0x5FC10B, 2996},
                                              {0x5FC10D, 2996},
                                              {0x5FC10E, 2996}}};

/// What CanoKey answers for its discovery object: the primary PIN is named though there is only one.
bool is_canokey_discovery(ByteView discovery) {
    if (discovery.empty()) return false;
    try {
        return decode_discovery(discovery).policy == Bytes{Discovery::piv_pin, Discovery::piv_pin_primary};
    } catch (const Error& error) {
        if (error.code() != Errc::input_invalid) throw;
        return false;
    }
}

bool says_canokey(ByteView atr) {
    std::string text = to_text(atr);
    std::ranges::transform(text, text.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
    return text.find("canokey") != std::string::npos;
}

Kind kind_of(const PropertyTemplate& property, const std::string& version, ByteView discovery, ByteView atr) {
    if (property.lengths) return Kind::announced;
    if (property.label.starts_with("PivApplet")) return Kind::pivapplet;
    if (says_canokey(atr) || (!version.empty() && is_canokey_discovery(discovery))) return Kind::canokey;
    return version.empty() ? Kind::plain : Kind::yubikey;
}

}  // namespace

std::string_view Capability::name() const {
    switch (kind) {
        case Kind::announced:
            return "a card that tells its lengths";
        case Kind::pivapplet:
            return "PivApplet";
        case Kind::canokey:
            return "CanoKey";
        case Kind::yubikey:
            return "a YubiKey or its like";
        case Kind::plain:
            return "a card of which only SP 800-73 is known";
    }
    return "";
}

std::optional<std::size_t> Capability::room(const Container& container) const {
    const bool own_tag = !container.wrapped;
    switch (kind) {
        case Kind::announced: {
            constexpr std::size_t header = 5 + 4;  // 5C with the tag, 53 with the length
            // what comes in one command on a better reader comes chained here
            return std::max(told, container.size + header) - header;
        }
        case Kind::pivapplet:
            if (own_tag || container.tag > 0x5FC117) return std::nullopt;
            return pivapplet_room;
        case Kind::canokey: {
            const auto found = std::ranges::find(canokey_rooms, container.tag, &Room::tag);
            return found == canokey_rooms.end() ? std::nullopt : std::optional{found->value};
        }
        case Kind::yubikey:
            if (own_discovery() && container.id == id_discovery) return std::nullopt;
            return yubikey_room;
        case Kind::plain:
            return container.size;
    }
    return std::nullopt;
}

bool Capability::makes(keys::KeyAlgorithm algorithm) const {
    return algorithms.empty() || std::ranges::count(algorithms, algorithm_id(algorithm)) > 0;
}

std::uint32_t Capability::ne_for(std::size_t size) const {
    if (kind == Kind::pivapplet) return short_answer;
    const auto wanted = static_cast<std::uint32_t>(size);
    return wanted <= 256 ? 256 : std::min(wanted, std::max<std::uint32_t>(response, 256));
}

bool Capability::own_discovery() const {
    return kind == Kind::pivapplet || kind == Kind::canokey || kind == Kind::yubikey;
}

bool Capability::is_imported(std::uint8_t origin) const {
    return kind == Kind::pivapplet ? origin == 0x01 : origin == 0x02;
}

Capability capability_of(const PropertyTemplate& property, const std::string& version, ByteView discovery,
                         ByteView atr, const apdu::BlockLimits& limits) {
    Capability out;
    out.kind = kind_of(property, version, discovery, atr);
    if (property.lengths) out.told = property.lengths->command_data;
    if (limits.extended() && out.kind != Kind::pivapplet) {
        const auto& told = property.lengths ? *property.lengths : limits;
        out.block = std::max<std::size_t>(told.command_data, 255);
        out.response = static_cast<std::uint32_t>(std::clamp<std::size_t>(told.response_data, 256, 65536));
    }
    const auto is_pair = [](std::uint8_t id) { return algorithm_of_id(id) || id == algorithm_rsa_1024; };
    std::ranges::copy_if(property.algorithms, std::back_inserter(out.algorithms), is_pair);
    if (out.kind == Kind::canokey)
        out.algorithms = {algorithm_rsa_2048, algorithm_rsa_3072, algorithm_ec_p256, algorithm_ec_p384};
    if (out.kind == Kind::yubikey)
        out.algorithms = {algorithm_rsa_2048, algorithm_ec_p256, algorithm_ec_p384};
    return out;
}

}  // namespace kartsaz::app::piv
