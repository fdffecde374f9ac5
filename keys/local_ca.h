// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "keys/ca_ledger.h"
#include "keys/certificate_request.h"
#include "keys/certificate_source.h"
#include "keys/signing_key.h"

namespace kartsaz::keys {

struct LocalCaOptions {
    std::vector<KeyAlgorithm> allowed{KeyAlgorithm::ec_p256, KeyAlgorithm::ec_p384, KeyAlgorithm::rsa_2048,
                                      KeyAlgorithm::rsa_3072, KeyAlgorithm::rsa_4096};
    std::function<std::int64_t()> now{};  ///< seconds since 1970; the system's clock when empty
};

/// The issuer's own certificate authority for citizens. What goes into a certificate is the template's, never
/// the request's: that only proves that the card holds the key. Source of the profile: RFC 5280, 4.
class LocalCa final : public CertificateSource {
public:
    /// @param identity  "citizen-ca" of a key store
    /// @throws Error{keys_failed} when its certificate is no CA's that may sign certificates and CRLs
    LocalCa(const Identity& identity, std::unique_ptr<CaLedger> ledger, LocalCaOptions options = {});
    ~LocalCa() override;

    /// The ledger's certificate when there is a valid one for this key that says the same and is not due for
    /// renewal (renewal.h); else a new one, and older ones of this key, and of this chip's slot for other
    /// keys, are revoked as superseded in the same write of the ledger. Never valid beyond the CA's own end.
    /// @throws Error{card_refused} when the request is not signed by its key, or the key is weak, of a kind
    ///         that is not allowed, certified for another chip or slot, or revoked as compromised;
    ///         Error{input_invalid} when the template cannot become a certificate, naming the part
    Bytes certificate(const CertificateOrder& order) override;
    std::optional<std::size_t> certificate_size(const CertificateTemplate& content,
                                                ByteView public_key) const override;
    Bytes issuer_certificate() const override;
    bool stands(ByteView certificate) override;
    bool knows(ByteView public_key) override;
    /// @throws Error{keys_failed} when this CA did not issue it, Error{usage} on a reason that is none of 0,
    /// 1,
    ///         3, 4, 5, 9 (RFC 5280, 5.3.1)
    void revoke(ByteView certificate, int reason) override;
    /// @param serial  hexadecimal
    void revoke_serial(const std::string& serial, int reason);

    /// A CRL, DER, that is to be replaced after `days`. Its number is one more than the last one's and is
    /// taken for good. What has expired is on one more CRL and then left out (RFC 5280, 3.3).
    Bytes crl(std::int64_t now, int days);

    std::vector<LedgerEntry> entries();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// What a ledger is named by: SHA-256 of a SubjectPublicKeyInfo, hexadecimal.
std::string authority_of(ByteView public_key);

}  // namespace kartsaz::keys
