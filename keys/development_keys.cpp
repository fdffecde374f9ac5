// SPDX-License-Identifier: Apache-2.0
#include "keys/development_pki.h"
#include "keys/key_store.h"
#include "keys/memory_key_store.h"

// DEVELOPMENT KEYS. Everything in this file is public: whoever reads it can open, rewrite and forge any card
// that is made with it. The profiles marked `production` refuse these keys, and every output made with
// them says so.
namespace kartsaz::keys {
namespace {

/// Published by GlobalPlatform's and every card maker's documents: 40 41 .. 4F.
constexpr std::string_view published_transport_key = "404142434445464748494A4B4C4D4E4F";

/// ASCII "KARTSAZ DEV ENC.", "KARTSAZ DEV MAC.", "KARTSAZ DEV DEK.": masters, never on a card themselves.
constexpr std::string_view development_master_enc = "4B41525453415A2044455620454E432E";
constexpr std::string_view development_master_mac = "4B41525453415A20444556204D41432E";
constexpr std::string_view development_master_dek = "4B41525453415A204445562044454B2E";

/// ASCII "KARTSAZ DES ENC.", "KARTSAZ DES MAC.", "KARTSAZ DES DEK.": the same for cards with SCP02.
constexpr std::string_view development_des_master_enc = "4B41525453415A2044455320454E432E";
constexpr std::string_view development_des_master_mac = "4B41525453415A20444553204D41432E";
constexpr std::string_view development_des_master_dek = "4B41525453415A204445532044454B2E";

/// ASCII "KARTSAZ DEVELOPMENT AA MASTER 1.".
constexpr std::string_view development_master_aa =
    "4B41525453415A20444556454C4F504D454E54204141204D415354455220312E";

/// ASCII "KARTSAZ DEVELOPMENT PIN MASTER 1", "KARTSAZ DEVELOPMENT PUK MASTER 1".
constexpr std::string_view development_master_pin =
    "4B41525453415A20444556454C4F504D454E542050494E204D41535445522031";
constexpr std::string_view development_master_puk =
    "4B41525453415A20444556454C4F504D454E542050554B204D41535445522031";

/// ASCII "KARTSAZ DEVELOPMENT 9B MASTER 01".
constexpr std::string_view development_master_management =
    "4B41525453415A20444556454C4F504D454E54203942204D4153544552203031";

SecretBytes key(std::string_view hex) {
    return SecretBytes{from_hex(hex)};
}

Keyset keyset(std::string name, std::uint8_t version, Diversification diversification) {
    Keyset out;
    out.name = std::move(name);
    out.version = version;
    out.diversification = diversification;
    out.development = true;
    return out;
}

}  // namespace

std::unique_ptr<KeyStore> development_keys() {
    KeyStoreContent content;

    auto transport = keyset("transport", 0x30, Diversification::none);
    for (const auto* role : {"enc", "mac", "dek"}) transport.keys.emplace(role, key(published_transport_key));
    content.keysets.push_back(std::move(transport));

    auto issuer = keyset("issuer", 0x31, Diversification::kdf3);
    issuer.keys.emplace("enc", key(development_master_enc));
    issuer.keys.emplace("mac", key(development_master_mac));
    issuer.keys.emplace("dek", key(development_master_dek));
    content.keysets.push_back(std::move(issuer));

    auto des_transport = keyset("transport", 0x20, Diversification::none);
    des_transport.type = KeyType::des3;
    for (const auto* role : {"enc", "mac", "dek"})
        des_transport.keys.emplace(role, key(published_transport_key));
    content.keysets.push_back(std::move(des_transport));

    auto des_issuer = keyset("issuer", 0x21, Diversification::emv_cps11);
    des_issuer.type = KeyType::des3;
    des_issuer.keys.emplace("enc", key(development_des_master_enc));
    des_issuer.keys.emplace("mac", key(development_des_master_mac));
    des_issuer.keys.emplace("dek", key(development_des_master_dek));
    content.keysets.push_back(std::move(des_issuer));

    auto authentication = keyset("active-authentication", 0x01, Diversification::none);
    authentication.keys.emplace("aa", key(development_master_aa));
    content.keysets.push_back(std::move(authentication));

    auto pin = keyset("pin", 0x01, Diversification::none);
    pin.keys.emplace("pin", key(development_master_pin));
    pin.keys.emplace("puk", key(development_master_puk));
    content.keysets.push_back(std::move(pin));

    auto management = keyset("piv-management", 0x01, Diversification::none);
    management.keys.emplace("management", key(development_master_management));
    content.keysets.push_back(std::move(management));

    content.blobs = development_identities();
    content.development = true;
    return memory_key_store(std::move(content), "development keys");
}

}  // namespace kartsaz::keys
