// SPDX-License-Identifier: Apache-2.0
// Whom the certificates name: the person of the travel document on the same card, and of the record.
#include <fmt/format.h>

#include <algorithm>

#include "libcard/record/text.h"
#include "libcard/verify/checks_pkcs15.h"
#include "libcard/verify/observation.h"

namespace kartsaz::verify {
namespace {

struct Person {
    std::string given, surname, national_id;
};

/// Names are written alike whichever form of a letter the keyboard gave.
std::string folded(const std::string& text) {
    return record::fold_persian(text);
}

bool same_name(const keys::CertificateSubject& subject, const Person& person) {
    const std::string common = folded(subject.common_name);
    const std::string given = folded(person.given), surname = folded(person.surname);
    return common == given + " " + surname || common == surname + " " + given;
}

template <class One>
void each_holder(const Signature& card, Verdicts& verdicts, One&& one) {
    for (const auto& certificate : card.certificates) {
        if (certificate.key != nullptr && certificate.says) one(certificate, certificate.says->subject);
    }
    verdicts.skip("no certificate of a key on the card");
}

void name(const Signature& card, Verdicts& verdicts, const Person& person, const char* whose) {
    each_holder(card, verdicts, [&](const ListedCertificate& one, const keys::CertificateSubject& subject) {
        if (same_name(subject, person)) {
            verdicts.pass(fmt::format("{}: equal", one.name));
        } else {
            verdicts.fault(one.file, {}, person.given + " " + person.surname, subject.common_name,
                           fmt::format("{} is for another name than {}", one.name, whose));
        }
    });
}

/// A certificate without a number is allowed by policy; one with another number is not.
void number(const Signature& card, Verdicts& verdicts, const Person& person, const char* whose) {
    each_holder(card, verdicts, [&](const ListedCertificate& one, const keys::CertificateSubject& subject) {
        if (subject.serial_number.empty()) {
            verdicts.skip(fmt::format("{} has no serialNumber", one.name));
        } else if (subject.serial_number == person.national_id) {
            verdicts.pass(fmt::format("{}: equal", one.name));
        } else {
            verdicts.fault(one.file, {}, person.national_id, plain_text(subject.serial_number),
                           fmt::format("{} is for another national ID than {}", one.name, whose));
        }
    });
}

std::optional<Person> of_record(const Observation& seen, Verdicts& verdicts) {
    if (seen.context.expected == nullptr) {
        verdicts.skip("no record was given to compare with");
        return std::nullopt;
    }
    const auto& record = *seen.context.expected;
    return Person{record.name.given_fa, record.name.surname_fa, record.national_id};
}

void record_name(const Observation& seen, Verdicts& verdicts) {
    if (const auto person = of_record(seen, verdicts))
        name(seen.signature, verdicts, *person, "the record's");
}

void record_number(const Observation& seen, Verdicts& verdicts) {
    if (const auto person = of_record(seen, verdicts))
        number(seen.signature, verdicts, *person, "the record's");
}

/// The travel document's own word on the person: EF.DG11, and the number of EF.DG1 where there is no EF.DG11.
void document_holder(const Observation& seen, Verdicts& verdicts) {
    if (seen.dg11) {
        const Person person{seen.dg11->given, seen.dg11->surname, seen.dg11->personal_number};
        name(seen.signature, verdicts, person, "that of EF.DG11");
        if (!person.national_id.empty()) number(seen.signature, verdicts, person, "that of EF.DG11");
        return;
    }
    if (!seen.mrz) return verdicts.skip("no travel document on this card to compare with");
    const Person person{{}, {}, seen.mrz->national_id().text};
    if (person.national_id.empty()) return verdicts.skip("EF.DG1 holds no national ID");
    number(seen.signature, verdicts, person, "that of EF.DG1");
}

}  // namespace

void add_pkcs15_subject_checks(std::vector<Check>& checks) {
    const auto add = [&](const char* id, const char* title, void (*run)(const Observation&, Verdicts&)) {
        checks.push_back(
            {id, title, Severity::fatal, "RFC 5280", "4.1.2.6", "pkcs15", depth_comparison, run});
    };
    add("pkcs15.subject.document", "Certificates and travel document are of the same person",
        document_holder);
    add("pkcs15.record.name", "The certificates have the record's name", record_name);
    add("pkcs15.record.national-id", "The certificates have the record's national ID", record_number);
}

}  // namespace kartsaz::verify
