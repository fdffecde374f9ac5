// SPDX-License-Identifier: Apache-2.0
// PIN, PUK and management key of a PIV card, and what it shows without them. Only a card tells.
#include <fmt/format.h>

#include "libcard/app/piv/read.h"
#include "libcard/verify/checks_piv.h"
#include "libcard/verify/observation.h"

namespace kartsaz::verify {
namespace {

namespace pv = app::piv;

constexpr const char* from_folder = "a folder tells nothing of the card";

bool is_folder(const Piv& card) {
    return card.fact("source") == "folder";
}

void piv_pin_blocked(const Piv& card, Verdicts& verdicts) {
    const std::string state = card.fact("pin.state"), status = card.fact("pin.status");
    if (state.empty() && status.empty()) return verdicts.skip(from_folder);
    if (state == "blocked" || status == "6983" || status == "63C0") {
        return verdicts.fault("chip", {}, "tries left", "none", "the PIN is blocked");
    }
    verdicts.pass(status.empty() ? state : status);
}

/// The empty VERIFY is answered with 63Cx.
void piv_pin_tries(const Piv& card, Verdicts& verdicts) {
    const std::string status = card.fact("pin.status"), before = card.fact("pin.tries");
    const std::string state = card.fact("pin.state");
    if (before.empty() || before == "0") return verdicts.skip("the card does not tell its tries");
    if (before == "1" || before == "2") {
        return verdicts.warn("chip", {}, "3 or more", before,
                             fmt::format("{} tries of the PIN are left: some were spent", before));
    }
    verdicts.pass(before + " tries");
}

void piv_pin_holder(const Piv& card, Verdicts& verdicts) {
    const std::string state = card.fact("pin.state"), given = card.fact("pin.given");
    const std::string why = card.fact("pin.why");
    if (card.fact("pin.factory") == "yes") {
        // piv.pin.factory says what that means; a PIN that was given is not the transport PIN then either
        verdicts.skip("neither the issuer's nor the holder's: it is still the maker's factory PIN");
    } else if (state == "transport" || given == "transport") {
        verdicts.note("chip", "the issuer's transport PIN is in place: the holder has not changed it yet");
    } else if (state == "changed" || given == "changed") {
        verdicts.note("chip", "the holder has changed the PIN: it is not the issuer's transport PIN");
    } else if (state == "refused") {
        verdicts.warn("chip", {}, "the PIN that was given", "another",
                      "the PIN that was given is not the card's: keys were not challenged");
    } else if (state == "verified") {
        verdicts.pass("the PIN that was given was accepted");
    } else {
        verdicts.skip(!why.empty() ? why : state.empty() ? from_folder : "no PIN was tried: " + state);
    }
}

void piv_factory_pins(const Piv& card, Verdicts& verdicts) {
    for (const auto& [fact, what] : {std::pair{"pin.factory", "PIN"}, std::pair{"puk.factory", "PUK"}}) {
        const std::string told = card.fact(fact);
        if (told == "no") verdicts.pass(fmt::format("{} was changed", what));
        if (told == "yes")
            piv_lacks(card, verdicts, "chip", fmt::format("a {} of its own", what), "the maker's",
                      fmt::format("the {0} is still the maker's factory {0}, which everybody knows", what));
    }
    verdicts.skip(is_folder(card) ? from_folder : "the card does not tell");
}

void piv_puk(const Piv& card, Verdicts& verdicts) {
    const std::string tries = card.fact("puk.tries");
    if (tries.empty()) return verdicts.skip("the card does not tell the tries of its PUK");
    if (tries != "0") return verdicts.pass(tries + " tries");
    verdicts.warn("chip", {}, "tries left", "none", "the PUK is blocked: a blocked PIN can never be freed");
}

void piv_management_key(const Piv& card, Verdicts& verdicts) {
    const std::string keys = card.fact("management.keys");
    if (keys == "factory") {
        return piv_lacks(card, verdicts, "chip", "a key of the issuer", "the factory's",
                         "the card still answers to the management key that everybody knows: anybody can "
                         "write it");
    }
    if (keys == "issuer") return verdicts.pass("the issuer's diversified key");
    if (keys == "unknown") return verdicts.pass("not the factory's key");
    const std::string why = card.fact("management.why");
    verdicts.skip(!why.empty() ? why : is_folder(card) ? from_folder : "it was not asked");
}

void piv_management_algorithm(const Piv& card, Verdicts& verdicts) {
    const std::string algorithm = card.fact("management.algorithm");
    if (algorithm.empty()) return verdicts.skip(is_folder(card) ? from_folder : "the card does not tell");
    if (algorithm == "08" || algorithm == "0A" || algorithm == "0C")
        return verdicts.pass("AES (" + algorithm + ")");
    verdicts.note("chip",
                  fmt::format("the management key is of algorithm {}, not AES", plain_text(algorithm)));
}

void piv_plain_reading(const Piv& card, Verdicts& verdicts) {
    for (const auto& container : pv::containers()) {
        if (container.read == pv::ReadAccess::always) continue;
        const std::string object = pv::file_name(container), sw = card.fact("plain." + object);
        if (sw.empty()) continue;
        if (sw == "9000") {
            verdicts.fault(object, {}, "6982 (security status not satisfied)", sw,
                           fmt::format("{} can be read without the PIN", container.name));
        } else {
            verdicts.pass(fmt::format("{}: {}", container.name, sw));
        }
    }
    verdicts.skip(is_folder(card) ? from_folder : "it was not tried");
}

}  // namespace

void add_piv_access_checks(std::vector<Check>& checks) {
    constexpr const char* part2 = "SP 800-73-4 part 2";
    const auto fatal = Severity::fatal, warning = Severity::warning;
    add_piv(
        checks,
        {{"piv.pin.blocked", "The PIN is not blocked", fatal, part2, "3.2.1", piv_depth_access,
          piv_pin_blocked},
         {"piv.pin.tries", "No tries of the PIN were spent (a warning)", warning, part2, "3.2.1",
          piv_depth_access, piv_pin_tries},
         {"piv.pin.holder", "Whose PIN it is: the issuer's or the holder's (a note)", warning, "docs/cards",
          "PIV", piv_depth_access, piv_pin_holder},
         {"piv.pin.factory", "PIN and PUK are not the maker's (another's card: a warning)", fatal,
          "docs/cards", "PIV", piv_depth_access, piv_factory_pins},
         {"piv.puk", "The PUK is not blocked (a warning)", warning, part2, "3.2.3", piv_depth_access,
          piv_puk},
         {"piv.management.key",
          "The card does not answer to the management key that everybody knows (another's card: a warning)",
          fatal, "SP 800-73-4 part 1", "3.3", piv_depth_access, piv_management_key},
         {"piv.management.algorithm", "The management key is of AES (a note)", Severity::note, "SP 800-78-4",
          "5", piv_depth_access, piv_management_algorithm},
         {"piv.access.plain", "Face, fingerprints and printed information cannot be read without the PIN",
          fatal, "SP 800-73-4 part 1", "table 2", piv_depth_access, piv_plain_reading}});
}

}  // namespace kartsaz::verify
