// SPDX-License-Identifier: Apache-2.0
// PIN and PUK, and who may do what. Nothing here cost the holder a try that he could miss.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>

#include "apdu/error.h"
#include "libcard/app/pkcs15/objects.h"
#include "libcard/verify/checks_pkcs15.h"
#include "libcard/verify/observation.h"

namespace kartsaz::verify {
namespace {

constexpr unsigned full_tries = 3;

std::optional<unsigned> tries(const Signature& card, const char* when = "pin.tries.after") {
    const std::string text = card.fact(when);
    if (text.empty() || text.size() > 2 || text.find_first_not_of("0123456789") != std::string::npos)
        return std::nullopt;
    return static_cast<unsigned>(std::stoul(text));
}

void is_set(const Signature& card, Verdicts& verdicts) {
    const std::string status = card.fact("pin.status"), state = card.fact("pin.state");
    if (status.empty()) return verdicts.skip("the PIN was not asked for");
    if (state == "none") {
        verdicts.fault("chip", {}, "a PIN", "none", "no PIN was ever set: whoever is first sets his own");
        return;
    }
    if (tries(card)) return verdicts.pass(fmt::format("the card answers {}", status));
    verdicts.skip(fmt::format("the card does not tell: {}", status));
}

void not_blocked(const Signature& card, Verdicts& verdicts) {
    const auto left = tries(card);
    if (!left) return verdicts.skip("the card does not tell how many tries are left");
    if (*left != 0) return verdicts.pass(fmt::format("{} tries left", *left));
    verdicts.fault("chip", {}, "a PIN with tries left", "blocked",
                   "the PIN is blocked: only the PUK opens it");
}

/// As they were before anything was tried: the one that showed a changed PIN is the verifier's own.
void all_tries(const Signature& card, Verdicts& verdicts) {
    const auto left = tries(card, "pin.tries");
    if (!left) return verdicts.skip("the card does not tell how many tries are left");
    if (card.fact("pin.state") == "verified") {
        // whoever knows the PIN may spend tries, and the right one has given all of them back
        return verdicts.pass(fmt::format("{} tries were left, and the right PIN was given now", *left));
    }
    if (*left >= full_tries || *left == 0) return verdicts.pass(fmt::format("{} tries left", *left));
    verdicts.fault(
        "chip", {}, fmt::format("{} tries", full_tries), std::to_string(*left),
        fmt::format("{} tries of the PIN are left: a wrong one was entered since a right one, or an "
                    "earlier verification tried the transport PIN",
                    *left));
}

void holder(const Signature& card, Verdicts& verdicts) {
    const std::string state = card.fact("pin.state");
    if (state == "transport") {
        verdicts.note("chip", "the issuer's transport PIN is in place: the holder has not changed it yet");
    } else if (state == "changed") {
        // without its length noted, as in the folder of an older reading, more cannot be said
        const std::string digits = card.fact("pin.digits");
        if (digits.empty()) {
            verdicts.note("chip", "the PIN is not the transport PIN that was tried");
        } else if (card.fact("pin.assumed").empty()) {
            verdicts.note("chip", fmt::format("the holder has changed the PIN: it is not the transport PIN "
                                              "of {} digits. Its keys were not challenged",
                                              plain_text(digits)));
        } else {
            verdicts.note("chip",
                          fmt::format("the transport PIN of {} digits was refused: the holder has changed "
                                      "it, or it was made with another length (--profile tells, and "
                                      "--receipt of its first writing). Its keys were not challenged",
                                      plain_text(digits)));
        }
    } else if (state == "refused") {
        verdicts.warn("chip", {}, "the PIN that was given", "another",
                      "the PIN that was given is not the card's: keys were not challenged");
    } else if (state == "verified") {
        const std::string given = card.fact("pin.given");
        if (given == "changed") {
            verdicts.note("chip",
                          "the PIN that was given was accepted, and it is not the transport PIN: the "
                          "holder has changed it");
        } else if (given == "transport") {
            verdicts.note("chip",
                          "the PIN that was given was accepted, and it is the issuer's transport PIN: "
                          "the holder has not changed it yet");
        } else {
            verdicts.pass("the PIN that was given was accepted");
        }
    } else if (const std::string why = card.fact("pin.why"); !why.empty()) {
        verdicts.skip(why);
    } else {
        verdicts.skip(state.empty() ? "no PIN was tried" : fmt::format("no PIN was tried: it is {}", state));
    }
}

void puk(const Signature&, Verdicts& verdicts) {
    verdicts.skip("no card tells the state of its PUK without spending one of its tries");
}

void keys_need_pin(const Signature& card, Verdicts& verdicts) {
    for (const auto& key : card.keys) {
        const std::string sw = card.key_fact(key, "plain.sw");
        if (sw.empty()) continue;
        if (sw == "9000") {
            verdicts.fault("chip", {}, "6982 (security status not satisfied)", sw,
                           fmt::format("{} signs without the PIN", key.name));
        } else {
            verdicts.pass(fmt::format("{}: {}", key.name, sw));
        }
    }
    verdicts.skip("signing without the PIN was not tried");
}

/// What everybody may do to the file by its access rule, in words; empty when nothing that matters.
/// The rule is FF, then who may delete, terminate, activate, deactivate, write, update, read; of a DF the
/// last three are creating a DF, creating a file, deleting a child.
std::string open_to_all(const Bytes& rule) {
    constexpr std::size_t size = 8;
    struct Right {
        std::size_t at;
        const char* name;
    };
    constexpr Right rights[] = {
        {1, "delete"}, {2, "terminate"}, {4, "deactivate"}, {5, "write"}, {6, "update"}};
    if (rule.size() != size) return {};
    std::string open;
    for (const auto& right : rights) {
        if (rule[right.at] == 0x00) open += (open.empty() ? "" : ", ") + std::string{right.name};
    }
    return open;
}

void files_are_guarded(const Signature& card, Verdicts& verdicts) {
    std::map<std::string, std::vector<std::string>> files_by_right;
    for (const auto& [name, value] : card.application->facts) {
        if (!name.starts_with("acl.")) continue;
        const std::string object = "EF." + name.substr(4);
        std::string open;
        try {
            open = open_to_all(from_hex(value));
        } catch (const Error&) {
            open = "unknown";
        }
        if (open.empty()) {
            verdicts.pass(object);
        } else {
            files_by_right[open].push_back(name.substr(4));
        }
    }
    for (const auto& [open, files] : files_by_right) {
        departs(card, verdicts, "EF." + files.front(), "with the PIN, or nobody", open,
                fmt::format("everybody may do this to {} {}: {}", files.size() == 1 ? "file" : "files",
                            fmt::join(files, ", "), open));
    }
    verdicts.skip("the card does not tell its access rules");
}

}  // namespace

void add_pkcs15_pin_checks(std::vector<Check>& checks) {
    const auto add = [&](const char* id, const char* title, Severity severity, const char* standard,
                         const char* clause, void (*run)(const Signature&, Verdicts&)) {
        checks.push_back({id, title, severity, standard, clause, "pkcs15", depth_access, on_signature(run)});
    };
    constexpr const char* iso = "ISO/IEC 7816-4";
    const auto fatal = Severity::fatal;
    add("pkcs15.pin.set", "The card has a PIN", fatal, iso, "11.6.6", is_set);
    add("pkcs15.pin.blocked", "The PIN is not blocked", fatal, iso, "11.6.6", not_blocked);
    add("pkcs15.pin.tries", "All tries of the PIN are left", Severity::warning, iso, "11.6.6", all_tries);
    add("pkcs15.pin.holder", "Whose PIN it is: the issuer's or the holder's (a note)", Severity::warning,
        "docs/cards", "signature", holder);
    add("pkcs15.puk", "The PUK is not blocked", fatal, iso, "11.6.10", puk);
    add("pkcs15.access.keys", "No key signs without the PIN", fatal, iso, "9.3", keys_need_pin);
    add("pkcs15.access.files",
        "Nobody without the PIN may change or delete a file (another maker's card: a note)", fatal, iso,
        "7.4.3", files_are_guarded);
}

}  // namespace kartsaz::verify
