// SPDX-License-Identifier: Apache-2.0
#include "keys/issuer.h"
#include "keys/key_store.h"
#include "keys/memory_key_store.h"

// DEVELOPMENT KEYS. Everything in this file is public: whoever reads it can open, rewrite and forge any card
// that is made with it. The profiles marked `production` refuse these keys, and every output made with
// them says so. The private key of the development country signer was not kept.
namespace kartsaz::keys {
namespace {

/// Published by GlobalPlatform's and every card maker's documents: 40 41 .. 4F.
constexpr std::string_view published_transport_key = "404142434445464748494A4B4C4D4E4F";

/// ASCII "KARTSAZ DEV ENC.", "KARTSAZ DEV MAC.", "KARTSAZ DEV DEK.": masters, never on a card themselves.
constexpr std::string_view development_master_enc = "4B41525453415A2044455620454E432E";
constexpr std::string_view development_master_mac = "4B41525453415A20444556204D41432E";
constexpr std::string_view development_master_dek = "4B41525453415A204445562044454B2E";

/// ASCII "KARTSAZ DEVELOPMENT AA MASTER 1.".
constexpr std::string_view development_master_aa =
    "4B41525453415A20444556454C4F504D454E54204141204D415354455220312E";

constexpr std::string_view development_document_signer =
    R"(DEVELOPMENT document signer: this private key is public.
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg8SuhAcZ5qjKJj1iY
gPz+q5Ta0mlHh/uP7HpWQnOr44ChRANCAASOdKzuAFQuOedG3nldom5bRBzu89T7
8UD5NHpJtEJDcT1JJEkDNOQ3oJXbE7yALrl5NLpMAdlcRxyxzbzgUmoN
-----END PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIICSjCCAfGgAwIBAgIFS1NURAIwCgYIKoZIzj0EAwIwdTELMAkGA1UEBhMCSVIx
HDAaBgNVBAoME0thcnRzYXogRGV2ZWxvcG1lbnQxGzAZBgNVBAsMEk5PVCBGT1Ig
UFJPRFVDVElPTjErMCkGA1UEAwwiS2FydHNheiBERVZFTE9QTUVOVCBDb3VudHJ5
IFNpZ25lcjAgFw0yMDAxMDEwMDAwMDBaGA8yMDYwMDEwMTAwMDAwMFoweDELMAkG
A1UEBhMCSVIxHDAaBgNVBAoME0thcnRzYXogRGV2ZWxvcG1lbnQxGzAZBgNVBAsM
Ek5PVCBGT1IgUFJPRFVDVElPTjEuMCwGA1UEAwwlS2FydHNheiBERVZFTE9QTUVO
VCBEb2N1bWVudCBTaWduZXIgMTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABI50
rO4AVC4550beeV2ibltEHO7z1PvxQPk0ekm0QkNxPUkkSQM05DegldsTvIAuuXk0
ukwB2VxHHLHNvOBSag2jaTBnMA4GA1UdDwEB/wQEAwIHgDAdBgNVHQ4EFgQUpQi/
tsokT4QVkArvtpXog+3Ep08wHwYDVR0jBBgwFoAU9S2PoY3H4Q139vO6z/Mlr4c6
1S8wFQYHZ4EIAQEGAgQKMAgCAQAxAxMBSTAKBggqhkjOPQQDAgNHADBEAiBkTX3r
5JPuxE8gJJQqSRmMPlETk5jec1HASA0j996p8wIgIl8/Qbq4x+PEjmimfkseVRRO
f5Au0ueuTkPEM3g0HXM=
-----END CERTIFICATE-----
)";

constexpr std::string_view development_csca = R"(-----BEGIN CERTIFICATE-----
MIICRDCCAeugAwIBAgIFS1NURAEwCgYIKoZIzj0EAwIwdTELMAkGA1UEBhMCSVIx
HDAaBgNVBAoME0thcnRzYXogRGV2ZWxvcG1lbnQxGzAZBgNVBAsMEk5PVCBGT1Ig
UFJPRFVDVElPTjErMCkGA1UEAwwiS2FydHNheiBERVZFTE9QTUVOVCBDb3VudHJ5
IFNpZ25lcjAgFw0yMDAxMDEwMDAwMDBaGA8yMDYwMDEwMTAwMDAwMFowdTELMAkG
A1UEBhMCSVIxHDAaBgNVBAoME0thcnRzYXogRGV2ZWxvcG1lbnQxGzAZBgNVBAsM
Ek5PVCBGT1IgUFJPRFVDVElPTjErMCkGA1UEAwwiS2FydHNheiBERVZFTE9QTUVO
VCBDb3VudHJ5IFNpZ25lcjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABB1FzJUw
14PYDpAJxHIDj1rPXcHONCKq17cvyNGNaVYhPelh44Qu/0ALHRnffN99rrg8n+3Y
ldTKtvl0IvLdgjqjZjBkMBIGA1UdEwEB/wQIMAYBAf8CAQAwDgYDVR0PAQH/BAQD
AgEGMB0GA1UdDgQWBBT1LY+hjcfhDXf287rP8yWvhzrVLzAfBgNVHSMEGDAWgBT1
LY+hjcfhDXf287rP8yWvhzrVLzAKBggqhkjOPQQDAgNHADBEAiA/qCQn3Qi65xC4
VPVVINR76ucXwsRt77N/79bASkr7NwIgKQzm9kx/OHtq/dsRcF+2gY5s3lvX8p2u
dpyStgy39WY=
-----END CERTIFICATE-----
)";

/// Of the development country signer: nothing is revoked; valid until 2060.
constexpr std::string_view development_crl = R"(-----BEGIN X509 CRL-----
MIIBMDCB1wIBATAKBggqhkjOPQQDAjB1MQswCQYDVQQGEwJJUjEcMBoGA1UECgwT
S2FydHNheiBEZXZlbG9wbWVudDEbMBkGA1UECwwSTk9UIEZPUiBQUk9EVUNUSU9O
MSswKQYDVQQDDCJLYXJ0c2F6IERFVkVMT1BNRU5UIENvdW50cnkgU2lnbmVyFw0y
MDAxMDEwMDAwMDBaGA8yMDYwMDEwMTAwMDAwMFqgLzAtMB8GA1UdIwQYMBaAFPUt
j6GNx+ENd/bzus/zJa+HOtUvMAoGA1UdFAQDAgEBMAoGCCqGSM49BAMCA0gAMEUC
IQCFfO5gUlGGa2i9ND0O6DzElPnscgzak6K9XV/mDYhpnAIgbuTGSVns1/f0is3x
SPQ450Kd1wJe+SSdoWe5tyEEvyo=
-----END X509 CRL-----
)";

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

    auto authentication = keyset("active-authentication", 0x01, Diversification::none);
    authentication.keys.emplace("aa", key(development_master_aa));
    content.keysets.push_back(std::move(authentication));

    content.blobs.emplace("document-signer", SecretBytes{to_bytes(development_document_signer)});
    content.development = true;
    return memory_key_store(std::move(content), "development keys");
}

std::string development_csca_pem() {
    return std::string{development_csca};
}

std::string development_crl_pem() {
    return std::string{development_crl};
}

}  // namespace kartsaz::keys
