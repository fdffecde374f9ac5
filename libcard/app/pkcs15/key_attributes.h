// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "libcard/app/pkcs15/fields.h"

/// What entries of private and public keys have in common. Source: 7816-15, 8.2.10 (CommonKeyAttributes).
namespace kartsaz::app::pkcs15::fields {

/// RSA and EC keys are read; keys of other kinds stand under other tags.
inline bool is_key(const apdu::Tlv& object) {
    return object.tag == sequence || object.tag == ec_choice;
}

template <typename Key>
void key_attributes(const apdu::TlvReader& in, const apdu::Tlv& object, Key& out) {
    auto body = in.enter(object);
    out.id = octets(body.next(octet_string));
    out.usage = bits(body, body.next(bit_string));
    if (const auto native = body.maybe(boolean)) out.native = truth(body, *native);
    if (const auto access = body.maybe(bit_string)) out.access = bits(body, *access);
    if (const auto number = body.maybe(integer)) out.reference = reference(body, *number);
}

template <typename Key>
void key_size(apdu::TlvReader& body, Key& out) {
    if (const auto size = body.maybe(integer)) out.size_bits = small_integer(body, *size);
    if (out.type == KeyType::rsa && !out.size_bits) body.fail(body.offset(), "an RSA key without its length");
}

/// @param put_place  writes path or value
template <typename Key, typename PutPlace>
void put_key(apdu::TlvWriter& out, const Key& key, PutPlace&& put_place) {
    out.nest(key.type == KeyType::ec ? ec_choice : sequence, [&](apdu::TlvWriter& in) {
        put_common(in, key.common);
        in.nest(sequence, [&](apdu::TlvWriter& body) {
            body.put(octet_string, key.id);
            put_bits(body, key.usage);
            if (!key.native) body.put(boolean, Bytes{0x00});
            if (key.access != 0) put_bits(body, key.access);
            if (key.reference) put_integer(body, integer, *key.reference);
        });
        in.nest(type_attributes, [&](apdu::TlvWriter& type) {
            type.nest(sequence, [&](apdu::TlvWriter& body) {
                put_place(body);
                if (key.size_bits) put_integer(body, integer, *key.size_bits);
            });
        });
    });
}

}  // namespace kartsaz::app::pkcs15::fields
