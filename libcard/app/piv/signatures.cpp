// SPDX-License-Identifier: Apache-2.0
#include "libcard/app/piv/signatures.h"

#include <fmt/format.h>

#include "apdu/error.h"
#include "apdu/tlv.h"
#include "libcard/app/piv/containers.h"

namespace kartsaz::app::piv {
namespace {

constexpr std::uint32_t octets_of_attribute = 0x04, chuid_signature_tag = 0x3E, cms_of_security_object = 0xBB;
constexpr std::size_t fascn_length = 25, uuid_length = 16;

Bytes octet_string(ByteView value) {
    return apdu::TlvWriter{}.put(octets_of_attribute, value).bytes();
}

/// The value of an attribute that is an OCTET STRING of `size` bytes.
std::optional<Bytes> octets_in(const Bytes* attribute, std::size_t size) {
    if (attribute == nullptr || attribute->size() != size + 2 || (*attribute)[0] != octets_of_attribute) {
        return std::nullopt;
    }
    return Bytes(attribute->begin() + 2, attribute->end());
}

keys::SignatureCheck check_at(ByteView cms, std::size_t base, const keys::SignatureDemand& demand) {
    auto out = keys::check_signature(cms, demand);
    for (auto& fault : out.faults) {
        if (fault.offset) *fault.offset += base;
    }
    return out;
}

std::size_t offset_of(const Offsets& offsets, std::uint32_t tag) {
    const auto found = offsets.find(tag);
    return found == offsets.end() ? 0 : found->second;
}

}  // namespace

Bytes sign_chuid(Chuid chuid, const keys::ContentSigner& signer, std::int64_t at,
                 const Bytes& content_identifier) {
    chuid.signature.clear();
    const auto content = signed_part_of_chuid(encode_chuid(chuid));
    keys::ContentToSign what{std::string{oid_chuid_content}, content, true, true, at,
                             std::string{oid_signer_name},   {}};
    if (!content_identifier.empty())
        what.attributes.push_back({std::string{oid_content_identifier}, octet_string(content_identifier)});
    chuid.signature = signer.sign(what);
    return encode_chuid(chuid);
}

Bytes sign_biometric(const CbeffHeader& header, ByteView block, const std::optional<Bytes>& uuid,
                     std::string_view name, const keys::ContentSigner& signer, std::int64_t at) {
    if (uuid && uuid->size() != uuid_length) {
        throw Error{Errc::input_invalid,
                    fmt::format("{}: a UUID of {} bytes, 16 expected", name, uuid->size())};
    }
    keys::ContentToSign what{std::string{oid_biometric_content}, {}, true, false, at,
                             std::string{oid_signer_name},       {}};
    what.attributes.push_back({std::string{oid_fascn}, octet_string(header.fascn)});
    if (uuid) what.attributes.push_back({std::string{oid_entry_uuid}, octet_string(*uuid)});
    BiometricObject object;
    object.header = header;
    object.block.assign(block.begin(), block.end());
    // the signature covers its own length
    object.header.block_length = static_cast<std::uint32_t>(block.size());
    object.header.signature_length = static_cast<std::uint16_t>(signer.size(what));
    const auto content = signed_part_of_biometric(object);
    what.content = content;
    object.signature = signer.sign(what);
    return encode_biometric(object, name);
}

Bytes sign_security_object(const std::vector<Covered>& containers, const keys::ContentSigner& signer,
                           std::int64_t at) {
    SecurityObject object;
    LdsHashes hashes;
    for (const auto& [container, value] : containers) {
        const auto group = static_cast<std::uint8_t>(object.map.size() + 1);
        object.map.push_back({group, container});
        hashes.groups.push_back({group, keys::sha256(hashed_part(container, value))});
    }
    const auto content = encode_lds_hashes(hashes);
    object.cms = signer.sign(
        {std::string{oid_lds_content}, content, false, false, at, std::string{oid_signer_name}, {}});
    return encode_security_object(object);
}

keys::SignatureCheck check_chuid_signature(ByteView value) {
    const auto chuid = decode_chuid(value);
    const auto content = signed_part_of_chuid(value);
    return check_at(chuid.signature, offset_of(chuid.offsets, chuid_signature_tag),
                    {std::string{oid_chuid_content}, ByteView{content}, {}});
}

BiometricSignature check_biometric_signature(const BiometricObject& object, ByteView certificate) {
    const auto content = signed_part_of_biometric(object);
    BiometricSignature out;
    out.signature = check_at(object.signature, object.signature_offset,
                             {std::string{oid_biometric_content}, ByteView{content}, certificate});
    out.fascn = octets_in(out.signature.attribute(oid_fascn), fascn_length);
    out.uuid = octets_in(out.signature.attribute(oid_entry_uuid), uuid_length);
    return out;
}

keys::SignatureCheck check_security_object_signature(const SecurityObject& object, ByteView certificate) {
    return check_at(object.cms, offset_of(object.offsets, cms_of_security_object),
                    {std::string{oid_lds_content}, std::nullopt, certificate});
}

std::optional<bool> signer_name_matches(const keys::SignatureCheck& check) {
    const auto* name = check.attribute(oid_signer_name);
    if (name == nullptr || check.signer_subject.empty()) return std::nullopt;
    return *name == check.signer_subject;
}

}  // namespace kartsaz::app::piv
