// SPDX-License-Identifier: Apache-2.0
// The main job from beginning to end on a simulated card, told so that a newcomer understands what happened.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <optional>

#include "apdu/error.h"
#include "apdu/exchanger.h"
#include "keys/card_identity.h"
#include "keys/document_signature.h"
#include "keys/issuer.h"
#include "keys/pem.h"
#include "keys/pin.h"
#include "libcard/app/emrtd/read.h"
#include "libcard/app/inspect.h"
#include "libcard/app/pkcs15/card_key.h"
#include "libcard/app/pkcs15/read.h"
#include "libcard/reader/reader.h"
#include "libcard/report/report.h"
#include "libcard/sim/body.h"
#include "tools/ca_command.h"
#include "tools/command.h"
#include "tools/console.h"
#include "tools/exit_codes.h"
#include "tools/inspect_text.h"
#include "tools/judging.h"
#include "tools/perso_run.h"

namespace kartsaz::tools {

std::vector<std::pair<std::string_view, std::string_view>> demo_files();

namespace {

namespace fs = std::filesystem;

struct DemoOptions {
    std::string folder = "kartsaz-demo";
    KeyOptions keys;
    std::string ca_folder;
    bool json = false;

    bool in_token() const { return !keys.token.empty(); }
};

/// Asked for before anything is written: every step needs some of it.
void check_complete(const DemoOptions& options, const keys::KeyStore& store) {
    std::string missing;
    const auto lacks = [&](std::string_view what) {
        missing += fmt::format("{}{}", missing.empty() ? "" : ", ", what);
    };
    for (const auto* name : {"transport", "issuer", "active-authentication", "pin"}) {
        if (store.versions(name).empty()) lacks(name);
    }
    for (const auto* name : {"csca", "document-signer", "citizen-ca"}) {
        if (!store.has_identity(name)) lacks(name);
    }
    if (missing.empty()) return;
    throw Error{
        Errc::keys_failed,
        fmt::format("the token lacks {}. Master keys are made by\n  kartsaz token init-keys "
                    "--published-transport --token URI\nsigning keys by\n  kartsaz ca init {} --token URI",
                    missing, options.ca_folder)};
}

class Demo {
public:
    explicit Demo(const DemoOptions& options)
        : options_{options}, folder_{options.folder}, json_{options.json} {}

    int operator()() {
        open_keys_first();
        prepare_files();
        make_body();
        inspect();
        personalize();
        read_back();
        return verify();
    }

private:
    std::string path(const char* name) const { return (folder_ / name).string(); }
    CardOptions card_options() const {
        CardOptions options;
        options.reader = "sim:" + path("card.body");
        return options;
    }

    void open_keys_first() {
        if (options_.in_token() == options_.ca_folder.empty()) {
            throw Error{
                Errc::usage,
                "--token and --ca-folder go together: the keys, and the folder that `kartsaz ca init` "
                "made with them"};
        }
        store_ = open_keys(options_.keys);
        if (!options_.in_token()) return;
        check_complete(options_, *store_);
        for (const auto* name : {"csca", "citizen-ca"}) {
            (void)open_ledger(options_.ca_folder, store_->identity(name), Missing::is_an_error);
        }
    }

    /// For verifiers: what is trusted, from the token; CRLs from the folder that the authorities write.
    std::string write_trust() const {
        if (!options_.in_token()) return {};
        const auto put = [&](const char* name, const fs::path& into) {
            perso::write_durably(into / (std::string{name} + ".pem"),
                                 keys::pem_text(keys().identity(name).certificate, "CERTIFICATE"));
            const auto crl = fs::path{options_.ca_folder} / (std::string{name} + ".crl");
            std::error_code fault;
            fs::copy_file(crl, into / crl.filename(), fs::copy_options::overwrite_existing, fault);
            if (fault) throw Error{Errc::store_failed, fmt::format("{}: {}", crl.string(), fault.message())};
        };
        const auto trust = folder_ / "trust";
        fs::create_directories(trust / "holders");
        put("csca", trust);
        put("citizen-ca", trust / "holders");
        return trust.string();
    }

