// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "libcard/verify/checks.h"
#include "libcard/verify/observation.h"

namespace kartsaz::verify {
namespace {

/// A field as the card has it; empty when its file could not be decoded.
struct CardValue {
    std::string text;
    std::optional<std::size_t> offset{};
};
using FromCard = std::function<std::optional<CardValue>(const Observation&)>;
using FromRecord = std::function<std::string(const record::Record&)>;

struct Field {
    const char* id;
    const char* title;
    const char* file;
    FromCard card;
    FromRecord record;
};

constexpr const char* no_record = "no record was given to compare with";

FromCard of_mrz(std::function<std::string(const Mrz&)> value, std::function<std::size_t(const Mrz&)> offset) {
    return [value, offset](const Observation& seen) -> std::optional<CardValue> {
        if (!seen.mrz) return std::nullopt;
        return CardValue{value(*seen.mrz), seen.mrz->file_offset + offset(*seen.mrz)};
    };
}

template <class File>
FromCard of_file(Decoded<File> Observation::*file, std::function<std::string(const File&)> value) {
    return [file, value](const Observation& seen) -> std::optional<CardValue> {
        if (!(seen.*file)) return std::nullopt;
        return CardValue{value(*(seen.*file))};
    };
}

/// A field of the record in the form that the MRZ has it.
FromRecord by_mrz(std::function<std::string(const Mrz&)> value) {
    return [value](const record::Record& record) {
        const auto mrz = parse_mrz(record.mrz(), 0);
        return mrz ? value(*mrz) : std::string{};
    };
}

Field mrz_field(const char* id, const char* title, MrzField Mrz::*field) {
    const auto value = [field](const Mrz& mrz) { return (mrz.*field).text; };
    return {id, title, "EF.DG1", of_mrz(value, [field](const Mrz& mrz) { return (mrz.*field).offset; }),
            by_mrz(value)};
}

std::string at_or_empty(const std::vector<std::string>& parts, std::size_t index) {
    return index < parts.size() ? parts[index] : std::string{};
}

std::vector<Field> fields() {
    namespace emrtd = app::emrtd;
    using record::Record;
    const auto dg11 = [](std::function<std::string(const emrtd::Dg11&)> f) {
        return of_file(&Observation::dg11, f);
    };
    const auto dg12 = [](std::function<std::string(const emrtd::Dg12&)> f) {
        return of_file(&Observation::dg12, f);
    };
    const auto dg13 = [](std::function<std::string(const emrtd::Dg13&)> f) {
        return of_file(&Observation::dg13, f);
    };
    return {
        mrz_field("document-number", "document number", &Mrz::document_number),
        mrz_field("birth-date", "birth date", &Mrz::birth),
        mrz_field("sex", "sex", &Mrz::sex),
        mrz_field("expiry-date", "expiry date", &Mrz::expiry),
        mrz_field("name-latin", "name in Latin letters", &Mrz::name),
        {"mrz", "machine readable zone", "EF.DG1",
         of_mrz([](const Mrz& m) { return m.text; }, [](const Mrz&) { return std::size_t{0}; }),
         [](const Record& r) { return r.mrz(); }},
        {"national-id", "national ID", "EF.DG11", dg11([](const auto& d) { return d.personal_number; }),
         [](const Record& r) { return r.national_id; }},
        {"surname-fa", "surname in Persian", "EF.DG11", dg11([](const auto& d) { return d.surname; }),
         [](const Record& r) { return r.name.surname_fa; }},
        {"given-fa", "given name in Persian", "EF.DG11", dg11([](const auto& d) { return d.given; }),
         [](const Record& r) { return r.name.given_fa; }},
        {"birth-date-full", "full birth date", "EF.DG11", dg11([](const auto& d) { return d.birth_date; }),
         [](const Record& r) { return r.birth_date.compact(); }},
        {"birth-place", "birth place", "EF.DG11",
         dg11([](const auto& d) { return at_or_empty(d.birth_place, 0); }),
         [](const Record& r) { return r.birth_place_fa; }},
        {"address", "address", "EF.DG11", dg11([](const auto& d) { return at_or_empty(d.address, 0); }),
         [](const Record& r) { return r.address_fa; }},
        {"postal-code", "postal code", "EF.DG11",
         dg11([](const auto& d) { return at_or_empty(d.address, 1); }),
         [](const Record& r) { return r.postal_code; }},
        {"authority", "issuing authority", "EF.DG12", dg12([](const auto& d) { return d.authority; }),
         [](const Record& r) { return r.authority_fa; }},
        {"issue-date", "issue date", "EF.DG12", dg12([](const auto& d) { return d.issue_date; }),
         [](const Record& r) { return r.issue_date.compact(); }},
        {"certificate-number", "birth certificate number", "EF.DG13",
         dg13([](const auto& d) { return d.certificate_number; }),
         [](const Record& r) { return r.birth_certificate_number; }},
        {"certificate-serial", "birth certificate serial", "EF.DG13",
         dg13([](const auto& d) { return d.certificate_serial; }),
         [](const Record& r) { return r.birth_certificate_serial; }},
        {"father-name", "father's name", "EF.DG13", dg13([](const auto& d) { return d.father_name; }),
         [](const Record& r) { return r.father_fa; }},
        {"birth-date-sh", "Solar Hijri birth date", "EF.DG13",
         dg13([](const auto& d) { return d.birth_date_sh; }),
         [](const Record& r) { return r.birth_date.solar_hijri(); }},
    };
}

void compare(const Observation& seen, Verdicts& verdicts, const Field& field) {
    if (seen.context.expected == nullptr) return verdicts.skip(no_record);
    const auto card = field.card(seen);
    if (!card) return verdicts.skip(fmt::format("{} is not there, or could not be decoded", field.file));
    const std::string expected = field.record(*seen.context.expected);
    if (card->text == expected) return verdicts.pass("equal");
    const auto at = first_difference(to_bytes(card->text), to_bytes(expected));
    verdicts.fault(field.file, card->offset ? std::optional{*card->offset + at.value_or(0)} : std::nullopt,
                   expected, card->text, fmt::format("the {} is not the record's", field.title));
}

void photo(const Observation& seen, Verdicts& verdicts) {
    if (seen.context.expected == nullptr) return verdicts.skip(no_record);
    if (!seen.dg2) return verdicts.skip("EF.DG2 could not be decoded");
    const Bytes& expected = seen.context.expected->photo.bytes;
    const auto at = first_difference(seen.dg2->image, expected);
    if (!at) return verdicts.pass(fmt::format("equal, {} bytes", expected.size()));
    verdicts.fault(
        "EF.DG2", seen.dg2->image_offset + *at, byte_at(expected, *at), byte_at(seen.dg2->image, *at),
        fmt::format("the photo is not the record's: they differ from byte {} of {}", *at, expected.size()));
}

void fingers(const Observation& seen, Verdicts& verdicts) {
    if (seen.context.expected == nullptr) return verdicts.skip(no_record);
    const auto& expected = seen.context.expected->fingers;
    const bool there = seen.file("EF.DG3") != nullptr || !seen.fingers.empty();
    if (!there) return verdicts.skip("the card shows no finger templates");
    const std::string object = seen.fingers.empty() ? "EF.DG3" : seen.fingers.front().object;
    if (seen.fingers.size() != expected.size()) {
        verdicts.fault(object, {}, fmt::format("{} templates", expected.size()),
                       fmt::format("{} templates", seen.fingers.size()),
                       "the count of finger templates is not the record's");
    }
    for (std::size_t i = 0; i < std::min(expected.size(), seen.fingers.size()); ++i) {
        const auto& card = seen.fingers[i];
        const auto at = first_difference(card.bytes, expected[i].bytes);
        if (!at) {
            verdicts.pass(fmt::format("{} equal", card.name));
            continue;
        }
        verdicts.fault(card.object, card.offset + *at, byte_at(expected[i].bytes, *at),
                       byte_at(card.bytes, *at),
                       fmt::format("{} is not the record's: it differs from its byte {}", card.name, *at));
    }
}

}  // namespace

void add_record_checks(std::vector<Check>& checks) {
    const auto add = [&](const std::string& id, const std::string& title,
                         std::function<void(const Observation&, Verdicts&)> run) {
        checks.push_back({"emrtd.record." + id, "The card has the record's " + title, Severity::fatal,
                          "docs/record.md", "fields", "emrtd", depth_comparison, std::move(run)});
    };
    for (const auto& field : fields()) {
        add(field.id, field.title, [field](const Observation& o, Verdicts& v) { compare(o, v, field); });
    }
    add("photo", "photo", photo);
    add("fingers", "finger templates", fingers);
}

}  // namespace kartsaz::verify
