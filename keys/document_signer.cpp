// SPDX-License-Identifier: Apache-2.0
#include "keys/cms_writer.h"
#include "keys/issuer.h"

namespace kartsaz::keys {
namespace {

const Bytes oid_lds_security_object = from_hex("678108010101");

}  // namespace

struct DocumentSigner::Impl {
    CmsSigner signer;
};

DocumentSigner::DocumentSigner(const SecretBytes& pem)
    : DocumentSigner{identity_from_pem(pem, "document signer")} {}

DocumentSigner::DocumentSigner(const Identity& identity)
    : impl_{std::make_unique<Impl>(Impl{cms_signer(identity, "document signer")})} {}

DocumentSigner::~DocumentSigner() = default;
DocumentSigner::DocumentSigner(DocumentSigner&&) noexcept = default;

const Bytes& DocumentSigner::certificate() const {
    return impl_->signer.identity.certificate;
}

Bytes DocumentSigner::sign_lds_security_object(ByteView content) const {
    const auto& signer = impl_->signer;
    CmsForm form;
    form.content_type = oid_lds_security_object;
    form.content = content;
    form.certificate = signer.identity.certificate;
    return write_signed_data(form, signer, [&](ByteView attributes) {
        return sign_usual(*signer.identity.key, signer.form, attributes, "document signer");
    });
}

}  // namespace kartsaz::keys
