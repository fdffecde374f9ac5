// SPDX-License-Identifier: Apache-2.0
#include "keys/development_pki.h"

#include "keys/issuer.h"

// DEVELOPMENT KEYS, PUBLIC. Made once with OpenSSL; each certificate says NOT FOR PRODUCTION and is valid
// from 2020 to 2060, so that tests may ask at any date between.
namespace kartsaz::keys {
namespace {

constexpr std::string_view country_key = R"(DEVELOPMENT country signer: this private key is public.
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgwzKHWAlKXNt+LFhl
hgQk8rEj9RzeIVMet8WIZPbib/+hRANCAAQAlKLFmPvsUAbolG8WJmZdMizVtW7m
1iIA8mRZjUEKsijmCJ4JbzWKxNT487V4fwXl2lrG/sTMcblE3IqIGYlK
-----END PRIVATE KEY-----
)";

constexpr std::string_view country_certificate = R"(-----BEGIN CERTIFICATE-----
MIICIzCCAcqgAwIBAgIFS1NURAEwCgYIKoZIzj0EAwIwdTELMAkGA1UEBhMCSVIx
HDAaBgNVBAoME0thcnRzYXogRGV2ZWxvcG1lbnQxGzAZBgNVBAsMEk5PVCBGT1Ig
UFJPRFVDVElPTjErMCkGA1UEAwwiS2FydHNheiBERVZFTE9QTUVOVCBDb3VudHJ5
IFNpZ25lcjAgFw0yMDAxMDEwMDAwMDBaGA8yMDYwMDEwMTAwMDAwMFowdTELMAkG
A1UEBhMCSVIxHDAaBgNVBAoME0thcnRzYXogRGV2ZWxvcG1lbnQxGzAZBgNVBAsM
Ek5PVCBGT1IgUFJPRFVDVElPTjErMCkGA1UEAwwiS2FydHNheiBERVZFTE9QTUVO
VCBDb3VudHJ5IFNpZ25lcjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABACUosWY
++xQBuiUbxYmZl0yLNW1bubWIgDyZFmNQQqyKOYInglvNYrE1PjztXh/BeXaWsb+
xMxxuUTciogZiUqjRTBDMBIGA1UdEwEB/wQIMAYBAf8CAQAwDgYDVR0PAQH/BAQD
AgEGMB0GA1UdDgQWBBSLbWatzJ+/7X8l4RQoTEtpYS8gtTAKBggqhkjOPQQDAgNH
ADBEAiBhrThlJqsnhzbcHuBCs+zeXEynlFqDFpwjChNp8PAO6AIgDJDONcHrq5/v
ioEwZJOmUqWeCnWHLu6jaJIQHWbPO74=
-----END CERTIFICATE-----
)";

/// Nothing is revoked; valid until 2060.
constexpr std::string_view country_crl = R"(-----BEGIN X509 CRL-----
MIIBMTCB1wIBATAKBggqhkjOPQQDAjB1MQswCQYDVQQGEwJJUjEcMBoGA1UECgwT
S2FydHNheiBEZXZlbG9wbWVudDEbMBkGA1UECwwSTk9UIEZPUiBQUk9EVUNUSU9O
MSswKQYDVQQDDCJLYXJ0c2F6IERFVkVMT1BNRU5UIENvdW50cnkgU2lnbmVyFw0y
MDAxMDEwMDAwMDBaGA8yMDYwMDEwMTAwMDAwMFqgLzAtMB8GA1UdIwQYMBaAFItt
Zq3Mn7/tfyXhFChMS2lhLyC1MAoGA1UdFAQDAgEBMAoGCCqGSM49BAMCA0kAMEYC
IQCTOFv1NfiPpkaK+Ou4uZbjAYJyIboaZOpJSWqHQEYt4wIhANiezeeHiPBsOLqU
9GhRK+gAa3nQEAnen0ML6WdOu3G9
-----END X509 CRL-----
)";

