// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "apdu/error.h"
#include "libcard/record/text.h"
#include "libcard/verify/checks.h"
#include "libcard/verify/observation.h"
#include "libcard/verify/skeleton.h"

namespace kartsaz::verify {
namespace {

/// The check that a file which is there can be decoded to its last byte.
template <class T>
void decoded(const Observation& seen, Verdicts& verdicts, const std::string& name, const Decoded<T>& file) {
    const app::DumpFile* raw = seen.file(name);
    if (raw == nullptr) return verdicts.skip("not on this card");
    if (!file || !file.fault.empty()) {
        verdicts.fault(name, file.offset, fmt::format("an {}", name), "something else", file.fault);
        return;
    }
    verdicts.pass(fmt::format("{} bytes", raw->content.size()));
}

void national_id(const Observation& seen, Verdicts& verdicts) {
    if (!seen.dg11) return verdicts.skip("no EF.DG11 that could be decoded");
    const std::string fault = record::national_id_fault(seen.dg11->personal_number);
    if (fault.empty()) return verdicts.pass(seen.dg11->personal_number);
    verdicts.fault("EF.DG11", {}, "a valid national ID", plain_text(seen.dg11->personal_number),
                   fmt::format("the national ID: {}", fault));
}

/// Empty for a name with letters that ICAO 9303-3 has no Latin form for: that alone is nothing wrong.
std::string icao_form(const std::string& persian) {
    try {
        return record::transliterate_name(persian);
    } catch (const Error&) {
        return {};
    }
}

void name_plausible(Verdicts& verdicts, const std::string& persian, const std::string& latin,
                    const std::string& which) {
    if (persian.empty() || latin.empty() || latin == icao_form(persian)) return;
    const std::string a = consonants_of_persian(record::fold_persian(persian));
    const std::string b = consonants_of_latin(latin);
    // The MRZ may cut a long name short.
    if (a == b || (!b.empty() && a.compare(0, b.size(), b) == 0)) return;
    verdicts.note(
        "EF.DG1",
        fmt::format("the {} in Latin letters does not sound like the Persian one of EF.DG11", which));
}

void dg1_dg11(const Observation& seen, Verdicts& verdicts) {
    if (!seen.mrz || !seen.dg11) return verdicts.skip("needs EF.DG1 and EF.DG11");
    const Mrz& mrz = *seen.mrz;
    const auto& details = *seen.dg11;
    if (details.birth_date.size() == 8 && details.birth_date.substr(2) != mrz.birth.text) {
        verdicts.fault("EF.DG11", {}, mrz.birth.text, details.birth_date,
                       "the birth date of EF.DG11 is not that of the MRZ");
    }
    const MrzField id = mrz.national_id();
    if (!id.text.empty() && !details.personal_number.empty() && id.text != details.personal_number) {
        verdicts.fault("EF.DG11", {}, id.text, plain_text(details.personal_number),
                       "the national ID of EF.DG11 is not that of the MRZ");
    }
    if (!verdicts.findings().empty()) return;
    name_plausible(verdicts, details.surname, mrz.surname, "surname");
    name_plausible(verdicts, details.given, mrz.given, "given name");
    verdicts.pass(id.text.empty() ? "birth date" : "birth date, national ID, names");
}

void dg13_agree(const Observation& seen, Verdicts& verdicts) {
    if (!seen.dg13) return verdicts.skip("no EF.DG13 that could be decoded");
    const std::string& text = seen.dg13->birth_date_sh;
    if (text.empty()) return verdicts.skip("EF.DG13 has no birth date");
    std::string rule;
    const auto day = record::parse_date(text, rule);
    if (!day) {
        verdicts.fault("EF.DG13", {}, "a Solar Hijri day", plain_text(text),
                       fmt::format("the birth date: {}", rule));
        return;
    }
    if (seen.mrz && seen.mrz->birth.text.find('<') == std::string::npos &&
        day->mrz() != seen.mrz->birth.text) {
        verdicts.fault("EF.DG13", {}, seen.mrz->birth.text, fmt::format("{} ({})", text, day->gregorian()),
                       "the Solar Hijri birth date of EF.DG13 is not the day of the MRZ");
    }
    if (seen.dg11 && !seen.dg11->birth_date.empty() && day->compact() != seen.dg11->birth_date) {
        verdicts.fault("EF.DG13", {}, seen.dg11->birth_date, fmt::format("{} ({})", text, day->gregorian()),
                       "the Solar Hijri birth date of EF.DG13 is not the day of EF.DG11");
    }
    if (verdicts.findings().empty()) verdicts.pass(fmt::format("{} is {}", text, day->gregorian()));
}

}  // namespace

void add_person_checks(std::vector<Check>& checks) {
    const auto add = [&](const char* id, const char* title, const char* standard, const char* clause,
                         int depth, std::function<void(const Observation&, Verdicts&)> run) {
        checks.push_back({id, title, Severity::fatal, standard, clause, "emrtd", depth, std::move(run)});
    };
    add("emrtd.dg11.structure", "EF.DG11 holds the personal details", "ICAO Doc 9303-10", "4.7.11",
        depth_form, [](const Observation& o, Verdicts& v) { decoded(o, v, "EF.DG11", o.dg11); });
    add("emrtd.dg11.national-id", "The national ID's check digit is right", "docs/record.md", "national ID",
        depth_value, national_id);
    add("emrtd.dg1-dg11.agree", "EF.DG1 and EF.DG11 tell of the same person", "ICAO Doc 9303-10", "4.7.11",
        depth_agreement, dg1_dg11);
    add("emrtd.dg12.structure", "EF.DG12 holds the document details", "ICAO Doc 9303-10", "4.7.12",
        depth_form, [](const Observation& o, Verdicts& v) { decoded(o, v, "EF.DG12", o.dg12); });
    add("emrtd.dg13.structure", "EF.DG13 holds the civil-registry fields", "docs/formats.md", "EF.DG13",
        depth_form, [](const Observation& o, Verdicts& v) { decoded(o, v, "EF.DG13", o.dg13); });
    add("emrtd.dg13.agree", "The Solar Hijri birth date is the day of EF.DG1 and EF.DG11", "docs/formats.md",
        "EF.DG13", depth_agreement, dg13_agree);
    add("emrtd.dg14.structure", "EF.DG14 holds security infos", "ICAO Doc 9303-10", "4.7.14", depth_form,
        [](const Observation& o, Verdicts& v) { decoded(o, v, "EF.DG14", o.dg14); });
    add("emrtd.dg15.structure", "EF.DG15 holds a public key", "ICAO Doc 9303-10", "4.7.15", depth_form,
        [](const Observation& o, Verdicts& v) { decoded(o, v, "EF.DG15", o.dg15); });
}

}  // namespace kartsaz::verify
