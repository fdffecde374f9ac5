// SPDX-License-Identifier: Apache-2.0
// EF.PuKDF: as EF.PrKDF, the value a path or, as [0], the key itself.
#include "libcard/app/pkcs15/key_attributes.h"

namespace kartsaz::app::pkcs15 {
namespace {

PublicKeyObject public_key(const apdu::TlvReader& in, const apdu::Tlv& object) {
    const fields::Parts parts = fields::parts(in, object);
    PublicKeyObject out;
    out.type = object.tag == fields::ec_choice ? KeyType::ec : KeyType::rsa;
    out.common = fields::common(in, parts.common);
    fields::key_attributes(in, parts.class_attributes, out);
    auto type = in.enter(parts.type);
    auto body = type.enter(type.next(fields::sequence));
    fields::value(body, out.path, out.direct);
    fields::key_size(body, out);
    return out;
}

}  // namespace

Bytes encode_pukdf(const std::vector<PublicKeyObject>& objects) {
    apdu::TlvWriter out;
    for (const auto& one : objects) {
        fields::put_key(out, one,
                        [&](apdu::TlvWriter& body) { fields::put_value(body, one.path, one.direct); });
    }
    return std::move(out).take();
}

std::vector<PublicKeyObject> decode_pukdf(ByteView file) {
    std::vector<PublicKeyObject> out;
    fields::each_object(file, "EF.PuKDF", [&](const apdu::TlvReader& in, const apdu::Tlv& object) {
        if (fields::is_key(object)) out.push_back(public_key(in, object));
    });
    return out;
}

}  // namespace kartsaz::app::pkcs15