constexpr std::string_view document_signer = R"(DEVELOPMENT document signer: this private key is public.
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgIG8EbpCPSh66nhkS
VryzzwAqh7mbrYNkKW5yAONb32GhRANCAASQ6U48lUJ0ljQjtKSL9Sk2/N1MSqr0
ijYrlrw6B/DfTWTxqBM5z/NACptLanYGQcefpL9AEFpI8dtBMBNR8vL6
-----END PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIICSjCCAfGgAwIBAgIFS1NURAIwCgYIKoZIzj0EAwIwdTELMAkGA1UEBhMCSVIx
HDAaBgNVBAoME0thcnRzYXogRGV2ZWxvcG1lbnQxGzAZBgNVBAsMEk5PVCBGT1Ig
UFJPRFVDVElPTjErMCkGA1UEAwwiS2FydHNheiBERVZFTE9QTUVOVCBDb3VudHJ5
IFNpZ25lcjAgFw0yMDAxMDEwMDAwMDBaGA8yMDYwMDEwMTAwMDAwMFoweDELMAkG
A1UEBhMCSVIxHDAaBgNVBAoME0thcnRzYXogRGV2ZWxvcG1lbnQxGzAZBgNVBAsM
Ek5PVCBGT1IgUFJPRFVDVElPTjEuMCwGA1UEAwwlS2FydHNheiBERVZFTE9QTUVO
VCBEb2N1bWVudCBTaWduZXIgMTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABJDp
TjyVQnSWNCO0pIv1KTb83UxKqvSKNiuWvDoH8N9NZPGoEznP80AKm0tqdgZBx5+k
v0AQWkjx20EwE1Hy8vqjaTBnMA4GA1UdDwEB/wQEAwIHgDAdBgNVHQ4EFgQU+YAQ
KM3840Kqz5X+ui0FkQN2k7gwHwYDVR0jBBgwFoAUi21mrcyfv+1/JeEUKExLaWEv
ILUwFQYHZ4EIAQEGAgQKMAgCAQAxAxMBSTAKBggqhkjOPQQDAgNHADBEAiAW69BZ
RZZVxTwIU+ALSik2rdAlbNNc5FyazIK9oWneuAIgPcHhZ6/MFhwQdYFplJx0pMQ4
tEUGDOyKzAgLa6aLjQ8=
-----END CERTIFICATE-----
)";

/// Signs what PIV cards carry; below the country signer, with the extended usage id-PIV-content-signing.
constexpr std::string_view content_signer = R"(DEVELOPMENT content signer: this private key is public.
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgyJy9evADVBIRTQM3
EsV/TD00VzzhpcvSeLxCe/UEhv2hRANCAATmeaGylHM0c/SdTTg60t//QPvvYuQh
iaOW09aSlGmEpSSCqY/K3JQPdT4UvRKLxCp5BmVrqHrBHk0JD6rovV8y
-----END PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIICSzCCAfGgAwIBAgIFS1NURAQwCgYIKoZIzj0EAwIwdTELMAkGA1UEBhMCSVIx
HDAaBgNVBAoME0thcnRzYXogRGV2ZWxvcG1lbnQxGzAZBgNVBAsMEk5PVCBGT1Ig
UFJPRFVDVElPTjErMCkGA1UEAwwiS2FydHNheiBERVZFTE9QTUVOVCBDb3VudHJ5
IFNpZ25lcjAgFw0yMDAxMDEwMDAwMDBaGA8yMDYwMDEwMTAwMDAwMFowdzELMAkG
A1UEBhMCSVIxHDAaBgNVBAoME0thcnRzYXogRGV2ZWxvcG1lbnQxGzAZBgNVBAsM
Ek5PVCBGT1IgUFJPRFVDVElPTjEtMCsGA1UEAwwkS2FydHNheiBERVZFTE9QTUVO
VCBDb250ZW50IFNpZ25lciAxMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE5nmh
spRzNHP0nU04OtLf/0D772LkIYmjltPWkpRphKUkgqmPytyUD3U+FL0Si8QqeQZl
a6h6wR5NCQ+q6L1fMqNqMGgwDgYDVR0PAQH/BAQDAgeAMBYGA1UdJQEB/wQMMAoG
CGCGSAFlAwYHMB0GA1UdDgQWBBRSfDx7ERjxdx2joUChDWOc1gnwWDAfBgNVHSME
GDAWgBSLbWatzJ+/7X8l4RQoTEtpYS8gtTAKBggqhkjOPQQDAgNIADBFAiAFhkWj
9XllN5VfOAFwNP0PIaydW9DSftTxI4fmSYBASgIhAPW1YzOkEMlq/DtR3c4tjY9g
MjTUaeIvrckk9qU5mSia
-----END CERTIFICATE-----
)";

