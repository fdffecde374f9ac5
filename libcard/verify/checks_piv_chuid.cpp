// SPDX-License-Identifier: Apache-2.0
// What the CHUID says by itself.
#include <fmt/format.h>

#include <algorithm>

#include "libcard/verify/checks_piv.h"
#include "libcard/verify/observation.h"
#include "libcard/verify/piv_facts.h"

namespace kartsaz::verify {
namespace {

namespace pv = app::piv;

constexpr const char* no_chuid = "the CHUID could not be decoded";
constexpr std::uint32_t fascn_tag = 0x30, guid_tag = 0x34, expiry_tag = 0x35, holder_tag = 0x36;

std::optional<std::size_t> chuid_at(const Piv& card, std::uint32_t tag) {
    const auto found = card.chuid->offsets.find(tag);
    return found == card.chuid->offsets.end() ? std::nullopt : std::optional{found->second};
}

void chuid_expiry_form(const Piv& card, Verdicts& verdicts) {
    if (!card.chuid) return verdicts.skip(no_chuid);
    if (card.expiry) return verdicts.pass(card.expiry->gregorian());
    verdicts.fault(piv_file(pv::id_chuid), chuid_at(card, expiry_tag), "YYYYMMDD",
                   plain_text(card.chuid->expiry), "the expiry of the CHUID is no day");
}

void chuid_expiry(const Piv& card, Verdicts& verdicts) {
    if (!card.chuid || !card.expiry) return verdicts.skip(no_chuid);
    const auto today = record::from_unix(card.context->when().from);
    if (*card.expiry >= today) return verdicts.pass(card.expiry->gregorian());
    verdicts.fault(piv_file(pv::id_chuid), chuid_at(card, expiry_tag), card.expiry->gregorian(),
                   today.gregorian(), fmt::format("the card expired on {}", card.expiry->gregorian()));
}

void chuid_fascn(const Piv& card, Verdicts& verdicts) {
    if (!card.chuid) return verdicts.skip(no_chuid);
    if (card.fascn) {
        const auto& number = *card.fascn;
        return verdicts.pass(fmt::format("{}-{}-{}-{}-{}", number.agency, number.system, number.credential,
                                         number.credential_series, number.issue));
    }
    verdicts.fault(piv_file(pv::id_chuid), card.fascn.offset ? card.fascn.offset : chuid_at(card, fascn_tag),
                   "a FASC-N", to_hex(card.chuid->fascn), card.fascn.fault);
}

void chuid_guid(const Piv& card, Verdicts& verdicts) {
    if (!card.chuid) return verdicts.skip(no_chuid);
    const Bytes& guid = card.chuid->guid;
    if (is_rfc4122(guid)) return verdicts.pass(uuid_text(guid));
    const bool digits = std::ranges::all_of(guid, [](std::uint8_t b) { return b >= '0' && b <= '9'; });
    const std::string what = digits ? fmt::format("the digits \"{}\"", to_text(guid)) : uuid_text(guid);
    piv_departs(card, verdicts, piv_file(pv::id_chuid), chuid_at(card, guid_tag), "a UUID of RFC 4122", what,
                fmt::format("the GUID is no UUID of RFC 4122: it is {}", what));
}

void chuid_holder(const Piv& card, Verdicts& verdicts) {
    if (!card.chuid) return verdicts.skip(no_chuid);
    const auto& uuid = card.chuid->cardholder_uuid;
    if (!uuid) return verdicts.skip("the CHUID has no UUID of the holder");
    if (is_rfc4122(*uuid) && *uuid != card.chuid->guid) return verdicts.pass(uuid_text(*uuid));
    verdicts.warn(piv_file(pv::id_chuid), chuid_at(card, holder_tag), "a UUID of RFC 4122, not the card's",
                  uuid_text(*uuid),
                  *uuid == card.chuid->guid ? "the holder's UUID is that of the card"
                                            : "the holder's UUID is no UUID of RFC 4122");
}

void chuid_fields(const Piv& card, Verdicts& verdicts) {
    if (!card.chuid) return verdicts.skip(no_chuid);
    const auto tell = [&](const std::optional<Bytes>& field, const char* tag, const char* what) {
        if (field)
            verdicts.note(piv_file(pv::id_chuid),
                          fmt::format("the CHUID has the field {} ({}) of older cards", tag, what));
    };
    tell(card.chuid->buffer_length, "EE", "length of the buffer");
    tell(card.chuid->agency, "31", "agency code");
    tell(card.chuid->duns, "33", "DUNS");
    tell(card.chuid->authentication_map, "3D", "authentication key map");
    if (verdicts.findings().empty()) verdicts.pass("the fields of SP 800-73-4");
}

}  // namespace

void add_piv_chuid_checks(std::vector<Check>& checks) {
    constexpr const char* part1 = "SP 800-73-4 part 1";
    add_piv(checks,
            {{"piv.chuid.expiry.form", "The expiry of the CHUID is a day", Severity::fatal, part1, "3.1.2",
              piv_depth_form, chuid_expiry_form},
             {"piv.chuid.expiry", "The card has not expired: the day of the CHUID", Severity::fatal,
              "FIPS 201-2", "4.2.1", piv_depth_expiry, chuid_expiry},
             {"piv.chuid.fascn", "The FASC-N is one: parity, separators, digits, check sum", Severity::fatal,
              "PACS Implementation Guidance 2.3", "6", piv_depth_form, chuid_fascn},
             {"piv.chuid.guid", "The GUID is a UUID of RFC 4122 (first generation: a note)", Severity::fatal,
              part1, "3.4.1", piv_depth_form, chuid_guid},
             {"piv.chuid.holder", "The UUID of the holder, where it is there, is one, and not the card's",
              Severity::warning, part1, "3.4.2", piv_depth_form, chuid_holder},
             {"piv.chuid.fields", "No field of older cards (a note)", Severity::note, part1, "table 9",
              piv_depth_form, chuid_fields}});
}

}  // namespace kartsaz::verify
