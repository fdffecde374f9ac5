// SPDX-License-Identifier: Apache-2.0
#include "libcard/sim/describe.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "libcard/sim/card_manager.h"
#include "libcard/sim/kinds.h"
#include "libcard/sim/passport.h"
#include "libcard/sim/signature_keys.h"

namespace kartsaz::sim {
namespace {

std::string life_cycle_name(std::uint8_t value) {
    switch (value) {
        case op_ready:
            return "OP_READY";
        case initialized:
            return "INITIALIZED";
        case secured:
            return "SECURED";
        case card_locked:
            return "CARD_LOCKED";
        case terminated:
            return "TERMINATED";
        default:
            return fmt::format("{:02X}", value);
    }
}

nlohmann::ordered_json keysets(const CardState& state) {
    auto list = nlohmann::ordered_json::array();
    for (const Keyset& keyset : state.keysets) {
        auto kcvs = nlohmann::ordered_json::array();
        for (const Bytes& key : keyset.keys) kcvs.push_back(to_hex(key_check_value(key, state.des_keys())));
        list.push_back({{"version", fmt::format("{:02X}", keyset.version)},
                        {"transport", keyset.transport},
                        {"type", state.des_keys() ? "DES" : "AES"},
                        {"bits", 8 * keyset.keys[0].size()},
                        {"kcv", kcvs},
                        {"sequence_counter", keyset.counter},
                        {"tries_left", keyset.tries}});
    }
    return list;
}

nlohmann::ordered_json files(const PassportState& passport) {
    auto list = nlohmann::ordered_json::array();
    for (const auto& [fid, file] : passport.files) {
        const LdsFile* known = lds_file(fid);
        list.push_back({{"fid", fmt::format("{:04X}", fid)},
                        {"name", known != nullptr ? known->name : ""},
                        {"size", file.size},
                        {"capacity", file.content.size()}});
    }
    return list;
}

nlohmann::ordered_json signature_files(const SignatureState& state) {
    auto list = nlohmann::ordered_json::array();
    for (const SignatureFile& file : state.files) {
        std::string path;
        for (const SignatureFile* at = &file; at != nullptr; at = state.file(at->parent)) {
            path = fmt::format("/{:04X}{}", at->fid, path);
        }
        const char* type = file.type == SignatureFile::Type::df            ? "DF"
                           : file.type == SignatureFile::Type::transparent ? "transparent EF"
                                                                           : "record EF";
        list.push_back({{"fid", fmt::format("{:04X}", file.fid)},
                        {"name", signature_file_name(file.fid)},
                        {"path", path},
                        {"type", type},
                        {"size", file.content.size()},
                        {"fcp", to_hex(file.fcp)}});
    }
    return list;
}

nlohmann::ordered_json signature(const SignatureState& state, unsigned version) {
    const char* life = state.life == signature_creation  ? "creation"
                       : state.life == signature_puk_set ? "PUK set"
                                                         : "operational";
    auto keys = nlohmann::ordered_json::array();
    for (std::size_t slot = 0; slot < state.keys.size(); ++slot) {
        const SignatureKey& key = state.keys.at(slot);
        if (key.pkcs8.empty()) continue;
        keys.push_back({{"reference", slot}, {"algorithm", key_name(key)}, {"made_in_card", !key.imported}});
    }
    nlohmann::ordered_json out{{"command_set", version},
                               {"state", life},
                               {"pin_tries_left", state.pin.tries},
                               {"puk_set", state.puk.has_value()},
                               {"import_allowed", state.import_allowed},
                               {"keys", keys},
                               {"files", signature_files(state)}};
    if (state.puk) out["puk_tries_left"] = state.puk->tries;
    return out;
}

nlohmann::ordered_json piv(const PivState& state, const PivTraits& traits) {
    auto keys = nlohmann::ordered_json::array();
    for (const auto& [reference, key] : state.keys) {
        const char* pin = key.pin == piv_never ? "never" : key.pin == piv_once ? "once" : "always";
        keys.push_back({{"reference", fmt::format("{:02X}", reference)},
                        {"algorithm", piv_algorithm_name(key.algorithm)},
                        {"made_in_card", !key.imported},
                        {"pin", pin}});
    }
    auto objects = nlohmann::ordered_json::array();
    for (const auto& [tag, content] : state.objects) {
        objects.push_back(
            {{"tag", fmt::format("{:X}", tag)}, {"name", piv_object_name(tag)}, {"size", content.size()}});
    }
    const auto& version = traits.version;
    return {{"version", fmt::format("{}.{}.{}", version[0], version[1], version[2])},
            {"pin_tries_left", state.pin.tries},
            {"pin_as_delivered", state.pin.factory},
            {"puk_tries_left", state.puk.tries},
            {"puk_as_delivered", state.puk.factory},
            {"management_key",
             {{"algorithm", piv_algorithm_name(state.management.algorithm)},
              {"as_delivered", state.management.factory}}},
            {"keys", keys},
            {"objects", objects}};
}

}  // namespace

std::string describe(const CardState& state, ByteView atr) {
    const PassportState& passport = state.passport;
    const char* active = !passport.aa_scalar.empty()    ? "ECDSA P-256"
                         : !passport.aa_modulus.empty() ? "RSA 1024"
                                                        : "none";
    nlohmann::ordered_json out{{"kind", state.kind},
                               {"serial", fmt::format("{:08X}", state.serial)},
                               {"atr", to_hex(atr)},
                               {"link", state.link},
                               {"scp", fmt::format("{:02X}", state.scp)},
                               {"scp_i", fmt::format("{:02X}", state.scp_i)},
                               {"repeatable", state.seed.has_value()},
                               {"life_cycle", life_cycle_name(state.life_cycle)},
                               {"keysets", keysets(state)}};
    const Kind& kind = kind_of(state.kind);
    if (kind.passport) {
        out["passport"] = {{"instance", to_hex(state.passport_instance.aid)},
                           {"locked", passport.locked},
                           {"open", state.open},
                           {"access_keys", !passport.access_seed.empty()},
                           {"active_authentication", active},
                           {"files", files(passport)}};
    }
    if (kind.signature.present) {
        out["signature"] = signature(state.signature, kind.signature.version);
        out["signature"]["instance"] = to_hex(state.signature_instance.aid);
    }
    if (kind.piv.present && state.piv) {
        out["piv"] = piv(*state.piv, kind.piv);
        out["piv"]["instance"] = to_hex(state.piv_instance.aid);
    }
    return out.dump(2);
}

}  // namespace kartsaz::sim
