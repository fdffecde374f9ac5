// SPDX-License-Identifier: Apache-2.0
// The books of the issuer's authorities: what was issued and revoked, CRLs, what outside CAs still have to be
// told.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <fstream>

#include "apdu/error.h"
#include "keys/country_signer.h"
#include "keys/local_ca.h"
#include "keys/pem.h"
#include "keys/remembering_source.h"
#include "libcard/perso/journal.h"
#include "tools/ca_command.h"
#include "tools/columns.h"
#include "tools/console.h"
#include "tools/exit_codes.h"

namespace kartsaz::tools {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

struct Reason {
    const char* name;
    int code;
};
/// RFC 5280, 5.3.1; those that a certificate of a key can have for good.
constexpr Reason reasons[] = {{"unspecified", 0}, {"keyCompromise", 1},        {"affiliationChanged", 3},
                              {"superseded", 4},  {"cessationOfOperation", 5}, {"privilegeWithdrawn", 9}};

std::string reason_text(int code) {
    for (const auto& reason : reasons) {
        if (reason.code == code) return reason.name;
    }
    return std::to_string(code);
}

int reason_code(const std::string& name) {
    std::string all;
    for (const auto& reason : reasons) {
        if (name == reason.name) return reason.code;
        all += fmt::format("{}{}", all.empty() ? "" : ", ", reason.name);
    }
    throw Error{Errc::usage, fmt::format("--reason: one of {} expected", all)};
}

struct BookOptions {
    AuthorityOptions authority;
    IssuingOptions outside;
    std::string out, serial, chip, reason;
    int days = 7;
    bool json = false;
};

keys::Identity identity(const AuthorityOptions& options) {
    if (options.name != "csca" && options.name != "citizen-ca") {
        throw Error{Errc::usage, "--of: csca or citizen-ca expected"};
    }
    return open_keys(options.keys)->identity(options.name);
}

int crl(const BookOptions& options) {
    check_target(options.out);
    const auto authority = identity(options.authority);
    const auto ledger = open_ledger(options.authority.path(), authority, Missing::is_an_error);
    const auto now = now_seconds();
    const auto der = keys::make_crl(authority, *ledger, now, options.days);
    perso::write_durably(options.out, keys::pem_text(der, "X509 CRL"));
    const auto turn = ledger->turn();
    const auto number = turn.last_crl();
    say(fmt::format("CRL {} of the {} is in {}; the next one is due on {}.", number, options.authority.name,
                    options.out, perso::utc_text(now + std::int64_t{86400} * options.days)));
    if (options.json) print_json({{"number", number}, {"file", options.out}});
    return exit_ok;
}

std::string state_of(const keys::LedgerEntry& entry, std::int64_t now) {
    if (entry.revoked) return "revoked, " + reason_text(entry.revoked->reason);
    if (now > entry.not_after) return "expired";
    return "valid";
}

struct Books {
    std::vector<keys::LedgerEntry> entries;
    std::uint64_t last_crl = 0;
};

/// Copied out: whoever reads what is printed may take an hour over it, and no station shall wait for that.
Books read_books(const BookOptions& options) {
    const auto ledger = open_ledger(options.authority.path(), identity(options.authority),
                                    Missing::is_an_error, keys::CaLedger::Use::read);
    const auto turn = ledger->turn();
    return {turn.entries(), turn.last_crl()};
}

int list(const BookOptions& options) {
    const auto books = read_books(options);
    const auto now = now_seconds();
    json all = json::array();
    for (const auto& entry : books.entries) {
        const auto owner = entry.chip.empty() ? entry.slot : fmt::format("{}, {}", entry.chip, entry.slot);
        say(fmt::format("{}  {} until {}", entry.serial, state_of(entry, now),
                        perso::utc_text(entry.not_after).substr(0, 10)));
        say(harmless(fmt::format("    {}; {}", entry.subject, owner)), 4);
        json one = {{"serial", entry.serial},
                    {"chip", entry.chip},
                    {"slot", entry.slot},
                    {"subject", entry.subject},
                    {"not_before", entry.not_before},
                    {"not_after", entry.not_after},
                    {"issued", entry.issued},
                    {"state", state_of(entry, now)}};
        if (entry.revoked)
            one["revoked"] = {{"time", entry.revoked->time}, {"reason", entry.revoked->reason}};
        all.push_back(std::move(one));
    }
    if (books.entries.empty()) say("Nothing was issued.");
    if (options.json) print_json({{"certificates", all}, {"last_crl", books.last_crl}});
    return exit_ok;
}

/// Everything of a card that still stands: it was voided, lost or destroyed.
int revoke_chip(const BookOptions& options, int reason) {
    const auto ledger =
        open_ledger(options.authority.path(), identity(options.authority), Missing::is_an_error);
    auto turn = ledger->turn();
    bool known = false;
    std::vector<std::string> serials;
    for (const auto& entry : turn.entries()) {
        known = known || entry.chip == options.chip;
        if (entry.chip == options.chip && !entry.revoked) serials.push_back(entry.serial);
    }
    if (!known) {
        throw Error{Errc::input_invalid,
                    fmt::format("the {} issued nothing for chip {}; `kartsaz ca list` shows every chip",
                                options.authority.name, options.chip)};
    }
    for (const auto& serial : serials) {
        turn.revoke(*turn.by_serial(serial), {now_seconds(), reason});
        say(harmless(fmt::format("Revoked: certificate {} ({}), {}", serial, turn.by_serial(serial)->subject,
                                 reason_text(reason))));
    }
    say(serials.empty() ? "Nothing to do: all certificates of the chip were revoked before."
                        : "A CRL tells it: kartsaz ca crl");
    if (options.json) print_json({{"chip", options.chip}, {"revoked", serials}, {"reason", reason}});
    return exit_ok;
}

int revoke(const BookOptions& options) {
    const int reason = reason_code(options.reason);
    if (options.serial.empty() == options.chip.empty())
        throw Error{Errc::usage, "SERIAL or --chip NAME: one of them"};
    if (!options.chip.empty()) return revoke_chip(options, reason);
    auto serial = options.serial;
    std::erase(serial, ':');
    std::transform(serial.begin(), serial.end(), serial.begin(),
                   [](char c) { return c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c; });
    const auto ledger =
        open_ledger(options.authority.path(), identity(options.authority), Missing::is_an_error);
    auto turn = ledger->turn();
    const auto* entry = turn.by_serial(serial);
    if (entry == nullptr) {
        throw Error{Errc::input_invalid,
                    fmt::format("the {} issued no certificate {}; `kartsaz ca list` shows them all",
                                options.authority.name, serial)};
    }
    const bool before = entry->revoked.has_value();
    turn.revoke(*entry, {now_seconds(), reason});
    const auto& now = *turn.by_serial(serial);
    say(harmless(fmt::format("{}: certificate {} ({}), {}. A CRL tells it: kartsaz ca crl",
                             before ? "Revoked before" : "Revoked", serial, now.subject,
                             reason_text(now.revoked->reason))));
    if (options.json) print_json({{"serial", serial}, {"reason", now.revoked->reason}, {"before", before}});
    return exit_ok;
}

json remembered_json(const keys::RememberedCertificate& entry) {
    return {{"chip", entry.chip}, {"slot", entry.slot}, {"key", entry.key}, {"abandoned", entry.abandoned}};
}

/// What is open with an outside CA; with --cmp or --spool it is told what it must revoke.
int pending(const BookOptions& options) {
    const auto folder = options.authority.path();
    if (!fs::exists(folder / "certificates.jsonl")) {
        throw Error{
            Errc::store_failed,
            fmt::format("{}: no outside CA was ever asked from here (no certificates.jsonl); --ca-folder "
                        "names the right folder",
                        folder.string())};
    }
    const auto memory = std::make_shared<keys::CertificateMemory>(folder);
    std::vector<std::string> left;
    if (!options.outside.cmp.empty() || !options.outside.spool.empty()) {
        const auto store = open_keys(options.authority.keys);
        const auto source = outside_source(options.outside, *store, {});
        left = keys::RememberingSource{*source, memory}.settle();
    }
    json asked = json::array(), doomed = json::array();
    for (const auto& entry : memory->pending()) {
        say(harmless(fmt::format(
            "waits: slot \"{}\" of chip {}{}", entry.slot, entry.chip,
            entry.abandoned ? "; the chip has another key or certificate by now, revoke what comes" : "")));
        asked.push_back(remembered_json(entry));
    }
    for (const auto& entry : memory->to_revoke()) {
        say(harmless(fmt::format("to revoke ({}): slot \"{}\" of chip {}", reason_text(*entry.doomed),
                                 entry.slot, entry.chip)));
        doomed.push_back(remembered_json(entry));
    }
    for (const auto& why : left) say(harmless("  the CA could not be told: " + why), 4);
    if (asked.empty() && doomed.empty()) say("Nothing is open.");
    if (options.json) print_json({{"waiting", asked}, {"to_revoke", doomed}});
    return left.empty() ? exit_ok : exit_interrupted;
}

CLI::App* book(CLI::App& ca, const char* name, const char* what, BookOptions& options) {
    auto* command = ca.add_subcommand(name, what);
    add_authority_options(*command, options.authority);
    add_json_option(*command, options.json);
    return command;
}

}  // namespace