    const keys::KeyStore& keys() const { return job_->keys(); }

    void say_keys() const {
        if (!options_.in_token()) return warn_development_keys();
        const auto place = store_->identity("csca").key->place();  // "token NAME, object csca"
        say(
            fmt::format("All keys are in the {}. Only the transport keys of the blank body are published "
                        "ones: they end with step 3.",
                        place.substr(0, place.find(','))));
    }

    /// What an earlier demo left is thrown away; anything else in the folder stays.
    void prepare_files() {
        std::error_code error;
        fs::create_directories(folder_ / "record", error);
        if (error) throw Error{Errc::store_failed, folder_.string() + ": " + error.message()};
        fs::remove(folder_ / "card.body", error);
        fs::remove_all(folder_ / "journal", error);
        for (const auto& [name, bytes] : demo_files()) perso::write_durably(folder_ / "record" / name, bytes);
        say("Kartsaz demo: a citizen's card from blank body to proof, on a simulated chip.");
        say_keys();
        start_job();
        trust_ = write_trust();
    }

    void start_job() {
        PersoOptions options;
        options.card = card_options();
        options.record = path("record/record.json");
        options.journal = path("journal");
        options.receipt = path("receipt.json");
        options.issuing.ca_folder = options_.ca_folder;
        job_.emplace(options, std::move(store_));
    }

    void make_body() {
        say_heading("1. A blank card body comes from the card maker.");
        sim::Body::create(folder_ / "card.body", sim::NewBody{});
        say_field("body", path("card.body"));
    }

    void inspect() {
        say_heading("2. Incoming inspection: is it blank, do the maker's keys work?");
        Card card{card_options()};
        const auto seen = app::inspect(card.transport(), keys());
        if (!seen.blank) throw Error{Errc::internal, "the new body is not blank"};
        say_inspection(seen);
    }

    void personalize() {
        say_heading("3. Personalize: the record is written to the chip under SCP03.");
        const auto& record = job_->loaded().record;
        say_field("citizen", fmt::format("{} {} ({} {})", record.name.given_fa, record.name.surname_fa,
                                         record.name.given_latin, record.name.surname_latin));
        say_field("photo", fmt::format("{} x {} pixels, {} bytes", record.photo.width, record.photo.height,
                                       record.photo.bytes.size()));
        for (const auto& finger : record.fingers) {
            say_field("finger", fmt::format("{}, {} minutiae", record::finger_name(finger.position),
                                            finger.views.front().minutiae.size()));
        }
        Card card{card_options()};
        receipt_ = job_->personalize(card.transport());
        say_field("written",
                  fmt::format("{} files, {} steps, {} bytes in {} commands", receipt_.files.size(),
                              receipt_.steps.size(), receipt_.written.bytes_out, receipt_.written.commands));
        say_field("keys", "transport keys replaced by keys that only this chip has");
        say_field("locked", "yes: nobody without the issuer's keys can write it again");
        say_field("receipt", path("receipt.json"));
    }

    void read_back() {
        say_heading("4. Read back, as a border or bank reader does: PACE, then every file.");
        AccessOptions access;
        access.record = path("record/record.json");
        access.receipt = path("receipt.json");
        Card card{card_options()};
        dump_ = read_whole_card(card.transport(), card_access(access), &keys());
        dump_.reader = "simulated";
        app::save(dump_, folder_ / "card");
        if (const auto* emrtd = dump_.application("emrtd"))
            app::emrtd::save_for_people(*emrtd, folder_ / "card");
        say_dump(dump_);
        say_field("folder", path("card"));
    }

