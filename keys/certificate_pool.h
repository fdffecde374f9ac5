// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "apdu/bytes.h"

namespace kartsaz::keys {

/// What is at hand to judge a certificate with: anchors, CA certificates that may lead to one, CRLs and OCSP
/// responses. What the same bytes say twice is held once.
class CertificatePool {
public:
    CertificatePool();
    ~CertificatePool();
    CertificatePool(CertificatePool&&) noexcept;
    CertificatePool& operator=(CertificatePool&&) noexcept;

    enum class Trust {
        self_signed,  ///< whoever signed itself is an anchor; any other certificate helps to find the way
        all,          ///< each certificate is an anchor, whoever signed it
        none          ///< none is: they help to find the way
    };
    /// How many of each kind were read, copies included.
    struct Counts {
        std::size_t anchors = 0, others = 0, crls = 0, ocsp = 0;
        std::size_t all() const { return anchors + others + crls + ocsp; }
    };
    /// What the content is, is told by the content: PEM (several, of several kinds, with text between them;
    /// private keys are passed over), DER of certificates or CRLs (one after the other), an OCSP response, or
    /// the certificates and CRLs of a PKCS#7 SignedData (.p7c, RFC 5751; one that holds nothing is right,
    /// too).
    /// @param what  names it in errors and answers
    /// @throws Error{input_invalid} when it is none of these, or a part of it cannot be read
    Counts add(ByteView content, const std::string& what, Trust trust = Trust::self_signed);

    const Counts& counts() const;  ///< each once
    /// Each in DER.
    std::vector<Bytes> anchors() const;
    /// What load_pool() passed over, one line each.
    const std::vector<std::string>& notes() const;
    void add_note(std::string note);

    struct Contents;  ///< for the sources of keys/ only
    const Contents& contents() const { return *contents_; }

private:
    std::unique_ptr<Contents> contents_;
};

/// Whom the pool is to judge.
enum class PoolUse {
    issuers,  ///< content signers and the like: the folder itself
    holders   ///< certificates of cards' holders, too: what stands in its folder "holders" is added
};

/// The folder of `--trust`. Read are files with the extensions .pem .cer .crt .der (certificates), .crl,
/// .p7c .p7b, .ors .ocsp (OCSP responses); what a file is, is told by its content. A file of another
/// extension that is none of these (keys, .p12, text) is passed over.
///   in the folder itself       self-signed certificates are anchors, others help to find the way
///   roots/, anchors/           each certificate is an anchor. They are read only when the folder itself
///                              holds no self-signed certificate: a folder has its anchors in one place
///   holders/                   as the folder itself, for PoolUse::holders only
///   intermediates/, aia/, sia/ certificates, none of them trusted
///   crls/, ocsp/               CRLs and OCSP responses; certificates in there are not trusted
/// Other folders are not entered. Files are read in the order of their names.
/// @throws Error{input_invalid} naming the file, or when there is not one anchor
CertificatePool load_pool(const std::filesystem::path& folder, PoolUse use = PoolUse::holders);

}  // namespace kartsaz::keys
