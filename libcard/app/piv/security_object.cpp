// SPDX-License-Identifier: Apache-2.0
#include "libcard/app/piv/security_object.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "apdu/error.h"
#include "libcard/app/piv/containers.h"

namespace kartsaz::app::piv {
namespace {

constexpr std::uint32_t map_tag = 0xBA, discovery_tag_of_hash = 0x7E;
constexpr std::size_t entry_size = 3, most_entries = 16;
constexpr std::uint8_t last_group = 16;

struct StoredSecurityObject {
    Bytes map, cms;
    Offsets offsets{};
};
const fields::Fields<StoredSecurityObject>& security_fields() {
    static const fields::Fields<StoredSecurityObject> all{
        {map_tag, "mapping of data groups", 0, entry_size * most_entries, &StoredSecurityObject::map},
        {0xBB, "security object", 1, 16'384, &StoredSecurityObject::cms}};
    return all;
}

const std::string& security_name() {
    return container_of_id(id_security_object)->name;
}

std::vector<SecurityObject::Entry> read_map(const StoredSecurityObject& stored) {
    const ByteView bytes = stored.map;
    const std::size_t base = stored.offsets.at(map_tag);
    const auto refuse = [&](std::size_t at, const std::string& rule) {
        throw Error{Errc::input_invalid, fmt::format("{}: offset {}: {}", security_name(), base + at, rule)};
    };
    if (bytes.size() % entry_size != 0) {
        refuse(0, fmt::format("a map (BA) of {} bytes; each entry has 3", bytes.size()));
    }
    std::vector<SecurityObject::Entry> out;
    std::set<std::uint8_t> groups;
    std::set<std::uint16_t> ids;
    for (std::size_t at = 0; at < bytes.size(); at += entry_size) {
        const SecurityObject::Entry entry{bytes[at],
                                          static_cast<std::uint16_t>(big_endian(bytes.subspan(at + 1, 2)))};
        if (entry.group < 1 || entry.group > last_group) {
            refuse(at, fmt::format("data group {}, 1 to 16 expected", entry.group));
        }
        if (!groups.insert(entry.group).second)
            refuse(at, fmt::format("data group {} stands twice", entry.group));
        if (!ids.insert(entry.container).second) {
            refuse(at + 1, fmt::format("container {:04X} stands twice", entry.container));
        }
        out.push_back(entry);
    }
    return out;
}

/// Empty for a discovery object that is none: it cannot be what was hashed.
Bytes hash_of_container(keys::HashAlgorithm algorithm, std::uint16_t container, ByteView value) {
    try {
        return keys::hash(algorithm, hashed_part(container, value));
    } catch (const Error& error) {
        if (error.code() != Errc::input_invalid) throw;
        return {};
    }
}

}  // namespace

Bytes encode_security_object(const SecurityObject& object) {
    StoredSecurityObject stored;
    for (const auto& entry : object.map) {
        stored.map.push_back(entry.group);
        append(stored.map, big_endian(entry.container, 2));
    }
    stored.cms = object.cms;
    auto out = fields::encode(stored, security_fields(), security_name());
    decode_security_object(out);
    return out;
}

SecurityObject decode_security_object(ByteView value) {
    auto stored = fields::decode(value, security_fields(), security_name());
    return {read_map(stored), std::move(stored.cms), std::move(stored.offsets)};
}

Bytes hashed_part(std::uint16_t container, ByteView value) {
    if (container != id_discovery) return {value.begin(), value.end()};
    apdu::TlvReader in{value, container_of_id(id_discovery)->name};
    const auto whole = in.next(discovery_tag_of_hash);
    in.finish();
    return {whole.value.begin(), whole.value.end()};
}

std::vector<HashFinding> check_hashes(const SecurityObject& object, const LdsHashes& signed_hashes,
                                      const std::map<std::uint16_t, Bytes>& containers) {
    using Kind = HashFinding::Kind;
    std::vector<HashFinding> out;
    std::set<std::uint16_t> covered;
    std::set<std::uint8_t> mapped;
    for (std::size_t i = 0; i < object.map.size(); ++i) {
        const auto& [group, container] = object.map[i];
        const auto base = object.offsets.find(map_tag);
        HashFinding finding{Kind::ok,  group,
                            container, {},
                            {},        base == object.offsets.end() ? 0 : base->second + i * entry_size};
        mapped.insert(group);
        const auto* hash = signed_hashes.find(group);
        const auto held = containers.find(container);
        if (hash == nullptr) {
            finding.kind = Kind::no_hash;
        } else {
            covered.insert(container);
            finding.expected = *hash;
            if (held == containers.end()) {
                finding.kind = Kind::absent;
            } else {
                finding.got = hash_of_container(signed_hashes.algorithm, container, held->second);
                if (finding.got != finding.expected) finding.kind = Kind::mismatch;
            }
        }
        out.push_back(std::move(finding));
    }
    for (const auto& [group, hash] : signed_hashes.groups) {
        if (!mapped.contains(group)) out.push_back({Kind::no_map, group, 0, hash, {}, 0});
    }
    for (const auto& [container, value] : containers) {
        if (!covered.contains(container)) out.push_back({Kind::uncovered, 0, container, {}, {}, 0});
    }
    return out;
}

}  // namespace kartsaz::app::piv
