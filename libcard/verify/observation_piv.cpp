// SPDX-License-Identifier: Apache-2.0
#include "libcard/verify/observation_piv.h"

#include <fmt/format.h>

#include <algorithm>

#include "apdu/error.h"
#include "libcard/app/piv/read.h"
#include "libcard/verify/observation.h"

namespace kartsaz::verify {
namespace {

namespace pv = app::piv;

constexpr std::uint32_t certificate_tag = 0x70;

const keys::CertificatePool& pool_of(const Context& context) {
    static const keys::CertificatePool nobody;
    return context.pool != nullptr ? *context.pool : nobody;
}

bool is_own(const Context& context, const app::DumpApplication& application) {
    return context.expected != nullptr || context.demanded.contains("piv") ||
           application.fact("management.keys") == "issuer" || application.fact("pin.state") == "transport" ||
           application.fact("pin.given") == "transport";
}

/// attempt() for an object that may be absent; an absent one gives neither value nor fault.
template <class Decode>
auto of_content(const Bytes* content, Decode&& decode) -> Decoded<decltype(decode(ByteView{}))> {
    if (content == nullptr) return {};
    return attempt([&] { return decode(ByteView{*content}); });
}

PivCertificate read_certificate(const pv::Container& container, const Bytes& content) {
    PivCertificate out;
    out.container = &container;
    out.key = *container.key;
    out.object = pv::file_name(container);
    out.name = fmt::format("{} ({:02X})", container.name, out.key);
    out.der = attempt([&] {
        const auto object = pv::decode_certificate_object(content, container.name);
        out.unpacked = object.compressed();
        if (const auto at = object.offsets.find(certificate_tag); at != object.offsets.end())
            out.offset = at->second;
        return pv::certificate_of(object, container.name);
    });
    return out;
}

}  // namespace

std::string_view name(PivRules rules) {
    switch (rules) {
        case PivRules::piv:
            return "PIV (FIPS 201-2)";
        case PivRules::piv_old:
            return "PIV of the first generation (FIPS 201-1)";
        case PivRules::piv_i:
            return "PIV-I";
        case PivRules::piv_i_old:
            return "PIV-I of the first generation";
    }
    return "";
}

std::string piv_file(std::uint16_t container) {
    const auto* found = pv::container_of_id(container);
    return found == nullptr ? fmt::format("container {:04X}", container) : pv::file_name(*found);
}

std::string uuid_text(ByteView uuid) {
    std::string hex = to_hex(uuid);
    if (uuid.size() != 16) return hex;
    for (const std::size_t at : {20U, 16U, 12U, 8U}) hex.insert(at, "-");
    return hex;
}

std::optional<std::size_t> PivCertificate::at(const keys::DerRange& range) const {
    if (unpacked || container == nullptr || range.size == 0) return std::nullopt;
    return offset + range.offset;
}

std::optional<std::size_t> PivCertificate::at(std::string_view extension) const {
    const auto found = details ? details->offset_of(extension) : std::nullopt;
    if (unpacked || container == nullptr || !found) return std::nullopt;
    return offset + *found;
}

Piv::Piv(const Context& seen) : application{seen.dump.application("piv")}, context{&seen} {
    face.kind = pv::Biometric::face;
    face.object = piv_file(pv::id_face);
    fingers.kind = pv::Biometric::fingerprints;
    fingers.object = piv_file(pv::id_fingerprints);
    if (application == nullptr) return;
    own = is_own(seen, *application);
    for (const auto& container : pv::containers()) {
        const auto* file = application->file(pv::file_name(container));
        if (file != nullptr && !file->content.empty()) contents[container.id] = file->content;
    }
    decode_chuid();
    const Bytes signer = chuid_signature ? chuid_signature->certificate : Bytes{};
    decode_biometric(face, pv::id_face, signer);
    decode_biometric(fingers, pv::id_fingerprints, signer);
    decode_security(signer);
    decode_objects();
    add_certificates();
    for (const auto& one : signed_objects()) add_signer(one.object, *one.check);
    decide_rules();
    collect_identities();
}

const Bytes* Piv::content(std::uint16_t id) const {
    const auto found = contents.find(id);
    return found == contents.end() ? nullptr : &found->second;
}

std::string Piv::fact(std::string_view key) const {
    return application == nullptr ? std::string{} : application->fact(key);
}

std::string Piv::key_fact(std::uint8_t key, std::string_view name) const {
    return fact(fmt::format("key.{:02X}.{}", key, name));
}

std::string Piv::refused(const pv::Container& container) const {
    const auto* file = application == nullptr ? nullptr : application->file(pv::file_name(container));
    return file != nullptr && file->content.empty() ? file->refused : std::string{};
}

const PivCertificate* Piv::certificate(std::uint8_t key) const {
    const auto found = std::ranges::find(certificates, key, &PivCertificate::key);
    return found == certificates.end() ? nullptr : &*found;
}

std::vector<PivSigned> Piv::signed_objects() const {
    std::vector<PivSigned> out;
    if (chuid_signature) out.push_back({piv_file(pv::id_chuid), &*chuid_signature});
    for (const auto* one : biometrics()) {
        if (one->signature) out.push_back({one->object, &one->signature->signature});
    }
    if (security_signature) out.push_back({piv_file(pv::id_security_object), &*security_signature});
    return out;
}

void Piv::decode_chuid() {
    const auto* bytes = content(pv::id_chuid);
    chuid = of_content(bytes, [](ByteView value) { return pv::decode_chuid(value); });
    if (!chuid) return;
    fascn = attempt([&] { return pv::decode_fascn(chuid->fascn); });
    // its offset counts from the field
    if (fascn.offset) *fascn.offset += chuid->offsets.at(0x30);
    if (const auto day = attempt([&] { return pv::expiry_of(*chuid); })) expiry = *day;
    if (!chuid->signature.empty()) chuid_signature = pv::check_chuid_signature(*bytes);
}

void Piv::decode_biometric(PivBiometric& biometric, std::uint16_t id, ByteView signer) {
    const auto& name = pv::container_of_id(id)->name;
    biometric.decoded =
        of_content(content(id), [&](ByteView value) { return pv::decode_biometric(value, name); });
    if (!biometric.decoded) return;
    const auto& object = *biometric.decoded;
    if (!object.signature.empty()) biometric.signature = pv::check_biometric_signature(object, signer);
    const std::size_t base = object.block_offset;
    if (biometric.kind == pv::Biometric::face) {
        face_record = attempt([&] { return pv::decode_face(object.block, name, base); });
        if (face_record) photo = attempt([&] { return record::parse_photo(face_record->image, name); });
        if (photo.offset) *photo.offset += base + face_record->image_offset;
    } else {
        finger_template = attempt([&] { return record::parse_finger_template(object.block, name); });
        if (finger_template.offset) *finger_template.offset += base;
    }
}

void Piv::decode_security(ByteView signer) {
    security = of_content(content(pv::id_security_object),
                          [](ByteView value) { return pv::decode_security_object(value); });
    if (!security) return;
    security_signature = pv::check_security_object_signature(*security, signer);
    if (security_signature->content.empty()) return;
    hashes = attempt([&] { return pv::decode_lds_hashes(security_signature->content); });
    // counts in the signed content, which is not where it stands in the object
    hashes.offset.reset();
    if (!hashes) return;
    auto others = contents;
    others.erase(pv::id_security_object);
    compared = pv::check_hashes(*security, *hashes, others);
}

void Piv::decode_objects() {
    ccc = of_content(content(pv::id_ccc), [](ByteView v) { return pv::decode_ccc(v); });
    printed =
        of_content(content(pv::id_printed), [](ByteView v) { return pv::decode_printed_information(v); });
    discovery = of_content(content(pv::id_discovery), [](ByteView v) { return pv::decode_discovery(v); });
    history = of_content(content(pv::id_key_history), [](ByteView v) { return pv::decode_key_history(v); });
    bit_group = of_content(content(pv::id_bit_group), [](ByteView v) { return pv::decode_bit_group(v); });
}

void Piv::add_certificates() {
    for (const auto& container : pv::containers()) {
        const auto* bytes = content(container.id);
        if (bytes == nullptr || !container.key || container.id == pv::id_sm_signer) continue;
        auto one = read_certificate(container, *bytes);
        if (one.der) one.details = attempt([&] { return keys::certificate_details(*one.der); });
        // counts in the certificate
        if (one.details.offset && one.unpacked) one.details.offset.reset();
        if (one.details.offset) *one.details.offset += one.offset;
        if (one.details) one.path = keys::check_path(*one.der, pool_of(*context), context->when());
        certificates.push_back(std::move(one));
    }
}

void Piv::add_signer(const std::string& object, const keys::SignatureCheck& check) {
    if (check.certificate.empty()) return;
    for (const auto& known : signers) {
        if (*known.der == check.certificate) return;
    }
    PivCertificate one;
    one.object = object;
    one.name = signers.empty() ? "the content signer" : fmt::format("the signer of {}", object);
    one.der.value = check.certificate;
    one.details = attempt([&] { return keys::certificate_details(*one.der); });
    if (one.details) one.path = keys::check_path(*one.der, pool_of(*context), context->when());
    signers.push_back(std::move(one));
}

}  // namespace kartsaz::verify
