// SPDX-License-Identifier: Apache-2.0
#include "keys/cms_parts.h"

#include <fmt/format.h>
#include <openssl/cms.h>

#include <algorithm>

#include "apdu/error.h"
#include "keys/x509_der.h"

namespace kartsaz::keys {
namespace {

using apdu::Tlv;
using apdu::TlvReader;

void find_digest(TlvReader attributes, CmsPlaces& out) {
    static const Bytes oid_message_digest = from_hex("2A864886F70D010904");
    while (!attributes.done()) {
        auto one = attributes.enter(attributes.next(der::sequence));
        const auto oid = one.next(der::oid);
        if (std::ranges::equal(oid.value, oid_message_digest)) out.digest = one.next().offset;
    }
}

/// The objects of one SignedData of one signer, seen in place.
struct Seen {
    Tlv version, digests, content_type, signer_version, signer, digest;
    CmsPlaces places;
};

/// @throws Error{input_invalid} when it is no DER
Seen look(ByteView cms) {
    Seen out;
    TlvReader outer{cms, "CMS"};
    auto info = outer.enter(outer.next(der::sequence));
    info.next(der::oid);
    auto wrapped = info.enter(info.next(der::context0));
    auto data = wrapped.enter(wrapped.next(der::sequence));
    out.version = data.next(der::integer);
    out.digests = data.next(der::set);
    const auto encapsulated = data.next(der::sequence);
    out.places.content_type = encapsulated.value_offset;
    out.content_type = data.enter(encapsulated).next(der::oid);
    data.maybe(der::context0);  // certificates
    data.maybe(0xA1);           // revocation lists
    auto signers = data.enter(data.next(der::set));
    auto signer = signers.enter(signers.next(der::sequence));
    out.signer_version = signer.next(der::integer);
    out.signer = signer.next();
    out.places.signer = out.signer.offset;
    out.digest = signer.next(der::sequence);
    if (const auto attributes = signer.maybe(der::context0)) {
        out.places.attributes = attributes->offset;
        find_digest(signer.enter(*attributes), out.places);
    }
    out.places.algorithm = signer.next(der::sequence).offset;
    out.places.signature = signer.next(der::octets).offset;
    return out;
}

/// The OID of an algorithm without parameters or with NULL; empty when it is of another form.
Bytes plain_algorithm(TlvReader within, const Tlv& algorithm) {
    try {
        auto parts = within.enter(algorithm);
        const auto oid = parts.next(der::oid);
        if (const auto parameters = parts.maybe(der::null); parameters && !parameters->value.empty())
            return {};
        parts.finish();
        return {oid.value.begin(), oid.value.end()};
    } catch (const Error&) {
        return {};
    }
}

void judge_version(std::vector<CmsFormFault>& faults, const Tlv& found, std::uint8_t wanted,
                   const std::string& of) {
    if (std::ranges::equal(found.value, Bytes{wanted})) return;
    faults.push_back({found.offset, fmt::format("the version of {} is {}, not {}", of, to_hex(found.value),
                                                static_cast<unsigned>(wanted))});
}

void judge_digest(std::vector<CmsFormFault>& faults, const Seen& seen) {
    const TlvReader whole{{}, "CMS"};
    const auto own = plain_algorithm(whole, seen.digest);
    if (own.empty()) {
        faults.push_back(
            {seen.digest.offset,
             "the signer's digest algorithm is not an identifier without parameters or with NULL "
             "(RFC 5754, 2)"});
        return;
    }
    auto listed = whole.enter(seen.digests);
    bool found = false;
    while (!listed.done()) {
        const auto one = listed.next();
        found = found || (one.tag == der::sequence && plain_algorithm(listed, one) == own);
    }
    if (found) return;
    faults.push_back(
        {seen.digests.offset, "the signer's digest algorithm is not among digestAlgorithms (RFC 5652, 5.3)"});
}

std::vector<CmsFormFault> judge(const Seen& seen) {
    static const Bytes oid_data = from_hex("2A864886F70D010701");
    std::vector<CmsFormFault> faults;
    const bool by_name = seen.signer.tag == der::sequence;
    const bool old = by_name && std::ranges::equal(seen.content_type.value, oid_data);
    judge_version(faults, seen.version, old ? 1 : 3, "SignedData (RFC 5652, 5.1)");
    judge_version(faults, seen.signer_version, by_name ? 1 : 3,
                  fmt::format("SignerInfo with {} (RFC 5652, 5.3)",
                              by_name ? "issuer and serial" : "a key identifier"));
    try {
        judge_digest(faults, seen);
    } catch (const Error& error) {
        faults.push_back({seen.digests.offset, error.what()});
    }
    return faults;
}

/// Empty when it cannot be encoded.
Bytes encoded(CMS_ContentInfo* info) {
    unsigned char* der = nullptr;
    const int size = i2d_CMS_ContentInfo(info, &der);
    openssl_reason();
    if (size <= 0) return {};
    Bytes out(der, der + size);
    OPENSSL_free(der);
    return out;
}

}  // namespace

CmsParts cms_parts(ByteView cms, CMS_ContentInfo* info) {
    try {
        const auto seen = look(cms);
        return {seen.places, judge(seen)};
    } catch (const Error&) {
        // BER: judged as OpenSSL understood it
    }
    CmsParts out;
    const auto again = encoded(info);
    try {
        out.faults = judge(look(again));
    } catch (const Error& error) {
        out.faults.push_back({{}, error.what()});
    }
    for (auto& fault : out.faults) fault.offset.reset();
    return out;
}

}  // namespace kartsaz::keys
