// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "libcard/verify/checks.h"

namespace kartsaz::verify {

const std::vector<Check>& registry() {
    static const std::vector<Check> all = [] {
        std::vector<Check> checks;
        add_part_checks(checks);
        add_card_checks(checks);
        add_sod_checks(checks);
        add_com_checks(checks);
        add_file_checks(checks);
        add_mrz_checks(checks);
        add_person_checks(checks);
        add_biometric_checks(checks);
        add_chip_checks(checks);
        add_access_checks(checks);
        add_record_checks(checks);
        add_pkcs15_checks(checks);
        add_piv_checks(checks);
        add_against_checks(checks);
        return checks;
    }();
    return all;
}

std::string checks_markdown() {
    std::string text =
        "# Checks\n\n"
        "What `kartsaz verify` proves, in the order it runs. This page is made from the registry of checks "
        "by "
        "`verify::checks_markdown()`; a test compares the two.\n\n"
        "A finding of severity *fatal* rejects the card, a *warning* or *note* does not. A check that found "
        "nothing to "
        "look at is *skipped* and says why; it never counts as passed.\n\n"
        "The **cause** of a rejection is the finding that explains the others: the fatal one of the smallest "
        "*depth*. "
        "A manipulated EF.SOD explains everything else; then comes EF.COM, which nothing signs and of which "
        "every byte "
        "is therefore compared with EF.SOD, the files and its one canonical form; then each file whose hash "
        "differs "
        "from what EF.SOD signs; only then what contents mean, what the chip proves, and comparisons with a "
        "record or "
        "a registered card.\n\n"
        "A differing file is named with the offset of the first differing byte when a witness for the "
        "original is "
        "there: the registered card's file or the file made from the expected record, if its hash is the "
        "signed one, "
        "or else the one byte whose change makes the hash right.\n\n"
        "Rule sets: *card* is for every card, *emrtd* for cards with the travel-document application, "
        "*pkcs15* for "
        "cards with a signature application, *piv* for cards with a PIV application.\n\n"
        "A signature application may be another maker's. A card counts as this issuer's own when it carries "
        "the "
        "travel document too, when a record is given with `--expect`, when receipt or profile demands the "
        "application, when its DF 5015 has the access rule that Kartsaz gives it, or when it takes the "
        "issuer's transport PIN. "
        "What others do differently without doing it wrong is fatal only there; the check says what it is "
        "elsewhere.\n\n"
        "### PIV cards\n\n"
        "A PIV card tells by itself which rules it is judged by, and the report says which and why: *PIV-I* "
        "when its content signer is one for PIV-I (extended key usage 2.16.840.1.101.3.8.7) or its FASC-N "
        "has "
        "agency code 9999; *PIV* otherwise. It is of the *first generation* (FIPS 201-1) when its "
        "certificates "
        "9A and 9E carry no UUID of the card, or as PIV-I carry UUIDs that are not of RFC 4122. What is "
        "normal "
        "for the first generation is a note there. A card counts as this issuer's own when receipt, profile "
        "or `--expect` demand the application, or it answers to the issuer's management key or transport "
        "PIN.\n\n"
        "A signature explains what its object says, so wrong signatures come first; then a key that was put "
        "in place of another (its identifier is not its hash), the path, an object that is another card's, "
        "and hashes. The CHUID is the odd one when all certificates, or all other objects, or three that "
        "nothing contradicts but others, agree on another identifier: then it alone is named.\n\n"
        "| check | what | severity | standard | clause | rule set | depth |\n"
        "|---|---|---|---|---|---|---|\n";
    for (const auto& check : registry()) {
        text += fmt::format("| `{}` | {} | {} | {} | {} | {} | {} |\n", check.id, check.title,
                            name(check.severity), check.standard, check.clause, check.card_kind, check.depth);
    }
    return text;
}

}  // namespace kartsaz::verify
