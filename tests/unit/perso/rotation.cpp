// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/perso/rotation.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "apdu/iso7816.h"
#include "keys/crypto.h"
#include "keys/memory_key_store.h"
#include "libcard/perso/secure_session.h"
#include "libcard/reader/sim_transport.h"

namespace kartsaz::test {
namespace {

const Bytes isd = from_hex("A000000151000000");

keys::Keyset issuer(std::uint8_t version, keys::KeyType type, std::size_t size) {
    keys::Keyset out;
    out.name = "issuer";
    out.version = version;
    out.type = type;
    out.diversification =
        type == keys::KeyType::aes ? keys::Diversification::kdf3 : keys::Diversification::emv_cps11;
    for (const auto* role : {"enc", "mac", "dek"}) {
        out.keys.emplace(role, keys::random_secret(type == keys::KeyType::aes ? size : 16));
    }
    return out;
}

}  // namespace

std::unique_ptr<keys::KeyStore> two_versions(keys::KeyType type, std::size_t key_size, bool third) {
    keys::KeyStoreContent content;
    keys::Keyset transport;
    transport.name = "transport";
    transport.version = 0x30;
    transport.type = type;
    transport.development = true;
    for (const auto* role : {"enc", "mac", "dek"}) {
        transport.keys.emplace(role, keys::SecretBytes{from_hex("404142434445464748494A4B4C4D4E4F")});
    }
    content.keysets.push_back(std::move(transport));
    content.keysets.push_back(issuer(old_version, type, key_size));
    content.keysets.push_back(issuer(new_version, type, key_size));
    if (third) content.keysets.push_back(issuer(0x33, type, key_size));
    return keys::memory_key_store(std::move(content), "test keys");
}

void put_keys(sim::Body& body, const keys::KeyStore& store, const std::string& under,
              std::uint8_t under_version, std::uint8_t replaced, std::uint8_t version) {
    const auto card = reader::sim_transport(body);
    REQUIRE(card->transmit(apdu::select_aid(isd)).sw.ok());
    const auto probe = perso::probe_keys(*card, store, {}, under_version, isd);
    std::optional<keys::ScpKeys> used;
    const auto channel =
        perso::open_channel(*card, store, {under, under_version, keys::ScpLevel::c_mac_c_dec},
                            probe.answer.form(), nullptr, &used);
    const auto fresh = store.keyset("issuer", version).scp_keys(probe.answer.kdd);
    apdu::CommandApdu command{.cla = 0x80, .ins = 0xD8, .p1 = replaced, .p2 = 0x81, .data = {}, .ne = 256};
    keys::put_key_data(fresh, version, used->dek).reveal([&](ByteView bytes) {
        command.data.assign(bytes.begin(), bytes.end());
    });
    REQUIRE(channel->transmit(command).sw.ok());
}

std::unique_ptr<sim::Body> issued_body(const keys::KeyStore& store, std::uint8_t scp_i) {
    sim::NewBody options;
    options.seed = Bytes(32, 0x5A);
    options.serial = 0x00C0FFEE;
    options.scp_i = scp_i;
    auto body = sim::Body::create(options);
    put_keys(*body, store, "transport", 0, 0x30, old_version);
    return body;
}

app::globalplatform::RotationReport rotate(sim::Body& body, const keys::KeyStore& store,
                                           const perso::Journal* journal, std::uint8_t to) {
    const auto card = reader::sim_transport(body);
    app::globalplatform::Rotation rotation;
    rotation.to = to;
    return app::globalplatform::rotate_keys(*card, store, rotation, journal);
}

std::vector<int> versions_on(const sim::Body& body) {
    std::vector<int> out;
    const auto state = nlohmann::json::parse(body.describe_json());
    for (const auto& keyset : state.at("keysets")) {
        out.push_back(std::stoi(keyset.at("version").get<std::string>(), nullptr, 16));
    }
    return out;
}

bool all_tries_left(const sim::Body& body) {
    const auto state = nlohmann::json::parse(body.describe_json());
    for (const auto& keyset : state.at("keysets")) {
        if (keyset.at("tries_left").get<int>() != 10) return false;
    }
    return true;
}

}  // namespace kartsaz::test
