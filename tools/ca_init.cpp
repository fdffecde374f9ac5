// SPDX-License-Identifier: Apache-2.0
// The signing identities of an issuer, made once: country signer, document signer, citizens' CA.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <optional>

#include "apdu/error.h"
#include "keys/country_signer.h"
#include "keys/key_file.h"
#include "keys/pem.h"
#include "keys/pkcs11_make.h"
#include "libcard/perso/journal.h"
#include "tools/ca_command.h"
#include "tools/console.h"
#include "tools/exit_codes.h"
#include "tools/secret_input.h"

namespace kartsaz::tools {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t year = 31'557'600;  // seconds, 365.25 days

struct InitOptions {
    std::string folder;
    KeyOptions keys;
    std::string country = "IR", organization, name = "National eID", algorithm = "ec-p384", crl_url;
    int years = 15;
    int signing_months = 0;
    int crl_days = 90;
    bool piv = false;
    bool json = false;
};

keys::KeyAlgorithm algorithm_named(const std::string& name) {
    for (const auto algorithm : {keys::KeyAlgorithm::ec_p256, keys::KeyAlgorithm::ec_p384,
                                 keys::KeyAlgorithm::rsa_3072, keys::KeyAlgorithm::rsa_4096}) {
        if (keys::name(algorithm) == name) return algorithm;
    }
    throw Error{Errc::usage, "--algorithm: ec-p256, ec-p384, rsa-3072 or rsa-4096 expected"};
}

/// Makes keys where they shall live, and puts certificates beside them.
class Maker {
public:
    virtual ~Maker() = default;
    /// Key and certificate that are there already; empty without a certificate.
    virtual std::optional<keys::Identity> known(const std::string& name) const = 0;
    /// Made now, or left without a certificate by an interrupted call.
    virtual std::shared_ptr<const keys::SigningKey> key(const std::string& name) = 0;
    virtual void certificate(const std::string& name, const Bytes& der) = 0;
    /// All is made.
    virtual void finish() = 0;
};

class FileMaker final : public Maker {
public:
    FileMaker(const KeyOptions& options, keys::KeyAlgorithm algorithm)
        : file_{options.keys}, algorithm_{algorithm} {
        check_target(file_.string());
        const auto source = options.passphrase_file.empty() ? "prompt" : options.passphrase_file;
        passphrase_ = read_secret(source, "passphrase of " + options.keys,
                                  fs::exists(file_) ? SecretAge::known : SecretAge::fresh);
        if (fs::exists(file_)) held_ = keys::open_key_file(file_, passphrase_);
    }
    std::optional<keys::Identity> known(const std::string& name) const override {
        if (!held_ || !held_->has_identity(name)) return std::nullopt;
        return held_->identity(name);
    }
    std::shared_ptr<const keys::SigningKey> key(const std::string& name) override {
        auto& text = keys_[name] = keys::new_private_key(algorithm_);
        return keys::signing_key_from_pem(text);
    }
    void certificate(const std::string& name, const Bytes& der) override {
        identities_[name] = keys::identity_text(keys_.at(name), der);
    }
    void finish() override {
        if (!identities_.empty()) keys::add_identities(file_, passphrase_, std::move(identities_));
    }

private:
    fs::path file_;
    keys::KeyAlgorithm algorithm_;
    keys::SecretBytes passphrase_;
    std::unique_ptr<keys::KeyStore> held_;
    std::map<std::string, keys::SecretBytes> keys_, identities_;
};

class TokenMaker final : public Maker {
public:
    TokenMaker(const KeyOptions& options, keys::KeyAlgorithm algorithm)
        : token_{open_token(options)}, store_{keys::token_key_store(token_)}, algorithm_{algorithm} {}
    std::optional<keys::Identity> known(const std::string& name) const override {
        if (keys::token_certificates(*token_, name).empty()) return std::nullopt;
        return store_->identity(name);
    }
    std::shared_ptr<const keys::SigningKey> key(const std::string& name) override {
        if (store_->has_identity(name)) return keys::finish_token_key(token_, name, algorithm_);
        return keys::generate_token_key(token_, name, algorithm_);
    }
    void certificate(const std::string& name, const Bytes& der) override {
        keys::write_token_certificate(token_, name, der);
    }
    void finish() override {}

private:
    std::shared_ptr<keys::Pkcs11Token> token_;
    std::unique_ptr<keys::KeyStore> store_;
    keys::KeyAlgorithm algorithm_;
};

std::unique_ptr<Maker> maker(const InitOptions& options) {
    const auto algorithm = algorithm_named(options.algorithm);
    if (options.keys.token.empty() == options.keys.keys.empty()) {
        throw Error{Errc::usage, "either --keys or --token says where the private keys are to be"};
    }
    if (options.keys.token.empty()) return std::make_unique<FileMaker>(options.keys, algorithm);
    return std::make_unique<TokenMaker>(options.keys, algorithm);
}

keys::AuthorityTemplate wanted(const InitOptions& options, const std::string& role, std::int64_t now) {
    keys::AuthorityTemplate out;
    out.subject.country = options.country;
    out.subject.organization = options.organization;
    out.subject.common_name = options.name + " " + role;
    out.not_before = now;
    out.not_after = now + year * options.years;
    out.crl_url = options.crl_url;
    return out;
}

/// The identities; the content signer's is empty where it was not asked for. Certificates that were made now
/// are not at their place yet.
struct Made {
    keys::Identity csca, document_signer, citizen_ca, content_signer;
    std::vector<std::string> fresh;  ///< names of those
};

constexpr const char* public_files[] = {"csca.pem", "document-signer.pem", "citizen-ca.pem", "csca.crl",
                                        "citizen-ca.crl"};

Made make_all(const InitOptions& options, Maker& maker, std::int64_t now) {
    Made out;
    const auto obtain = [&](const std::string& name, auto certify) {
        if (auto there = maker.known(name)) return *std::move(there);
        keys::Identity made{maker.key(name), {}};
        made.certificate = certify(made);
        out.fresh.push_back(name);
        return made;
    };
    out.csca = obtain("csca", [&](const keys::Identity& one) {
        return keys::make_root(*one.key, wanted(options, "Country Signer", now));
    });
    out.document_signer = obtain("document-signer", [&](const keys::Identity& one) {
        auto signer = wanted(options, "Document Signer", now);
        if (options.signing_months > 0) signer.key_until = now + year / 12 * options.signing_months;
        return keys::make_document_signer(out.csca, one.key->public_key(), signer);
    });
    out.citizen_ca = obtain("citizen-ca", [&](const keys::Identity& one) {
        auto citizens = wanted(options, "Citizen CA", now);
        citizens.crl_url.clear();  // its own root: nobody could revoke it by a CRL
        return keys::make_root(*one.key, citizens);
    });
    if (options.piv) {
        out.content_signer = obtain("content-signer", [&](const keys::Identity& one) {
            return keys::make_content_signer(out.csca, one.key->public_key(),
                                             wanted(options, "Content Signer", now));
        });
    }
    return out;
}

/// What there is already must be what an interrupted call into this folder left. Asked before anything is
/// made.
void check_left(const InitOptions& options, const Maker& maker) {
    const fs::path folder{options.folder};
    std::size_t there = 0, all_of_them = 3;
    if (options.piv) {
        ++all_of_them;
        there += maker.known("content-signer") ? 1 : 0;
    }
    for (const auto* name : {"csca", "document-signer", "citizen-ca"}) {
        const auto one = maker.known(name);
        if (!one) continue;
        ++there;
        // the document signer's issuer keeps its book
        if (name != std::string_view{"document-signer"} &&
            !fs::exists(ledger_file(folder, one->key->public_key()))) {
            throw Error{Errc::keys_failed,
                        fmt::format("an identity \"{}\" is there already, and its ledger is not in {}; keys "
                                    "are never written over",
                                    name, options.folder)};
        }
    }
    const bool all = std::all_of(std::begin(public_files), std::end(public_files),
                                 [&](const char* file) { return fs::exists(folder / file); });
    if (there == all_of_them && all) {
        throw Error{Errc::keys_failed, options.folder +
                                           ": its authorities are made already; keys are never "
                                           "written over"};
    }
}

/// Ledgers are there before a certificate is: a call that was interrupted is known by them.
void put_certificates(const Made& made, Maker& maker) {
    const std::pair<const char*, const Bytes&> all[] = {{"csca", made.csca.certificate},
                                                        {"document-signer", made.document_signer.certificate},
                                                        {"citizen-ca", made.citizen_ca.certificate},
                                                        {"content-signer", made.content_signer.certificate}};
    for (const auto& [name, der] : all) {
        if (std::find(made.fresh.begin(), made.fresh.end(), name) != made.fresh.end())
            maker.certificate(name, der);
    }
    maker.finish();
}

int init(const InitOptions& options) {
    const fs::path folder{options.folder};
    check_target_folder(options.folder);
    const auto now = now_seconds();
    const auto place = maker(options);
    check_left(options, *place);
    const auto made = make_all(options, *place, now);
    const auto csca = open_ledger(folder, made.csca, Missing::is_made);
    const auto citizens = open_ledger(folder, made.citizen_ca, Missing::is_made);
    put_certificates(made, *place);
    keys::record_authority(*csca, "document-signer", made.document_signer.certificate, now);
    if (options.piv) keys::record_authority(*csca, "content-signer", made.content_signer.certificate, now);
    nlohmann::json files = nlohmann::json::array();
    const auto write = [&](const std::string& name, const Bytes& der, std::string_view label) {
        perso::write_durably(folder / name, keys::pem_text(der, label));
        files.push_back((folder / name).string());
    };
    write("csca.pem", made.csca.certificate, "CERTIFICATE");
    write("document-signer.pem", made.document_signer.certificate, "CERTIFICATE");
    write("citizen-ca.pem", made.citizen_ca.certificate, "CERTIFICATE");
    if (options.piv) write("content-signer.pem", made.content_signer.certificate, "CERTIFICATE");
    write("csca.crl", keys::make_crl(made.csca, *csca, now, options.crl_days), "X509 CRL");
    write("citizen-ca.crl", keys::make_crl(made.citizen_ca, *citizens, now, options.crl_days), "X509 CRL");
    const auto of_one = made.csca.key->place();  // a token's names the object, too
    const auto where = of_one.substr(0, of_one.find(", object"));
    say(fmt::format("Country signer, document signer and citizens' CA are in the {}.", where));
    say_field("public", fmt::format("certificates and CRLs in {}", options.folder));
    say_field("books",
              fmt::format("ledgers in {}: give --ca-folder {} when cards are written, and keep a copy "
                          "of them",
                          options.folder, options.folder));
    if (options.json) print_json({{"place", where}, {"files", files}});
    return exit_ok;
}

}  // namespace

