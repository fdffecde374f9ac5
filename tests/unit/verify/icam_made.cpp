// SPDX-License-Identifier: Apache-2.0
#include "icam_made.h"

#include <stdexcept>

#include "keys/certificate_details.h"
#include "libcard/app/piv/containers.h"
#include "libcard/app/piv/objects.h"
#include "libcard/app/piv/signatures.h"

namespace kartsaz::test {
namespace pv = app::piv;
namespace {

keys::ContentSigner content_signer(const PivParty& who) {
    return keys::ContentSigner{keys::identity_from_pem(keys::SecretBytes{to_bytes(who.pem())}, "test")};
}

constexpr std::int64_t signed_at = icam_day - 100 * 86'400;

}  // namespace

MadeIcam::MadeIcam(const std::string& base, const std::string& signer)
    : dump{icam_dump(icam_folder_of(base))} {
    sign_by(signer);
}

void MadeIcam::sign_by(const std::string& signer) {
    signer_ = std::make_shared<PivParty>(icam_party(signer));
}

Bytes& MadeIcam::object(std::uint16_t container) {
    for (auto& file : dump.applications.front().files) {
        if (file.fid == container) return file.content;
    }
    throw std::runtime_error{"no such object"};
}

std::string& MadeIcam::fact(const std::string& name) {
    return dump.applications.front().facts[name];
}

void MadeIcam::chuid(const std::function<void(pv::Chuid&)>& change) {
    auto decoded = pv::decode_chuid(object(pv::id_chuid));
    change(decoded);
    object(pv::id_chuid) = pv::sign_chuid(decoded, content_signer(*signer_), signed_at);
}

void MadeIcam::biometric(std::uint16_t container,
                         const std::function<void(pv::CbeffHeader&, std::optional<Bytes>&)>& change) {
    const auto& name = pv::container_of_id(container)->name;
    auto decoded = pv::decode_biometric(object(container), name);
    auto uuid = pv::check_biometric_signature(decoded, signer_->certificate()).uuid;
    change(decoded.header, uuid);
    object(container) =
        pv::sign_biometric(decoded.header, decoded.block, uuid, name, content_signer(*signer_), signed_at);
}

void MadeIcam::security() {
    const auto before = pv::decode_security_object(object(pv::id_security_object));
    std::vector<pv::Covered> covered;
    for (const auto& entry : before.map) covered.push_back({entry.container, object(entry.container)});
    object(pv::id_security_object) = pv::sign_security_object(covered, content_signer(*signer_), signed_at);
}

Bytes MadeIcam::certificate_of(std::uint8_t key) {
    const auto& container = *pv::container_of_key(key);
    return pv::certificate_of(pv::decode_certificate_object(object(container.id), container.name),
                              container.name);
}

void MadeIcam::certificate(std::uint8_t key, const std::string& issuer,
                           const std::function<void(PivWish&)>& change) {
    const auto before = keys::certificate_details(certificate_of(key));
    PivWish wish{.common_name = "ICAM Test Card made anew",
                 .not_before = before.not_before,
                 .not_after = before.not_after};
    wish.serial = to_hex(before.serial);
    wish.public_key = before.public_key;
    wish.extensions = {{"keyUsage", key == 0x9D   ? "critical,keyEncipherment"
                                    : key == 0x9C ? "critical,digitalSignature,nonRepudiation"
                                                  : "critical,digitalSignature"}};
    const auto old = certificate_of(key);
    for (const auto& [oid, range] : before.extensions) {
        if (oid != "2.5.29.32") continue;  // certificatePolicies
        const std::string hex = to_hex(ByteView{old}.subspan(range.offset, range.size));
        std::string value = "DER";
        for (std::size_t i = 0; i < hex.size(); i += 2) value += ":" + hex.substr(i, 2);
        wish.extensions.emplace_back(oid, value);
    }
    if (key == 0x9E) wish.extensions.emplace_back("extendedKeyUsage", "critical,2.16.840.1.101.3.6.8");
    for (const auto& one : before.fasc_ns()) wish.names.push_back(fascn_name(one));
    for (const auto& one : before.uuids()) wish.names.push_back(uuid_name(one));
    change(wish);
    const auto ca = icam_party(issuer);
    const auto& container = *pv::container_of_key(key);
    object(container.id) = pv::encode_certificate_object(
        pv::make_certificate_object(PivParty{wish, &ca}.certificate(), false), container.name);
}

verify::Report MadeIcam::judge() const {
    auto pool = keys::load_pool(icam_folder() / "ICAM_CA_and_Signer");
    for (const auto& one : at_hand) pool.add(one, "of the test");
    const keys::TrustAnchors documents;
    verify::Context context{.dump = dump, .trust = documents};
    context.at = icam_day + 86'399;
    context.since = icam_day;
    context.pool = &pool;
    return verify::judge(context);
}

}  // namespace kartsaz::test
