// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "keys/citizen_certificate.h"
#include "libcard/app/pkcs15/objects.h"
#include "libcard/verify/decoded.h"
#include "libcard/verify/verify.h"

/// The signature application of an observed card, decoded once for all checks.
namespace kartsaz::verify {

/// An object of a directory, and the file of the dump that holds what it stands for.
template <class Object>
struct Listed {
    Object object;
    std::string directory;  ///< "EF.CDF"
    std::string name;       ///< for people: certificate "signature"
    std::string file;       ///< "EF.3400"; the directory when the thing stands in the entry itself
    Bytes content;          ///< empty when it was not read
    std::string refused;    ///< why it was not
};

struct ListedKey : Listed<app::pkcs15::PrivateKeyObject> {
    std::size_t index = 0;  ///< of the facts: "key.0."
};
struct ListedPublicKey : Listed<app::pkcs15::PublicKeyObject> {
    Decoded<Bytes> key;  ///< SubjectPublicKeyInfo
};
struct ListedCertificate : Listed<app::pkcs15::CertificateObject> {
    Decoded<keys::CertificateFacts> facts;
    std::optional<keys::CitizenCertificate> says;
    std::optional<keys::TrustAnchors::Answer> chain;  ///< of those that are for a key of the card
    bool crl_at_hand = false;
    const ListedKey* key = nullptr;  ///< the private key of the same iD
};

/// An object directory file.
struct DirectoryFile {
    std::string name;
    std::string refused;  ///< why it could not be read
    Decoded<bool> form;   ///< its fault when it could not be decoded
};

struct Signature {
    explicit Signature(const Context& context);
    Signature(const Signature&) = delete;
    Signature& operator=(const Signature&) = delete;

    const app::DumpApplication* application = nullptr;
    /// This issuer's own card: it carries the travel document too, a record was given to compare with,
    /// receipt or profile demand the application, its DF has the access rule that Kartsaz gives it, or it
    /// took the issuer's transport PIN. What other makers do differently without doing it wrong is a fault
    /// only there.
    bool own = false;
    std::vector<DemandedKey> demanded_keys;

    Decoded<std::vector<app::pkcs15::DirEntry>> dir;
    Decoded<std::vector<app::pkcs15::OdfEntry>> odf;
    Decoded<app::pkcs15::TokenInfo> token;
    std::vector<DirectoryFile> directories;
    std::vector<app::pkcs15::PinObject> pins;
    std::vector<ListedKey> keys;
    std::vector<ListedPublicKey> public_keys;
    std::vector<ListedCertificate> certificates;

    /// A fact of the application; empty when not there.
    std::string fact(std::string_view key) const;
    std::string key_fact(const ListedKey& key, std::string_view name) const;
    /// The PIN was accepted while the card was read.
    bool pin_was_verified() const;
    const ListedCertificate* certificate_of(const ListedKey& key) const;
    const ListedPublicKey* public_key_of(const ListedKey& key) const;

private:
    void decode_files();
    void add_keys(const app::DumpFile& file);
    void add_public_keys(const app::DumpFile& file);
    void add_certificates(const app::DumpFile& file);
    void judge_certificates(const Context& context);
    /// Fills file, content and refused from where the object says that it is.
    template <class Object>
    void locate(Listed<Object>& listed, const std::optional<app::pkcs15::Path>& path,
                const Bytes& direct) const;
};

}  // namespace kartsaz::verify
