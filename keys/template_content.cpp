// SPDX-License-Identifier: Apache-2.0
#include "keys/template_content.h"

#include "keys/certificate_writer.h"
#include "keys/crypto.h"
#include "keys/x509_der.h"

namespace kartsaz::keys {

Bytes template_extensions(const CertificateTemplate& content) {
    return ExtensionWriter{}
        .key_usage({.digital_signature = content.digital_signature,
                    .content_commitment = content.content_commitment,
                    .key_encipherment = content.key_encipherment,
                    .key_agreement = content.key_agreement})
        .basic_constraints(false, {})
        .policy(content.policy)
        .crl_url(content.crl_url)
        .extended_usages(content.extended_usages, content.extended_usages_critical)
        .other_names(content.fascn, content.uri, content.subject.email)
        .bytes();
}

std::string template_digest(const CertificateTemplate& content) {
    return to_hex(sha256(concat({encode_name(content.subject), template_extensions(content)})));
}

}  // namespace kartsaz::keys
