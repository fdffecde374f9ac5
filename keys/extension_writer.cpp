// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "apdu/error.h"
#include "keys/certificate_writer.h"
#include "keys/x509_der.h"

namespace kartsaz::keys {
namespace {

using apdu::TlvWriter;

/// Smallest INTEGER of a number.
Bytes integer(std::uint64_t value) {
    Bytes out = big_endian(value, 8);
    while (out.size() > 1 && out[0] == 0 && out[1] < 0x80) out.erase(out.begin());
    if (out[0] >= 0x80) out.insert(out.begin(), 0x00);
    return TlvWriter{}.put(der::integer, out).bytes();
}

void check_ia5(std::string_view text, std::string_view what) {
    const bool plain = !text.empty() && text.size() <= 1000 &&
                       std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7F; });
    if (plain) return;
    throw Error{Errc::input_invalid,
                fmt::format("{} of a certificate: 1 to 1000 ASCII characters without blanks expected", what)};
}

Bytes sequence(ByteView content) {
    return TlvWriter{}.put(der::sequence, content).bytes();
}

}  // namespace

ExtensionWriter& ExtensionWriter::add(std::string_view oid_hex, bool critical, ByteView value) {
    TlvWriter extension;
    extension.put(der::oid, from_hex(oid_hex));
    if (critical) extension.put(der::boolean, Bytes{0xFF});
    extension.put(der::octets, value);
    append(out_, sequence(extension.bytes()));
    return *this;
}

ExtensionWriter& ExtensionWriter::key_usage(const KeyUsage& usage) {
    const auto bits = static_cast<std::uint8_t>(
        (usage.digital_signature ? 0x80U : 0U) | (usage.content_commitment ? 0x40U : 0U) |
        (usage.key_encipherment ? 0x20U : 0U) | (usage.key_agreement ? 0x08U : 0U) |
        (usage.certificate_sign ? 0x04U : 0U) | (usage.crl_sign ? 0x02U : 0U));
    if (bits == 0) throw Error{Errc::input_invalid, "a certificate whose key may be used for nothing"};
    std::uint8_t unused = 0;  // named bits: trailing zero bits are cut (X.690, 11.2.2)
    while ((bits >> unused & 1U) == 0) ++unused;
    return add("551D0F", true, TlvWriter{}.put(der::bit_string, Bytes{unused, bits}).bytes());
}

ExtensionWriter& ExtensionWriter::basic_constraints(bool ca, std::optional<std::uint8_t> length) {
    TlvWriter content;
    if (ca) content.put(der::boolean, Bytes{0xFF});  // FALSE is the default, so it is not written
    if (ca && length) content.raw(integer(*length));
    return add("551D13", true, sequence(content.bytes()));
}

ExtensionWriter& ExtensionWriter::subject_key_identifier(ByteView identifier) {
    return add("551D0E", false, TlvWriter{}.put(der::octets, identifier).bytes());
}

ExtensionWriter& ExtensionWriter::authority_key_identifier(ByteView identifier) {
    return add("551D23", false, sequence(TlvWriter{}.put(0x80, identifier).bytes()));
}

ExtensionWriter& ExtensionWriter::policy(std::string_view dotted) {
    if (dotted.empty()) return *this;
    return add("551D20", false, sequence(sequence(TlvWriter{}.put(der::oid, encode_oid(dotted)).bytes())));
}

ExtensionWriter& ExtensionWriter::crl_url(std::string_view url) {
    if (url.empty()) return *this;
    check_ia5(url, "CRL address");
    // DistributionPoint { [0] distributionPoint { [0] fullName { [6] uniformResourceIdentifier } } }
    const auto name = TlvWriter{}.put(0x86, url).bytes();
    const auto full = TlvWriter{}.put(0xA0, name).bytes();
    return add("551D1F", false, sequence(sequence(TlvWriter{}.put(0xA0, full).bytes())));
}

ExtensionWriter& ExtensionWriter::extended_usages(const std::vector<std::string>& dotted, bool critical) {
    if (dotted.empty()) return *this;
    TlvWriter content;
    for (const auto& usage : dotted) content.put(der::oid, encode_oid(usage));
    return add("551D25", critical, sequence(content.bytes()));
}

ExtensionWriter& ExtensionWriter::other_names(ByteView fascn, std::string_view uri, std::string_view email) {
    TlvWriter names;
    if (!fascn.empty()) {
        // otherName { pivFASC-N, [0] OCTET STRING }; its [0] is implicit, as GeneralName's are
        const auto value = TlvWriter{}.put(der::octets, fascn).bytes();
        names.nest(der::context0, [&](TlvWriter& w) {
            w.put(der::oid, encode_oid("2.16.840.1.101.3.6.6")).put(der::context0, value);
        });
    }
    if (!uri.empty()) {
        check_ia5(uri, "URI");
        names.put(0x86, uri);
    }
    if (!email.empty()) {
        check_ia5(email, "e-mail address");
        const auto at = email.find('@');
        if (at == 0 || at == std::string_view::npos || at + 1 == email.size()) {
            throw Error{Errc::input_invalid, "e-mail address of a certificate: name@domain expected"};
        }
        names.put(0x81, email);  // rfc822Name
    }
    return names.bytes().empty() ? *this : add("551D11", false, sequence(names.bytes()));
}

ExtensionWriter& ExtensionWriter::document_types(const std::vector<std::string>& types) {
    if (types.empty()) return *this;
    std::set<Bytes>
        encoded;  // a SET OF is sorted by its encodings; shorter ones first as their length is less
    for (const auto& type : types) {
        const bool good = (type.size() == 1 || type.size() == 2) &&
                          std::all_of(type.begin(), type.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
        if (!good) {
            throw Error{Errc::input_invalid,
                        fmt::format("document type \"{}\": one or two letters A-Z expected", type)};
        }
        encoded.insert(TlvWriter{}.put(der::printable, type).bytes());
    }
    TlvWriter set;
    for (const auto& type : encoded) set.raw(type);
    const auto content = TlvWriter{}.raw(integer(0)).put(der::set, set.bytes()).bytes();
    return add("67810801010602", false, sequence(content));
}

ExtensionWriter& ExtensionWriter::private_key_usage(std::int64_t from, std::int64_t until) {
    // always GeneralizedTime, under implicit tags: RFC 3280, 4.2.1.4
    TlvWriter content;
    content.put(0x80, generalized_time(from)).put(0x81, generalized_time(until));
    return add("551D10", false, sequence(content.bytes()));
}

ExtensionWriter& ExtensionWriter::crl_number(std::uint64_t number) {
    return add("551D14", false, integer(number));
}

ExtensionWriter& ExtensionWriter::crl_reason(int reason) {
    return add("551D15", false,
               TlvWriter{}.put(der::enumerated, Bytes{static_cast<std::uint8_t>(reason)}).bytes());
}

}  // namespace kartsaz::keys
