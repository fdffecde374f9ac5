// SPDX-License-Identifier: Apache-2.0
#include "libcard/app/pkcs15/key_origin.h"

#include <fmt/format.h>

#include <algorithm>

#include "keys/card_identity.h"
#include "keys/crypto.h"
#include "libcard/app/pkcs15/seen_objects.h"

namespace kartsaz::app::pkcs15 {
namespace {

/// Objects of one directory of the card.
template <typename Object>
std::vector<Object> objects_of(const State& own, std::uint16_t fid, std::vector<Object> (*decode)(ByteView)) {
    const SeenFile* file = own.file(fid);
    return file == nullptr ? std::vector<Object>{} : there(decode, file->content);
}

/// The file that an object stands in, by the last identifier of its path; 0: none.
std::uint16_t file_of(const std::optional<Path>& path) {
    if (!path || path->path.size() < 2) return 0;
    return static_cast<std::uint16_t>(big_endian(ByteView{path->path}.last(2)));
}

bool is_file_of(const Slot& slot, std::uint16_t fid) {
    return fid != 0 &&
           (fid == slot.public_key_fid() || fid == slot.certificate_fid(0) || fid == slot.certificate_fid(1));
}

/// What the objects of all directories hold of a slot, one line each; those left out that `is_ours` knows.
template <typename IsOurs>
std::vector<std::string> holders_of(const Slot& slot, const State& own, IsOurs&& is_ours) {
    std::vector<std::string> out;
    const auto tell = [&](const auto& object, const char* directory, const std::string& what) {
        if (is_ours(object.common, object.id)) return;
        out.push_back(fmt::format("{} is held by the object \"{}\" (iD {}) of {}", what, object.common.label,
                                  to_hex(object.id), directory));
    };
    for (const auto& object : objects_of(own, fid_prkdf, &decode_prkdf)) {
        if (object.reference == slot.reference)
            tell(object, "EF.PrKDF", fmt::format("the card's key reference {}", slot.reference));
    }
    const auto with_file = [&](const auto& objects, const char* directory) {
        for (const auto& object : objects) {
            const auto fid = file_of(object.path);
            if (is_file_of(slot, fid)) tell(object, directory, fmt::format("EF.{:04X}", fid));
        }
    };
    with_file(objects_of(own, fid_pukdf, &decode_pukdf), "EF.PuKDF");
    with_file(objects_of(own, fid_cdf, &decode_cdf), "EF.CDF");
    return out;
}

/// A reference that no directory holds anything of.
std::string free_reference(const Slot& slot, const State& own) {
    Slot other = slot;
    for (unsigned reference = 0; reference < key_references; ++reference) {
        other.reference = static_cast<std::uint8_t>(reference);
        const auto none = [](const Common&, const Bytes&) { return false; };
        if (holders_of(other, own, none).empty()) return fmt::format("such as {}, which is free", reference);
    }
    return "but none is free";
}

/// A certificate of the key that a CA gave: ours, or another that made it for this citizen. A certificate
/// that the key gave itself shows nothing.
bool is_certified(const SlotView& view, const perso::Order& order) {
    const Bytes issuer = order.certificates == nullptr ? Bytes{} : order.certificates->issuer_certificate();
    return std::ranges::any_of(view.certificates, [&](const SeenCertificate& one) {
        if (keys::is_signed_by(one.der, issuer)) return true;
        return !keys::is_signed_by(one.der, one.der) &&
               one.says.subject.serial_number == order.record.national_id;
    });
}

}  // namespace

bool is_first_time(const State& own, const Knowledge& known) {
    return own.stage == Stage::begun && own.pin_is_set() && known.order.holder_pin == nullptr &&
           !known.books.completed && objects_of(own, fid_prkdf, &decode_prkdf).empty();
}

bool is_of_the_card(const SlotView& view, const State& own, const Knowledge& known) {
    if (view.public_key.empty() || !own.pin_is_set()) return false;
    if (is_first_time(own, known) || is_certified(view, known.order)) return true;
    if (std::ranges::count(known.books.made_keys, to_hex(keys::sha256(view.public_key))) > 0) return true;
    return known.order.certificates != nullptr && known.order.certificates->knows(view.public_key);
}

std::string held_by_others(const Slot& slot, const SlotView& view, const State& own, bool ours) {
    const Bytes id = ours ? keys::key_identifier(view.public_key) : Bytes{};
    // the label: a damaged iD of ours is mended
    const auto held = holders_of(slot, own, [&](const Common& common, const Bytes& of_object) {
        return ours && (of_object == id || common.label == slot.label);
    });
    if (held.empty()) return {};
    return fmt::format(
        "the key \"{}\" has no place: {}, which this station did not make; what the holder added is kept. "
        "`reference` in [pkcs15.{}] of the profile can name another place, {}",
        slot.name, held.front(), slot.name, free_reference(slot, own));
}

}  // namespace kartsaz::app::pkcs15
