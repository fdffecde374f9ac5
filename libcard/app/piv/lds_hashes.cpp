// SPDX-License-Identifier: Apache-2.0
// LDSSecurityObject ::= SEQUENCE { 0, AlgorithmIdentifier, SEQUENCE OF { INTEGER, OCTET STRING } }.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "apdu/error.h"
#include "apdu/tlv.h"
#include "libcard/app/piv/security_object.h"

namespace kartsaz::app::piv {
namespace {

constexpr std::uint32_t lds_sequence = 0x30, lds_integer = 0x02, lds_octets = 0x04, lds_oid = 0x06,
                        lds_null = 0x05;
constexpr std::uint8_t most_groups = 16;

struct KnownHash {
    keys::HashAlgorithm algorithm;
    std::string_view oid;  ///< hexadecimal
    std::size_t size;
};
constexpr std::array<KnownHash, 5> known_hashes{{{keys::HashAlgorithm::sha1, "2B0E03021A", 20},
                                                 {keys::HashAlgorithm::sha224, "608648016503040204", 28},
                                                 {keys::HashAlgorithm::sha256, "608648016503040201", 32},
                                                 {keys::HashAlgorithm::sha384, "608648016503040202", 48},
                                                 {keys::HashAlgorithm::sha512, "608648016503040203", 64}}};

const KnownHash& read_hash_algorithm(apdu::TlvReader& in) {
    const auto algorithm = in.next(lds_sequence);
    auto inner = in.enter(algorithm);
    const auto oid = inner.next(lds_oid);
    if (const auto none = inner.maybe(lds_null); none && !none->value.empty()) {
        inner.fail(none->offset, "NULL has a value");
    }
    inner.finish();
    const auto found = std::ranges::find(known_hashes, to_hex(oid.value), &KnownHash::oid);
    if (found == known_hashes.end())
        in.fail(oid.offset, "a hash algorithm that is not one of SHA-1 to SHA-512");
    return *found;
}

}  // namespace

const Bytes* LdsHashes::find(std::uint8_t number) const {
    const auto found = std::ranges::find(groups, number, &Group::number);
    return found == groups.end() ? nullptr : &found->hash;
}

Bytes encode_lds_hashes(const LdsHashes& hashes) {
    const auto known = std::ranges::find(known_hashes, hashes.algorithm, &KnownHash::algorithm);
    apdu::TlvWriter body;
    body.put(lds_integer, Bytes{0x00});
    body.nest(lds_sequence,
              [&](apdu::TlvWriter& w) { w.put(lds_oid, from_hex(known->oid)).put(lds_null, ByteView{}); });
    body.nest(lds_sequence, [&](apdu::TlvWriter& list) {
        for (const auto& group : hashes.groups) {
            list.nest(lds_sequence, [&group](apdu::TlvWriter& w) {
                w.put(lds_integer, Bytes{group.number}).put(lds_octets, group.hash);
            });
        }
    });
    auto out = apdu::TlvWriter{}.put(lds_sequence, body.bytes()).bytes();
    decode_lds_hashes(out);
    return out;
}

LdsHashes decode_lds_hashes(ByteView der) {
    apdu::TlvReader outer{der, "LDSSecurityObject"};
    const auto whole = outer.next(lds_sequence);
    outer.finish();
    auto in = outer.enter(whole);
    const auto version = in.next(lds_integer);
    if (!std::ranges::equal(version.value, Bytes{0x00})) in.fail(version.offset, "version 0 expected");
    const auto& known = read_hash_algorithm(in);
    LdsHashes out{known.algorithm, {}};
    const auto list = in.next(lds_sequence);
    in.finish();
    for (auto entries = in.enter(list); !entries.done();) {
        auto entry = entries.enter(entries.next(lds_sequence));
        const auto group = entry.next(lds_integer);
        const auto hash = entry.next(lds_octets);
        entry.finish();
        if (group.value.size() != 1 || group.value[0] < 1 || group.value[0] > most_groups) {
            entries.fail(group.offset, "a data group number is 1 to 16");
        }
        if (hash.value.size() != known.size) {
            entries.fail(hash.offset,
                         fmt::format("a hash of {} bytes, {} expected", hash.value.size(), known.size));
        }
        if (out.find(group.value[0]) != nullptr) {
            entries.fail(group.offset, fmt::format("data group {} stands twice", group.value[0]));
        }
        out.groups.push_back({group.value[0], Bytes(hash.value.begin(), hash.value.end())});
    }
    if (out.groups.empty()) in.fail(list.offset, "no hashes");
    return out;
}

}  // namespace kartsaz::app::piv
