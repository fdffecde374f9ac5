// SPDX-License-Identifier: Apache-2.0
#include "keys/content_signer.h"

#include "keys/cms_writer.h"
#include "keys/x509_der.h"

namespace kartsaz::keys {
namespace {

constexpr const char* signer_role = "content signer";
const Bytes oid_signing_time = from_hex("2A864886F70D010905");

CmsForm form_of(const ContentToSign& what, const CmsSigner& signer) {
    CmsForm out;
    out.content_type = encode_oid(what.content_type);
    out.content = what.content;
    out.detached = what.detached;
    if (what.certificate) out.certificate = signer.identity.certificate;
    out.attributes.push_back({oid_signing_time, encode_time(what.signing_time)});
    if (!what.signer_name.empty()) out.attributes.push_back({encode_oid(what.signer_name), signer.subject});
    for (const auto& more : what.attributes) out.attributes.push_back({encode_oid(more.oid), more.value});
    return out;
}

}  // namespace

struct ContentSigner::Impl {
    CmsSigner signer;
};

ContentSigner::ContentSigner(const Identity& identity)
    : impl_{std::make_unique<Impl>(Impl{cms_signer(identity, signer_role)})} {}

ContentSigner::~ContentSigner() = default;
ContentSigner::ContentSigner(ContentSigner&&) noexcept = default;

const Bytes& ContentSigner::certificate() const {
    return impl_->signer.identity.certificate;
}

Bytes ContentSigner::sign(const ContentToSign& what) const {
    const auto& signer = impl_->signer;
    return write_signed_data(form_of(what, signer), signer, [&](ByteView attributes) {
        return sign_reproducibly(*signer.identity.key, signer.form, attributes, signer_role);
    });
}

std::size_t ContentSigner::size(const ContentToSign& what) const {
    const auto& signer = impl_->signer;
    return write_signed_data(form_of(what, signer), signer,
                             [&](ByteView) { return Bytes(signer.form.signature_size); })
        .size();
}

}  // namespace kartsaz::keys
