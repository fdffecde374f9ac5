// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "libcard/report/report.h"

namespace kartsaz::report {
namespace {

using nlohmann::ordered_json;

ordered_json finding_json(const verify::Finding& finding) {
    ordered_json out;
    out["check"] = finding.check;
    out["severity"] = name(finding.severity);
    out["object"] = finding.object;
    out["offset"] = finding.offset ? ordered_json(*finding.offset) : ordered_json(nullptr);
    out["expected"] = finding.expected;
    out["got"] = finding.got;
    out["text"] = finding.text;
    out["cause"] = finding.cause;
    out["standard"] = finding.standard;
    out["clause"] = finding.clause;
    return out;
}

}  // namespace

std::string json(const verify::Report& report) {
    ordered_json out;
    out["verdict"] = report.accept ? "accept" : "reject";
    out["cause"] = report.cause ? ordered_json(*report.cause) : ordered_json(nullptr);
    out["at"] = report.at;
    if (!report.rules.empty()) out["rules"] = report.rules;
    out["chip"] = report.chip;
    out["development_trust"] = report.development_trust;
    if (report.signed_document) {
        const auto& one = *report.signed_document;
        out["signed_document"] = {{"document", one.document}, {"signature", one.signature},
                                  {"signer", one.signer},     {"sha256", one.digest},
                                  {"verified", one.verified}, {"verified_by", one.verified_by}};
    }
    out["findings"] = ordered_json::array();
    for (const auto& finding : report.findings) out["findings"].push_back(finding_json(finding));
    out["checks"] = ordered_json::array();
    for (const auto& result : report.results) {
        out["checks"].push_back({{"check", result.check},
                                 {"outcome", name(result.outcome)},
                                 {"evidence", result.evidence},
                                 {"title", result.title},
                                 {"source", result.source}});
    }
    // What a card holds need not be UTF-8; the document must be.
    return out.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace kartsaz::report
