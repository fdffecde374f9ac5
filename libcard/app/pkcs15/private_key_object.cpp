// SPDX-License-Identifier: Apache-2.0
// EF.PrKDF: RSA as SEQUENCE, EC as [0], each { common, CommonKeyAttributes, [[0] subject ...],
// [1] { { path, modulusLength | fieldSize } } }. Other kinds of key are passed over.
#include "libcard/app/pkcs15/key_attributes.h"

namespace kartsaz::app::pkcs15 {
namespace {

PrivateKeyObject private_key(const apdu::TlvReader& in, const apdu::Tlv& object) {
    const fields::Parts parts = fields::parts(in, object);
    PrivateKeyObject out;
    out.type = object.tag == fields::ec_choice ? KeyType::ec : KeyType::rsa;
    out.common = fields::common(in, parts.common);
    fields::key_attributes(in, parts.class_attributes, out);
    auto type = in.enter(parts.type);
    auto body = type.enter(type.next(fields::sequence));
    out.path = fields::path(body, body.next(fields::sequence));
    fields::key_size(body, out);
    return out;
}

}  // namespace

Bytes encode_prkdf(const std::vector<PrivateKeyObject>& objects) {
    apdu::TlvWriter out;
    for (const auto& one : objects) {
        fields::put_key(out, one, [&](apdu::TlvWriter& body) { fields::put_path(body, one.path); });
    }
    return std::move(out).take();
}

std::vector<PrivateKeyObject> decode_prkdf(ByteView file) {
    std::vector<PrivateKeyObject> out;
    fields::each_object(file, "EF.PrKDF", [&](const apdu::TlvReader& in, const apdu::Tlv& object) {
        if (fields::is_key(object)) out.push_back(private_key(in, object));
    });
    return out;
}

}  // namespace kartsaz::app::pkcs15
