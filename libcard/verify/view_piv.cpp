// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "apdu/error.h"
#include "libcard/verify/observation.h"
#include "libcard/verify/view.h"

namespace kartsaz::verify {
namespace {

std::string fascn_text(const app::piv::FascN& number) {
    return fmt::format("{}-{}-{}-{}-{}", number.agency, number.system, number.credential,
                       number.credential_series, number.issue);
}

std::string expiry_text(const record::Date& day) {
    try {
        return fmt::format("{} (Solar Hijri) · {} (Gregorian)", day.solar_hijri(), day.gregorian());
    } catch (const Error&) {
        return day.gregorian();  // beyond the years of the Solar Hijri calendar here
    }
}

void add_piv_photo(const Piv& card, bool preview, Report& report) {
    constexpr std::size_t budget = 60'000;  // bytes
    if (!card.face_record || !report.photo.empty()) return;
    report.photo = card.face_record->image;
    if (!card.photo) return;
    const bool jpeg2000 = card.photo->format == record::PhotoFormat::jpeg2000;
    report.photo_type = jpeg2000 ? "image/jp2" : "image/jpeg";
    if (!jpeg2000 || !preview) return;
    try {
        report.photo_preview = record::reencode_photo(*card.photo, budget, card.face.object).bytes;
    } catch (const Error&) {
        report.photo_preview.clear();  // no preview: the page then says that there is none
    }
}

}  // namespace

void fill_piv_view(const Piv& card, bool preview, Report& report) {
    if (card.application == nullptr) return;
    report.rules = fmt::format("{}: {}", name(card.rules), card.rules_why);
    auto& view = report.view;
    const auto latin = [&](const char* label, const char* label_fa, const std::string& value) {
        if (!value.empty()) view.push_back({label, label_fa, value, false});
    };
    latin("Judged as", "مجموعهٔ قواعد", report.rules);
    if (card.printed) {
        latin("Name (printed)", "نام چاپ‌شده", plain_text(card.printed->name));
        latin("Affiliation", "وابستگی", plain_text(card.printed->affiliation));
        latin("Agency", "سازمان", plain_text(card.printed->organization.value_or(std::string{})));
        latin("Issuer", "صادرکننده", plain_text(card.printed->issuer));
        latin("Card serial", "شمارهٔ سریال کارت", plain_text(card.printed->serial));
    }
    if (card.expiry) latin("Expiry date", "تاریخ انقضا", expiry_text(*card.expiry));
    if (card.fascn) latin("FASC-N", "شمارهٔ FASC-N", fascn_text(*card.fascn));
    if (card.chuid) latin("GUID", "شناسهٔ GUID", uuid_text(card.chuid->guid));
    if (card.finger_template) {
        for (const auto& finger : card.finger_template->views) {
            latin(
                "Fingerprint", "اثر انگشت",
                fmt::format("{}, {} minutiae", record::finger_name(finger.position), finger.minutiae.size()));
        }
    }
    for (const auto& one : card.certificates) {
        if (!one.details || one.retired()) continue;
        view.push_back({fmt::format("Certificate {:02X}", one.key), "گواهی",
                        fmt::format("{}, {} bits, until {}", one.details->key_algorithm,
                                    one.details->key_size, day_of(one.details->not_after)),
                        false});
    }
    add_piv_photo(card, preview, report);
}

}  // namespace kartsaz::verify
