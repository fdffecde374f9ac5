// SPDX-License-Identifier: Apache-2.0
#include "libcard/verify/view.h"

#include <fmt/format.h>

#include "apdu/error.h"

namespace kartsaz::verify {
namespace {

constexpr std::size_t preview_budget = 60'000;  // bytes

std::string both_calendars(const record::Date& day) {
    try {
        return fmt::format("{} (Solar Hijri) · {} (Gregorian)", day.solar_hijri(), day.gregorian());
    } catch (const Error&) {
        return day.gregorian();  // a card may hold a day that the Solar Hijri calendar here does not reach
    }
}

class Fields {
public:
    explicit Fields(std::vector<ViewField>& out) : out_{out} {}
    void persian(const char* label, const char* label_fa, const std::string& value) {
        add(label, label_fa, value, true);
    }
    void latin(const char* label, const char* label_fa, const std::string& value) {
        add(label, label_fa, value, false);
    }
    void date(const char* label, const char* label_fa, const std::optional<record::Date>& day) {
        if (day) latin(label, label_fa, both_calendars(*day));
    }

private:
    void add(const char* label, const char* label_fa, const std::string& value, bool rtl) {
        if (!value.empty()) out_.push_back({label, label_fa, value, rtl});
    }
    std::vector<ViewField>& out_;
};

std::optional<record::Date> compact_day(const std::string& text) {
    if (text.size() < 8 || text.find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
    return record::from_gregorian(std::stoi(text.substr(0, 4)), std::stoi(text.substr(4, 2)),
                                  std::stoi(text.substr(6, 2)));
}

void add_person(const Observation& seen, Fields& fields) {
    if (seen.dg11) {
        fields.persian("Surname", "نام خانوادگی", seen.dg11->surname);
        fields.persian("Given name", "نام", seen.dg11->given);
    }
    if (seen.mrz)
        fields.latin("Name (Latin)", "نام لاتین", plain_text(seen.mrz->surname + ", " + seen.mrz->given));
    if (seen.dg13) fields.persian("Father's name", "نام پدر", seen.dg13->father_name);
    if (seen.dg11) {
        fields.latin("National ID", "شمارهٔ ملی", seen.dg11->personal_number);
    } else if (seen.mrz) {
        fields.latin("National ID", "شمارهٔ ملی", seen.mrz->national_id().text);
    }
    fields.date("Birth date", "تاریخ تولد", seen.birth_date);
    if (seen.dg11 && !seen.dg11->birth_place.empty()) {
        fields.persian("Birth place", "محل تولد", seen.dg11->birth_place.front());
    }
    if (!seen.mrz) return;
    const std::string& sex = seen.mrz->sex.text;
    fields.persian("Sex", "جنسیت", sex == "F" ? "زن (F)" : sex == "M" ? "مرد (M)" : "نامشخص");
}

void add_document(const Observation& seen, Fields& fields) {
    if (seen.mrz) fields.latin("Document number", "شمارهٔ سند", plain_text(seen.mrz->whole_document_number));
    if (seen.dg12) {
        fields.persian("Authority", "مرجع صدور", seen.dg12->authority);
        fields.date("Issue date", "تاریخ صدور", compact_day(seen.dg12->issue_date));
    }
    if (seen.mrz) fields.date("Expiry date", "تاریخ انقضا", mrz_expiry_date(seen.mrz->expiry.text));
    if (seen.dg13) {
        fields.latin("Birth certificate number", "شمارهٔ شناسنامه", seen.dg13->certificate_number);
        fields.persian("Birth certificate serial", "سری و سریال شناسنامه", seen.dg13->certificate_serial);
    }
    if (seen.dg11) {
        const auto& address = seen.dg11->address;
        if (address.size() > 1) fields.latin("Postal code", "کد پستی", address[1]);
        if (!address.empty()) fields.persian("Address", "نشانی", address[0]);
    }
}

void add_fingers(const Observation& seen, Fields& fields) {
    for (const auto& finger : seen.fingers) {
        if (!finger.parsed) continue;
        std::size_t minutiae = 0;
        for (const auto& view : finger.parsed->views) minutiae += view.minutiae.size();
        unsigned position = app::emrtd::finger_position(static_cast<std::uint8_t>(finger.subtype));
        if (position == 0) position = finger.parsed->position;
        fields.latin("Fingerprint", "اثر انگشت",
                     fmt::format("{}, {} minutiae ({})", record::finger_name(position), minutiae,
                                 finger.parsed->format == record::TemplateFormat::incits_378_2004
                                     ? "INCITS 378"
                                     : "ISO/IEC 19794-2"));
    }
}

void add_photo(const Observation& seen, Report& report) {
    if (!seen.dg2) return;
    report.photo = seen.dg2->image;
    if (!seen.photo) return;  // a broken picture is kept, but not offered as one that can be shown
    const bool jpeg2000 = seen.photo->format == record::PhotoFormat::jpeg2000;
    report.photo_type = jpeg2000 ? "image/jp2" : "image/jpeg";
    if (!jpeg2000 || !seen.context.preview) return;
    try {
        report.photo_preview = record::reencode_photo(*seen.photo, preview_budget, "EF.DG2").bytes;
    } catch (const Error&) {
        report.photo_preview.clear();  // no preview: the page then says that there is none
    }
}

}  // namespace

void fill_view(const Observation& seen, Report& report) {
    Fields fields{report.view};
    add_person(seen, fields);
    add_document(seen, fields);
    add_fingers(seen, fields);
    fill_signature_view(seen.signature, report.view);
    add_photo(seen, report);
    fill_piv_view(seen.piv, seen.context.preview, report);
}

}  // namespace kartsaz::verify
