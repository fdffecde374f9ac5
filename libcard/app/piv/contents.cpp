// SPDX-License-Identifier: Apache-2.0
#include "libcard/app/piv/contents.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "apdu/error.h"
#include "apdu/tlv.h"
#include "keys/card_identity.h"
#include "keys/crypto.h"
#include "keys/issuer.h"
#include "libcard/app/piv/face.h"
#include "libcard/app/piv/fingers.h"
#include "libcard/app/piv/objects.h"
#include "libcard/app/piv/signatures.h"

namespace kartsaz::app::piv {
namespace {

constexpr std::int64_t day = 86'400;
constexpr std::uint16_t behind_pin[] = {id_printed, id_fingerprints, id_face};

std::uint8_t gender_of(record::Sex sex) {
    return sex == record::Sex::male ? 1 : sex == record::Sex::female ? 2 : 0;
}

/// What of an object stays the same whoever signs it how often: without its signature.
Bytes unsigned_part(std::uint16_t id, ByteView value) {
    if (id == id_printed) return {value.begin(), value.end()};
    return signed_part_of_biometric(decode_biometric(value, container_of_id(id)->name));
}

/// Of every object behind the PIN: container id and half of a SHA-256.
Bytes identifier_of(const std::map<std::uint16_t, Bytes>& values) {
    constexpr std::ptrdiff_t half = 16;
    Bytes out;
    for (const auto id : behind_pin) {
        const auto found = values.find(id);
        if (found == values.end()) continue;
        auto digest = keys::sha256(unsigned_part(id, found->second));
        append(out, big_endian(id, 2));
        out.insert(out.end(), digest.begin(), digest.begin() + half);
    }
    return out;
}

template <typename Decode>
auto decoded(Decode&& decode) -> std::optional<decltype(decode())> {
    try {
        return decode();
    } catch (const Error& error) {
        if (error.code() != Errc::input_invalid) throw;
        return std::nullopt;
    }
}

class ContentMaker {
public:
    ContentMaker(const perso::Order& order, const Options& options, const State& own,
                 const std::string& identity)
        : order_{order}, options_{options}, own_{own}, identity_{identity} {
        if (options.sign) signer_.emplace(order.keys.identity(options.content_signer));
        base_.guid = guid_of(identity);
        base_.uuid = urn_of(base_.guid);
        base_.fascn = encode_fascn(number_of(options.number, order.record));
    }

    Contents operator()() {
        if (auto there = kept()) return std::move(*there);
        return of_time(order_.now);
    }

private:
    /// The one on the card with all that it stands for, where it says what is wanted today.
    std::optional<Contents> kept() {
        const Bytes* value = own_.object(id_chuid);
        const auto chuid = value == nullptr ? std::nullopt : decoded([&] { return decode_chuid(*value); });
        if (!chuid) return std::nullopt;
        Contents out;
        if (signer_) {
            const auto check = check_chuid_signature(*value);
            if (!check.ok() || !check.signing_time || !is_current(check.certificate)) return std::nullopt;
            out = of_time(*check.signing_time);
            const Bytes* identifier = check.attribute(oid_content_identifier);
            const Bytes wanted = identifier_of(out.values);
            const bool same = identifier == nullptr ? wanted.empty() : ends_with(*identifier, wanted);
            if (!same) return std::nullopt;
        } else {
            out = of_time(order_.now);
        }
        Bytes& wanted = out.values[id_chuid];
        if (signed_part_of_chuid(wanted) != signed_part_of_chuid(*value)) return std::nullopt;
        wanted = *value;
        if (!keep_security_object(out)) return std::nullopt;
        out.kept = true;
        return out;
    }

    static bool ends_with(ByteView whole, ByteView end) {
        return whole.size() == end.size() + 2 && std::ranges::equal(whole.last(end.size()), end);
    }

    /// Ours, or that of an earlier signer below the same CA that has not run out.
    bool is_current(ByteView certificate) const {
        if (std::ranges::equal(certificate, signer_->certificate())) return true;
        const auto there = decoded([&] { return keys::certificate_facts(certificate); });
        return there && there->issuer == keys::certificate_facts(signer_->certificate()).issuer &&
               there->not_after > order_.now;
    }