    /// The citizen signs a text with the PIN of the letter; OpenSSL verifies it with the CA's certificate
    /// alone.
    void sign(verify::Report& report) {
        const std::string text = "I have read this contract and agree to it.\n";
        perso::write_durably(folder_ / "contract.txt", text);
        Card card{card_options()};
        apdu::Exchanger exchanger{card.transport()};
        const auto identity = keys::identity_of_card(receipt_.chip, "");
        const auto pin = keys::derive_pin(keys().keyset("pin"), "pin", identity, 6);
        const auto signer = app::pkcs15::card_identity(exchanger, pin, "");
        const auto signature = keys::sign_document(signer, to_bytes(text));
        perso::write_durably(folder_ / "contract.txt.p7s", std::string{signature.begin(), signature.end()});
        const std::vector<Bytes> ca{keys().identity("citizen-ca").certificate};
        const auto proof = keys::verify_document(signature, to_bytes(text), ca, now_seconds());
        report.signed_document = {path("contract.txt"),
                                  path("contract.txt.p7s"),
                                  keys::certificate_facts(signer.certificate).subject,
                                  to_hex(keys::sha256(to_bytes(text))),
                                  proof.ok,
                                  proof.ok ? keys::verifier_name() : proof.fault};
        if (!proof.ok) report.accept = false;
    }

    void say_signature(const verify::SignedDocument& one) const {
        say_heading("6. Sign: the citizen signs a document with the card.");
        say_field("document", one.document);
        say_field("signature", one.signature);
        say_field("signer", one.signer);
        say_field(one.verified ? "verified by" : "NOT VERIFIED", one.verified_by);
    }

    int verify() {
        say_heading("5. Verify: signatures, hashes, access rules, the chip's own key.");
        JudgeOptions options;
        options.expect = path("record/record.json");
        options.receipt = path("receipt.json");
        options.report = path("report.html");
        options.trust = trust_;
        const Judge judge{options};
        auto report = judge(dump_);
        sign(report);
        judge.write_files(report);
        fmt::print(people(), "{}", report::text(report, 80, false));
        say_signature(*report.signed_document);
        say_heading(report.accept ? "Done: the card is good." : "The card is NOT good.");
        say_field("report", path("report.html"));
        say_heading("Try next: change one byte of the photo on the chip, and verify again.");
        say(fmt::format("  kartsaz sim flip {} EF.DG2 500", path("card.body")));
        say(fmt::format("  kartsaz verify -r sim:{} \\", path("card.body")));
        const auto trust = trust_.empty() ? "" : " --trust " + trust_;
        say(fmt::format("    --expect {} --receipt {}{}", path("record/record.json"), path("receipt.json"),
                        trust));
        if (json_) {
            print_json({{"receipt", nlohmann::json::parse(perso::to_json(receipt_))},
                        {"verification", nlohmann::json::parse(report::json(report))},
                        {"report", path("report.html")}});
        }
        return report.accept ? exit_ok : exit_bad_card;
    }

    DemoOptions options_;
    fs::path folder_;
    bool json_;
    std::unique_ptr<keys::KeyStore> store_;  ///< until the job has it
    std::optional<PersoJob> job_;
    std::string trust_;  ///< folder; empty: development keys
    perso::Receipt receipt_;
    app::CardDump dump_;
};

}  // namespace

void add_demo(CLI::App& program, Action& action) {
    auto* command = program.add_subcommand("demo", "The main job on a simulated card, with a report");
    auto options = std::make_shared<DemoOptions>();
    command->add_option("DIR", options->folder, "Folder for all files")->capture_default_str();
    add_token_options(*command, options->keys);
    command
        ->add_option("--ca-folder", options->ca_folder,
                     "With --token: the folder that `kartsaz ca init` made with its keys")
        ->option_text("DIR")
        ->group("Keys");
    add_json_option(*command, options->json);
    command->callback([options, &action] { action = [options] { return Demo{*options}(); }; });
}

}  // namespace kartsaz::tools
