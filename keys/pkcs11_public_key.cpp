// SPDX-License-Identifier: Apache-2.0
#include "keys/pkcs11_public_key.h"

#include "apdu/tlv.h"
#include "keys/pkcs11_session.h"

namespace kartsaz::keys {
namespace {

using apdu::TlvReader;
using apdu::TlvWriter;

constexpr std::uint32_t tag_integer = 0x02, tag_bits = 0x03, tag_octets = 0x04, tag_null = 0x05,
                        tag_oid = 0x06, tag_sequence = 0x30;

struct Curve {
    std::string_view parameters;  ///< CKA_EC_PARAMS: the OID of the curve
    std::size_t field_size;
};
constexpr Curve curves[] = {{"06082A8648CE3D030107", 32}, {"06052B81040022", 48}, {"06052B81040023", 66}};

/// INTEGER of an unsigned number of any length.
void put_unsigned(TlvWriter& out, ByteView number) {
    while (number.size() > 1 && number.front() == 0) number = number.subspan(1);
    const bool sign = number.empty() || (number.front() & 0x80U) != 0;
    out.put(tag_integer, concat({sign ? Bytes{0} : Bytes{}, number}));
}

/// CKA_EC_POINT is an OCTET STRING around the point; some modules give the point alone.
Bytes point_of(ByteView attribute, std::size_t field_size) {
    if (attribute.size() == 1 + 2 * field_size && attribute.front() == 0x04) {
        return {attribute.begin(), attribute.end()};
    }
    TlvReader reader{attribute, "CKA_EC_POINT"};
    const auto value = reader.next(tag_octets).value;
    return {value.begin(), value.end()};
}

}  // namespace

std::optional<std::size_t> token_curve_size(ByteView parameters) {
    for (const auto& curve : curves) {
        if (to_hex(parameters) == curve.parameters) return curve.field_size;
    }
    return std::nullopt;
}

Bytes ec_public_key(ByteView parameters, ByteView point, std::size_t field_size) {
    TlvWriter out;
    out.nest(tag_sequence, [&](TlvWriter& info) {
        info.nest(tag_sequence, [&](TlvWriter& algorithm) {
            algorithm.put(tag_oid, from_hex("2A8648CE3D0201")).raw(parameters);
        });
        info.put(tag_bits, concat({Bytes{0}, point_of(point, field_size)}));
    });
    return out.bytes();
}

Bytes rsa_public_key(ByteView modulus, ByteView exponent) {
    TlvWriter key;
    key.nest(tag_sequence, [&](TlvWriter& parts) {
        put_unsigned(parts, modulus);
        put_unsigned(parts, exponent);
    });
    TlvWriter out;
    out.nest(tag_sequence, [&](TlvWriter& info) {
        info.nest(tag_sequence, [&](TlvWriter& algorithm) {
            algorithm.put(tag_oid, from_hex("2A864886F70D010101")).put(tag_null, Bytes{});
        });
        info.put(tag_bits, concat({Bytes{0}, key.bytes()}));
    });
    return out.bytes();
}

Bytes public_key_of(const Session& session, unsigned long object) {
    const auto type = session.number(object, CKA_KEY_TYPE);
    if (type == CKK_RSA) {
        return rsa_public_key(session.attribute(object, CKA_MODULUS),
                              session.attribute(object, CKA_PUBLIC_EXPONENT));
    }
    const auto parameters = type == CKK_EC ? session.attribute(object, CKA_EC_PARAMS) : Bytes{};
    const auto half = token_curve_size(parameters);
    if (!half) throw Error{Errc::keys_failed, "a public key of a kind that is not used"};
    return ec_public_key(parameters, session.attribute(object, CKA_EC_POINT), *half);
}

Bytes ecdsa_der(ByteView raw) {
    TlvWriter out;
    out.nest(tag_sequence, [&](TlvWriter& parts) {
        put_unsigned(parts, raw.subspan(0, raw.size() / 2));
        put_unsigned(parts, raw.subspan(raw.size() / 2));
    });
    return out.bytes();
}

}  // namespace kartsaz::keys