void add_ca_init(CLI::App& ca, Action& action) {
    auto options = std::make_shared<InitOptions>();
    auto* command =
        ca.add_subcommand("init", "Make country signer, document signer and citizens' CA, keys and all");
    command->add_option("DIR", options->folder, "Folder for certificates, CRLs and ledgers")->required();
    command->add_option("--country", options->country, "Two letters, upper case; default: IR")
        ->option_text("CC");
    command->add_option("--organization", options->organization, "Of the subjects; default: none")
        ->option_text("NAME");
    command->add_option("--name", options->name, "The common names begin with it; default: National eID")
        ->option_text("NAME");
    command
        ->add_option("--algorithm", options->algorithm,
                     "ec-p256, ec-p384, rsa-3072 or rsa-4096; default: ec-p384")
        ->option_text("KIND");
    command->add_option("--years", options->years, "How long the certificates are valid; default: 15")
        ->check(CLI::Range(1, 40))
        ->option_text("N");
    command
        ->add_option("--signing-months", options->signing_months,
                     "How long the document signer signs; default: as long as it is valid")
        ->check(CLI::Range(1, 60))
        ->option_text("N");
    command->add_option("--crl-days", options->crl_days, "Until the next CRL; default: 90")
        ->check(CLI::Range(1, 3650))
        ->option_text("N");
    command->add_flag("--piv", options->piv,
                      "A signer of PIV cards' content, too; also where the others are there already");
    command->add_option("--crl-url", options->crl_url, "Where the country signer's CRL will be found")
        ->option_text("URL");
    add_key_options(*command, options->keys);
    add_json_option(*command, options->json);
    command->callback([options, &action] { action = [options] { return init(*options); }; });
}

}  // namespace kartsaz::tools
