// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "keys/certificate_source.h"

namespace kartsaz::keys {

/// One certificate that a station asked an outside CA for.
struct RememberedCertificate {
    std::string chip, slot;
    std::string key;              ///< SHA-256 of the SubjectPublicKeyInfo, hexadecimal
    std::string key_id;           ///< its key identifier, hexadecimal; empty in files of older versions
    std::string content;          ///< template_digest() of the order
    std::int64_t until = 0;       ///< the end that was asked for; the CA may have given less
    Bytes certificate;            ///< DER; empty as long as the CA has not answered
    bool abandoned = false;       ///< never answered, and the chip has another key by now
    std::optional<int> doomed{};  ///< to be revoked for this reason (RFC 5280, 5.3.1)
    bool revoked = false;         ///< and the CA was told
    bool holds() const { return !certificate.empty() && !doomed; }
};

/// What a station has asked an outside CA for and what came back: a file of a line for each event, on disk
/// before a function returns, shared by processes. Nothing is ever left out of it.
class CertificateMemory {
public:
    /// @param folder  made when missing, mode 0700  @throws Error{store_failed}
    explicit CertificateMemory(const std::filesystem::path& folder);
    ~CertificateMemory();
    CertificateMemory(const CertificateMemory&) = delete;
    CertificateMemory& operator=(const CertificateMemory&) = delete;

    /// The certificate for the order's key that says the same, is valid when the order begins and is not due
    /// for renewal (renewal.h). @throws Error{card_refused} when the key is another chip's or slot's
    std::optional<Bytes> find(const CertificateOrder& order);
    /// An order is about to go out. Earlier ones of the chip's slot for other keys that were never answered
    /// are abandoned.
    void asked(const CertificateOrder& order);
    /// What came back; keeping the same twice is nothing new. Other certificates of the key, and of the
    /// chip's slot for other keys, are doomed as superseded, in the same write.
    void keep(const CertificateOrder& order, ByteView certificate);
    /// What came for an order that was abandoned: to be revoked as superseded, in the same write.
    void keep_late(const RememberedCertificate& order, ByteView certificate);
    /// Another CA certified the order's key. What is held for it and for the chip's slot is doomed as
    /// superseded, and open orders for them are abandoned, in one write. asked() takes an order up again.
    void replaced(const CertificateOrder& order);
    /// A certificate will not be used. It need not be known.
    void doom(ByteView certificate, int reason);
    bool doomed(ByteView certificate);
    void revoked(ByteView certificate);

    std::vector<RememberedCertificate> all();
    /// Doomed, and the CA does not know.
    std::vector<RememberedCertificate> to_revoke();
    /// Asked for and not answered.
    std::vector<RememberedCertificate> pending();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace kartsaz::keys
