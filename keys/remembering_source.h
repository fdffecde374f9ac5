// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "keys/certificate_memory.h"
#include "keys/certificate_source.h"

namespace kartsaz::keys {

/// Goes before an outside CA: what it gave is on the station's disk before it is used, is used again for the
/// same key, and is revoked or listed to be revoked when its key or content was replaced; it is never
/// forgotten.
class RememberingSource final : public CertificateSource {
public:
    /// @param source  must outlive this
    RememberingSource(CertificateSource& source, std::shared_ptr<CertificateMemory> memory);

    /// @throws as the source; Error{card_refused} when the request is broken or the key is another chip's
    Bytes certificate(const CertificateOrder& order) override;
    std::optional<std::size_t> certificate_size(const CertificateTemplate& content,
                                                ByteView public_key) const override;
    Bytes issuer_certificate() const override;
    /// Does not throw when the CA cannot be told now: the certificate is listed to be revoked.
    void revoke(ByteView certificate, int reason) override;
    bool stands(ByteView certificate) override;
    bool knows(ByteView public_key) override;

    /// Tells the CA about every certificate that is to be revoked. @returns what could not be told, in words
    std::vector<std::string> settle();

private:
    CertificateSource& source_;
    std::shared_ptr<CertificateMemory> memory_;
};

}  // namespace kartsaz::keys
