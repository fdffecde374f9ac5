// SPDX-License-Identifier: Apache-2.0
// EF.SOD: 77 { CMS SignedData }, its content an LDSSecurityObject:
// SEQUENCE { version INTEGER, hashAlgorithm SEQUENCE { OID, NULL OPTIONAL }, SEQUENCE OF SEQUENCE { dgNumber
// INTEGER, hash OCTET STRING }, version 1 only: SEQUENCE { ldsVersion PrintableString, unicodeVersion ... } }
#include <fmt/format.h>

#include <charconv>

#include "apdu/error.h"
#include "libcard/app/emrtd/lds.h"
#include "libcard/app/emrtd/lds_support.h"

namespace kartsaz::app::emrtd {
namespace {

constexpr std::uint32_t integer_tag = 0x02;
constexpr std::uint32_t octets_tag = 0x04;
constexpr std::uint32_t printable_tag = 0x13;
constexpr unsigned last_dg = 16;
constexpr const char* what = "LDSSecurityObject";

struct HashKind {
    std::string_view oid;
    std::size_t size;
};
constexpr HashKind hash_kinds[]{{"1.3.14.3.2.26", 20},
                                {"2.16.840.1.101.3.4.2.4", 28},
                                {"2.16.840.1.101.3.4.2.1", 32},
                                {"2.16.840.1.101.3.4.2.2", 48},
                                {"2.16.840.1.101.3.4.2.3", 64}};

/// Bytes of a hash of this algorithm; 0 when it is not one that ICAO Doc 9303-12 allows.
std::size_t hash_size(std::string_view oid) {
    for (const auto& kind : hash_kinds) {
        if (kind.oid == oid) return kind.size;
    }
    return 0;
}

void put_arc(Bytes& out, std::uint64_t arc) {
    std::size_t groups = 1;
    for (auto rest = arc >> 7U; rest != 0; rest >>= 7U) ++groups;
    while (groups-- > 0) {
        const auto bits = static_cast<std::uint8_t>((arc >> (7U * groups)) & 0x7FU);
        out.push_back(static_cast<std::uint8_t>(groups == 0 ? bits : bits | 0x80U));
    }
}

Bytes oid_bytes(std::string_view dotted) {
    std::vector<std::uint32_t> arcs;
    const char* at = dotted.data();
    const char* const end = at + dotted.size();
    bool ok = at != end;
    while (ok && at != end) {
        const auto [next, fault] = std::from_chars(at, end, arcs.emplace_back());
        ok = fault == std::errc{} && (next == end || (*next == '.' && next + 1 != end));
        at = next == end ? end : next + 1;
    }
    if (!ok || arcs.size() < 2 || arcs[0] > 2 || (arcs[0] < 2 && arcs[1] > 39)) {
        throw Error{Errc::input_invalid, fmt::format("{}: the hash algorithm is no object identifier", what)};
    }
    Bytes out;
    put_arc(out, std::uint64_t{arcs[0]} * 40U + arcs[1]);
    for (std::size_t i = 2; i < arcs.size(); ++i) put_arc(out, arcs[i]);
    return out;
}

std::string dotted_oid(const apdu::TlvReader& in, const apdu::Tlv& object) {
    std::string out;
    std::uint64_t arc = 0;
    for (const auto byte : object.value) {
        if (arc > 0xFFFFFFFFU) in.fail(object.offset, "an object identifier with a number above 2^32");
        arc = arc << 7U | (byte & 0x7FU);
        if ((byte & 0x80U) != 0) continue;
        if (out.empty()) {
            const std::uint64_t first = arc < 80 ? arc / 40 : 2;
            out = fmt::format("{}.{}", first, arc - first * 40);
        } else {
            out += fmt::format(".{}", arc);
        }
        arc = 0;
    }
    if (out.empty() || (object.value.back() & 0x80U) != 0)
        in.fail(object.offset, "a broken object identifier");
    return out;
}

std::string read_algorithm(const apdu::TlvReader& parent, const apdu::Tlv& algorithm) {
    auto in = parent.enter(algorithm);
    std::string oid = dotted_oid(in, in.next(lds::oid_tag));
    if (const auto parameters = in.maybe(0x05); parameters && !parameters->value.empty()) {
        in.fail(parameters->offset, "NULL with a value");
    }
    in.finish();
    return oid;
}

void read_hashes(const apdu::TlvReader& parent, const apdu::Tlv& list, LdsSecurityObject& out) {
    auto in = parent.enter(list);
    const std::size_t size = hash_size(out.hash_oid);
    while (!in.done()) {
        const apdu::Tlv entry = in.next(lds::sequence_tag);
        auto inside = in.enter(entry);
        const apdu::Tlv number = inside.next(integer_tag);
        const apdu::Tlv hash = inside.next(octets_tag);
        inside.finish();
        const unsigned dg = lds::small_integer(in, number);
        if (dg < 1 || dg > last_dg)
            in.fail(number.offset, fmt::format("data group {}, 1 to 16 expected", dg));
        if (hash.value.size() != size) {
            in.fail(hash.offset, fmt::format("a hash of {} bytes, {} expected", hash.value.size(), size));
        }
        if (!out.hashes.emplace(dg, Bytes(hash.value.begin(), hash.value.end())).second) {
            in.fail(number.offset, fmt::format("data group {} stands twice", dg));
        }
    }
    if (out.hashes.empty()) in.fail(list.offset, "no hashes");
}

void read_versions(const apdu::TlvReader& parent, const apdu::Tlv& info, LdsSecurityObject& out) {
    auto in = parent.enter(info);
    out.lds_version = lds::digits(in, in.next(printable_tag), 4);
    out.unicode_version = lds::digits(in, in.next(printable_tag), 6);
    in.finish();
}

}  // namespace

Bytes encode_lds_security_object(const LdsSecurityObject& object) {
    const std::size_t size = hash_size(object.hash_oid);
    if (size == 0) throw Error{Errc::input_invalid, fmt::format("{}: unknown hash algorithm", what)};
    if (object.version != 0 && object.version != 1) {
        throw Error{Errc::input_invalid,
                    fmt::format("{}: version {}, 0 or 1 expected", what, object.version)};
    }
    Bytes body{integer_tag, 0x01, static_cast<std::uint8_t>(object.version)};
    apdu::TlvWriter out;
    out.raw(body);
    out.nest(lds::sequence_tag,
             [&](apdu::TlvWriter& algorithm) { algorithm.put(lds::oid_tag, oid_bytes(object.hash_oid)); });
    out.nest(lds::sequence_tag, [&](apdu::TlvWriter& list) {
        for (const auto& [dg, hash] : object.hashes) {
            if (dg < 1 || dg > last_dg || hash.size() != size) {
                throw Error{Errc::input_invalid,
                            fmt::format("{}: data group {}: wrong number or hash size", what, dg)};
            }
            list.nest(lds::sequence_tag, [dg = dg, hash = ByteView{hash}](apdu::TlvWriter& entry) {
                entry.put(integer_tag, ByteView{Bytes{static_cast<std::uint8_t>(dg)}});
                entry.put(octets_tag, hash);
            });
        }
    });
    if (object.version == 1) {
        lds::require_digits(object.lds_version, 4, "LDSSecurityObject: LDS version");
        lds::require_digits(object.unicode_version, 6, "LDSSecurityObject: Unicode version");
        out.nest(lds::sequence_tag, [&](apdu::TlvWriter& info) {
            info.put(printable_tag, std::string_view{object.lds_version});
            info.put(printable_tag, std::string_view{object.unicode_version});
        });
    }
    return apdu::TlvWriter{}.put(lds::sequence_tag, ByteView{out.bytes()}).bytes();
}

LdsSecurityObject decode_lds_security_object(ByteView der) {
    auto in = lds::open(der, lds::sequence_tag, what);
    LdsSecurityObject out;
    const apdu::Tlv version = in.next(integer_tag);
    out.version = static_cast<int>(lds::small_integer(in, version));
    if (out.version > 1) in.fail(version.offset, fmt::format("version {}, 0 or 1 expected", out.version));
    const apdu::Tlv algorithm = in.next(lds::sequence_tag);
    out.hash_oid = read_algorithm(in, algorithm);
    if (hash_size(out.hash_oid) == 0) in.fail(algorithm.offset, "unknown hash algorithm " + out.hash_oid);
    read_hashes(in, in.next(lds::sequence_tag), out);
    if (out.version == 1) read_versions(in, in.next(lds::sequence_tag), out);
    in.finish();
    return out;
}

Bytes encode_sod(ByteView cms) {
    lds::only(cms, lds::sequence_tag, "EF.SOD: CMS");
    return apdu::TlvWriter{}.put(0x77, cms).bytes();
}

Bytes decode_sod(ByteView file, std::size_t* offset) {
    auto in = lds::open(file, 0x77, "EF.SOD");
    const apdu::Tlv cms = in.next(lds::sequence_tag);
    in.finish();
    if (offset != nullptr) *offset = cms.offset;
    return Bytes(cms.whole.begin(), cms.whole.end());
}

}  // namespace kartsaz::app::emrtd
