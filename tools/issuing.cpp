// SPDX-License-Identifier: Apache-2.0
#include "tools/issuing.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "apdu/error.h"
#include "keys/file_io.h"
#include "keys/local_ca.h"
#include "keys/remembering_source.h"
#include "keys/spool_source.h"
#include "keys/x509_split.h"
#include "libcard/perso/journal.h"
#include "tools/ca_change.h"
#include "tools/cmp_file.h"
#include "tools/options.h"

namespace kartsaz::tools {
namespace {

namespace fs = std::filesystem;

Bytes read_public_file(const std::string& file, std::string_view what) {
    check_source(file, what);
    std::ifstream in{file, std::ios::binary};
    Bytes content{std::istreambuf_iterator<char>{in}, std::istreambuf_iterator<char>{}};
    if (!in) throw Error{Errc::input_invalid, file + ": cannot be read"};
    return content;
}

constexpr const char* group = "Certificates and PINs";

/// Applications that make key pairs are the only ones that ask for certificates and letters.
bool certifies(const profile::Profile& profile) {
    return std::any_of(profile.applications.begin(), profile.applications.end(),
                       [](const std::string& name) { return name == "pkcs15" || name == "piv"; });
}

void check_outside(const IssuingOptions& options) {
    if (!options.spool.empty() && !options.cmp.empty()) {
        throw Error{Errc::usage, "--spool and --cmp name two CAs: which one is asked?"};
    }
    if (options.spool.empty() != options.ca_certificate.empty()) {
        throw Error{Errc::usage,
                    "--spool and --ca-certificate go together: the folder, and the CA that answers"};
    }
}

void check_options(const IssuingOptions& options, const profile::Profile& profile) {
    check_outside(options);
    if (options.pin_letters.empty() != options.mailer.empty()) {
        throw Error{Errc::usage,
                    "--pin-letters and --mailer go together: the folder, and who can open what is in it"};
    }
    if (profile.production && certifies(profile) && options.pin_letters.empty()) {
        throw Error{
            Errc::usage,
            fmt::format("profile {} is for production: its holders learn their PINs from letters, so it "
                        "needs --pin-letters and --mailer",
                        profile.name)};
    }
}

}  // namespace

void add_outside_options(CLI::App& command, IssuingOptions& options) {
    file_option(command, "--cmp", options.cmp, "An outside CA by CMP: where it is (docs/issuer.md)")
        ->group(group);
    command
        .add_option("--spool", options.spool,
                    "An offline CA: requests are left in this folder, answers are found there")
        ->option_text("DIR")
        ->group(group);
    file_option(command, "--ca-certificate", options.ca_certificate, "Of the offline CA, PEM or DER")
        ->group(group);
}

void add_issuing_options(CLI::App& command, IssuingOptions& options) {
    command
        .add_option("--ca-folder", options.ca_folder,
                    "Folder of the CA's ledger, and of what outside CAs gave; default: beside the journal")
        ->option_text("DIR")
        ->group(group);
    add_outside_options(command, options);
    command.add_option("--pin-letters", options.pin_letters, "Folder for encrypted PIN letters")
        ->option_text("DIR")
        ->group(group);
    file_option(command, "--mailer", options.mailer, "Certificate of the mailing house that opens them")
        ->group(group);
}

std::unique_ptr<keys::CertificateSource> outside_source(const IssuingOptions& options,
                                                        const keys::KeyStore& store,
                                                        keys::CmpSource::Keep keep) {
    check_outside(options);
    if (!options.cmp.empty()) {
        auto described = read_cmp_file(options.cmp, store);
        try {
            return std::make_unique<keys::CmpSource>(std::move(described), std::move(keep));
        } catch (const Error& error) {
            throw Error{error.code(), fmt::format("{}: {}", options.cmp, error.what())};
        }
    }
    if (options.spool.empty()) return nullptr;
    check_target_folder(options.spool);
    keys::SpoolSource::Options offline;
    offline.trusted = keys::split_certificates(
        read_public_file(options.ca_certificate, "the CA's certificate"), options.ca_certificate);
    offline.issuer = offline.trusted.front();
    return std::make_unique<keys::SpoolSource>(options.spool, std::move(offline));
}

struct Issuing::Impl {
    fs::path folder;
    keys::Identity own{};  ///< of the own CA; key null: an outside one
    std::unique_ptr<keys::CertificateSource> source{};
    std::shared_ptr<keys::CertificateMemory> memory{};
    std::unique_ptr<keys::RememberingSource> remembering{};
    std::unique_ptr<OneCertificate> one{};  ///< before what is asked, once open
    std::unique_ptr<keys::PinMailer> mailer{};
    fs::path letters{};  ///< its folder
};

Issuing::Issuing(const IssuingOptions& options, const keys::KeyStore& store, const profile::Profile& profile,
                 const fs::path& folder)
    : impl_{std::make_unique<Impl>()} {
    check_options(options, profile);
    if (!options.mailer.empty()) {
        check_target_folder(options.pin_letters);
        impl_->mailer = std::make_unique<keys::PinMailer>(
            options.pin_letters, read_public_file(options.mailer, "the mailing house's certificate"));
        impl_->letters = options.pin_letters;
    }
    impl_->folder = options.ca_folder.empty() ? folder : fs::path{options.ca_folder};
    check_target_folder(impl_->folder.string());
    if (!certifies(profile)) return;
    impl_->source =
        outside_source(options, store, [this](const keys::CertificateOrder& order, const Bytes& der) {
            if (impl_->memory) impl_->memory->keep(order, der);
        });
    if (!impl_->source && store.has_identity("citizen-ca")) {
        impl_->own = store.identity("citizen-ca");
        impl_->source =
            std::make_unique<keys::LocalCa>(impl_->own, std::make_unique<keys::CaLedger>("none yet"));
    }
}

Issuing::~Issuing() = default;

void Issuing::open() {
    auto& impl = *impl_;
    // now, and not when a card is half written: what can be made is seen by making it
    if (impl.mailer) keys::make_private_folder(impl.letters);
    if (!impl.source) return;
    if (impl.one) return;
    if (impl.own.key) {
        const auto& public_key = impl.own.key->public_key();
        impl.source = std::make_unique<keys::LocalCa>(
            impl.own, std::make_unique<keys::CaLedger>(keys::authority_of(public_key),
                                                       ledger_file(impl.folder, public_key)));
        impl.one = std::make_unique<OneCertificate>(*impl.source, impl.folder,
                                                    ledger_file(impl.folder, public_key), nullptr);
        return;
    }
    impl.memory = std::make_shared<keys::CertificateMemory>(impl.folder);
    impl.remembering = std::make_unique<keys::RememberingSource>(*impl.source, impl.memory);
    impl.one = std::make_unique<OneCertificate>(*impl.remembering, impl.folder, fs::path{}, impl.memory);
}

keys::CertificateSource* Issuing::certificates() const {
    if (impl_->one) return impl_->one.get();
    return impl_->source.get();
}

const keys::PinMailer* Issuing::mailer() const {
    return impl_->mailer.get();
}

std::vector<keys::RememberedCertificate> Issuing::to_revoke() const {
    const auto memory = impl_->memory || !impl_->one ? impl_->memory : impl_->one->earlier();
    return memory ? memory->to_revoke() : std::vector<keys::RememberedCertificate>{};
}

fs::path ledger_file(const fs::path& folder, ByteView public_key) {
    return folder / fmt::format("ledger-{}.jsonl", keys::authority_of(public_key).substr(0, 16));
}

fs::path default_ca_folder() {
    const auto journal = perso::default_journal_folder();
    return journal.parent_path() / "ca";
}

}  // namespace kartsaz::tools
