// SPDX-License-Identifier: Apache-2.0
// Face and fingerprints: headers, validity, content.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "libcard/verify/checks_piv.h"
#include "libcard/verify/observation.h"

namespace kartsaz::verify {
namespace {

namespace pv = app::piv;

constexpr const char* no_biometrics = "neither face nor fingerprints could be decoded";
constexpr std::size_t at_created = 12, at_from = 20, at_to = 28, at_creator = 41;
constexpr unsigned piv_resolution = 197;  // pixels per cm
constexpr std::size_t most_minutiae = 128, piv_views = 2;

template <class One>
void each_biometric(const Piv& card, Verdicts& verdicts, One&& one) {
    for (const auto* biometric : card.biometrics()) {
        if (biometric->decoded) one(*biometric, *biometric->decoded);
    }
    verdicts.skip(no_biometrics);
}

void biometric_header(const Piv& card, Verdicts& verdicts) {
    each_biometric(card, verdicts, [&](const PivBiometric& one, const pv::BiometricObject& object) {
        const auto faults = pv::header_faults(object.header, one.kind);
        for (const auto& fault : faults) {
            verdicts.fault(
                one.object, object.header_offset + fault.offset, fault.expected, fault.got,
                fmt::format("the CBEFF header of {}: {} is {}", one.object, fault.field, fault.got));
        }
        if (faults.empty()) verdicts.pass(one.object);
    });
}

void biometric_creator(const Piv& card, Verdicts& verdicts) {
    each_biometric(card, verdicts, [&](const PivBiometric& one, const pv::BiometricObject& object) {
        const std::string creator{reinterpret_cast<const char*>(object.header.creator.data())};
        if (!creator.empty()) return verdicts.pass(fmt::format("{}: {}", one.object, plain_text(creator)));
        verdicts.fault(one.object, object.header_offset + at_creator, "a name", "none",
                       fmt::format("the CBEFF header of {} does not say who made it", one.object));
    });
}

void biometric_created(const Piv& card, Verdicts& verdicts) {
    const auto when = card.context->when();
    each_biometric(card, verdicts, [&](const PivBiometric& one, const pv::BiometricObject& object) {
        const auto created = pv::seconds_of(object.header.created);
        if (!created) return verdicts.skip(fmt::format("{}: no creation date", one.object));
        if (*created <= when.to) return verdicts.pass(fmt::format("{}: {}", one.object, day_of(*created)));
        verdicts.fault(
            one.object, object.header_offset + at_created, "before " + day_of(when.to), day_of(*created),
            fmt::format("{} says that it was made on {}, a day to come", one.object, day_of(*created)));
    });
}

void biometric_validity(const Piv& card, Verdicts& verdicts) {
    const auto when = card.context->when();
    each_biometric(card, verdicts, [&](const PivBiometric& one, const pv::BiometricObject& object) {
        const auto from = pv::seconds_of(object.header.valid_from),
                   to = pv::seconds_of(object.header.valid_to);
        if (!from || !to) return verdicts.skip(fmt::format("{}: its validity cannot be read", one.object));
        const std::string range = fmt::format("{} to {}", day_of(*from), day_of(*to));
        if (*to < when.from) {
            verdicts.fault(one.object, object.header_offset + at_to, range, day_of(when.to),
                           fmt::format("{} expired on {}", one.object, day_of(*to)));
        } else if (when.to < *from) {
            verdicts.fault(one.object, object.header_offset + at_from, range, day_of(when.to),
                           fmt::format("{} is valid from {} only", one.object, day_of(*from)));
        } else {
            verdicts.pass(fmt::format("{}: {}", one.object, range));
        }
    });
}

void biometric_ends(const Piv& card, Verdicts& verdicts) {
    if (!card.expiry) return verdicts.skip("the CHUID tells no expiry");
    each_biometric(card, verdicts, [&](const PivBiometric& one, const pv::BiometricObject& object) {
        const auto to = pv::seconds_of(object.header.valid_to);
        if (!to) return verdicts.skip(fmt::format("{}: its validity cannot be read", one.object));
        if (record::from_unix(*to) >= *card.expiry)
            return verdicts.pass(fmt::format("{}: {}", one.object, day_of(*to)));
        verdicts.fault(one.object, object.header_offset + at_to, card.expiry->gregorian() + " or later",
                       day_of(*to),
                       fmt::format("{} ends on {}, before the card does on {}", one.object, day_of(*to),
                                   card.expiry->gregorian()));
    });
}

void face_form(const Piv& card, Verdicts& verdicts) {
    if (!card.face.decoded) return verdicts.skip("no face");
    if (!card.face_record) {
        return verdicts.fault(card.face.object, card.face_record.offset, "a face record of INCITS 385",
                              "something else", card.face_record.fault);
    }
    verdicts.pass(fmt::format("{} x {} pixels", card.face_record->width, card.face_record->height));
}

void face_picture(const Piv& card, Verdicts& verdicts) {
    if (!card.face_record) return verdicts.skip("no face record");
    const auto& face = *card.face_record;
    if (!card.photo) {
        return verdicts.fault(card.face.object, card.photo.offset, "a picture", "something else",
                              card.photo.fault);
    }
    const auto& photo = *card.photo;
    const bool jpeg2000 = photo.format == record::PhotoFormat::jpeg2000;
    if (jpeg2000 != face.jpeg2000 || photo.width != face.width || photo.height != face.height) {
        return verdicts.warn(
            card.face.object, {},
            fmt::format("{} x {} {}", face.width, face.height, face.jpeg2000 ? "JPEG 2000" : "JPEG"),
            fmt::format("{} x {} {}", photo.width, photo.height, jpeg2000 ? "JPEG 2000" : "JPEG"),
            "the picture is not what the face record says of it");
    }
    verdicts.pass(fmt::format("{} x {} {}", photo.width, photo.height, jpeg2000 ? "JPEG 2000" : "JPEG"));
}

void fingers_form(const Piv& card, Verdicts& verdicts) {
    if (!card.fingers.decoded) return verdicts.skip("no fingerprints");
    const auto& parsed = card.finger_template;
    const std::size_t at = card.fingers.decoded->block_offset;
    if (!parsed) {
        return verdicts.fault(card.fingers.object, parsed.offset, "a minutiae record of INCITS 378",
                              "something else", parsed.fault);
    }
    if (parsed->format != record::TemplateFormat::incits_378_2004) {
        return verdicts.fault(card.fingers.object, at, "INCITS 378-2004", "ISO/IEC 19794-2",
                              "the minutiae record is not of INCITS 378");
    }
    verdicts.pass(fmt::format("INCITS 378, {} x {} pixels", parsed->width, parsed->height));
}

void fingers_views(const Piv& card, Verdicts& verdicts) {
    if (!card.finger_template) return verdicts.skip("no minutiae record");
    const auto& views = card.finger_template->views;
    std::set<unsigned> positions;
    for (const auto& view : views) positions.insert(view.position);
    if (views.size() == piv_views && positions.size() == piv_views && !positions.contains(0))
        return verdicts.pass(fmt::format("{} and {}", record::finger_name(views[0].position),
                                         record::finger_name(views[1].position)));
    verdicts.fault(card.fingers.object, card.fingers.decoded->block_offset, "one view of each of two fingers",
                   fmt::format("{} views of {} fingers", views.size(), positions.size()),
                   fmt::format("the fingerprints are {} views of {} fingers: one view of each of two is "
                               "wanted, positions told",
                               views.size(), positions.size()));
}

void fingers_minutiae(const Piv& card, Verdicts& verdicts) {
    if (!card.finger_template) return verdicts.skip("no minutiae record");
    const auto& parsed = *card.finger_template;
    const std::size_t at = card.fingers.decoded->block_offset;
    const auto fault = [&](const std::string& expected, const std::string& got, const std::string& text) {
        verdicts.fault(card.fingers.object, at, expected, got, text);
    };
    if (parsed.x_resolution != piv_resolution || parsed.y_resolution != piv_resolution)
        fault("197 pixels per cm", fmt::format("{} x {}", parsed.x_resolution, parsed.y_resolution),
              "the fingerprints are of another resolution than 197 pixels per cm");
    for (const auto& view : parsed.views) {
        const std::string name = record::finger_name(view.position);
        if (view.minutiae.empty() || view.minutiae.size() > most_minutiae)
            fault("1 to 128 minutiae", fmt::format("{}", view.minutiae.size()),
                  fmt::format("{} has {} minutiae", name, view.minutiae.size()));
        if (view.extended_bytes > 0)
            fault("no extended data", fmt::format("{} bytes", view.extended_bytes),
                  fmt::format("{} carries extended data", name));
    }
    if (verdicts.findings().empty()) verdicts.pass(fmt::format("{} views", parsed.views.size()));
}

}  // namespace

void add_piv_biometric_checks(std::vector<Check>& checks) {
    constexpr const char* sp76 = "SP 800-76-2";
    const auto fatal = Severity::fatal;
    add_piv(checks,
            {{"piv.biometric.header", "The CBEFF headers have the values of their kind", fatal, sp76, "9",
              piv_depth_form, biometric_header},
             {"piv.biometric.creator", "The CBEFF headers say who made them", fatal, sp76, "9",
              piv_depth_form, biometric_creator},
             {"piv.biometric.created", "Face and fingerprints were made before the day", fatal, sp76, "9",
              piv_depth_validity, biometric_created},
             {"piv.biometric.validity", "Face and fingerprints are valid on the day", fatal, sp76, "9",
              piv_depth_validity, biometric_validity},
             {"piv.biometric.ends", "Face and fingerprints do not end before the card", fatal, sp76, "9",
              piv_depth_outlives, biometric_ends},
             {"piv.face.form", "The face is a record of INCITS 385 with one face", fatal, "INCITS 385-2004",
              "5", piv_depth_form, face_form},
             {"piv.face.picture",
              "The picture is whole, and of the kind and size that the record tells (else: a warning)", fatal,
              "INCITS 385-2004", "5.7", piv_depth_form, face_picture},
             {"piv.fingers.form", "The fingerprints are a record of INCITS 378", fatal, "INCITS 378-2004",
              "6", piv_depth_form, fingers_form},
             {"piv.fingers.views", "The fingerprints are one view of each of two fingers", fatal, sp76, "4.4",
              piv_depth_form, fingers_views},
             {"piv.fingers.minutiae", "197 pixels per cm, 1 to 128 minutiae in each view, no extended data",
              fatal, sp76, "4.4", piv_depth_form, fingers_minutiae}});
}

}  // namespace kartsaz::verify
