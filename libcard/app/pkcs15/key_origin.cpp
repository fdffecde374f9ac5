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
    return there(decode, own.directory(fid));
}

/// The file that an object stands in, by the last identifier of its path; 0: none.
std::uint16_t file_of(const std::optional<Path>& path) {
    if (!path || path->path.size() < 2) return 0;
    return static_cast<std::uint16_t>(big_endian(ByteView{path->path}.last(2)));
}

bool is_file_of(const Slot& slot, std::uint16_t fid) {
    return fid != 0 && (fid == slot.public_key_fid() || slot.has_certificate_file(fid));
}

/// What the objects of all directories hold of a slot, one line each; those left out that `is_ours` knows.
/// @param has_key  the slot's key is on the card: its certificate may be in any file that is left
template <typename IsOurs>
std::vector<std::string> holders_of(const Slot& slot, const State& own, IsOurs&& is_ours,
                                    bool has_key = false) {
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
    if (!has_key) with_file(objects_of(own, fid_cdf, &decode_cdf), "EF.CDF");
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

/// The CA's own certificate; empty: there is none, or it is not known before the CA's first answer.
Bytes issuer_of(const perso::Order& order) {
    return order.certificates == nullptr ? Bytes{} : order.certificates->issuer_certificate();
}

/// A certificate of the key that our CA signed: it had the card prove the key. Whatever else a certificate
/// says, anybody can make one that says it.
bool is_certified(const SlotView& view, const perso::Order& order) {
    const Bytes issuer = issuer_of(order);
    return !issuer.empty() && std::ranges::any_of(view.certificates, [&](const SeenCertificate& one) {
        return keys::is_signed_by(one.der, issuer);
    });
}

/// The slot's own label on a key of which nothing shows that the card made it for a station.
std::string unknown_origin(const Slot& slot, const perso::Order& order) {
    return fmt::format(
        "the key \"{}\" of the card (reference {}) is one which this station did not make: neither its "
        "journal nor its CA's books know it, and {}. A key of unknown origin is never certified. A card of "
        "another station or of an earlier CA is gone on with by the journal (--journal) and the books of the "
        "CA (--ca-folder) that it was made with; a key that its holder put there is never gone on with",
        slot.name, slot.reference,
        issuer_of(order).empty() ? "the CA's own certificate, which would show that a certificate beside it "
                                   "is the CA's, is not known here"
                                 : "no certificate beside it is signed by the CA");
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

std::string held_by_others(const Slot& slot, const SlotView& view, const State& own, const Knowledge& known) {
    const bool ours = is_of_the_card(view, own, known);
    if (!ours && view.key_listed && view.listed_label == slot.label) return unknown_origin(slot, known.order);
    const Bytes id = ours ? keys::key_identifier(view.public_key) : Bytes{};
    // the label: a damaged iD of ours is mended
    const auto held = holders_of(
        slot, own,
        [&](const Common& common, const Bytes& of_object) {
            return ours && (of_object == id || common.label == slot.label);
        },
        ours);
    if (held.empty()) return {};
    const auto text = fmt::format(
        "the key \"{}\" has no place: {}, which this station did not make; what the holder added is kept",
        slot.name, held.front());
    if (ours) return text + ". The software that added it can delete it";
    return fmt::format("{}. `reference` in [pkcs15.{}] of the profile can name another place, {}", text,
                       slot.name, free_reference(slot, own));
}

std::string moved_away(const Slot& slot, const State& own) {
    const auto keys = objects_of(own, fid_prkdf, &decode_prkdf);
    const auto certificates = objects_of(own, fid_cdf, &decode_cdf);
    for (const auto& key : keys) {
        if (!key.reference || *key.reference == slot.reference) continue;
        const bool certified = std::ranges::any_of(certificates, [&](const CertificateObject& one) {
            return one.id == key.id && one.common.label == slot.label;
        });
        if (key.common.label != slot.label && !certified) continue;
        return fmt::format(
            "the card has a key \"{}\" at reference {}, and [pkcs15.{}] of the profile has it at {}: a key "
            "is never moved, and a second one of the same name never made. `reference = {}` is right for "
            "this card; another key needs another `label`",
            slot.label, *key.reference, slot.name, slot.reference, *key.reference);
    }
    return {};
}

}  // namespace kartsaz::app::pkcs15