    /// The hashes of what cannot be read are believed to the signature: an ECDSA signature of a token cannot
    /// be made again.
    bool keep_security_object(Contents& out) const {
        const auto wanted = out.values.find(id_security_object);
        if (wanted == out.values.end()) return true;
        const Bytes* value = own_.object(id_security_object);
        if (value == nullptr) return false;
        const auto object = decoded([&] { return decode_security_object(*value); });
        if (!object || object->map != decode_security_object(wanted->second).map) return false;
        const auto check = check_security_object_signature(*object, signer_->certificate());
        const auto hashes = decoded([&] { return decode_lds_hashes(check.content); });
        if (!check.ok() || !hashes) return false;
        std::map<std::uint16_t, Bytes> readable;
        for (const auto id : {id_chuid, id_ccc, id_discovery, id_key_history}) {
            const auto found = out.values.find(id);
            if (found != out.values.end()) readable[id] = found->second;
        }
        for (const auto& finding : check_hashes(*object, *hashes, readable)) {
            if (readable.contains(finding.container) && finding.kind != HashFinding::Kind::ok) return false;
        }
        wanted->second = *value;
        return true;
    }

    Contents of_time(std::int64_t at) {
        Contents out = base_;
        const auto add = [&](std::uint16_t id, const std::function<Bytes(std::size_t)>& make) {
            if (options_.wants(id)) put(out, id, make);
        };
        add(id_ccc, [&](std::size_t) { return ccc_of(identity_); });
        add(id_printed, [&](std::size_t) { return printed(); });
        add(id_fingerprints, [&](std::size_t) { return fingerprints(at); });
        add(id_face, [&](std::size_t room) { return face(at, room, out); });
        add(id_discovery, [](std::size_t) {
            return encode_discovery({application_aid, {Discovery::piv_pin, 0x00}, 0});
        });
        add(id_key_history, [](std::size_t) { return encode_key_history({}); });
        add(id_chuid, [&](std::size_t) { return chuid(at, identifier_of(out.values)); });
        add(id_security_object, [&](std::size_t) { return security_object(at, out.values); });
        return out;
    }

    /// Where the card has room for it.
    void put(Contents& out, std::uint16_t id, const std::function<Bytes(std::size_t)>& make) {
        const auto& container = *container_of_id(id);
        const auto room = own_.capability.room(container);
        if (!room && id == id_discovery && own_.capability.own_discovery()) return;
        std::string why = fmt::format("{} refuses the container {:X}", own_.capability.name(), container.tag);
        if (room) {
            Bytes value = make(*room);
            if (value.size() <= *room) {
                out.values[id] = std::move(value);
                return;
            }
            why =
                fmt::format("it has {} bytes, and {} takes {}", value.size(), own_.capability.name(), *room);
        }
        const std::string text = fmt::format("{} ({})", container.name, why);
        if (!options_.required.contains(id)) {
            out.left_out.push_back(text);
        } else if (out.refusal.empty()) {
            out.refusal = text + ", and the profile does not allow to leave it out";
        }
    }

    Bytes printed() const {
        const auto& record = order_.record;
        PrintedInformation out;
        out.name = record.name.given_latin + " " + record.name.surname_latin;
        out.affiliation = options_.printed.affiliation;
        out.expiry = printed_date(record.expiry_date);
        out.serial = record.document_number;
        out.issuer = options_.printed.issuer;
        out.organization = options_.printed.organization;
        return encode_printed_information(out);
    }

    CbeffHeader header(Biometric kind, std::int64_t at) const {
        auto out = make_cbeff_header(kind, options_.creator, base_.fascn);
        out.created = out.valid_from = cbeff_time(at);
        out.valid_to = cbeff_time(record::to_unix(order_.record.expiry_date) + day - 1);
        return out;
    }

    Bytes fingerprints(std::int64_t at) const {
        // the first two are the primary and secondary finger
        auto fingers = order_.record.fingers;
        constexpr std::size_t most = 2;
        if (fingers.size() > most) fingers.erase(fingers.begin() + most, fingers.end());
        return sign_biometric(header(Biometric::fingerprints, at), piv_minutiae(fingers, {}), base_.guid,
                              container_of_id(id_fingerprints)->name, *signer_, at);
    }