void add_authority_options(CLI::App& command, AuthorityOptions& options) {
    command.add_option("--of", options.name, "Whose books: citizen-ca or csca; default: citizen-ca")
        ->option_text("CA");
    command.add_option("--ca-folder", options.folder, "Folder of the ledgers; default: that of the station")
        ->option_text("DIR");
    add_key_options(command, options.keys);
}

std::unique_ptr<keys::CaLedger> open_ledger(const fs::path& folder, const keys::Identity& authority,
                                            Missing missing, keys::CaLedger::Use use) {
    const auto file = ledger_file(folder, authority.key->public_key());
    if (missing == Missing::is_an_error && !fs::exists(file)) {
        throw Error{
            Errc::store_failed,
            fmt::format("{}: there is no ledger of this CA; --ca-folder names the folder that cards are "
                        "written with",
                        file.string())};
    }
    return std::make_unique<keys::CaLedger>(keys::authority_of(authority.key->public_key()), file, use);
}

void add_ca_books(CLI::App& ca, Action& action) {
    auto options = std::make_shared<BookOptions>();
    auto* make = book(ca, "crl", "Issue a CRL from the books", *options);
    file_option(*make, "--out", options->out, "The CRL to write, PEM")->required();
    make->add_option("--days", options->days, "Until the next one; default: 7")
        ->check(CLI::Range(1, 3650))
        ->option_text("N");
    make->callback([options, &action] { action = [options] { return crl(*options); }; });

    auto* show = book(ca, "list", "Every certificate that was issued, and its state", *options);
    show->callback([options, &action] { action = [options] { return list(*options); }; });

    auto* take_back = book(ca, "revoke", "Revoke a certificate; the next CRL tells it", *options);
    take_back->add_option("SERIAL", options->serial, "As `ca list` or openssl shows it");
    take_back
        ->add_option("--chip", options->chip, "Every certificate of a card: its name in receipt and journal")
        ->option_text("NAME");
    take_back->add_option("--reason", options->reason, "keyCompromise, superseded, cessationOfOperation ..")
        ->required()
        ->option_text("REASON");
    take_back->callback([options, &action] { action = [options] { return revoke(*options); }; });

    auto* open = book(ca, "pending", "What outside CAs have not answered or not been told", *options);
    add_outside_options(*open, options->outside);
    open->callback([options, &action] { action = [options] { return pending(*options); }; });
}

void add_ca(CLI::App& program, Action& action) {
    auto* ca = program.add_subcommand("ca", "The issuer's certificate authorities and their books");
    ca->require_subcommand(1);
    add_ca_init(*ca, action);
    add_ca_books(*ca, action);
}

}  // namespace kartsaz::tools
