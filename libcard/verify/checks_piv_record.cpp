// SPDX-License-Identifier: Apache-2.0
// Whose card it is: what a PIV card says of its holder, beside the record that was given.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "keys/citizen_certificate.h"
#include "libcard/record/text.h"
#include "libcard/verify/checks_piv.h"
#include "libcard/verify/observation.h"
#include "libcard/verify/piv_facts.h"

namespace kartsaz::verify {
namespace {

namespace pv = app::piv;
using record::Record;

/// Null, with the reason told, when there is nothing to compare with.
const Record* record_of(const Piv& card, Verdicts& verdicts) {
    const auto* expected = card.context->expected;
    if (expected == nullptr) verdicts.skip("no record was given to compare with");
    return expected;
}

/// Why an object is not compared.
std::string absent(const Piv& card, std::uint16_t id) {
    const auto& container = *pv::container_of_id(id);
    const std::string why = card.refused(container);
    if (!why.empty()) return fmt::format("{} could not be read: {}", container.name, why);
    return fmt::format("{} {}", container.name,
                       card.content(id) == nullptr ? "is not there" : "could not be decoded");
}

/// Upper case, in whatever order the words stand.
std::multiset<std::string> words(std::string_view text) {
    std::multiset<std::string> out;
    std::string word;
    for (const char c : text) {
        if (c == ' ' || c == ',' || c == '-') {
            if (!word.empty()) out.insert(word);
            word.clear();
        } else {
            word += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
        }
    }
    if (!word.empty()) out.insert(word);
    return out;
}

std::string latin_name(const Record& record) {
    return record.name.given_latin + " " + record.name.surname_latin;
}

bool same_latin(std::string_view name, const Record& record) {
    return words(name) == words(latin_name(record));
}

/// Other issuers write Latin letters; ours Persian ones, in whatever form the keyboard gave.
bool same_name(const std::string& common, const Record& record) {
    if (same_latin(common, record)) return true;
    const std::string folded = record::fold_persian(common);
    const std::string given = record::fold_persian(record.name.given_fa),
                      surname = record::fold_persian(record.name.surname_fa);
    return folded == given + " " + surname || folded == surname + " " + given;
}

/// Those that name the holder; that of 9E names the card.
struct HolderCertificate {
    const PivCertificate* certificate;
    keys::CertificateSubject subject;
    std::optional<std::size_t> at() const { return certificate->at(certificate->details->subject_at); }
};
std::vector<HolderCertificate> holder_certificates(const Piv& card) {
    std::vector<HolderCertificate> out;
    for (const auto key : {key_piv_authentication, key_signature, key_management}) {
        const auto* one = card.certificate(key);
        if (one == nullptr || !one->der || !one->details) continue;
        if (const auto says = keys::read_citizen_certificate(*one->der)) out.push_back({one, says->subject});
    }
    return out;
}

/// A part that a CA leaves out by its own policy is no other person's.
void holder(const Piv& card, Verdicts& verdicts) {
    const auto* expected = record_of(card, verdicts);
    if (expected == nullptr) return;
    for (const auto& one : holder_certificates(card)) {
        const auto& [certificate, subject] = one;
        const auto judge = [&](const std::string& got, const std::string& wanted, bool same,
                               const char* what) {
            if (got.empty()) {
                verdicts.skip(fmt::format("{} has no {}", certificate->name, what));
            } else if (same) {
                verdicts.pass(fmt::format("{}: {}", certificate->name, what));
            } else {
                verdicts.fault(certificate->object, one.at(), wanted, plain_text(got),
                               fmt::format("the {} of the {} is not the record's", what, certificate->name));
            }
        };
        judge(subject.serial_number, expected->national_id, subject.serial_number == expected->national_id,
              "serialNumber");
        judge(subject.common_name, expected->name.given_fa + " " + expected->name.surname_fa,
              same_name(subject.common_name, *expected), "common name");
    }
    verdicts.skip("no certificate of 9A, 9C or 9D that could be decoded");
}

/// What the ten digits mean is the issuer's affair; it is known where a certificate has them as serialNumber.
void person(const Piv& card, Verdicts& verdicts) {
    const auto* expected = record_of(card, verdicts);
    if (expected == nullptr) return;
    if (!card.fascn) return verdicts.skip("no FASC-N that could be decoded");
    const auto& digits = card.fascn->person;
    if (digits == expected->national_id) return verdicts.pass("the national ID");
    const auto all = holder_certificates(card);
    const bool national_id = std::ranges::any_of(
        all, [&](const HolderCertificate& one) { return one.subject.serial_number == digits; });
    if (!national_id)
        return verdicts.skip("the FASC-N's person identifier is another number by its issuer's rule");
    verdicts.fault(piv_file(pv::id_chuid), card.chuid->offsets.at(0x30), expected->national_id, digits,
                   "the FASC-N is for another national ID than the record's");
}

void printed(const Piv& card, Verdicts& verdicts) {
    const auto* expected = record_of(card, verdicts);
    if (expected == nullptr) return;
    if (!card.printed) return verdicts.skip(absent(card, pv::id_printed));
    const auto judge = [&](std::uint8_t field, const std::string& got, const std::string& wanted, bool same,
                           const char* what) {
        if (got.empty()) return verdicts.skip(fmt::format("printed information has no {}", what));
        if (same) return verdicts.pass(what);
        verdicts.fault(piv_file(pv::id_printed), card.printed->offsets.at(field), wanted, plain_text(got),
                       fmt::format("the printed {} is not the record's", what));
    };
    judge(0x01, card.printed->name, latin_name(*expected), same_latin(card.printed->name, *expected), "name");
    judge(0x05, card.printed->serial, expected->document_number,
          card.printed->serial == expected->document_number, "document number");
}

void expiry(const Piv& card, Verdicts& verdicts) {
    const auto* expected = record_of(card, verdicts);
    if (expected == nullptr) return;
    if (!card.expiry) return verdicts.skip("no CHUID with an expiry that is a day");
    if (*card.expiry == expected->expiry_date) return verdicts.pass(card.expiry->gregorian());
    verdicts.fault(piv_file(pv::id_chuid), card.chuid->offsets.at(0x35), expected->expiry_date.gregorian(),
                   card.expiry->gregorian(), "the card's expiry is not the record's");
}

/// A card with less room has the photo made smaller. Making it smaller once more, into just as many bytes,
/// gives the same bytes: nothing that was tried before fits there either.
bool is_shrunk(const record::Photo& photo, const Bytes& image) {
    if (image.size() >= photo.bytes.size()) return false;
    const auto again = attempt([&] { return record::reencode_photo(photo, image.size(), "photo"); });
    return again && again->bytes == image;
}

void face(const Piv& card, Verdicts& verdicts) {
    const auto* expected = record_of(card, verdicts);
    if (expected == nullptr) return;
    if (!card.face_record) return verdicts.skip(absent(card, pv::id_face));
    const auto& image = card.face_record->image;
    const auto& photo = expected->photo;
    const auto at = first_difference(image, photo.bytes);
    if (!at) return verdicts.pass(fmt::format("equal, {} bytes", image.size()));
    if (is_shrunk(photo, image)) {
        return verdicts.pass(fmt::format("the record's, made smaller: {} bytes instead of {}", image.size(),
                                         photo.bytes.size()));
    }
    // another encoder gives other bytes, and nobody but a person can compare the two
    if (image.size() < photo.bytes.size()) {
        return verdicts.note(card.face.object,
                             "the photo is smaller than the record's, and not as Kartsaz makes it smaller: "
                             "compare it by eye");
    }
    verdicts.fault(card.face.object, card.face.decoded->block_offset + card.face_record->image_offset + *at,
                   byte_at(photo.bytes, *at), byte_at(image, *at),
                   fmt::format("the photo is not the record's: they differ from byte {} of {}", *at,
                               photo.bytes.size()));
}

/// Every minutia of the view is one of the finger's: a card takes the best of them.
bool is_from(const record::FingerView& view, const record::FingerTemplate& finger) {
    const auto holds = [&](const record::FingerView& whole) {
        return std::ranges::all_of(view.minutiae, [&](const record::Minutia& one) {
            return std::ranges::any_of(whole.minutiae, [&](const record::Minutia& other) {
                return one.type == other.type && one.x == other.x && one.y == other.y;
            });
        });
    };
    return std::ranges::any_of(finger.views, holds);
}

/// Fingers may be taken anew for a card, so that others are told and no more.
void fingers(const Piv& card, Verdicts& verdicts) {
    const auto* expected = record_of(card, verdicts);
    if (expected == nullptr) return;
    if (!card.finger_template) return verdicts.skip(absent(card, pv::id_fingerprints));
    for (const auto& view : card.finger_template->views) {
        const std::string name = record::finger_name(view.position);
        const auto finger =
            std::ranges::find(expected->fingers, view.position, &record::FingerTemplate::position);
        if (finger == expected->fingers.end()) {
            verdicts.note(card.fingers.object, fmt::format("the record has no {}", name));
        } else if (is_from(view, *finger)) {
            verdicts.pass(name);
        } else {
            verdicts.note(card.fingers.object,
                          fmt::format("the {} has other minutiae than the record's", name));
        }
    }
}

}  // namespace

void add_piv_record_checks(std::vector<Check>& checks) {
    constexpr const char* page = "docs/record.md";
    const auto fatal = Severity::fatal;
    const int depth = piv_depth_record;
    add_piv(checks,
            {{"piv.record.person",
              "The FASC-N has the record's national ID, where its issuer writes national IDs there", fatal,
              page, "fields", depth, person},
             {"piv.record.holder",
              "Certificates 9A, 9C and 9D have the record's national ID and name (those that they have)",
              fatal, page, "fields", depth, holder},
             {"piv.record.printed", "Printed information has the record's name and document number", fatal,
              page, "fields", depth, printed},
             {"piv.record.expiry", "The CHUID has the record's expiry date", fatal, page, "fields", depth,
              expiry},
             {"piv.record.face",
              "The face is the record's photo, or that made smaller (by another encoder: a note)", fatal,
              page, "fields", depth, face},
             {"piv.record.fingers", "The fingerprints are the record's (a note)", Severity::note, page,
              "fields", depth, fingers}});
}

}  // namespace kartsaz::verify