    Bytes face_value(std::int64_t at, const record::Photo& photo) const {
        return sign_biometric(header(Biometric::face, at),
                              encode_face(face_of(photo, gender_of(order_.record.sex))), base_.guid,
                              container_of_id(id_face)->name, *signer_, at);
    }

    Bytes face(std::int64_t at, std::size_t room, Contents& out) const {
        const auto& photo = order_.record.photo;
        Bytes value = face_value(at, photo);
        const std::size_t frame = value.size() - photo.bytes.size();
        if (value.size() <= room || !options_.shrink_face || frame >= room) return value;
        const auto smaller = decoded(
            [&] { return record::reencode_photo(photo, room - frame, "face for a card with less room"); });
        if (!smaller) return value;
        out.shrunk = fmt::format("{} x {} pixels in {} bytes instead of {} x {} in {}", smaller->width,
                                 smaller->height, smaller->bytes.size(), photo.width, photo.height,
                                 photo.bytes.size());
        return face_value(at, *smaller);
    }

    Bytes chuid(std::int64_t at, const Bytes& identifier) const {
        Chuid out;
        out.fascn = base_.fascn;
        out.guid = base_.guid;
        out.expiry = order_.record.expiry_date.compact();
        return signer_ ? sign_chuid(std::move(out), *signer_, at, identifier) : encode_chuid(out);
    }

    /// What the maker has put there for good, and we leave.
    const Bytes* makers_own(std::uint16_t id) const {
        if (id != id_discovery && id != id_key_history) return nullptr;
        const Bytes* value = own_.object(id);
        return value == nullptr || value->empty() ? nullptr : value;
    }

    Bytes security_object(std::int64_t at, const std::map<std::uint16_t, Bytes>& values) const {
        std::vector<Covered> covered;
        for (const auto id :
             {id_chuid, id_printed, id_fingerprints, id_face, id_ccc, id_discovery, id_key_history}) {
            const auto found = values.find(id);
            if (found != values.end()) {
                covered.push_back({id, found->second});
            } else if (const Bytes* own = makers_own(id)) {
                covered.push_back({id, *own});
            }
        }
        return sign_security_object(covered, *signer_, at);
    }

    const perso::Order& order_;
    const Options& options_;
    const State& own_;
    const std::string& identity_;
    std::optional<keys::ContentSigner> signer_;
    Contents base_;
};

}  // namespace

Bytes guid_of(std::string_view identity) {
    // a name space of our own, drawn once
    static const Bytes space = from_hex("5B1F0C6E9B0C4E5F8D5B6B617274737A");
    Bytes out = keys::hash(keys::HashAlgorithm::sha1, concat({space, to_bytes(identity)}));
    out.resize(16);
    out[6] = static_cast<std::uint8_t>((out[6] & 0x0FU) | 0x50U);
    out[8] = static_cast<std::uint8_t>((out[8] & 0x3FU) | 0x80U);
    return out;
}

Bytes ccc_of(std::string_view identity) {
    constexpr std::uint8_t no_registered_maker = 0xFF;
    Ccc out;
    out.card_identifier = make_card_identifier(no_registered_maker, keys::card_serial(std::string{identity}));
    return encode_ccc(out);
}

std::string urn_of(ByteView guid) {
    std::string hex = to_hex(guid);
    std::ranges::transform(
        hex, hex.begin(), [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c; });
    return fmt::format("urn:uuid:{}-{}-{}-{}-{}", hex.substr(0, 8), hex.substr(8, 4), hex.substr(12, 4),
                       hex.substr(16, 4), hex.substr(20));
}

Contents make_contents(const perso::Order& order, const Options& options, const State& own,
                       const std::string& identity) {
    return ContentMaker{order, options, own, identity}();
}

Bytes unsigned_chuid(ByteView chuid) {
    Chuid out = decode_chuid(chuid);
    out.signature.clear();
    return encode_chuid(out);
}

bool names_guid(ByteView chuid, ByteView guid) {
    const Bytes field = apdu::TlvWriter{}.put(0x34, guid).bytes();
    return std::search(chuid.begin(), chuid.end(), field.begin(), field.end()) != chuid.end();
}

bool is_whole_chuid(ByteView chuid) {
    return decoded([&] { return decode_chuid(chuid); }).has_value();
}

}  // namespace kartsaz::app::piv
