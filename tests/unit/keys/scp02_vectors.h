// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "apdu/command.h"
#include "keys/scp.h"
#include "tests/unit/keys/key_vectors.h"

/// The vectors of scp02.json as keys, answers and steps.
namespace kartsaz::test {

/// Those with a whole handshake.
inline std::vector<Vector> scp02_sessions() {
    std::vector<Vector> out;
    for (auto& v : vectors("scp02", "scp02-session")) {
        if (v.has("host_challenge")) out.push_back(std::move(v));
    }
    return out;
}

inline Vector scp02_r_mac_vector() {
    return key_vector("scp02", "scp02-rmac-lvl11");
}

inline keys::ScpKeys scp02_keys(const Vector& v) {
    return {keys::SecretBytes{v.bytes("key_enc")}, keys::SecretBytes{v.bytes("key_mac")},
            keys::SecretBytes{v.bytes("key_dek")}, keys::KeyType::des3};
}

inline keys::InitializeUpdateResponse scp02_answer(const Vector& v, std::uint8_t i) {
    auto wire = v.bytes("initialize_update_response");
    wire.resize(wire.size() - 2);
    auto answer = keys::parse_initialize_update(wire);
    answer.i = i;
    return answer;
}

struct Scp02Step {
    apdu::CommandApdu plain;
    Bytes wrapped;
    std::optional<apdu::ResponseApdu> wire;
    Bytes response;  ///< plain, with the status word
};

inline std::vector<Scp02Step> scp02_steps(const Vector& v) {
    std::vector<Scp02Step> out;
    for (const auto& s : v.data.at("steps")) {
        const auto bytes = [&](const char* key) { return from_hex(s.at(key).template get<std::string>()); };
        Scp02Step step{apdu::decode_command(bytes("plain")), bytes("wrapped"), std::nullopt, {}};
        if (s.contains("response_wire")) {
            step.wire = apdu::decode_response(bytes("response_wire"));
            step.response = bytes("response_plain");
        }
        out.push_back(std::move(step));
    }
    return out;
}

}  // namespace kartsaz::test
