// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/App.hpp>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "keys/certificate_memory.h"
#include "keys/certificate_source.h"
#include "keys/cmp_source.h"
#include "keys/key_store.h"
#include "keys/pin.h"
#include "libcard/profile/profile.h"

/// Who certifies the keys that cards make, and where PIN letters go.
namespace kartsaz::tools {

struct IssuingOptions {
    std::string ca_folder;       ///< of the own CA's ledger and of what outside CAs gave
    std::string spool;           ///< folder of an offline CA
    std::string ca_certificate;  ///< of the offline CA
    std::string cmp;             ///< file that describes a CA behind CMP
    std::string pin_letters;
    std::string mailer;
};
void add_issuing_options(CLI::App& command, IssuingOptions& options);
/// Those of outside CAs only.
void add_outside_options(CLI::App& command, IssuingOptions& options);

/// The outside CA that the options name; null without one. @param keep  see CmpSource
std::unique_ptr<keys::CertificateSource> outside_source(const IssuingOptions& options,
                                                        const keys::KeyStore& store,
                                                        keys::CmpSource::Keep keep);

/// The source of certificates that the options name: an outside CA by CMP or by a spool folder, else the own
/// CA with the key store's "citizen-ca". Until open() it writes nothing, and only tells lengths.
class Issuing {
public:
    /// @param folder  of the ledger where the options name none
    /// @throws Error{usage} when options contradict each other or the profile; Error{input_invalid},
    ///         Error{keys_failed} for files and keys that cannot be used
    Issuing(const IssuingOptions& options, const keys::KeyStore& store, const profile::Profile& profile,
            const std::filesystem::path& folder);
    ~Issuing();

    /// Opens ledger and folders. @throws Error{store_failed}
    void open();
    keys::CertificateSource* certificates() const;  ///< null when the profile certifies nothing
    const keys::PinMailer* mailer() const;          ///< null without --pin-letters
    /// Certificates that an outside CA still has to be told are revoked.
    std::vector<keys::RememberedCertificate> to_revoke() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// Where the ledger of a CA is. @param public_key  SubjectPublicKeyInfo of the CA
std::filesystem::path ledger_file(const std::filesystem::path& folder, ByteView public_key);
/// Beside the journal: $XDG_STATE_HOME/kartsaz/ca and so on.
std::filesystem::path default_ca_folder();

}  // namespace kartsaz::tools
