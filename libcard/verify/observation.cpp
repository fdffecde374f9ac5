// SPDX-License-Identifier: Apache-2.0
#include "libcard/verify/observation.h"

#include <algorithm>
#include <utility>

#include "apdu/error.h"
#include "apdu/tlv.h"

namespace kartsaz::verify {
namespace {

namespace emrtd = app::emrtd;

/// attempt() for a file of the dump; an absent file gives neither value nor fault.
template <class Decode>
auto of_file(const app::DumpFile* file, Decode&& decode) -> Decoded<decltype(decode(ByteView{}))> {
    if (file == nullptr) return {};
    return attempt([&] { return decode(ByteView{file->content}); });
}

}  // namespace

std::optional<std::size_t> offset_in(std::string_view text) {
    constexpr std::string_view mark = "offset ";
    const std::size_t at = text.find(mark);
    if (at == std::string_view::npos) return std::nullopt;
    std::size_t value = 0;
    bool any = false;
    for (std::size_t i = at + mark.size(); i < text.size() && text[i] >= '0' && text[i] <= '9' && i < at + 16;
         ++i) {
        value = value * 10 + static_cast<std::size_t>(text[i] - '0');
        any = true;
    }
    return any ? std::optional{value} : std::nullopt;
}

std::optional<std::size_t> first_difference(ByteView a, ByteView b) {
    const auto [left, right] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
    if (left == a.end() && right == b.end()) return std::nullopt;
    return static_cast<std::size_t>(left - a.begin());
}

std::string byte_at(ByteView bytes, std::size_t offset) {
    return offset < bytes.size() ? to_hex(bytes.subspan(offset, 1)) : "(end)";
}

std::string plain_text(std::string_view text) {
    std::string plain{text.substr(0, 60)};
    std::replace_if(
        plain.begin(), plain.end(), [](char c) { return c < 0x20 || c > 0x7E; }, '.');
    return plain;
}

Observation::Observation(const Context& seen)
    : context{seen}, emrtd{seen.dump.application("emrtd")}, signature{seen}, piv{seen} {
    com = of_file(file("EF.COM"), [](ByteView content) { return emrtd::decode_com(content); });
    mrz = of_file(file("EF.DG1"), [](ByteView content) {
        const std::string text = emrtd::decode_dg1(content);
        const auto parsed = parse_mrz(text, content.size() - text.size());
        if (!parsed) throw Error{Errc::input_invalid, "EF.DG1: the MRZ is none of 90, 72, 88 characters"};
        return *parsed;
    });
    decode_sod();
    decode_texts();
    decode_biometrics();
}

void Observation::decode_sod() {
    sod = of_file(file("EF.SOD"), [](ByteView content) {
        Sod result;
        const Bytes cms = emrtd::decode_sod(content, &result.cms_offset);
        result.signed_object = keys::read_signed_object(cms);
        result.lds = emrtd::decode_lds_security_object(result.signed_object.content);
        return result;
    });
    // An offset inside the signed content is not one of the file.
    if (sod.fault.find("EF.SOD") == std::string::npos) sod.offset.reset();
    if (!sod || sod->signed_object.certificate.empty()) return;
    const Bytes& certificate = sod->signed_object.certificate;
    signer = attempt([&] { return keys::certificate_facts(certificate); });
    if (signer) {
        // asked for a CRL first, so that "not revoked" is said only where a list was there to say it
        chain = context.trust.check(certificate, context.when(), true);
        crl_at_hand = chain->verdict != keys::TrustAnchors::Verdict::crl_missing;
        if (!crl_at_hand && !context.demand_crl)
            chain = context.trust.check(certificate, context.when(), false);
    }
}

void Observation::decode_texts() {
    dg11 = of_file(file("EF.DG11"), [](ByteView content) { return emrtd::decode_dg11(content); });
    dg12 = of_file(file("EF.DG12"), [](ByteView content) { return emrtd::decode_dg12(content); });
    dg13 = of_file(file("EF.DG13"), [](ByteView content) { return emrtd::decode_dg13(content); });
    dg14 = of_file(file("EF.DG14"), [](ByteView content) { return emrtd::decode_dg14(content); });
    dg15 = of_file(file("EF.DG15"), [](ByteView content) { return emrtd::decode_dg15(content); });
    if (dg11 && dg11->birth_date.size() == 8) {
        std::string rule;
        const std::string& day = dg11->birth_date;
        birth_date =
            record::parse_date(day.substr(0, 4) + "-" + day.substr(4, 2) + "-" + day.substr(6, 2), rule);
    }
    if (!birth_date && mrz) birth_date = mrz_birth_date(mrz->birth.text, record::from_unix(context.at));
}

void Observation::decode_biometrics() {
    dg2 = of_file(file("EF.DG2"), [](ByteView content) { return emrtd::decode_dg2(content); });
    if (dg2) photo = attempt([&] { return record::parse_photo(dg2->image, "EF.DG2"); });
    if (photo.offset) photo.offset = *photo.offset + dg2->image_offset;
    dg3 = of_file(file("EF.DG3"), [](ByteView content) { return emrtd::decode_dg3(content); });
    if (dg3) add_fingers(*dg3, "EF.DG3", 0);
    if (!dg13) return;
    const Bytes& content = file("EF.DG13")->content;
    for (const Bytes& group : dg13->finger_records) {
        const auto at = std::search(content.begin(), content.end(), group.begin(), group.end());
        apdu::TlvWriter wrapped;
        wrapped.put(0x63, ByteView{group});
        const auto inside = attempt([&] { return emrtd::decode_dg3(wrapped.bytes()); });
        if (!inside && dg13.fault.empty()) dg13.fault = inside.fault;
        if (!inside) continue;
        const std::size_t header = wrapped.bytes().size() - group.size();
        std::optional<std::size_t> base;
        if (at != content.end()) base = static_cast<std::size_t>(at - content.begin()) - header;
        add_fingers(*inside, "EF.DG13", base);
    }
}

void Observation::add_fingers(const std::vector<emrtd::Finger>& fingers_in, const std::string& object,
                              std::optional<std::size_t> base) {
    for (const auto& finger : fingers_in) {
        CardFinger seen;
        seen.object = object;
        seen.offset = base.value_or(0) + finger.record_offset;
        seen.subtype = finger.subtype;
        seen.name = "finger " + std::to_string(fingers.size() + 1);
        seen.bytes = finger.record;
        seen.parsed =
            attempt([&] { return record::parse_finger_template(finger.record, object + " " + seen.name); });
        if (seen.parsed.offset) seen.parsed.offset = *seen.parsed.offset + seen.offset;
        fingers.push_back(std::move(seen));
    }
}

const app::DumpFile* Observation::file(std::string_view name) const {
    if (emrtd == nullptr) return nullptr;
    const app::DumpFile* found = emrtd->file(name);
    return found != nullptr && !found->content.empty() ? found : nullptr;
}

std::string Observation::refused(std::string_view name) const {
    if (emrtd == nullptr) return {};
    const app::DumpFile* found = emrtd->file(name);
    if (found == nullptr || !found->content.empty()) return {};
    return found->refused.empty() ? "it is empty" : found->refused;
}

bool Observation::guarded(unsigned dg) const {
    const emrtd::EfDef* def = emrtd::file_of_dg(dg);
    if (def == nullptr || (dg != 3 && dg != 4)) return false;
    const std::string why = refused(def->name);
    return !why.empty() && why.find("6A82") == std::string::npos &&
           why.find("not found") == std::string::npos;
}

std::string Observation::fact(std::string_view key) const {
    return emrtd == nullptr ? std::string{} : emrtd->fact(key);
}

bool Observation::locked() const {
    const std::string sw = fact("write.sw");
    return sw == "6985" || sw == "6982";
}

std::string day_of(std::int64_t seconds) {
    return record::from_unix(seconds).gregorian();
}

}  // namespace kartsaz::verify
