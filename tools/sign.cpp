// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <fstream>
#include <iterator>

#include "apdu/error.h"
#include "apdu/exchanger.h"
#include "keys/document_signature.h"
#include "keys/issuer.h"
#include "libcard/app/pkcs15/card_key.h"
#include "libcard/perso/journal.h"
#include "tools/command.h"
#include "tools/console.h"
#include "tools/exit_codes.h"
#include "tools/options.h"
#include "tools/secret_input.h"

namespace kartsaz::tools {
namespace {

struct SignOptions {
    CardOptions card;
    std::string document, pin, key, output;
};

Bytes read_document(const std::string& file) {
    check_source(file, "a document");
    std::ifstream in{file, std::ios::binary};
    Bytes content{std::istreambuf_iterator<char>{in}, std::istreambuf_iterator<char>{}};
    if (!in) throw Error{Errc::input_invalid, file + ": cannot be read"};
    return content;
}

int run_sign(const SignOptions& options) {
    const auto document = read_document(options.document);
    const auto target = options.output.empty() ? options.document + ".p7s" : options.output;
    check_target(target);
    check_target(options.card.trace);
    const auto pin = read_secret(options.pin, "PIN of the card");
    Card card{options.card};
    apdu::Exchanger exchanger{card.transport()};
    const auto signer = app::pkcs15::card_identity(exchanger, pin, options.key);
    const auto signature = keys::sign_document(signer, document);
    const auto facts = keys::certificate_facts(signer.certificate);
    // a card that answers with something else is told at once
    const auto proof = keys::verify_document(signature, document, {signer.certificate}, facts.not_before);
    if (!proof.ok) throw Error{Errc::card_refused, "the card's signature does not verify: " + proof.fault};
    perso::write_durably(target, std::string{signature.begin(), signature.end()});
    if (options.card.json) {
        print_json({{"document", options.document},
                    {"signature", target},
                    {"signer", facts.subject},
                    {"serial", facts.serial}});
    }
    say_field("signer", facts.subject);
    say_field("signature", target);
    return exit_ok;
}

}  // namespace

void add_sign(CLI::App& program, Action& action) {
    auto* command = program.add_subcommand("sign", "Sign a document with the card, as its holder does");
    auto options = std::make_shared<SignOptions>();
    command->add_option("DOCUMENT", options->document, "Any file")->required();
    command->add_option("--pin-file", options->pin, "The holder's PIN")
        ->option_text(secret_source_text)
        ->required();
    command->add_option("--key", options->key, "Label of the key; default: the only one")
        ->option_text("LABEL");
    file_option(*command, "-o,--output", options->output, "The CMS signature; default: DOCUMENT.p7s");
    add_card_options(*command, options->card);
    command->callback([options, &action] { action = [options] { return run_sign(*options); }; });
}

}  // namespace kartsaz::tools
