// SPDX-License-Identifier: Apache-2.0
// Certificates that the PIV application writes itself: this key was made in this card.
#include <botan/data_src.h>
#include <botan/oids.h>
#include <botan/pkcs8.h>
#include <botan/pubkey.h>
#include <botan/x509_key.h>

#include "libcard/sim/piv_keys.h"

namespace kartsaz::sim {
namespace {

constexpr std::uint32_t der_sequence = 0x30, der_set = 0x31, der_integer = 0x02, der_oid = 0x06,
                        der_octets = 0x04, der_bits = 0x03, der_utf8 = 0x0C;

Bytes sequence(std::initializer_list<ByteView> parts) {
    return object(der_sequence, concat(parts));
}

std::unique_ptr<Botan::Private_Key> pair_of(const PivKey& key) {
    Botan::DataSource_Memory source{key.pkcs8.data(), key.pkcs8.size()};
    return Botan::PKCS8::load_key(source);
}

Bytes name(const std::string& common) {
    const Bytes attribute = sequence({from_hex("0603 550403"), object(der_utf8, to_bytes(common))});
    return object(der_sequence, object(der_set, attribute));
}

/// An extension of YubiKeys' arc 1.3.6.1.4.1.41482.3.
Bytes extension(std::uint8_t last, ByteView value) {
    const Bytes oid = concat({from_hex("2B060104 0182C40A03"), Bytes{last}});
    return sequence({object(der_oid, oid), object(der_octets, value)});
}

}  // namespace

Bytes piv_attestation(const PivTraits& traits, Rng& rng, std::uint8_t reference, const PivKey& subject,
                      const PivKey& signer) {
    const auto pair = pair_of(signer);
    const bool rsa = piv_is_rsa(signer.algorithm);
    // sha256WithRSAEncryption with its NULL, ecdsa-with-SHA256
    const Bytes algorithm = rsa ? sequence({from_hex("0609 2A864886F70D01010B 0500")})
                                : sequence({from_hex("0608 2A8648CE3D040302")});
    Bytes serial = rng.bytes(16);
    serial[0] = static_cast<std::uint8_t>((serial[0] & 0x7F) | 0x40);
    const std::string issuer = "PIVApplet Attestation";
    const std::string own =
        reference == piv_attestation_key ? issuer : issuer + " " + to_hex(Bytes{reference});
    const Bytes validity = sequence({object(0x17, to_bytes(std::string{"180101000000Z"})),
                                     object(0x18, to_bytes(std::string{"20500101000000Z"}))});
    const auto key = Botan::X509::BER_encode(*pair_of(subject));
    const Bytes version{traits.version.begin(), traits.version.end()};
    const Bytes extensions =
        object(0xA3, sequence({extension(3, version), extension(8, Bytes{subject.pin, subject.touch})}));
    const Bytes body = sequence({from_hex("A003020102"), object(der_integer, serial), algorithm, name(issuer),
                                 validity, name(own), key, extensions});
    Botan::PK_Signer sign{*pair, rng.botan(), rsa ? "EMSA3(SHA-256)" : "EMSA1(SHA-256)",
                          rsa ? Botan::IEEE_1363 : Botan::DER_SEQUENCE};
    const auto signature = sign.sign_message(body.data(), body.size(), rng.botan());
    return sequence({body, algorithm, object(der_bits, concat({Bytes{0x00}, signature}))});
}

}  // namespace kartsaz::sim
