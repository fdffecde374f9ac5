// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "apdu/error.h"
#include "keys/crypto.h"
#include "libcard/app/emrtd/application.h"
#include "libcard/app/emrtd/lds.h"

namespace kartsaz::app::emrtd {
namespace {

constexpr std::string_view lds_version = "0108";
constexpr std::string_view unicode_version = "040000";
constexpr unsigned pace_p256 = 12;

const Bytes* seen(const State* state, std::string_view name) {
    if (state == nullptr) return nullptr;
    const auto found = state->files.find(find_file(name)->fid);
    return found == state->files.end() ? nullptr : &found->second;
}

std::string compact_utc(std::int64_t seconds) {
    const auto date = record::from_unix(seconds);
    const auto rest = static_cast<int>(seconds - record::to_unix(date));
    return fmt::format("{}{:02}{:02}{:02}", date.compact(), rest / 3600, rest / 60 % 60, rest % 60);
}

Bytes dg2(const record::Record& record) {
    Dg2 face;
    face.image = record.photo.bytes;
    face.jpeg2000 = record.photo.format == record::PhotoFormat::jpeg2000;
    face.width = static_cast<std::uint16_t>(record.photo.width);
    face.height = static_cast<std::uint16_t>(record.photo.height);
    if (record.sex == record::Sex::male) face.gender = 1;
    if (record.sex == record::Sex::female) face.gender = 2;
    return encode_dg2(face);
}

std::vector<Finger> fingers_of(const record::Record& record) {
    std::vector<Finger> fingers;
    for (const auto& finger : record.fingers) {
        Finger entry;
        entry.record = finger.bytes;
        entry.incits = finger.format == record::TemplateFormat::incits_378_2004;
        entry.subtype = finger_subtype(finger.position);
        fingers.push_back(std::move(entry));
    }
    return fingers;
}

Bytes dg11(const record::Record& record) {
    Dg11 details;
    details.surname = record.name.surname_fa;
    details.given = record.name.given_fa;
    details.personal_number = record.national_id;
    details.birth_date = record.birth_date.compact();
    details.birth_place = {record.birth_place_fa};
    details.address = {record.address_fa, record.postal_code};
    return encode_dg11(details);
}

/// The time of personalization stays what it was when the card was begun: a resumed card is the same card.
Bytes dg12(const perso::Order& order, const State* state) {
    Dg12 details;
    details.authority = order.record.authority_fa;
    details.issue_date = order.record.issue_date.compact();
    details.personalized_at = compact_utc(order.now);
    if (const Bytes* before = seen(state, "EF.DG12")) {
        try {
            details.personalized_at = decode_dg12(*before).personalized_at;
        } catch (const Error&) {
            // a torn file: it is written anew, with the time of now
        }
    }
    return encode_dg12(details);
}

Bytes dg13(const record::Record& record, const Options& options) {
    Dg13 registry;
    registry.certificate_number = record.birth_certificate_number;
    registry.certificate_serial = record.birth_certificate_serial;
    registry.father_name = record.father_fa;
    registry.birth_date_sh = record.birth_date.solar_hijri();
    if (options.fingerprint == Fingerprint::dg13) {
        registry.finger_records.push_back(encode_finger_group(fingers_of(record)));
    }
    return encode_dg13(registry);
}

Bytes dg14(const Options& options) {
    std::vector<Bytes> infos;
    if (options.active_authentication == keys::AaAlgorithm::ecdsa_p256) {
        infos.push_back(active_authentication_info_ecdsa_sha256());
    }
    if (options.pace) infos.push_back(pace_info_ecdh_gm_aes128(pace_p256));
    return encode_dg14(infos);
}

/// A signature made again is as good as the one on the card, but the card's own needs no writing.
bool still_good(const Bytes& file, ByteView content, const keys::DocumentSigner& signer) {
    try {
        const auto object = keys::read_signed_object(decode_sod(file));
        return object.signature_ok && std::ranges::equal(object.content, content) &&
               object.certificate == signer.certificate();
    } catch (const Error&) {
        return false;
    }
}

Bytes sod(const perso::Order& order, const std::vector<perso::Item>& groups, const State* state) {
    LdsSecurityObject object;
    object.version = 1;
    object.lds_version = lds_version;
    object.unicode_version = unicode_version;
    for (const auto& item : groups) {
        const auto* file = find_file(item.fid);
        if (file->dg == 0) continue;
        object.groups.push_back({static_cast<std::uint8_t>(file->dg), keys::sha256(item.content)});
    }
    std::ranges::sort(object.groups, {}, &LdsSecurityObject::Group::number);
    const Bytes content = encode_lds_security_object(object);
    if (order.signer == nullptr) {
        throw Error{Errc::keys_failed, "the key store has no document signer, and EF.SOD must be signed"};
    }
    if (const Bytes* before = seen(state, "EF.SOD");
        before != nullptr && still_good(*before, content, *order.signer)) {
        return *before;
    }
    return encode_sod(order.signer->sign_lds_security_object(content));
}

Bytes com(const std::vector<perso::Item>& groups) {
    Com com;
    com.lds_version = lds_version;
    com.unicode_version = unicode_version;
    for (const auto& file : files()) {  // in the order of data groups, whatever the order of writing
        const bool here = std::ranges::any_of(groups, [&](const auto& item) { return item.fid == file.fid; });
        if (file.dg != 0 && here) com.tags.push_back(file.tag);
    }
    return encode_com(com);
}

Bytes content_of(const std::string& name, const perso::Order& order, const perso::CardState& card,
                 const Options& options, const std::vector<perso::Item>& before) {
    const State* state = card.of<State>("emrtd");
    const auto& record = order.record;
    if (name == "EF.DG1") return encode_dg1(record.mrz());
    if (name == "EF.DG2") return dg2(record);
    if (name == "EF.DG3") return encode_dg3(fingers_of(record));
    if (name == "EF.DG11") return dg11(record);
    if (name == "EF.DG12") return dg12(order, state);
    if (name == "EF.DG13") return dg13(record, options);
    if (name == "EF.DG14") return dg14(options);
    if (name == "EF.DG15") return encode_dg15(aa_key(options, order.keys, card.chip, record).public_key);
    if (name == "EF.COM") return com(before);
    if (name == "EF.SOD") return sod(order, before, state);
    throw Error{Errc::internal, "no encoder for " + name};
}

}  // namespace

std::vector<perso::Item> encode(const perso::Order& order, const perso::CardState& state) {
    const Options options = read_options(order.profile);
    std::vector<perso::Item> items;
    for (const auto& name : file_order(options)) {
        perso::Item item;
        item.application = "emrtd";
        item.name = name;
        item.title = find_file(name)->title;
        item.fid = find_file(name)->fid;
        item.content = content_of(name, order, state, options, items);
        items.push_back(std::move(item));
    }
    const auto secret = [&](std::string name, std::string title, std::string what, perso::ItemKind kind) {
        perso::Item item;
        item.application = "emrtd";
        item.name = std::move(name);
        item.title = std::move(title);
        item.kind = kind;
        item.secret = std::move(what);
        items.push_back(std::move(item));
    };
    if (options.active_authentication) {
        secret("aa-key", "Active Authentication key", options.aa_keys, perso::ItemKind::secret);
    }
    secret("bac-keys", "BAC and PACE password", "MRZ information", perso::ItemKind::secret);
    if (options.lock) secret("lock", "Application life cycle", "LOCKED", perso::ItemKind::life_cycle);
    return items;
}

}  // namespace kartsaz::app::emrtd
