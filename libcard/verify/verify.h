// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "keys/issuer.h"
#include "libcard/app/dump.h"
#include "libcard/record/record.h"

/// Verification: an observation of a card is judged by checks. Knows nothing of how cards were written.
namespace kartsaz::verify {

/// `fatal` rejects the card; `note` tells something that is not wrong by itself.
enum class Severity { fatal, warning, note };
std::string_view name(Severity severity);

/// One thing found. `object` names the file, `offset` counts from the file's first byte.
struct Finding {
    std::string check;
    Severity severity = Severity::fatal;
    std::string object;
    std::optional<std::size_t> offset;
    std::string expected;
    std::string got;
    std::string text;    ///< one sentence for people
    bool cause = false;  ///< the one that explains the others
};

enum class Outcome { passed, failed, skipped, noted };
std::string_view name(Outcome outcome);

struct CheckResult {
    std::string check;
    Outcome outcome = Outcome::passed;
    std::string evidence;  ///< what was seen, or why it was skipped
};

/// A field for people to look at beside the card.
struct ViewField {
    std::string label;     ///< English
    std::string label_fa;  ///< Persian
    std::string value;
    bool rtl = false;
};

struct Report {
    bool accept = false;
    std::optional<std::string> cause;  ///< check id of the cause
    std::vector<Finding> findings;     ///< cause first
    std::vector<CheckResult> results;  ///< every check of the rule set, in its order
    std::vector<ViewField> view;
    Bytes photo;             ///< as on the card
    std::string photo_type;  ///< "image/jpeg", "image/jp2", ""
    Bytes photo_preview;     ///< a JPEG that a browser can show, when the photo is JPEG 2000
    std::string chip;
    std::string at;                  ///< date of judgement, ISO 8601
    bool development_trust = false;  ///< judged by the shipped development CSCA
};

struct Context {
    const app::CardDump& dump;
    const keys::TrustAnchors& trust;
    std::int64_t at = 0;                       ///< seconds since 1970
    const record::Record* expected = nullptr;  ///< --expect
    std::optional<std::string> receipt_chip;   ///< chip identity of the receipt, when one is given
    std::optional<app::CardDump> registered;   ///< --against
    bool development_trust = false;
    bool demand_crl = false;
};

/// A check's way to speak: pass, skip, or any number of findings.
class Verdicts {
public:
    explicit Verdicts(std::string check, Severity severity) : check_{std::move(check)}, severity_{severity} {}
    void pass(std::string evidence);
    void skip(std::string why);
    /// @param object file name
    void fault(std::string object, std::optional<std::size_t> offset, std::string expected, std::string got,
               std::string text);
    void note(std::string object, std::string text);
    CheckResult result() const;
    const std::vector<Finding>& findings() const { return findings_; }

private:
    std::string check_;
    Severity severity_;
    std::vector<std::string> evidence_;
    std::vector<std::string> skipped_;
    std::vector<Finding> findings_;
};

struct Check {
    std::string_view id;  ///< "emrtd.sod.signature"
    std::string_view title;
    Severity severity;
    std::string_view standard;   ///< "ICAO Doc 9303-11"
    std::string_view clause;     ///< "5.1"
    std::string_view card_kind;  ///< rule set: "emrtd"
    /// Rank when causes are told from consequences: a smaller one explains a larger one on the same object.
    int depth;
    std::function<void(const Context&, Verdicts&)> run;
};

/// Every check there is, in the order they run. docs/checks.md is generated from it.
const std::vector<Check>& registry();
/// docs/checks.md.
std::string checks_markdown();

/// Runs the rule set that fits the dump. Pure: no card, no clock.
Report judge(const Context& context);

/// A folder of trusted certificates and CRLs (.pem .cer .crt .der .crl). @throws Error{input_invalid} naming
/// the file
keys::TrustAnchors load_trust(const std::string& folder);
/// The shipped development CSCA.
keys::TrustAnchors development_trust();

}  // namespace kartsaz::verify
