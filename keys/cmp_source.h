// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "keys/certificate_source.h"
#include "keys/signing_key.h"

/// An outside CA reached by the Certificate Management Protocol (RFC 4210, over HTTP: RFC 6712), with
/// OpenSSL's client. The card's PKCS#10 request goes out as p10cr; what comes back is confirmed (certConf)
/// only after it was checked and kept, so a certificate that is lost on the way was never taken.
namespace kartsaz::keys {

struct CmpOptions {
    std::string server;          ///< "http://ca.example:8080/pkix/"
    std::string recipient;       ///< "/C=IR/O=Example/CN=Citizen CA"; empty: the issuer's subject
    std::string reference;       ///< names the shared secret (senderKID); with `secret`
    SecretBytes secret;          ///< password-based MAC; empty: messages are signed by `ra`
    Identity ra;                 ///< registration authority of this station; key null: none
    std::vector<Bytes> trusted;  ///< CA certificates, DER: who may sign answers and certificates
    Bytes issuer;                ///< the issuing CA's certificate, DER; empty: not known before
    int message_seconds = 10;    ///< longest wait for one answer
    int total_seconds = 30;      ///< longest wait for the certificate, polling included
};

class CmpSource final : public CertificateSource {
public:
    /// Keeps a certificate before it is confirmed; throws when it could not. May be empty.
    using Keep = std::function<void(const CertificateOrder&, const Bytes& certificate)>;

    /// @throws Error{input_invalid} when the options contradict each other, naming which
    explicit CmpSource(CmpOptions options, Keep keep = {});
    ~CmpSource() override;

    /// Not idempotent by itself: put a RememberingSource before it (remembering_source.h).
    /// @throws Error{interrupted} when the CA cannot be reached or has not decided within the time, or when
    ///         the certificate is kept and its confirmation was not answered;
    ///         Error{keys_failed} when it refuses (with its status text) or its answer cannot be trusted
    Bytes certificate(const CertificateOrder& order) override;
    std::optional<std::size_t> certificate_size(const CertificateTemplate& content,
                                                ByteView public_key) const override;
    Bytes issuer_certificate() const override;
    /// By a revocation request (rr). @throws as certificate()
    void revoke(ByteView certificate, int reason) override;

private:
    CmpOptions options_;
    Keep keep_;
};

}  // namespace kartsaz::keys
