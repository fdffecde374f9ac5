// SPDX-License-Identifier: Apache-2.0
#include "libcard/app/emrtd/lds.h"

#include <algorithm>

namespace kartsaz::app::emrtd {
namespace {

template <typename Rule>
const EfDef* find(Rule rule) {
    const auto& all = files();
    const auto found = std::find_if(all.begin(), all.end(), rule);
    return found == all.end() ? nullptr : &*found;
}

}  // namespace

const std::vector<EfDef>& files() {
    static const std::vector<EfDef> all{
        {"EF.COM", "what is on the chip", 0x011E, 0x1E, 0x60, 0, "ICAO Doc 9303-10, 4.6.1"},
        {"EF.DG1", "machine readable zone", 0x0101, 0x01, 0x61, 1, "ICAO Doc 9303-10, 4.7.1"},
        {"EF.DG2", "face", 0x0102, 0x02, 0x75, 2, "ICAO Doc 9303-10, 4.7.2"},
        {"EF.DG3", "fingers", 0x0103, 0x03, 0x63, 3, "ICAO Doc 9303-10, 4.7.3"},
        {"EF.DG4", "irises", 0x0104, 0x04, 0x76, 4, "ICAO Doc 9303-10, 4.7.4"},
        {"EF.DG5", "displayed portrait", 0x0105, 0x05, 0x65, 5, "ICAO Doc 9303-10, 4.7.5"},
        {"EF.DG6", "reserved", 0x0106, 0x06, 0x66, 6, "ICAO Doc 9303-10, 4.7.6"},
        {"EF.DG7", "displayed signature", 0x0107, 0x07, 0x67, 7, "ICAO Doc 9303-10, 4.7.7"},
        {"EF.DG8", "data features", 0x0108, 0x08, 0x68, 8, "ICAO Doc 9303-10, 4.7.8"},
        {"EF.DG9", "structure features", 0x0109, 0x09, 0x69, 9, "ICAO Doc 9303-10, 4.7.9"},
        {"EF.DG10", "substance features", 0x010A, 0x0A, 0x6A, 10, "ICAO Doc 9303-10, 4.7.10"},
        {"EF.DG11", "personal details", 0x010B, 0x0B, 0x6B, 11, "ICAO Doc 9303-10, 4.7.11"},
        {"EF.DG12", "document details", 0x010C, 0x0C, 0x6C, 12, "ICAO Doc 9303-10, 4.7.12"},
        {"EF.DG13", "civil registry details", 0x010D, 0x0D, 0x6D, 13, "ICAO Doc 9303-10, 4.7.13"},
        {"EF.DG14", "security options", 0x010E, 0x0E, 0x6E, 14, "ICAO Doc 9303-10, 4.7.14"},
        {"EF.DG15", "Active Authentication key", 0x010F, 0x0F, 0x6F, 15, "ICAO Doc 9303-10, 4.7.15"},
        {"EF.DG16", "persons to notify", 0x0110, 0x10, 0x70, 16, "ICAO Doc 9303-10, 4.7.16"},
        {"EF.SOD", "issuer's signature", 0x011D, 0x1D, 0x77, 0, "ICAO Doc 9303-10, 4.6.2"},
    };
    return all;
}

const EfDef* find_file(std::string_view name) {
    return find([&](const EfDef& file) { return file.name == name; });
}

const EfDef* find_file(std::uint16_t fid) {
    return find([&](const EfDef& file) { return file.fid == fid; });
}

const EfDef* file_of_tag(std::uint32_t tag) {
    return find([&](const EfDef& file) { return file.tag == tag; });
}

const EfDef* file_of_dg(unsigned dg) {
    return dg == 0 ? nullptr : find([&](const EfDef& file) { return file.dg == dg; });
}

}  // namespace kartsaz::app::emrtd
