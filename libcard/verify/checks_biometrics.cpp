// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "libcard/verify/checks.h"
#include "libcard/verify/observation.h"

namespace kartsaz::verify {
namespace {

void dg2_structure(const Observation& seen, Verdicts& verdicts) {
    const app::DumpFile* file = seen.file("EF.DG2");
    if (file == nullptr) {
        const std::string why = seen.refused("EF.DG2");
        verdicts.fault("EF.DG2", {}, "present", why.empty() ? "absent" : why, "EF.DG2 could not be read");
        return;
    }
    if (!seen.dg2) {
        verdicts.fault("EF.DG2", seen.dg2.offset, "a face in CBEFF", "something else", seen.dg2.fault);
        return;
    }
    verdicts.pass(fmt::format("one face, {} bytes of image at offset {}", seen.dg2->image.size(),
                              seen.dg2->image_offset));
}

void dg2_photo(const Observation& seen, Verdicts& verdicts) {
    if (!seen.dg2) return verdicts.skip("EF.DG2 could not be decoded");
    if (!seen.photo) {
        verdicts.fault("EF.DG2",
                       seen.photo.offset ? seen.photo.offset : std::optional{seen.dg2->image_offset},
                       "a whole picture", "a broken one",
                       fmt::format("the photo cannot be decoded: {}", seen.photo.fault));
        return;
    }
    const auto& photo = *seen.photo;
    const auto& header = *seen.dg2;
    const std::string size = fmt::format("{} x {}", photo.width, photo.height);
    if (photo.width != header.width || photo.height != header.height) {
        verdicts.fault("EF.DG2", {}, size, fmt::format("{} x {}", header.width, header.height),
                       "the face header's size is not the picture's");
    }
    const bool jpeg2000 = photo.format == record::PhotoFormat::jpeg2000;
    if (jpeg2000 != header.jpeg2000) {
        verdicts.fault("EF.DG2", {}, jpeg2000 ? "JPEG 2000" : "JPEG", header.jpeg2000 ? "JPEG 2000" : "JPEG",
                       "the face header's image type is not the picture's");
    }
    if (verdicts.findings().empty()) {
        verdicts.pass(fmt::format("{}, {}, {} bytes, decoded to its last row",
                                  jpeg2000 ? "JPEG 2000" : "JPEG", size, photo.bytes.size()));
    }
}

void dg3_template(const Observation& seen, Verdicts& verdicts) {
    const bool undecodable = seen.file("EF.DG3") != nullptr && !seen.dg3;
    if (undecodable) {
        verdicts.fault("EF.DG3", seen.dg3.offset, "finger templates in CBEFF", "something else",
                       seen.dg3.fault);
    }
    for (const auto& finger : seen.fingers) {
        if (!finger.parsed) {
            verdicts.fault(finger.object,
                           finger.parsed.offset ? finger.parsed.offset : std::optional{finger.offset},
                           "a whole template", "a broken one", finger.parsed.fault);
            continue;
        }
        const unsigned labelled = app::emrtd::finger_position(static_cast<std::uint8_t>(finger.subtype));
        for (const auto& view : finger.parsed->views) {
            if (labelled == 0 || view.position == 0 || view.position == labelled) continue;
            verdicts.fault(
                finger.object, finger.offset, record::finger_name(labelled),
                record::finger_name(view.position),
                fmt::format("{} is labelled as another finger than its template names", finger.name));
        }
        std::size_t minutiae = 0;
        for (const auto& view : finger.parsed->views) minutiae += view.minutiae.size();
        verdicts.pass(
            fmt::format("{}: {}, {} minutiae", finger.object, record::finger_name(labelled), minutiae));
    }
    if (seen.fingers.empty() && !undecodable) {
        verdicts.skip(seen.refused("EF.DG3").empty() ? "no finger templates on this card"
                                                     : "not readable here");
    }
}

void dg3_access(const Observation& seen, Verdicts& verdicts) {
    const app::DumpFile* file = seen.file("EF.DG3");
    const std::string why = seen.refused("EF.DG3");
    if (file == nullptr && why.empty()) return verdicts.skip("no EF.DG3 on this card");
    if (file == nullptr) {
        if (!seen.guarded(3)) return verdicts.skip(why);
        verdicts.note("EF.DG3", fmt::format("EF.DG3 is closed to this reader, as it should be: {}", why));
        return;
    }
    if (file->access == "plain") {
        verdicts.fault("EF.DG3", {}, "closed", "open", "EF.DG3 was readable with no access protocol at all");
        return;
    }
    const bool everybody = file->access == "PACE" || file->access == "BAC";
    if (everybody && seen.locked()) {
        verdicts.fault("EF.DG3", {}, "only the issuer's keys open it", file->access,
                       "EF.DG3 was readable by everyone who sees the MRZ, though the card is locked");
        return;
    }
    if (file->access.empty()) return verdicts.skip("how it was read is not known");
    verdicts.pass(fmt::format("read by {}{}", file->access, everybody ? ", before the lock" : ""));
}

}  // namespace

void add_biometric_checks(std::vector<Check>& checks) {
    const auto fatal = Severity::fatal;
    checks.push_back({"emrtd.dg2.structure", "EF.DG2 holds one face", fatal,
                      "ICAO Doc 9303-10; ISO/IEC 19794-5:2005", "4.7.2; 5", "emrtd", depth_form,
                      dg2_structure});
    checks.push_back({"emrtd.dg2.photo", "The photo decodes whole and is what its header says", fatal,
                      "ISO/IEC 19794-5:2005", "5.7, 5.8", "emrtd", depth_value, dg2_photo});
    checks.push_back({"emrtd.dg3.template", "Each finger template parses to its last byte", fatal,
                      "ISO/IEC 19794-2:2005; INCITS 378-2004", "7; 6", "emrtd", depth_value, dg3_template});
    checks.push_back({"emrtd.dg3.access", "A locked card gives fingerprints only to those who may read them",
                      fatal, "ICAO Doc 9303-11", "7", "emrtd", depth_access, dg3_access});
}

}  // namespace kartsaz::verify
