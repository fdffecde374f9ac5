// SPDX-License-Identifier: Apache-2.0
// Keys of one card: derived from the masters, and changed from one version to another.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "apdu/error.h"
#include "apdu/iso7816.h"
#include "libcard/app/globalplatform/rotate.h"
#include "libcard/perso/secure_session.h"
#include "tools/console.h"
#include "tools/exit_codes.h"
#include "tools/keys_command.h"

namespace kartsaz::tools {
namespace {

namespace gp = app::globalplatform;

struct DeriveOptions {
    CardOptions card;
    KeyOptions keys;
    std::string keyset = "issuer", version, kdd, under, file;
};

/// What the card in the reader is known by to the derivation.
Bytes ask_for_kdd(const CardOptions& options, const keys::KeyStore& store, const std::string& keyset) {
    check_target(options.trace);
    Card card{options};
    apdu::expect(card.transport().transmit(apdu::select_aid(gp::issuer_domain())), "select the card manager");
    const auto probe = perso::probe_keys(card.transport(), store, {"transport", keyset});
    if (!probe.sw.ok()) {
        throw Error{Errc::card_refused,
                    fmt::format("INITIALIZE UPDATE: SW {:04X} ({}): the card does not tell its key "
                                "diversification data",
                                probe.sw.value(), apdu::describe(probe.sw)),
                    probe.sw};
    }
    return probe.answer.kdd;
}

Bytes kdd_of(const DeriveOptions& options, const keys::KeyStore& store) {
    if (options.kdd.empty()) return ask_for_kdd(options.card, store, options.keyset);
    constexpr std::size_t kdd_size = 10;
    auto kdd = from_hex(options.kdd);
    if (kdd.size() != kdd_size) {
        throw Error{Errc::usage, fmt::format("--kdd: {} bytes, key diversification data has 10", kdd.size())};
    }
    return kdd;
}

int derive(const DeriveOptions& options) {
    if (options.under.empty() != options.file.empty()) {
        throw Error{Errc::usage,
                    "--under and --output go together: the keys leave in key blocks, or not at all"};
    }
    if (!options.kdd.empty() && !options.card.reader.empty()) {
        throw Error{Errc::usage, "--kdd or --reader: of which chip?"};
    }
    const auto version = optional_key_version(options.version, "--key-version");
    check_target(options.file);
    const auto store = open_keys(options.keys);
    const auto& keyset = store->keyset(options.keyset, version);
    const auto kdd = kdd_of(options, *store);
    const auto own = keyset.scp_keys(kdd);
    if (keyset.development) warn_development_keys();
    say_field("chip", "key diversification data " + to_hex(kdd));
    say_field(fmt::format("{} v{:02X}", keyset.name, keyset.version), "enc, mac, dek: KCV " + own.kcvs());
    nlohmann::json document{{"kdd", to_hex(kdd)},
                            {"keyset", keyset.name},
                            {"version", keyset.version},
                            {"development", keyset.development},
                            {"kcvs",
                             {{"enc", to_hex(keys::kcv(own.enc, own.type))},
                              {"mac", to_hex(keys::kcv(own.mac, own.type))},
                              {"dek", to_hex(keys::kcv(own.dek, own.type))}}}};
    if (!options.file.empty()) {
        Exported exported;
        exported.keys = {{"enc", &own.enc}, {"mac", &own.mac}, {"dek", &own.dek}};
        exported.type = own.type;
        exported.masters = false;
        exported.name = fmt::format("{}/{:02X}/{}", keyset.name, keyset.version, to_hex(kdd));
        exported.version = fmt::format("{:02X}", keyset.version);
        document["blocks"] = write_blocks(exported, transport_key(*store, options.under), options.file);
    }
    if (options.card.json) print_json(document);
    return exit_ok;
}

struct RotateOptions {
    CardOptions card;
    KeyOptions keys;
    std::string to, journal;
    gp::Rotation rotation;
};

int rotate(const RotateOptions& options) {
    auto rotation = options.rotation;
    rotation.to = key_version(options.to, "--to");
    check_target(options.card.trace);
    const auto store = open_keys(options.keys);
    (void)store->keyset(rotation.keyset, rotation.to);  // before a card is asked for
    const perso::Journal journal{options.journal.empty() ? perso::default_journal_folder()
                                                         : std::filesystem::path{options.journal}};
    Card card{options.card};
    const auto report = gp::rotate_keys(card.transport(), *store, rotation, &journal);
    if (report.development) warn_development_keys();
    say_field("chip", report.chip);
    say_field("keys", fmt::format("{} version {:02X}, KCV {}", rotation.keyset, rotation.to, report.kcvs));
    say_field("before", fmt::format("version {:02X}", report.from));
    for (const auto& step : report.done) say_field("done", step);
    if (report.done.empty()) say("Nothing to do: the card holds these keys and no older ones.");
    if (options.card.json) {
        print_json({{"chip", report.chip},
                    {"keyset", rotation.keyset},
                    {"from", report.from},
                    {"to", rotation.to},
                    {"kcvs", report.kcvs},
                    {"done", report.done},
                    {"development_keys", report.development}});
    }
    return exit_ok;
}

}  // namespace

void add_keys_card(CLI::App& keys, Action& action) {
    auto one = std::make_shared<DeriveOptions>();
    auto* own =
        keys.add_subcommand("derive", "The keys of one chip: check values, or key blocks; never a key");
    own->add_option("--keyset", one->keyset, "The masters; default: issuer")->option_text("NAME");
    own->add_option("--key-version", one->version,
                    "Which version, two hexadecimal digits; default: the newest")
        ->option_text("VERSION");
    own->add_option(
           "--kdd", one->kdd,
           "Key diversification data of the chip, 20 hexadecimal digits; default: the card in the reader "
           "tells")
        ->option_text("HEX");
    under_option(*own, one->under);
    file_option(*own, "-o,--output", one->file, "File for the key blocks: role and block, a line each");
    add_card_options(*own, one->card);
    add_key_options(*own, one->keys);
    own->callback([one, &action] { action = [one] { return derive(*one); }; });

    auto change = std::make_shared<RotateOptions>();
    auto* turn = keys.add_subcommand(
        "rotate",
        "Change the issuer's keys on a card to another version; the same call goes on after a tear");
    turn->add_option("--to", change->to, "The version that the card is to hold, two hexadecimal digits")
        ->option_text("VERSION")
        ->required();
    turn->add_option("--keyset", change->rotation.keyset, "The masters, in both versions; default: issuer")
        ->option_text("NAME");
    turn->add_flag("--older", change->rotation.older, "Also to a version below the one on the card");
    turn->add_flag("--release-failed-authentication", change->rotation.release_failed_authentication,
                   "Go on with a chip that refused an authentication before");
    turn->add_option("--journal", change->journal, "Folder of this station's journal")->option_text("FOLDER");
    add_card_options(*turn, change->card);
    add_key_options(*turn, change->keys);
    turn->callback([change, &action] { action = [change] { return rotate(*change); }; });
}

}  // namespace kartsaz::tools
