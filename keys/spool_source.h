// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "keys/certificate_source.h"

namespace kartsaz::keys {

/// An offline CA behind a folder. A request becomes KEYID.csr.pem (what the card signed) and KEYID.json (what
/// the certificate must say); the CA answers with KEYID.pem, .cer, .crt or .der beside them. KEYID is the key
/// identifier, 40 lower-case hexadecimal digits. What is to be revoked becomes KEYID.revoke-SERIAL.json.
class SpoolSource final : public CertificateSource {
public:
    struct Options {
        std::vector<Bytes> trusted{};  ///< CA certificates, DER, that may sign answers
        Bytes issuer{};                ///< the CA's own certificate, DER; empty: not known
    };
    /// @param folder  made with the first request, mode 0700  @throws Error{input_invalid} when nobody is
    /// trusted
    SpoolSource(std::filesystem::path folder, Options options);

    /// @throws Error{interrupted} when there is no answer yet, naming the request's file;
    ///         Error{keys_failed} when the answer is not what was asked for, naming file and rule: the file
    ///         stays
    Bytes certificate(const CertificateOrder& order) override;
    std::optional<std::size_t> certificate_size(const CertificateTemplate& content,
                                                ByteView public_key) const override;
    Bytes issuer_certificate() const override;
    void revoke(ByteView certificate, int reason) override;
    Bytes late_answer(ByteView key_identifier) override;

    /// Requests without an answer, by their file.
    std::vector<std::filesystem::path> pending() const;

private:
    std::filesystem::path answer(const std::string& name) const;
    Bytes check(const CertificateOrder& order, const std::filesystem::path& file) const;
    bool asked_before(const CertificateOrder& order, const std::filesystem::path& file) const;
    bool request_whole(const std::string& name) const;
    void ask(const CertificateOrder& order, const std::string& name) const;

    std::filesystem::path folder_;
    Options options_;
};

}  // namespace kartsaz::keys
