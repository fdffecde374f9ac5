// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "libcard/record/date.h"
#include "libcard/verify/observation.h"
#include "libcard/verify/view.h"

namespace kartsaz::verify {
namespace {

std::string state_of_pin(const Signature& card) {
    const std::string state = card.fact("pin.state"), tries = card.fact("pin.tries.after");
    std::string text = state;
    if (state == "transport") text = "issuer's transport PIN";
    if (state == "changed") {
        text = card.fact("pin.assumed").empty() ? "holder's own" : "holder's own, or of another length";
    }
    if (state == "verified") text = "given and accepted";
    if (state == "refused") text = "given and refused";
    if (state == "none") text = "never set";
    if (!tries.empty()) text += fmt::format(", {} tries left", plain_text(tries));
    return text;
}

std::string algorithm_of(const ListedCertificate& certificate) {
    const auto algorithm = keys::algorithm_of(certificate.says->public_key);
    return algorithm ? std::string{keys::name(*algorithm)} : "key of another kind";
}

}  // namespace

void fill_signature_view(const Signature& card, std::vector<ViewField>& view) {
    if (card.application == nullptr) return;
    for (const auto& one : card.certificates) {
        if (one.key == nullptr || !one.says) continue;
        const auto& subject = one.says->subject;
        const std::string who =
            subject.serial_number.empty()
                ? subject.common_name
                : fmt::format("{} ({})", subject.common_name, plain_text(subject.serial_number));
        view.push_back({fmt::format("Certificate \"{}\"", plain_text(one.object.common.label)), "گواهی امضا",
                        who, true});
        view.push_back(
            {"Certificate's key and last day", "کلید گواهی و پایان اعتبار",
             fmt::format("{}, {}", algorithm_of(one), record::from_unix(one.says->not_after).gregorian()),
             false});
    }
    if (const std::string pin = state_of_pin(card); !pin.empty())
        view.push_back({"PIN", "رمز کارت", pin, false});
}

}  // namespace kartsaz::verify
