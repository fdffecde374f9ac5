// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "libcard/record/text.h"
#include "libcard/verify/checks.h"
#include "libcard/verify/observation.h"

namespace kartsaz::verify {
namespace {

constexpr const char* no_mrz = "EF.DG1 could not be decoded";
constexpr std::int64_t day_seconds = 86'400;
constexpr std::int64_t soon_days = 90;

std::size_t file_offset(const Observation& seen, std::size_t mrz_offset) {
    return seen.mrz->file_offset + mrz_offset;
}

void mrz_structure(const Observation& seen, Verdicts& verdicts) {
    const app::DumpFile* file = seen.file("EF.DG1");
    if (file == nullptr) {
        const std::string why = seen.refused("EF.DG1");
        verdicts.fault("EF.DG1", {}, "present", why.empty() ? "absent" : why, "EF.DG1 could not be read");
        return;
    }
    if (!seen.mrz) {
        verdicts.fault("EF.DG1", seen.mrz.offset, "an MRZ", "something else", seen.mrz.fault);
        return;
    }
    const Mrz& mrz = *seen.mrz;
    const std::size_t bad = mrz.text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789<");
    if (bad != std::string::npos) {
        verdicts.fault("EF.DG1", file_offset(seen, bad), "A-Z, 0-9, <", plain_text(mrz.text.substr(bad, 1)),
                       fmt::format("a character that no MRZ has, at MRZ position {}", bad + 1));
    }
    if (mrz.sex.text.find_first_not_of("MF<") != std::string::npos) {
        verdicts.fault("EF.DG1", file_offset(seen, mrz.sex.offset), "M, F or <", plain_text(mrz.sex.text),
                       "the sex is none of M, F, <");
    }
    if (mrz.surname.empty() && mrz.given.empty()) {
        verdicts.fault("EF.DG1", file_offset(seen, mrz.name.offset), "a name", "fillers",
                       "the MRZ has no name");
    }
    const std::string kind = mrz.text.size() == 90 ? "TD1" : mrz.text.size() == 72 ? "TD2" : "TD3";
    if (verdicts.findings().empty()) verdicts.pass(fmt::format("{}, {} characters", kind, mrz.text.size()));
}

void check_digits(const Observation& seen, Verdicts& verdicts) {
    if (!seen.mrz) return verdicts.skip(no_mrz);
    std::string good;
    for (const auto& digit : seen.mrz->check_digits) {
        if (digit.got != digit.expected) {
            verdicts.fault("EF.DG1", file_offset(seen, digit.offset), std::string(1, digit.expected),
                           plain_text(std::string(1, digit.got)),
                           fmt::format("the check digit of {} is wrong", digit.name));
        } else {
            good += (good.empty() ? "" : ", ") + digit.name + " " + digit.got;
        }
    }
    const MrzField id = seen.mrz->national_id();
    if (!id.text.empty()) {
        const std::string fault = record::national_id_fault(id.text);
        if (fault.empty()) {
            good += fmt::format(", national ID {}", id.text.back());
        } else {
            verdicts.fault("EF.DG1", file_offset(seen, id.offset + 9), "a valid national ID",
                           id.text.substr(9), fmt::format("the national ID in the optional data: {}", fault));
        }
    }
    if (verdicts.findings().empty()) verdicts.pass(good);
}

void dates(const Observation& seen, Verdicts& verdicts) {
    if (!seen.mrz) return verdicts.skip(no_mrz);
    const Mrz& mrz = *seen.mrz;
    const auto today = record::from_unix(seen.context.at);
    const bool unknown_birth = mrz.birth.text.find('<') != std::string::npos;  // allowed for unknown parts
    const auto birth = mrz_birth_date(mrz.birth.text, today);
    const auto expiry = mrz_expiry_date(mrz.expiry.text);
    if (!birth && !unknown_birth) {
        verdicts.fault("EF.DG1", file_offset(seen, mrz.birth.offset), "YYMMDD", plain_text(mrz.birth.text),
                       "the birth date is no day of the calendar");
    }
    if (!expiry) {
        verdicts.fault("EF.DG1", file_offset(seen, mrz.expiry.offset), "YYMMDD", plain_text(mrz.expiry.text),
                       "the expiry date is no day of the calendar");
    }
    if (birth && expiry && *expiry <= *birth) {
        verdicts.fault("EF.DG1", file_offset(seen, mrz.expiry.offset), "a day after the birth date",
                       expiry->gregorian(), "the document expires before its holder is born");
    }
    if (verdicts.findings().empty()) {
        verdicts.pass(fmt::format("born {}, expires {}",
                                  birth ? birth->gregorian() : plain_text(mrz.birth.text),
                                  expiry->gregorian()));
    }
}

void expired(const Observation& seen, Verdicts& verdicts) {
    if (!seen.mrz) return verdicts.skip(no_mrz);
    const auto expiry = mrz_expiry_date(seen.mrz->expiry.text);
    if (!expiry) return verdicts.skip("the expiry date is no day");
    const auto today = record::from_unix(seen.context.at);
    const std::size_t offset = file_offset(seen, seen.mrz->expiry.offset);
    if (*expiry < today) {
        verdicts.fault(
            "EF.DG1", offset, fmt::format("{} or later", today.gregorian()), expiry->gregorian(),
            fmt::format("the document expired on {} ({})", expiry->gregorian(), expiry->solar_hijri()));
        return;
    }
    if (seen.dg12 && seen.dg12->issue_date.size() == 8 && seen.dg12->issue_date > today.compact()) {
        verdicts.warn("EF.DG12", {}, fmt::format("{} or earlier", today.compact()), seen.dg12->issue_date,
                      "the document is issued after the day of judgement");
        return;
    }
    if (expiry->days() - seen.context.at / day_seconds < soon_days) {
        verdicts.note("EF.DG1", fmt::format("the document expires soon, on {}", expiry->gregorian()));
        return;
    }
    verdicts.pass(fmt::format("valid to {} ({})", expiry->gregorian(), expiry->solar_hijri()));
}

}  // namespace

void add_mrz_checks(std::vector<Check>& checks) {
    const auto fatal = Severity::fatal;
    checks.push_back({"emrtd.dg1.structure", "EF.DG1 holds an MRZ", fatal, "ICAO Doc 9303-10", "4.7.1",
                      "emrtd", depth_form, mrz_structure});
    checks.push_back(
        {"emrtd.dg1.check-digits",
         "The check digits of the MRZ: document number, birth date, expiry date, composite, national ID",
         fatal, "ICAO Doc 9303-3; 9303-5", "4.9; 4.2.2", "emrtd", depth_value, check_digits});
    checks.push_back({"emrtd.dg1.dates", "The dates of the MRZ are days, in order", fatal, "ICAO Doc 9303-3",
                      "4.8", "emrtd", depth_value, dates});
    checks.push_back({"emrtd.dg1.expired", "The document is valid on the day", fatal, "ICAO Doc 9303-3",
                      "4.8", "emrtd", depth_validity, expired});
}

}  // namespace kartsaz::verify
