// SPDX-License-Identifier: Apache-2.0
// EF.AODF: SEQUENCE { common, { authId }, [1] { PasswordAttributes } }; other kinds of authentication object
// ([0] biometric template, [1] authentication key, ...) are passed over.
#include "libcard/app/pkcs15/fields.h"

namespace kartsaz::app::pkcs15 {
namespace {

constexpr std::uint32_t tag_reference = 0x80;

PinObject pin(const apdu::TlvReader& in, const apdu::Tlv& object) {
    const fields::Parts parts = fields::parts(in, object);
    PinObject out;
    out.common = fields::common(in, parts.common);
    out.auth_id = fields::octets(in.enter(parts.class_attributes).next(fields::octet_string));
    auto type = in.enter(parts.type);
    auto body = type.enter(type.next(fields::sequence));
    out.flags = fields::bits(body, body.next(fields::bit_string));
    out.type = fields::small_integer(body, body.next(fields::enumerated));
    out.min_length = fields::small_integer(body, body.next(fields::integer));
    out.stored_length = fields::small_integer(body, body.next(fields::integer));
    if (const auto most = body.maybe(fields::integer)) out.max_length = fields::small_integer(body, *most);
    if (const auto number = body.maybe(tag_reference)) out.reference = fields::reference(body, *number);
    if (const auto pad = body.maybe(fields::octet_string)) {
        if (pad->value.size() != 1) body.fail(pad->offset, "a padding character that is not one byte");
        out.pad_char = pad->value[0];
    }
    if (body.peek() == fields::generalized_time) body.next();  // lastPasswordChange
    if (const auto where = body.maybe(fields::sequence)) out.path = fields::path(body, *where);
    return out;
}

void put_pin(apdu::TlvWriter& out, const PinObject& object) {
    out.nest(fields::sequence, [&](apdu::TlvWriter& in) {
        fields::put_common(in, object.common);
        in.nest(fields::sequence, [&](apdu::TlvWriter& id) { id.put(fields::octet_string, object.auth_id); });
        in.nest(fields::type_attributes, [&](apdu::TlvWriter& type) {
            type.nest(fields::sequence, [&](apdu::TlvWriter& body) {
                fields::put_bits(body, object.flags);
                fields::put_integer(body, fields::enumerated, object.type);
                fields::put_integer(body, fields::integer, object.min_length);
                fields::put_integer(body, fields::integer, object.stored_length);
                if (object.max_length) fields::put_integer(body, fields::integer, *object.max_length);
                if (object.reference) fields::put_integer(body, tag_reference, *object.reference);
                if (object.pad_char) body.put(fields::octet_string, Bytes{*object.pad_char});
                if (object.path) fields::put_path(body, *object.path);
            });
        });
    });
}

}  // namespace

Bytes encode_aodf(const std::vector<PinObject>& objects) {
    apdu::TlvWriter out;
    for (const auto& one : objects) put_pin(out, one);
    return std::move(out).take();
}

std::vector<PinObject> decode_aodf(ByteView file) {
    std::vector<PinObject> out;
    fields::each_object(file, "EF.AODF", [&](const apdu::TlvReader& in, const apdu::Tlv& object) {
        if (object.tag == fields::sequence) out.push_back(pin(in, object));
    });
    return out;
}

}  // namespace kartsaz::app::pkcs15
