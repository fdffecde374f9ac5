// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "libcard/report/escape.h"
#include "libcard/report/html_style.h"
#include "libcard/report/report.h"
#include "libcard/report/rule.h"

namespace kartsaz::report {
namespace {

using verify::Outcome;

constexpr std::string_view tick =
    R"(<svg class="mark" viewBox="0 0 56 56" aria-hidden="true"><circle cx="28" cy="28" r="26" fill="none" stroke="#fff" stroke-width="4"/><path d="M16 29l9 9 16-18" fill="none" stroke="#fff" stroke-width="5" stroke-linecap="round" stroke-linejoin="round"/></svg>)";
constexpr std::string_view cross =
    R"(<svg class="mark" viewBox="0 0 56 56" aria-hidden="true"><circle cx="28" cy="28" r="26" fill="none" stroke="#fff" stroke-width="4"/><path d="M19 19l18 18M37 19L19 37" fill="none" stroke="#fff" stroke-width="5" stroke-linecap="round"/></svg>)";

std::string head(const verify::Report& report, const std::string& title) {
    const char* word = report.accept ? "ACCEPT" : "REJECT";
    // No script, no frame, nothing from elsewhere: the policy makes the browser hold to it.
    return fmt::format(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src "
        "'unsafe-inline'\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<title>{0}: {1}</title>\n<style>{2}</style>\n</head>\n<body>\n<main>\n<h1>{1}</h1>\n",
        word, escaped(title), html_style());
}

std::string header(const verify::Report& report) {
    std::string about = fmt::format("<dt>Judged for</dt><dd>{}</dd>", escaped(report.at));
    if (!report.chip.empty()) about += fmt::format("<dt>Chip</dt><dd>{}</dd>", escaped(report.chip));
    if (report.cause) about += fmt::format("<dt>Cause</dt><dd>{}</dd>", escaped(*report.cause));
    return fmt::format(
        "<header class=\"{}\">\n<div class=\"verdict\">{}<div class=\"word\">{}<small lang=\"fa\" "
        "dir=\"rtl\">{}</small>"
        "</div></div>\n<dl class=\"about\">{}</dl>\n</header>\n",
        report.accept ? "accept" : "reject", report.accept ? tick : cross,
        report.accept ? "ACCEPT" : "REJECT", report.accept ? "کارت معتبر است" : "کارت پذیرفته نیست", about);
}

std::string banner(const verify::Report& report) {
    if (!report.development_trust) return {};
    return "<div class=\"banner\" role=\"alert\"><b>DEVELOPMENT KEYS.</b> This card was judged by the "
           "country signer "
           "that is shipped for development. Its private keys are public: this page proves nothing about a "
           "real "
           "card.</div>\n";
}

std::string photo(const verify::Report& report) {
    const bool direct = report.photo_type == "image/jpeg";
    const Bytes& picture = direct ? report.photo : report.photo_preview;
    if (picture.empty()) {
        return fmt::format(
            "<div class=\"photo\"><div class=\"none\">{}</div></div>\n",
            report.photo.empty() ? "No photo was read." : "The photo on the card cannot be shown.");
    }
    const std::string caption = fmt::format("Photo on the chip, {} bytes{}", report.photo.size(),
                                            direct ? ", JPEG" : ", JPEG 2000 (shown as JPEG)");
    return fmt::format(
        "<div class=\"photo\"><img alt=\"Photo of the holder, as on the chip\" "
        "src=\"data:image/jpeg;base64,{}\"><p>{}</p>"
        "</div>\n",
        base64(picture), caption);
}

/// "A · B" of the two calendars as two parts that do not break inside.
std::string value(const verify::ViewField& field) {
    constexpr std::string_view dot = " · ";
    const std::size_t at = field.value.find(dot);
    if (field.rtl || at == std::string::npos) return "<bdi>" + escaped(field.value) + "</bdi>";
    std::string out;
    for (const std::string& part : {field.value.substr(0, at), field.value.substr(at + dot.size())}) {
        const std::size_t bracket = std::min(part.find(" ("), part.size());
        out += fmt::format("<span class=\"day\">{} <small>{}</small></span>",
                           escaped(part.substr(0, bracket)), escaped(part.substr(bracket)));
    }
    return out;
}

std::string holder(const verify::Report& report) {
    if (report.view.empty() && report.photo.empty()) return {};
    std::string rows;
    for (const auto& field : report.view) {
        const char* cell = field.rtl ? "<td lang=\"fa\" dir=\"rtl\">" : "<td class=\"plain\">";
        rows +=
            fmt::format("<tr><th scope=\"row\">{}</th>{}{}</td><th lang=\"fa\" dir=\"rtl\">{}</th></tr>\n",
                        escaped(field.label), cell, value(field), escaped(field.label_fa));
    }
    return fmt::format(
        "<section>\n<h2>Holder and document</h2>\n<div class=\"holder\">\n{}<table class=\"fields\">\n{}"
        "</table>\n</div>\n</section>\n",
        photo(report), rows);
}

std::string signed_document(const verify::Report& report) {
    if (!report.signed_document) return {};
    const auto& one = *report.signed_document;
    std::string rows;
    const auto row = [&](const char* label, const std::string& text) {
        rows += fmt::format("<tr><th scope=\"row\">{}</th><td class=\"plain\"><bdi>{}</bdi></td></tr>\n",
                            label, escaped(text));
    };
    row("Document", one.document);
    row("SHA-256", one.digest);
    row("Signature", one.signature);
    row("Signer", one.signer);
    row(one.verified ? "Verified by" : "NOT verified", one.verified_by);
    return "<section>\n<h2>Document signed by the card</h2>\n<table class=\"fields\">\n" + rows +
           "</table>\n</section>\n";
}

std::string finding(const verify::Finding& one) {
    std::string details;
    const auto detail = [&](const char* label, const std::string& text) {
        if (!text.empty()) details += fmt::format("<dt>{}</dt><dd><bdi>{}</bdi></dd>", label, escaped(text));
    };
    detail("File", one.object);
    if (one.offset) detail("Offset", fmt::format("{0} (0x{0:X})", *one.offset));
    detail("Expected", one.expected);
    detail("Got", one.got);
    detail("Rule", rule_of(one));
    return fmt::format(
        "<div class=\"finding {0}{1}\"><span class=\"tag {0}\">{0}</span> "
        "{2}<code>{3}</code><p>{4}</p><dl>{5}</dl></div>\n",
        name(one.severity), one.cause ? " cause" : "",
        one.cause ? "<span class=\"tag why\">cause</span> " : "", escaped(one.check), escaped(one.text),
        details);
}

std::string findings(const verify::Report& report) {
    std::string out = "<section>\n<h2>Findings</h2>\n";
    if (report.findings.empty()) out += "<p>None: every check that had something to look at passed.</p>\n";
    for (const auto& one : report.findings) out += finding(one);
    return out + "</section>\n";
}

std::string counts(const verify::Report& report) {
    constexpr std::array<Outcome, 4> outcomes{Outcome::passed, Outcome::failed, Outcome::noted,
                                              Outcome::skipped};
    std::string out = "<p class=\"counts\">";
    for (const Outcome outcome : outcomes) {
        const auto number = std::count_if(report.results.begin(), report.results.end(),
                                          [&](const auto& result) { return result.outcome == outcome; });
        out += fmt::format("<span class=\"tag {0}\">{1} {0}</span>", name(outcome), number);
    }
    return out + "</p>\n";
}

std::string checks(const verify::Report& report) {
    std::string rows;
    for (const auto& result : report.results) {
        rows += fmt::format(
            "<tr class=\"is-{0}\"><td><span class=\"tag {0}\">{0}</span></td><td>{1}<span "
            "class=\"id\">{2}</span>"
            "<span class=\"source\">{3}</span></td><td class=\"evidence\"><bdi>{4}</bdi></td></tr>\n",
            name(result.outcome), escaped(result.title), escaped(result.check), escaped(result.source),
            escaped(result.evidence));
    }
    return fmt::format(
        "<section>\n<h2>All checks</h2>\n{}<table class=\"checks\">\n<thead><tr><th class=\"c1\">Outcome</th>"
        "<th class=\"c2\">Check and source</th><th>Evidence</th></tr></thead>\n<tbody>\n{}</tbody>\n"
        "</table>\n</section>\n",
        counts(report), rows);
}

}  // namespace

std::string html(const verify::Report& report, const std::string& title) {
    // What is wrong comes first; on a good card the holder does.
    const std::string middle =
        report.accept ? holder(report) + findings(report) : findings(report) + holder(report);
    return head(report, title) + header(report) + banner(report) + middle + signed_document(report) +
           checks(report) +
           "<footer>Made by Kartsaz. This page holds personal data: keep it as you keep the card's record."
           "</footer>\n</main>\n</body>\n</html>\n";
}

}  // namespace kartsaz::report
