// SPDX-License-Identifier: Apache-2.0
#include "libcard/verify/reference.h"

#include <openssl/evp.h>

#include <algorithm>
#include <memory>

#include "apdu/error.h"

namespace kartsaz::verify {
namespace {

namespace emrtd = app::emrtd;

const EVP_MD* evp(keys::HashAlgorithm algorithm) {
    switch (algorithm) {
        case keys::HashAlgorithm::sha1:
            return EVP_sha1();
        case keys::HashAlgorithm::sha224:
            return EVP_sha224();
        case keys::HashAlgorithm::sha256:
            return EVP_sha256();
        case keys::HashAlgorithm::sha384:
            return EVP_sha384();
        case keys::HashAlgorithm::sha512:
            return EVP_sha512();
    }
    return nullptr;
}

/// Hashes many times with one context: the search below needs some 100,000 hashes.
class Hasher {
public:
    explicit Hasher(keys::HashAlgorithm algorithm) : context_{EVP_MD_CTX_new(), EVP_MD_CTX_free} {
        if (!context_ || EVP_DigestInit_ex(context_.get(), evp(algorithm), nullptr) != 1) {
            throw Error{Errc::internal, "hash: no context"};
        }
    }
    bool gives(ByteView data, ByteView digest) {
        std::uint8_t out[EVP_MAX_MD_SIZE];
        unsigned size = 0;
        if (EVP_DigestInit_ex(context_.get(), nullptr, nullptr) != 1 ||
            EVP_DigestUpdate(context_.get(), data.data(), data.size()) != 1 ||
            EVP_DigestFinal_ex(context_.get(), out, &size) != 1) {
            throw Error{Errc::internal, "hash: failed"};
        }
        return std::equal(out, out + size, digest.begin(), digest.end());
    }

private:
    std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

Place place_between(ByteView file, ByteView original, std::string witness) {
    Place place;
    place.offset = first_difference(file, original).value_or(0);
    place.expected = byte_at(original, place.offset);
    place.got = byte_at(file, place.offset);
    place.witness = std::move(witness);
    const std::size_t common = std::min(file.size(), original.size());
    for (std::size_t i = 0; i < common; ++i) place.differing += file[i] != original[i] ? 1U : 0U;
    place.differing += std::max(file.size(), original.size()) - common;
    return place;
}

/// Tries each byte with each of `masks`; whichever gives the signed digest is the original.
std::optional<Place> search(Hasher& hasher, Bytes& file, ByteView digest,
                            const std::vector<std::uint8_t>& masks) {
    for (std::size_t i = 0; i < file.size(); ++i) {
        const std::uint8_t got = file[i];
        for (const std::uint8_t mask : masks) {
            file[i] = static_cast<std::uint8_t>(got ^ mask);
            if (hasher.gives(file, digest)) {
                Place place{i, to_hex(ByteView{file}.subspan(i, 1)), {}, "the signed hash itself", 1};
                file[i] = got;
                place.got = byte_at(file, i);
                return place;
            }
        }
        file[i] = got;
    }
    return std::nullopt;
}

std::optional<Place> one_byte(ByteView content, keys::HashAlgorithm algorithm, ByteView digest,
                              std::size_t budget) {
    constexpr std::size_t fixed_cost = 128;  // of one hash, counted in bytes
    const std::size_t per_mask = content.size() * (content.size() + fixed_cost);
    std::vector<std::uint8_t> bits{0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80};
    std::vector<std::uint8_t> others;
    for (unsigned mask = 0xFF; mask != 0; --mask) {
        if ((mask & (mask - 1)) != 0) others.push_back(static_cast<std::uint8_t>(mask));
    }
    Hasher hasher{algorithm};
    Bytes file{content.begin(), content.end()};
    if (per_mask * bits.size() > budget) return std::nullopt;
    if (auto place = search(hasher, file, digest, bits)) return place;
    if (per_mask * 0x100 > budget) return std::nullopt;
    return search(hasher, file, digest, others);
}

std::vector<Bytes> dg2_forms(const record::Record& record) {
    std::vector<Bytes> forms;
    for (const unsigned gender : {0x00U, 0x01U, 0x02U, 0xFFU}) {
        emrtd::Dg2 face;
        face.image = record.photo.bytes;
        face.jpeg2000 = record.photo.format == record::PhotoFormat::jpeg2000;
        face.width = static_cast<std::uint16_t>(record.photo.width);
        face.height = static_cast<std::uint16_t>(record.photo.height);
        face.gender = static_cast<std::uint8_t>(gender);
        forms.push_back(emrtd::encode_dg2(face));
    }
    return forms;
}

Bytes dg3_form(const record::Record& record) {
    std::vector<emrtd::Finger> fingers;
    for (const auto& finger : record.fingers) {
        emrtd::Finger one;
        one.record = finger.bytes;
        one.incits = finger.format == record::TemplateFormat::incits_378_2004;
        one.subtype = emrtd::finger_subtype(finger.position);
        fingers.push_back(std::move(one));
    }
    return emrtd::encode_dg3(fingers);
}

}  // namespace

std::vector<Bytes> expected_files(const record::Record& record, unsigned dg) {
    try {
        switch (dg) {
            case 1:
                return {emrtd::encode_dg1(record.mrz())};
            case 2:
                return dg2_forms(record);
            case 3:
                return {dg3_form(record)};
            case 11: {
                emrtd::Dg11 details{record.name.surname_fa,  record.name.given_fa,
                                    record.national_id,      record.birth_date.compact(),
                                    {record.birth_place_fa}, {record.address_fa, record.postal_code}};
                return {emrtd::encode_dg11(details)};
            }
            case 13: {
                emrtd::Dg13 registry;
                registry.certificate_number = record.birth_certificate_number;
                registry.certificate_serial = record.birth_certificate_serial;
                registry.father_name = record.father_fa;
                registry.birth_date_sh = record.birth_date.solar_hijri();
                return {emrtd::encode_dg13(registry)};
            }
            default:
                return {};
        }
    } catch (const Error&) {
        return {};  // a record that these forms cannot hold gives no witness
    }
}

std::optional<Place> find_place(const Observation& seen, unsigned dg, ByteView file,
                                keys::HashAlgorithm algorithm, ByteView signed_digest) {
    Hasher hasher{algorithm};
    const auto& registered = seen.context.registered;
    const auto* def = emrtd::file_of_dg(dg);
    if (registered && def != nullptr) {
        const auto* application = registered->application("emrtd");
        const auto* other = application != nullptr ? application->file(def->name) : nullptr;
        if (other != nullptr && hasher.gives(other->content, signed_digest)) {
            return place_between(file, other->content, "the registered card");
        }
    }
    if (seen.context.expected != nullptr) {
        for (const Bytes& form : expected_files(*seen.context.expected, dg)) {
            if (hasher.gives(form, signed_digest)) return place_between(file, form, "the expected record");
        }
    }
    return one_byte(file, algorithm, signed_digest, seen.context.search_budget);
}

}  // namespace kartsaz::verify
