// SPDX-License-Identifier: Apache-2.0
#include "libcard/app/piv/fingers.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "apdu/error.h"

namespace kartsaz::app::piv {
namespace {

using record::FingerTemplate;
using record::FingerView;
using record::TemplateFormat;

constexpr std::size_t iso_header_size = 24, incits_header_size = 26, view_header_size = 4, minutia_size = 6,
                      extended_length_size = 2;
constexpr std::size_t most_record_bytes = 65'535, piv_views = 2, piv_minutiae_most = 128;
constexpr unsigned piv_resolution = 197;  // pixels per cm: 500 dpi
constexpr unsigned iso_turn = 256, incits_turn = 180;

struct RecordToWrite {
    TemplateFormat format = TemplateFormat::incits_378_2004;
    Product product;
    unsigned capture = 0;  ///< capture equipment, 2 bytes
    unsigned width = 0, height = 0, x_resolution = 0, y_resolution = 0;
    std::vector<FingerView> views;  ///< angles in the units of `format`
};

[[noreturn]] void refuse_fingers(const std::string& rule) {
    throw Error{Errc::input_invalid, "fingerprints: " + rule};
}

/// Capture equipment: after the length, and in 378 after the product.
unsigned capture_of(const FingerTemplate& finger) {
    std::size_t at = 12;
    if (finger.format == TemplateFormat::incits_378_2004) {
        at = big_endian(ByteView{finger.bytes}.subspan(8, 2)) == 0 ? 18 : 14;
    }
    return static_cast<unsigned>(big_endian(ByteView{finger.bytes}.subspan(at, 2)));
}

FingerView view_in(FingerView view, TemplateFormat from, TemplateFormat to) {
    if (from == to) return view;
    for (auto& minutia : view.minutiae) {
        minutia.angle =
            to == TemplateFormat::incits_378_2004 ? incits_angle(minutia.angle) : iso_angle(minutia.angle);
    }
    return view;
}

RecordToWrite record_in(const FingerTemplate& finger, TemplateFormat format, Product product) {
    RecordToWrite out{format,
                      product,
                      capture_of(finger),
                      finger.width,
                      finger.height,
                      finger.x_resolution,
                      finger.y_resolution,
                      {}};
    for (const auto& view : finger.views) out.views.push_back(view_in(view, finger.format, format));
    return out;
}

void write_view(Bytes& out, const FingerView& view) {
    append(out,
           Bytes{static_cast<std::uint8_t>(view.position),
                 static_cast<std::uint8_t>(view.view << 4U | view.impression),
                 static_cast<std::uint8_t>(view.quality), static_cast<std::uint8_t>(view.minutiae.size())});
    for (const auto& minutia : view.minutiae) {
        append(out, concat({big_endian(minutia.type << 14U | minutia.x, 2), big_endian(minutia.y, 2),
                            Bytes{static_cast<std::uint8_t>(minutia.angle),
                                  static_cast<std::uint8_t>(minutia.quality)}}));
    }
    append(out, big_endian(0, extended_length_size));
}

Bytes write_record(const RecordToWrite& from) {
    const bool incits = from.format == TemplateFormat::incits_378_2004;
    std::size_t size = incits ? incits_header_size : iso_header_size;
    for (const auto& view : from.views) {
        size += view_header_size + view.minutiae.size() * minutia_size + extended_length_size;
    }
    if (size > most_record_bytes) refuse_fingers(fmt::format("a record of {} bytes, 65535 at most", size));
    Bytes out{'F', 'M', 'R', 0x00, ' ', '2', '0', 0x00};
    append(out, big_endian(size, incits ? 2 : 4));
    if (incits) append(out, concat({big_endian(from.product.owner, 2), big_endian(from.product.type, 2)}));
    append(out, concat({big_endian(from.capture, 2), big_endian(from.width, 2), big_endian(from.height, 2),
                        big_endian(from.x_resolution, 2), big_endian(from.y_resolution, 2),
                        big_endian(from.views.size(), 1), big_endian(0, 1)}));
    for (const auto& view : from.views) write_view(out, view);
    return out;
}

/// The best minutiae in the order they had; of equal quality the first.
void keep_best(FingerView& view) {
    auto& all = view.minutiae;
    if (all.size() <= piv_minutiae_most) return;
    std::vector<std::size_t> order(all.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return all[a].quality > all[b].quality; });
    order.resize(piv_minutiae_most);
    std::sort(order.begin(), order.end());
    std::vector<record::Minutia> best;
    for (const auto index : order) best.push_back(all[index]);
    all = std::move(best);
}

FingerView best_view(const FingerTemplate& finger) {
    const auto best =
        std::max_element(finger.views.begin(), finger.views.end(),
                         [](const FingerView& a, const FingerView& b) { return a.quality < b.quality; });
    auto out = view_in(*best, finger.format, TemplateFormat::incits_378_2004);
    if (out.position == 0) out.position = finger.position;
    if (out.position == 0) refuse_fingers("PIV wants to know which finger it is, the template says unknown");
    out.view = 0;
    keep_best(out);
    return out;
}

}  // namespace

unsigned incits_angle(unsigned angle) {
    // nearest of angle * 180 / 256; exactly between two the smaller
    return (angle * incits_turn + iso_turn / 2 - 1) / iso_turn % incits_turn;
}

unsigned iso_angle(unsigned angle) {
    return (angle * iso_turn + incits_turn / 2) / incits_turn % iso_turn;
}

Bytes to_incits378(const FingerTemplate& finger, Product product) {
    return write_record(record_in(finger, TemplateFormat::incits_378_2004, product));
}

Bytes to_iso19794_2(const FingerTemplate& finger) {
    return write_record(record_in(finger, TemplateFormat::iso_19794_2_2005, {}));
}

Bytes piv_minutiae(const std::vector<FingerTemplate>& fingers, Product product) {
    if (fingers.empty() || fingers.size() > piv_views) {
        refuse_fingers(fmt::format("{} templates, PIV takes one or two", fingers.size()));
    }
    RecordToWrite out;
    out.product = product;
    out.capture = capture_of(fingers.front());
    out.x_resolution = out.y_resolution = piv_resolution;
    for (const auto& finger : fingers) {
        if (finger.x_resolution != piv_resolution || finger.y_resolution != piv_resolution) {
            refuse_fingers(fmt::format("{} x {} pixels per cm, PIV wants 197", finger.x_resolution,
                                       finger.y_resolution));
        }
        out.width = std::max(out.width, finger.width);
        out.height = std::max(out.height, finger.height);
        // what both devices are: certified as far as both are, of no common type
        if (const auto other = capture_of(finger); other != out.capture) out.capture &= other & 0xF000U;
        out.views.push_back(best_view(finger));
    }
    if (out.views.size() == piv_views && out.views[0].position == out.views[1].position) {
        refuse_fingers("twice the same finger");
    }
    return write_record(out);
}

}  // namespace kartsaz::app::piv
