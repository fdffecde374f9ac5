// SPDX-License-Identifier: Apache-2.0
// The main job from beginning to end on a simulated card, told so that a newcomer understands what happened.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <filesystem>

#include "apdu/error.h"
#include "apdu/exchanger.h"
#include "keys/card_identity.h"
#include "keys/document_signature.h"
#include "keys/issuer.h"
#include "keys/pin.h"
#include "keys/x509_split.h"
#include "libcard/app/emrtd/read.h"
#include "libcard/app/inspect.h"
#include "libcard/app/pkcs15/card_key.h"
#include "libcard/app/pkcs15/read.h"
#include "libcard/reader/reader.h"
#include "libcard/report/report.h"
#include "libcard/sim/body.h"
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

class Demo {
public:
    Demo(fs::path folder, bool json) : folder_{std::move(folder)}, json_{json} {}

    int operator()() {
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

    /// What an earlier demo left is thrown away; anything else in the folder stays.
    void prepare_files() {
        std::error_code error;
        fs::create_directories(folder_ / "record", error);
        if (error) throw Error{Errc::store_failed, folder_.string() + ": " + error.message()};
        fs::remove(folder_ / "card.body", error);
        fs::remove_all(folder_ / "journal", error);
        for (const auto& [name, bytes] : demo_files()) perso::write_durably(folder_ / "record" / name, bytes);
        say("Kartsaz demo: a citizen's card from blank body to proof, on a simulated chip.");
        warn_development_keys();
    }

    void make_body() {
        say_heading("1. A blank card body comes from the card maker.");
        sim::Body::create(folder_ / "card.body", sim::NewBody{});
        say_field("body", path("card.body"));
    }

    void inspect() {
        say_heading("2. Incoming inspection: is it blank, do the maker's keys work?");
        const auto keys = keys::development_keys();
        Card card{card_options()};
        const auto seen = app::inspect(card.transport(), *keys);
        if (!seen.blank) throw Error{Errc::internal, "the new body is not blank"};
        say_inspection(seen);
    }

    void personalize() {
        say_heading("3. Personalize: the record is written to the chip under SCP03.");
        PersoOptions options;
        options.card = card_options();
        options.record = path("record/record.json");
        options.journal = path("journal");
        options.receipt = path("receipt.json");
        PersoJob job{options};
        const auto& record = job.loaded().record;
        say_field("citizen", fmt::format("{} {} ({} {})", record.name.given_fa, record.name.surname_fa,
                                         record.name.given_latin, record.name.surname_latin));
        say_field("photo", fmt::format("{} x {} pixels, {} bytes", record.photo.width, record.photo.height,
                                       record.photo.bytes.size()));
        for (const auto& finger : record.fingers) {
            say_field("finger", fmt::format("{}, {} minutiae", record::finger_name(finger.position),
                                            finger.views.front().minutiae.size()));
        }
        Card card{card_options()};
        receipt_ = job.personalize(card.transport());
        say_field("written",
                  fmt::format("{} files, {} steps, {} bytes in {} commands", receipt_.files.size(),
                              receipt_.steps.size(), receipt_.written.bytes_out, receipt_.written.commands));
        say_field("keys", "transport keys replaced by keys that only this chip has");
        say_field("locked", "yes: nobody without the issuer's keys can write it again");
        say_field("receipt", path("receipt.json"));
    }

    void read_back() {
        say_heading("4. Read back, as a border or bank reader does: PACE, then every file.");
        const auto keys = keys::development_keys();
        AccessOptions access;
        access.record = path("record/record.json");
        Card card{card_options()};
        dump_ = read_whole_card(card.transport(), card_access(access), keys.get());
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
        const auto keys = keys::development_keys();
        Card card{card_options()};
        apdu::Exchanger exchanger{card.transport()};
        const auto identity = keys::identity_of_card(receipt_.chip, "");
        const auto pin = keys::derive_pin(keys->keyset("pin"), "pin", identity, 6);
        const auto signer = app::pkcs15::card_identity(exchanger, pin, "");
        const auto signature = keys::sign_document(signer, to_bytes(text));
        perso::write_durably(folder_ / "contract.txt.p7s", std::string{signature.begin(), signature.end()});
        const auto ca =
            keys::split_certificates(to_bytes(keys::development_citizen_ca_pem()), "development CA");
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
        say(fmt::format("    --expect {}", path("record/record.json")));
        if (json_) {
            print_json({{"receipt", nlohmann::json::parse(perso::to_json(receipt_))},
                        {"verification", nlohmann::json::parse(report::json(report))},
                        {"report", path("report.html")}});
        }
        return report.accept ? exit_ok : exit_bad_card;
    }

    fs::path folder_;
    bool json_;
    perso::Receipt receipt_;
    app::CardDump dump_;
};

}  // namespace

void add_demo(CLI::App& program, Action& action) {
    struct Options {
        std::string folder = "kartsaz-demo";
        bool json = false;
    };
    auto* command = program.add_subcommand("demo", "The main job on a simulated card, with a report");
    auto options = std::make_shared<Options>();
    command->add_option("DIR", options->folder, "Folder for all files")->capture_default_str();
    add_json_option(*command, options->json);
    command->callback([options, &action] {
        action = [options] { return Demo{options->folder, options->json}(); };
    });
}

}  // namespace kartsaz::tools