constexpr std::string_view citizen_key = R"(DEVELOPMENT citizen CA: this private key is public.
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg9DTtDcuwwgyHvlL6
b7gX6Hnh+kOkUbyrASAAS9jD6FChRANCAAQE1C/Jl1x2dxA6v5usQtgDKo0nT/Do
20N6VBBjIOGPEdpA3W0wb0HSc08v7VkvFQf3r8wfrtUGd6edFQekHAdW
-----END PRIVATE KEY-----
)";

/// Signed by itself.
constexpr std::string_view citizen_certificate = R"(-----BEGIN CERTIFICATE-----
MIICGzCCAcKgAwIBAgIFS1NURAMwCgYIKoZIzj0EAwIwcTELMAkGA1UEBhMCSVIx
HDAaBgNVBAoME0thcnRzYXogRGV2ZWxvcG1lbnQxGzAZBgNVBAsMEk5PVCBGT1Ig
UFJPRFVDVElPTjEnMCUGA1UEAwweS2FydHNheiBERVZFTE9QTUVOVCBDaXRpemVu
IENBMCAXDTIwMDEwMTAwMDAwMFoYDzIwNjAwMTAxMDAwMDAwWjBxMQswCQYDVQQG
EwJJUjEcMBoGA1UECgwTS2FydHNheiBEZXZlbG9wbWVudDEbMBkGA1UECwwSTk9U
IEZPUiBQUk9EVUNUSU9OMScwJQYDVQQDDB5LYXJ0c2F6IERFVkVMT1BNRU5UIENp
dGl6ZW4gQ0EwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQE1C/Jl1x2dxA6v5us
QtgDKo0nT/Do20N6VBBjIOGPEdpA3W0wb0HSc08v7VkvFQf3r8wfrtUGd6edFQek
HAdWo0UwQzASBgNVHRMBAf8ECDAGAQH/AgEAMA4GA1UdDwEB/wQEAwIBBjAdBgNV
HQ4EFgQUnjdm9mepkeMS7kdWEn8tz8PT0p8wCgYIKoZIzj0EAwIDRwAwRAIgGdiZ
D/UlpN6A2DkJEm+3btKHJaYlYs8Xzw5/Bu7lRnUCIFdULAXCCsryFgpKNwvSbKFN
ymPDHRkX1m7+5VFCVPwq
-----END CERTIFICATE-----
)";

/// Nothing is revoked; valid until 2060.
constexpr std::string_view citizen_crl = R"(-----BEGIN X509 CRL-----
MIIBLDCB0wIBATAKBggqhkjOPQQDAjBxMQswCQYDVQQGEwJJUjEcMBoGA1UECgwT
S2FydHNheiBEZXZlbG9wbWVudDEbMBkGA1UECwwSTk9UIEZPUiBQUk9EVUNUSU9O
MScwJQYDVQQDDB5LYXJ0c2F6IERFVkVMT1BNRU5UIENpdGl6ZW4gQ0EXDTIwMDEw
MTAwMDAwMFoYDzIwNjAwMTAxMDAwMDAwWqAvMC0wHwYDVR0jBBgwFoAUnjdm9mep
keMS7kdWEn8tz8PT0p8wCgYDVR0UBAMCAQEwCgYIKoZIzj0EAwIDSAAwRQIhAIbH
vNS/FMOVNObIBU0qf38i0SCAiVQc7PjBLqxTHFlMAiB/U/8sntzr/qhhZBwFdXVl
nGbZeoLC8MSinmwubIv7SQ==
-----END X509 CRL-----
)";

SecretBytes both(std::string_view key, std::string_view certificate) {
    return SecretBytes{to_bytes(std::string{key} + std::string{certificate})};
}

}  // namespace

std::map<std::string, SecretBytes, std::less<>> development_identities() {
    std::map<std::string, SecretBytes, std::less<>> out;
    out.emplace("csca", both(country_key, country_certificate));
    out.emplace("document-signer", both(document_signer, {}));
    out.emplace("content-signer", both(content_signer, {}));
    out.emplace("citizen-ca", both(citizen_key, citizen_certificate));
    return out;
}

std::string development_csca_pem() {
    return std::string{country_certificate};
}
std::string development_crl_pem() {
    return std::string{country_crl};
}
std::string development_citizen_ca_pem() {
    return std::string{citizen_certificate};
}
std::string development_citizen_crl_pem() {
    return std::string{citizen_crl};
}

}  // namespace kartsaz::keys
