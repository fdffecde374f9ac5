// SPDX-License-Identifier: Apache-2.0
// What the files of a card tell of one slot, and which of them are another's.
#include <algorithm>

#include "apdu/error.h"
#include "keys/card_identity.h"
#include "libcard/app/pkcs15/layout.h"
#include "libcard/app/pkcs15/seen_objects.h"

namespace kartsaz::app::pkcs15 {
namespace {

/// The slot's public key as its file tells it; empty when the file was torn before it was whole. The half of
/// a point has the form of a point, but is none of its curve.
Bytes whole_public_key(const Slot& slot, const State& state) {
    const SeenFile* file = state.file(slot.public_key_fid());
    if (file == nullptr) return {};
    try {
        const KeyType type = is_rsa(slot.algorithm) ? KeyType::rsa : KeyType::ec;
        Bytes key = public_key_from_file(without_padding(file->content, "public key"), type);
        const auto kind = keys::algorithm_of(key);
        if (!kind) return {};
        keys::check_made_key(key, *kind, "public key");
        return key;
    } catch (const Error&) {
        return {};
    }
}

/// The certificate file of the slot that an object of EF.CDF names; 0: none.
std::uint16_t file_of(const Slot& slot, const CertificateObject& object) {
    if (!object.path || object.path->path.size() < 2) return 0;
    const auto fid = static_cast<std::uint16_t>(big_endian(ByteView{object.path->path}.last(2)));
    return slot.has_certificate_file(fid) ? fid : 0;
}

/// Tells the slot's own object of EF.CDF from those that the holder put into one of its files: by its label,
/// or by its iD where no other has the label.
void read_certificates(const Slot& slot, const State& state, const std::vector<Bytes>& ids, SlotView& view) {
    std::vector<CertificateObject> objects = there(&decode_cdf, state.directory(fid_cdf));
    std::erase_if(objects, [&](const auto& object) { return file_of(slot, object) == 0; });
    const bool labelled =
        std::ranges::any_of(objects, [&](const auto& object) { return object.common.label == slot.label; });
    for (const auto& object : objects) {
        const bool same =
            labelled ? object.common.label == slot.label : std::ranges::find(ids, object.id) != ids.end();
        if (same) {
            view.listed = file_of(slot, object);
        } else {
            view.held.push_back(file_of(slot, object));
        }
    }
}

/// True when every object of the copy is in the directory, so it is not one torn in the middle.
template <typename Object>
bool holds_all(std::vector<Object> (*decode)(ByteView), ByteView directory, ByteView copy) {
    const auto objects = there(decode, directory);
    return std::ranges::all_of(there(decode, copy), [&](const Object& one) {
        return std::ranges::find(objects, one) != objects.end();
    });
}

}  // namespace

const SeenFile* State::file(std::uint16_t fid) const {
    const auto found = files.find(fid);
    return found == files.end() ? nullptr : &found->second;
}

Bytes State::directory(std::uint16_t fid) const {
    const SeenFile* now = file(fid);
    const SeenFile* copy = file(copy_of(fid));
    const Bytes content = now == nullptr ? Bytes{} : now->content;
    if (copy == nullptr) return content;
    const bool sound = fid == fid_prkdf   ? holds_all(&decode_prkdf, content, copy->content)
                       : fid == fid_pukdf ? holds_all(&decode_pukdf, content, copy->content)
                                          : holds_all(&decode_cdf, content, copy->content);
    return sound ? content : copy->content;
}

const SeenCertificate* SlotView::certificate(std::optional<std::uint16_t> fid) const {
    const auto found = std::ranges::find(certificates, fid, &SeenCertificate::fid);
    return found == certificates.end() ? nullptr : &*found;
}

bool SlotView::holds_other(std::uint16_t fid) const {
    return std::ranges::find(held, fid) != held.end();
}

SlotView view_of(const Slot& slot, const State& state) {
    SlotView view;
    view.public_key = whole_public_key(slot, state);
    view.from_file = !view.public_key.empty();
    std::vector<Bytes> ids;
    if (view.from_file) ids.push_back(keys::key_identifier(view.public_key));
    for (const auto& object : there(&decode_prkdf, state.directory(fid_prkdf))) {
        if (object.reference != slot.reference) continue;
        view.key_listed = true;
        view.listed_label = object.common.label;
        ids.push_back(object.id);
    }
    read_certificates(slot, state, ids, view);
    for (const auto fid : slot.certificate_fids()) {
        const auto* file = state.file(fid);
        if (file == nullptr || view.holds_other(fid)) continue;
        std::optional<keys::CitizenCertificate> says;
        Bytes der;
        try {
            der = without_padding(file->content, "certificate");
            says = keys::read_citizen_certificate(der);
        } catch (const Error& error) {
            if (error.code() != Errc::input_invalid) throw;
        }
        // a key that only its certificate tells of is a key all the same
        const bool usable =
            says && (view.public_key.empty() ? view.key_listed : says->public_key == view.public_key);
        if (!usable) {
            view.leftovers.push_back(fid);
            continue;
        }
        if (view.public_key.empty()) view.public_key = says->public_key;
        view.certificates.push_back({fid, std::move(der), std::move(*says)});
    }
    return view;
}

}  // namespace kartsaz::app::pkcs15
