// SPDX-License-Identifier: Apache-2.0
#include "keys/crypto.h"
#include "libcard/perso/personalize.h"

namespace kartsaz::perso {
namespace {

void put(Bytes& out, ByteView part) {
    append(out, big_endian(part.size(), 4));
    append(out, part);
}

void put(Bytes& out, std::string_view text) {
    put(out, ByteView{to_bytes(text)});
}

}  // namespace

std::string record_digest(const record::Record& record) {
    Bytes all;
    put(all, "kartsaz record 1");
    put(all, record.national_id);
    put(all, record.birth_certificate_number);
    put(all, record.birth_certificate_serial);
    put(all, record.name.surname_fa);
    put(all, record.name.given_fa);
    put(all, record.father_fa);
    put(all, record.birth_place_fa);
    put(all, record.postal_code);
    put(all, record.address_fa);
    put(all, record.authority_fa);
    put(all, record.email.value_or(""));
    put(all, record.issue_date.compact());
    put(all, record.birth_date.compact());
    // names in Latin letters, sex, document number and expiry are all in here
    put(all, record.mrz());
    put(all, record.mrz_information());
    put(all, ByteView{record.photo.bytes});
    for (const auto& finger : record.fingers) {
        all.push_back(static_cast<std::uint8_t>(finger.position));
        put(all, ByteView{finger.bytes});
    }
    return to_hex(keys::sha256(all));
}

std::string Order::digest() const {
    return material != nullptr ? material->digest() : record_digest(record);
}

}  // namespace kartsaz::perso
