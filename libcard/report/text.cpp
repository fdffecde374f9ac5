// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "libcard/report/escape.h"
#include "libcard/report/report.h"
#include "libcard/report/rule.h"

namespace kartsaz::report {
namespace {

using verify::Outcome;

constexpr unsigned narrowest = 40;

/// What a terminal may be given: control characters (escape sequences) and what is not UTF-8 become '?'.
std::string printable(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t size = utf8_length(text, i);
        const bool control = size <= 1 && (static_cast<unsigned char>(text[i]) < 0x20 || text[i] == 0x7F);
        const bool c1 = size == 2 && text[i] == '\xC2' && static_cast<unsigned char>(text[i + 1]) < 0xA0;
        if (size == 0 || control || c1) {
            out += size == 1 && text[i] == '\n' ? ' ' : '?';
        } else {
            out += text.substr(i, size);
        }
        i += size == 0 ? 1 : size;
    }
    return out;
}

/// Columns, one for each character: Persian letters join but keep one column each on terminals.
std::size_t columns(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(
        text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80; }));
}

/// The first `count` characters.
std::string_view head(std::string_view text, std::size_t count) {
    std::size_t i = 0;
    for (; i < text.size() && count > 0; --count) i += std::max<std::size_t>(utf8_length(text, i), 1);
    return text.substr(0, i);
}

class Page {
public:
    explicit Page(unsigned width) : width_{std::max(width, narrowest)} {}

    /// Wraps at blanks; lines after the first begin with `indent` blanks. A word that is too long is cut.
    void wrap(const std::string& lead, const std::string& text, std::size_t indent) {
        std::string line = lead;
        bool fresh = true;
        std::string_view rest = text;
        while (!rest.empty()) {
            std::string_view word = rest.substr(0, rest.find(' '));
            rest.remove_prefix(std::min(rest.size(), word.size() + 1));
            while (!word.empty()) {
                const std::size_t used = columns(line) + (fresh ? 0 : 1);
                if (used + columns(word) <= width_) {
                    line.append(fresh ? "" : " ").append(word);
                    fresh = false;
                    break;
                }
                if (!fresh) {
                    flush(line, indent);
                    fresh = true;
                    continue;
                }
                const std::string_view part = head(word, width_ - columns(line));
                line += part;
                word.remove_prefix(part.size());
                flush(line, indent);
            }
        }
        if (columns(line) > indent || !fresh) flush(line, 0);
    }
    /// One line that is short enough.
    void line(const std::string& text) { out_.append(text).append("\n"); }
    std::string take() && { return std::move(out_); }

private:
    void flush(std::string& line, std::size_t indent) {
        out_ += line + "\n";
        line.assign(indent, ' ');
    }
    std::size_t width_;
    std::string out_;
};

std::string place(const verify::Finding& finding) {
    return finding.offset ? fmt::format("{}, offset {}", finding.object, *finding.offset) : finding.object;
}

void add_finding(Page& page, const verify::Finding& finding) {
    constexpr std::size_t indent = 10;
    page.wrap(fmt::format("{:<8}  ", name(finding.severity)),
              printable(finding.check + ": " + place(finding)), indent);
    page.wrap(std::string(indent, ' '), printable(finding.text), indent);
    if (!finding.expected.empty()) {
        page.wrap(std::string(indent, ' ') + "expected  ", printable(finding.expected), indent + 10);
    }
    if (!finding.got.empty())
        page.wrap(std::string(indent, ' ') + "got       ", printable(finding.got), indent + 10);
    if (const std::string rule = rule_of(finding); !rule.empty())
        page.wrap(std::string(indent, ' ') + "rule      ", printable(rule), indent + 10);
    if (finding.cause) page.line(std::string(indent, ' ') + "This is the cause.");
}

std::size_t count(const verify::Report& report, Outcome outcome) {
    return static_cast<std::size_t>(
        std::count_if(report.results.begin(), report.results.end(),
                      [&](const auto& result) { return result.outcome == outcome; }));
}

void add_checks(Page& page, const verify::Report& report) {
    for (const auto& result : report.results)
        page.wrap(fmt::format("{:<8}  ", name(result.outcome)),
                  result.check + ": " + printable(result.evidence), 10);
}

}  // namespace

std::string text(const verify::Report& report, unsigned width, bool all_checks) {
    Page page{width};
    std::string first = report.accept ? "The card is good." : "The card is bad.";
    if (!report.chip.empty()) first += " Chip " + printable(report.chip) + ".";
    page.wrap(report.accept ? "ACCEPT    " : "REJECT    ", first + " Judged for " + report.at + ".", 10);
    if (!report.rules.empty()) page.wrap("          ", "Judged as " + report.rules + ".", 10);
    if (report.development_trust) {
        page.wrap("          ",
                  "Judged by development keys, which anyone has: this proves nothing about a real card.", 10);
    }
    for (const auto& finding : report.findings) {
        page.line("");
        add_finding(page, finding);
    }
    page.line("");
    page.wrap("checks    ",
              fmt::format("{} passed, {} failed, {} with a note, {} skipped", count(report, Outcome::passed),
                          count(report, Outcome::failed), count(report, Outcome::noted),
                          count(report, Outcome::skipped)),
              10);
    if (all_checks) add_checks(page, report);
    return std::move(page).take();
}

}  // namespace kartsaz::report
