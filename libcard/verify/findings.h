// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apdu/bytes.h"

/// What a verification says.
namespace kartsaz::verify {

/// `fatal` rejects the card; `note` tells something that is not wrong by itself.
enum class Severity { fatal, warning, note };
std::string_view name(Severity severity);

/// One thing found. `object` names the file ("chip" when it is about no file), `offset` counts from the
/// file's first byte.
struct Finding {
    std::string check;
    Severity severity = Severity::fatal;
    std::string object;
    std::optional<std::size_t> offset;
    std::string expected;
    std::string got;
    std::string text;        ///< one sentence for people
    bool cause = false;      ///< the one that explains the others
    std::string standard{};  ///< of the check: "FIPS 201-2"
    std::string clause{};    ///< "4.2.1"
};

enum class Outcome { passed, failed, skipped, noted };
std::string_view name(Outcome outcome);

struct CheckResult {
    std::string check;
    Outcome outcome = Outcome::passed;
    std::string evidence;  ///< what was seen, or why it was skipped
    std::string title;     ///< of the check
    std::string source;    ///< standard and clause
};

/// A field for people to look at beside the card.
struct ViewField {
    std::string label;     ///< English
    std::string label_fa;  ///< Persian
    std::string value;
    bool rtl = false;
};

/// A document that the card signed while it was at hand, and what OpenSSL says of the signature.
struct SignedDocument {
    std::string document;   ///< name of the file
    std::string signature;  ///< name of the file with the CMS signature
    std::string signer;     ///< subject of the certificate, one line
    std::string digest;     ///< SHA-256 of the document, hexadecimal
    bool verified = false;
    std::string verified_by;  ///< "OpenSSL 3.0.17 ..."; or why it does not verify
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
    std::string
        rules;  ///< PIV: which rules the card was judged by, and why; empty: it has no such application
    std::optional<SignedDocument> signed_document;
    std::string at;                  ///< date of judgement, ISO 8601
    bool development_trust = false;  ///< judged by the shipped development CSCA
};

}  // namespace kartsaz::verify
