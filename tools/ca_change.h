// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <memory>

#include "keys/ca_ledger.h"
#include "keys/certificate_memory.h"
#include "keys/certificate_source.h"

/// One key, one certificate, also when a station changes from one CA to another while cards are half done.
namespace kartsaz::tools {

/// A source of certificates that takes back what other CAs gave for the same key or slot: what own CAs issued
/// is revoked in their ledgers, what an outside CA gave is listed to be revoked, and an order that it has not
/// answered is abandoned. On disk before the new certificate is given out; a call that was killed before does
/// it when it asks again.
class OneCertificate final : public keys::CertificateSource {
public:
    /// @param folder  of ledgers and of what outside CAs gave  @param own  the ledger that `source` writes
    /// itself, by its file name; empty for an outside CA  @param memory  that `source` writes itself; null
    /// for an own CA. All that is not theirs is another CA's.
    OneCertificate(keys::CertificateSource& source, std::filesystem::path folder, std::filesystem::path own,
                   std::shared_ptr<keys::CertificateMemory> memory);

    /// @throws Error{card_refused} also when another CA certified the key for another chip or slot, or its
    /// key was revoked as compromised; Error{keys_failed} when the CA gave again what was taken back
    Bytes certificate(const keys::CertificateOrder& order) override;
    std::optional<std::size_t> certificate_size(const keys::CertificateTemplate& content,
                                                ByteView public_key) const override;
    Bytes issuer_certificate() const override;
    bool stands(ByteView certificate) override;
    bool knows(ByteView public_key) override;
    Bytes late_answer(ByteView key_identifier) override;
    void revoke(ByteView certificate, int reason) override;

    /// What an outside CA gave earlier; null when none was ever asked, or one is asked now.
    std::shared_ptr<keys::CertificateMemory> earlier();

private:
    std::vector<std::shared_ptr<keys::CaLedger>> ledgers();
    void check_owner(const keys::CertificateOrder& order);
    void take_back(const keys::CertificateOrder& order, ByteView given);

    keys::CertificateSource& source_;
    std::filesystem::path folder_, own_;
    std::shared_ptr<keys::CertificateMemory> memory_, earlier_;
    std::map<std::filesystem::path, std::shared_ptr<keys::CaLedger>> ledgers_;
};

}  // namespace kartsaz::tools
