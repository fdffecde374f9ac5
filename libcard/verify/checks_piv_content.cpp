// SPDX-License-Identifier: Apache-2.0
// What CCC, printed information, discovery object, key history and BIT group say.
#include <fmt/format.h>

#include <algorithm>

#include "libcard/app/piv/read.h"
#include "libcard/verify/checks_piv.h"
#include "libcard/verify/observation.h"

namespace kartsaz::verify {
namespace {

namespace pv = app::piv;

constexpr std::uint32_t ccc_model_tag = 0xF5, printed_expiry_tag = 0x04;

std::optional<std::size_t> content_at(const pv::Offsets& offsets, std::uint32_t tag) {
    const auto found = offsets.find(tag);
    return found == offsets.end() ? std::nullopt : std::optional{found->second};
}

void ccc_values(const Piv& card, Verdicts& verdicts) {
    if (!card.ccc) return verdicts.skip("no CCC");
    const auto& ccc = *card.ccc;
    const std::string object = piv_file(pv::id_ccc);
    if (ccc.data_model != Bytes{0x10})
        verdicts.warn(object, content_at(ccc.offsets, ccc_model_tag), "10", to_hex(ccc.data_model),
                      "the CCC names another data model than that of PIV (F5)");
    for (const auto& [version, what] :
         {std::pair{&ccc.container_version, "container"}, std::pair{&ccc.grammar_version, "grammar"}}) {
        if (*version != Bytes{0x21} && *version != Bytes{0x20})
            verdicts.warn(object, {}, "20 or 21", to_hex(*version),
                          fmt::format("the CCC's {} version is not 2.0 or 2.1", what));
    }
    if (verdicts.findings().empty()) verdicts.pass(to_hex(ccc.card_identifier));
}

void printed_form(const Piv& card, Verdicts& verdicts) {
    if (!card.printed) return verdicts.skip("no printed information");
    if (const auto day = pv::parse_printed_date(card.printed->expiry)) return verdicts.pass(day->gregorian());
    verdicts.fault(piv_file(pv::id_printed), content_at(card.printed->offsets, printed_expiry_tag),
                   "YYYYMMMDD", plain_text(card.printed->expiry), "the printed expiry is no day");
}

void printed_expiry(const Piv& card, Verdicts& verdicts) {
    const auto day = card.printed ? pv::parse_printed_date(card.printed->expiry) : std::nullopt;
    if (!day || !card.expiry) return verdicts.skip("no two expiries to compare");
    if (*day == *card.expiry) return verdicts.pass(day->gregorian());
    verdicts.warn(piv_file(pv::id_printed), content_at(card.printed->offsets, printed_expiry_tag),
                  card.expiry->gregorian(), day->gregorian(),
                  fmt::format("printed is an expiry on {}, the CHUID says {}", day->gregorian(),
                              card.expiry->gregorian()));
}

bool no_discovery(const Piv& card) {
    return !card.discovery || card.discovery->empty();
}

constexpr const char* application_pin = "no discovery object: the PIN is that of the PIV application (80)";

void discovery_aid(const Piv& card, Verdicts& verdicts) {
    if (no_discovery(card)) return verdicts.skip(application_pin);
    static const Bytes piv_aid = from_hex("A000000308000010000100");
    if (card.discovery->aid == piv_aid) return verdicts.pass(to_hex(piv_aid));
    verdicts.fault(piv_file(pv::id_discovery), {}, to_hex(piv_aid), to_hex(card.discovery->aid),
                   "the discovery object is another application's");
}

/// Who may ask for which PIN. Source: SP 800-73-4 part 1, 3.2.2.
void discovery_policy(const Piv& card, Verdicts& verdicts) {
    if (no_discovery(card)) {
        return card.discovery.fault.empty() ? verdicts.pass(application_pin)
                                            : verdicts.skip("the discovery object could not be decoded");
    }
    using D = pv::Discovery;
    const unsigned first = card.discovery->policy.at(0), second = card.discovery->policy.at(1);
    const std::size_t at = card.discovery->policy_offset;
    const auto fault = [&](std::size_t offset, unsigned got, const char* expected, const std::string& text) {
        verdicts.fault(piv_file(pv::id_discovery), offset, expected, fmt::format("{:02X}", got), text);
    };
    if ((first & D::piv_pin) == 0)
        fault(at, first, "40 or more", "the PIN policy leaves out the PIN of the PIV application");
    if ((first & 0x83U) != 0) fault(at, first, "bits 7 to 3", "the PIN policy has bits that mean nothing");
    if ((first & D::without_pairing_code) != 0 && (first & D::virtual_contact) == 0)
        fault(at, first, "bit 4, too",
              "the PIN policy allows no pairing code where there is no virtual contact");
    const bool global = (first & D::global_pin) != 0;
    const bool right = global ? second == D::piv_pin_primary || second == D::global_pin_primary : second == 0;
    if (!right && !global && second == D::piv_pin_primary) {
        // the one PIN that there is: cards of some makers say so
        verdicts.warn(piv_file(pv::id_discovery), at + 1, "00", "10",
                      "the PIN policy names a primary PIN where there is one only");
    } else if (!right) {
        fault(at + 1, second, global ? "10 or 20" : "00",
              global ? "the PIN policy does not say which of two PINs is the primary one"
                     : "the PIN policy makes a PIN the primary one that there is not");
    }
    if (!verdicts.findings().empty()) return;
    verdicts.pass(!global                        ? "the PIN is that of the PIV application (80)"
                  : second == D::piv_pin_primary ? "two PINs, that of the PIV application (80) first"
                                                 : "two PINs, the global one (00) first");
}

void history_count(const Piv& card, Verdicts& verdicts) {
    std::size_t retired = 0;
    for (const auto& one : card.certificates) retired += one.retired() ? 1U : 0U;
    const std::string object = piv_file(pv::id_key_history);
    if (!card.history) {
        if (retired == 0 || !card.history.fault.empty()) return verdicts.skip("no key history");
        return verdicts.fault(object, {}, "a key history", "none",
                              fmt::format("{} certificates of retired keys, and no key history", retired));
    }
    if (card.history->on_card == retired)
        return verdicts.pass(fmt::format("{} retired keys with certificates on the card", retired));
    verdicts.fault(object, content_at(card.history->offsets, 0xC1), fmt::format("{}", retired),
                   fmt::format("{}", card.history->on_card),
                   fmt::format("the key history tells of {} certificates of retired keys, {} are on the card",
                               card.history->on_card, retired));
}

void bit_group_policy(const Piv& card, Verdicts& verdicts) {
    const bool offered =
        !no_discovery(card) && (card.discovery->policy.at(0) & pv::Discovery::on_card_comparison) != 0;
    const std::size_t fingers = card.bit_group ? card.bit_group->size() : 0;
    if (!card.bit_group.fault.empty()) return verdicts.skip("the BIT group could not be decoded");
    if (offered == (fingers > 0)) {
        return offered ? verdicts.pass(fmt::format("{} fingers", fingers))
                       : verdicts.skip("no comparison of fingers on the card");
    }
    if (offered) {
        verdicts.fault(piv_file(pv::id_bit_group), {}, "a finger", "none",
                       "the PIN policy offers comparison on the card, and the BIT group tells of no finger");
    } else {
        verdicts.fault(piv_file(pv::id_discovery), {}, "on-card comparison (10)", "none",
                       "the BIT group tells of fingers for comparison on the card, which the PIN policy does "
                       "not offer");
    }
}

}  // namespace

void add_piv_content_checks(std::vector<Check>& checks) {
    constexpr const char* part1 = "SP 800-73-4 part 1";
    const auto fatal = Severity::fatal;
    add_piv(checks,
            {{"piv.ccc", "The CCC is of version 2 and names the data model of PIV (a warning)",
              Severity::warning, part1, "3.1.1", piv_depth_form, ccc_values},
             {"piv.printed.form", "The printed expiry is a day", fatal, part1, "3.3.1", piv_depth_form,
              printed_form},
             {"piv.printed.expiry", "The printed expiry is that of the CHUID (a warning)", Severity::warning,
              "FIPS 201-2", "4.1.4", piv_depth_agreement, printed_expiry},
             {"piv.discovery.aid", "The discovery object is that of PIV", fatal, part1, "3.3.2",
              piv_depth_form, discovery_aid},
             {"piv.discovery.policy", "The PIN policy says which PIN to ask for (no discovery object: 80)",
              fatal, part1, "3.3.2", piv_depth_form, discovery_policy},
             {"piv.key-history", "The key history tells of as many retired keys as have certificates", fatal,
              part1, "3.3.3", piv_depth_agreement, history_count},
             {"piv.bit-group", "BIT group and PIN policy agree on comparison on the card", fatal, part1,
              "3.3.5", piv_depth_agreement, bit_group_policy}});
}

}  // namespace kartsaz::verify
