// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "apdu/tlv.h"
#include "libcard/verify/der.h"

namespace kartsaz::verify {
namespace {

using apdu::Tlv;
using apdu::TlvReader;

constexpr std::uint32_t sequence = 0x30, set = 0x31, integer = 0x02, oid = 0x06, null = 0x05;
constexpr std::uint32_t octet_string = 0x04, bit_string = 0x03;

/// A signature algorithm and the digest it is made over; empty: told elsewhere (RSA, RSASSA-PSS).
struct SignatureAlgorithm {
    std::string_view oid;
    std::string_view digest;
    bool null_parameters;
};
constexpr std::string_view sha1 = "2B0E03021A", sha224 = "608648016503040204", sha256 = "608648016503040201",
                           sha384 = "608648016503040202", sha512 = "608648016503040203";
constexpr std::array<SignatureAlgorithm, 12> signature_algorithms{{
    {"2A8648CE3D0401", sha1, false},       // ecdsa-with-SHA1, RFC 3279
    {"2A8648CE3D040301", sha224, false},   // ecdsa-with-SHA224, RFC 5758
    {"2A8648CE3D040302", sha256, false},   //
    {"2A8648CE3D040303", sha384, false},   //
    {"2A8648CE3D040304", sha512, false},   //
    {"2A864886F70D010101", "", true},      // rsaEncryption, RFC 3370
    {"2A864886F70D010105", sha1, true},    // sha1WithRSAEncryption
    {"2A864886F70D01010E", sha224, true},  // RFC 4055
    {"2A864886F70D01010B", sha256, true},  //
    {"2A864886F70D01010C", sha384, true},  //
    {"2A864886F70D01010D", sha512, true},  //
    {"2A864886F70D01010A", "", false},     // RSASSA-PSS: parameters tell, OpenSSL reads them
}};
constexpr std::string_view rsassa_pss = "2A864886F70D01010A";

bool same(ByteView a, ByteView b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

void demand_hex(const TlvReader& in, const Tlv& tlv, std::string_view hex, const std::string& rule) {
    if (to_hex(tlv.value) != hex) in.fail(tlv.value_offset, rule);
}

/// An AlgorithmIdentifier of a digest: parameters absent or NULL. Returns its OID in hex.
std::string digest_algorithm(const TlvReader& parent, const Tlv& algorithm) {
    TlvReader in = parent.enter(algorithm);
    const Tlv id = in.next(oid);
    const std::string hex = to_hex(id.value);
    constexpr std::array<std::string_view, 5> known{sha1, sha224, sha256, sha384, sha512};
    if (std::find(known.begin(), known.end(), hex) == known.end()) {
        in.fail(id.value_offset, "the digest algorithm is one of SHA-1, SHA-224, SHA-256, SHA-384, SHA-512");
    }
    if (!in.done()) in.next(null);
    in.finish();
    return hex;
}

void demand_signature_algorithm(const TlvReader& parent, const Tlv& algorithm, const std::string& digest) {
    TlvReader in = parent.enter(algorithm);
    const Tlv id = in.next(oid);
    const std::string hex = to_hex(id.value);
    const auto* found = std::find_if(signature_algorithms.begin(), signature_algorithms.end(),
                                     [&](const SignatureAlgorithm& a) { return a.oid == hex; });
    if (found == signature_algorithms.end())
        in.fail(id.value_offset, "the signature algorithm is not a known one");
    if (!found->digest.empty() && found->digest != digest) {
        in.fail(id.value_offset, "the signature algorithm is made for another digest than the signer names");
    }
    if (hex == rsassa_pss) {
        in.next(sequence);
    } else if (found->null_parameters && !in.done()) {
        in.next(null);
    }
    in.finish();
}

struct CertificateNames {
    ByteView issuer, serial;  ///< whole objects
};

/// The outside of a certificate, which its own signature does not cover. Source: RFC 5280, 4.1.
CertificateNames demand_certificate_form(const TlvReader& parent, const Tlv& certificate) {
    TlvReader outer = parent.enter(certificate);
    const Tlv body = outer.next(sequence);
    const Tlv algorithm = outer.next(sequence);
    const Tlv signature = outer.next(bit_string);
    outer.finish();
    TlvReader in = outer.enter(body);
    in.maybe(0xA0);
    const Tlv serial = in.next(integer);
    const Tlv inner_algorithm = in.next(sequence);
    const Tlv issuer = in.next(sequence);
    if (!same(algorithm.whole, inner_algorithm.whole)) {
        outer.fail(algorithm.offset, "the certificate's two signature algorithms differ");
    }
    if (signature.value.empty() || signature.value[0] != 0) {
        outer.fail(signature.value_offset, "the certificate's signature has no unused bits");
    }
    return {issuer.whole, serial.whole};
}

void demand_signer_identifier(TlvReader& in, const Tlv& version, const CertificateNames& names) {
    const auto by_key = in.maybe(0x80);
    if (by_key) {
        demand_hex(in, version, "03", "a SignerInfo that names a key identifier has version 3");
        return;
    }
    demand_hex(in, version, "01", "a SignerInfo that names issuer and serial number has version 1");
    const Tlv sid = in.next(sequence);
    TlvReader inner = in.enter(sid);
    const Tlv issuer = inner.next(sequence);
    const Tlv serial = inner.next(integer);
    inner.finish();
    if (!same(issuer.whole, names.issuer)) {
        in.fail(issuer.offset, "the signer's issuer name is not, byte for byte, the certificate's");
    }
    if (!same(serial.whole, names.serial)) {
        in.fail(serial.offset, "the signer's serial number is not the certificate's");
    }
}

/// Signed attributes are hashed as a sorted SET whatever stands here, so their order is asked for too.
void demand_sorted(const TlvReader& parent, const Tlv& attributes) {
    TlvReader in = parent.enter(attributes);
    ByteView before;
    while (!in.done()) {
        const Tlv one = in.next(sequence);
        if (std::lexicographical_compare(one.whole.begin(), one.whole.end(), before.begin(), before.end())) {
            in.fail(one.offset, "the signed attributes are sorted");
        }
        before = one.whole;
    }
}

void demand_signer_info(const TlvReader& parent, const Tlv& signers, const CertificateNames& names,
                        const std::string& digest) {
    TlvReader all = parent.enter(signers);
    const Tlv signer = all.next(sequence);
    if (!all.done()) all.fail(all.offset(), "there is exactly one signer");
    TlvReader in = all.enter(signer);
    const Tlv version = in.next(integer);
    demand_signer_identifier(in, version, names);
    const Tlv algorithm = in.next(sequence);
    if (digest_algorithm(in, algorithm) != digest) {
        in.fail(algorithm.offset, "the signer's digest algorithm is the one that the SignedData lists");
    }
    demand_sorted(in, in.next(0xA0));
    demand_signature_algorithm(in, in.next(sequence), digest);
    in.next(octet_string);
    if (!in.done()) in.fail(in.offset(), "unsigned attributes do not belong in an EF.SOD");
}

}  // namespace

void demand_sod_form(ByteView cms, const std::string& what, std::size_t base) {
    TlvReader file{cms, what, base};
    const Tlv content_info = file.next(sequence);
    file.finish();
    TlvReader info = file.enter(content_info);
    demand_hex(info, info.next(oid), "2A864886F70D010702", "the content is CMS SignedData");
    const Tlv explicit_content = info.next(0xA0);
    info.finish();
    TlvReader wrapper = info.enter(explicit_content);
    const Tlv signed_data = wrapper.next(sequence);
    wrapper.finish();

    TlvReader in = wrapper.enter(signed_data);
    demand_hex(in, in.next(integer), "03", "SignedData has version 3");
    const Tlv digests = in.next(set);
    TlvReader digest_reader = in.enter(digests);
    const std::string digest = digest_algorithm(digest_reader, digest_reader.next(sequence));
    if (!digest_reader.done()) digest_reader.fail(digest_reader.offset(), "one digest algorithm is listed");

    const Tlv encapsulated = in.next(sequence);
    TlvReader content = in.enter(encapsulated);
    demand_hex(content, content.next(oid), "678108010101", "the content type is the LDS security object");
    const Tlv explicit_octets = content.next(0xA0);
    content.finish();
    TlvReader octets = content.enter(explicit_octets);
    octets.next(octet_string);
    octets.finish();

    const Tlv certificates = in.next(0xA0);
    TlvReader certificate_reader = in.enter(certificates);
    const CertificateNames names =
        demand_certificate_form(certificate_reader, certificate_reader.next(sequence));
    if (!certificate_reader.done()) {
        certificate_reader.fail(certificate_reader.offset(), "exactly one certificate is inside");
    }
    const Tlv signers = in.next(set);
    in.finish();
    demand_signer_info(in, signers, names, digest);
}

}  // namespace kartsaz::verify
