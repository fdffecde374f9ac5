// SPDX-License-Identifier: Apache-2.0
// SEQUENCE { version INTEGER, hashAlgorithm SEQUENCE { OID, NULL OPTIONAL }, SEQUENCE OF SEQUENCE { dgNumber
// INTEGER, hash OCTET STRING }, version 1 only: SEQUENCE { ldsVersion PrintableString, unicodeVersion .. } }
#include "keys/lds_security_object.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "apdu/error.h"
#include "apdu/tlv.h"

namespace kartsaz::keys {
namespace {

constexpr std::uint32_t integer_tag = 0x02, octets_tag = 0x04, null_tag = 0x05, oid_tag = 0x06,
                        printable_tag = 0x13, sequence_tag = 0x30;
constexpr unsigned last_group = 16;
constexpr const char* what = "LDSSecurityObject";

struct Known {
    HashAlgorithm algorithm;
    std::string_view dotted;
    std::string_view oid;  ///< its value, hexadecimal
    std::size_t size;
};
/// Source: ICAO Doc 9303-12, 4.4; SHA-1 is on old documents.
constexpr std::array<Known, 5> known_hashes{
    {{HashAlgorithm::sha1, "1.3.14.3.2.26", "2B0E03021A", 20},
     {HashAlgorithm::sha224, "2.16.840.1.101.3.4.2.4", "608648016503040204", 28},
     {HashAlgorithm::sha256, "2.16.840.1.101.3.4.2.1", "608648016503040201", 32},
     {HashAlgorithm::sha384, "2.16.840.1.101.3.4.2.2", "608648016503040202", 48},
     {HashAlgorithm::sha512, "2.16.840.1.101.3.4.2.3", "608648016503040203", 64}}};

const Known& known(HashAlgorithm algorithm) {
    return *std::ranges::find(known_hashes, algorithm, &Known::algorithm);
}

unsigned small_integer(const apdu::TlvReader& in, const apdu::Tlv& object) {
    if (object.value.size() != 1 || (object.value[0] & 0x80U) != 0) {
        in.fail(object.offset, "an INTEGER of one byte expected, not negative");
    }
    return object.value[0];
}

const Known& read_algorithm(const apdu::TlvReader& parent, const apdu::Tlv& algorithm,
                            bool& null_parameters) {
    auto in = parent.enter(algorithm);
    const auto oid = in.next(oid_tag);
    const auto parameters = in.maybe(null_tag);
    if (parameters && !parameters->value.empty()) in.fail(parameters->offset, "NULL with a value");
    null_parameters = parameters.has_value();
    in.finish();
    const auto found = std::ranges::find(known_hashes, to_hex(oid.value), &Known::oid);
    if (found == known_hashes.end()) {
        in.fail(oid.offset, fmt::format("unknown hash algorithm {}, one of SHA-1 to SHA-512 expected",
                                        to_hex(oid.value)));
    }
    return *found;
}

void read_groups(const apdu::TlvReader& parent, const apdu::Tlv& list, std::size_t size,
                 LdsSecurityObject& out) {
    for (auto in = parent.enter(list); !in.done();) {
        auto entry = in.enter(in.next(sequence_tag));
        const auto number = entry.next(integer_tag);
        const auto hash = entry.next(octets_tag);
        entry.finish();
        const auto group = small_integer(in, number);
        if (group < 1 || group > last_group) {
            in.fail(number.offset, fmt::format("data group {}, 1 to 16 expected", group));
        }
        if (hash.value.size() != size) {
            in.fail(hash.offset, fmt::format("a hash of {} bytes, {} expected", hash.value.size(), size));
        }
        if (out.find(group) != nullptr) {
            in.fail(number.offset, fmt::format("data group {} stands twice", group));
        }
        out.groups.push_back({static_cast<std::uint8_t>(group), Bytes(hash.value.begin(), hash.value.end())});
    }
    if (out.groups.empty()) parent.fail(list.offset, "no hashes");
}

std::string read_digits(apdu::TlvReader& in, std::size_t count) {
    const auto object = in.next(printable_tag);
    const auto text = to_text(object.value);
    const bool digits = std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
    if (text.size() != count || !digits) in.fail(object.offset, fmt::format("{} digits expected", count));
    return text;
}

}  // namespace

const Bytes* LdsSecurityObject::find(unsigned number) const {
    const auto found = std::ranges::find(groups, number, &Group::number);
    return found == groups.end() ? nullptr : &found->hash;
}

std::string_view dotted_oid(HashAlgorithm algorithm) {
    return known(algorithm).dotted;
}

Bytes encode_lds_security_object(const LdsSecurityObject& object) {
    if (object.version != 0 && object.version != 1) {
        throw Error{Errc::input_invalid,
                    fmt::format("{}: version {}, 0 or 1 expected", what, object.version)};
    }
    apdu::TlvWriter body;
    body.put(integer_tag, Bytes{static_cast<std::uint8_t>(object.version)});
    body.nest(sequence_tag, [&](apdu::TlvWriter& algorithm) {
        algorithm.put(oid_tag, from_hex(known(object.algorithm).oid));
        if (object.null_parameters) algorithm.put(null_tag, ByteView{});
    });
    body.nest(sequence_tag, [&](apdu::TlvWriter& list) {
        for (const auto& group : object.groups) {
            list.nest(sequence_tag, [&group](apdu::TlvWriter& entry) {
                entry.put(integer_tag, Bytes{group.number}).put(octets_tag, group.hash);
            });
        }
    });
    if (object.version == 1) {
        body.nest(sequence_tag, [&](apdu::TlvWriter& info) {
            info.put(printable_tag, std::string_view{object.lds_version});
            info.put(printable_tag, std::string_view{object.unicode_version});
        });
    }
    auto out = apdu::TlvWriter{}.put(sequence_tag, body.bytes()).bytes();
    decode_lds_security_object(out);  // what cannot be read is not written
    return out;
}

LdsSecurityObject decode_lds_security_object(ByteView der) {
    apdu::TlvReader outer{der, what};
    const auto whole = outer.next(sequence_tag);
    outer.finish();
    auto in = outer.enter(whole);
    LdsSecurityObject out;
    const auto version = in.next(integer_tag);
    out.version = static_cast<int>(small_integer(in, version));
    if (out.version > 1) in.fail(version.offset, fmt::format("version {}, 0 or 1 expected", out.version));
    const auto& hash = read_algorithm(in, in.next(sequence_tag), out.null_parameters);
    out.algorithm = hash.algorithm;
    read_groups(in, in.next(sequence_tag), hash.size, out);
    if (out.version == 1) {
        auto versions = in.enter(in.next(sequence_tag));
        out.lds_version = read_digits(versions, 4);
        out.unicode_version = read_digits(versions, 6);
        versions.finish();
    }
    in.finish();
    return out;
}

}  // namespace kartsaz::keys
