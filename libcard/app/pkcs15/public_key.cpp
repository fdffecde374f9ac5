// SPDX-License-Identifier: Apache-2.0
// Public keys in the three forms that cards have: SubjectPublicKeyInfo, RSAPublicKey, and the answer of
// GENERATE ASYMMETRIC KEY PAIR.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "apdu/error.h"
#include "libcard/app/pkcs15/fields.h"

namespace kartsaz::app::pkcs15 {
namespace {

constexpr const char* key_file = "public key";
constexpr std::size_t longest_modulus = 1024;  // bytes; RSA 8192

struct Shape {
    std::string_view algorithm;
    std::size_t bytes;       ///< of modulus or field
    std::string_view curve;  ///< value bytes of the named curve's OID; empty for RSA
};
constexpr std::array<Shape, 5> shapes{{
    {"ec-p256", 32, "2A8648CE3D030107"},
    {"ec-p384", 48, "2B81040022"},
    {"rsa-2048", 256, {}},
    {"rsa-3072", 384, {}},
    {"rsa-4096", 512, {}},
}};

const Bytes& rsa_encryption() {
    static const Bytes oid = from_hex("2A864886F70D010101");  // RFC 3279, 2.3.1
    return oid;
}
const Bytes& id_ec_public_key() {
    static const Bytes oid = from_hex("2A8648CE3D0201");  // RFC 5480, 2.1.1
    return oid;
}

bool same(ByteView a, ByteView b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

Bytes whole_bits(ByteView content) {
    return concat({Bytes{0x00}, content});
}

/// @param parameters  the whole object behind the algorithm's OID
Bytes key_info(ByteView algorithm, ByteView parameters, ByteView key) {
    return apdu::TlvWriter{}
        .nest(fields::sequence,
              [&](apdu::TlvWriter& in) {
                  in.nest(fields::sequence,
                          [&](apdu::TlvWriter& id) { id.put(fields::oid, algorithm).raw(parameters); });
                  in.put(fields::bit_string, whole_bits(key));
              })
        .bytes();
}

Bytes rsa_key_info(ByteView rsa_public_key) {
    return key_info(rsa_encryption(), from_hex("0500"), rsa_public_key);
}

/// The parts of a SubjectPublicKeyInfo.
struct Info {
    Bytes algorithm, key, whole;
};

Info info_of(apdu::TlvReader& in) {
    const apdu::Tlv outer = in.next(fields::sequence);
    auto inside = in.enter(outer);
    auto algorithm = inside.enter(inside.next(fields::sequence));
    const apdu::Tlv oid = algorithm.next(fields::oid);
    if (!algorithm.done()) algorithm.next();
    algorithm.finish();
    const apdu::Tlv bits = inside.next(fields::bit_string);
    inside.finish();
    if (bits.value.size() < 2 || bits.value[0] != 0)
        in.fail(bits.offset, "a BIT STRING of whole bytes was expected");
    return {fields::octets(oid), Bytes(bits.value.begin() + 1, bits.value.end()),
            Bytes(outer.whole.begin(), outer.whole.end())};
}

void check_integer(const apdu::TlvReader& in, const apdu::Tlv& object, std::size_t most) {
    if (object.value.empty() || (object.value[0] & 0x80U) != 0)
        in.fail(object.offset, "a positive INTEGER was expected");
    if (object.value.size() > most + 1) in.fail(object.offset, fmt::format("more than {} bytes", most));
    if (std::all_of(object.value.begin(), object.value.end(), [](auto b) { return b == 0; }))
        in.fail(object.offset, "a number that is zero");
}

/// RSAPublicKey ::= SEQUENCE { modulus, publicExponent }. Source: RFC 8017, A.1.1.
Bytes rsa_public_key(apdu::TlvReader& in) {
    const apdu::Tlv outer = in.next(fields::sequence);
    auto inside = in.enter(outer);
    check_integer(inside, inside.next(fields::integer), longest_modulus);
    check_integer(inside, inside.next(fields::integer), longest_modulus);
    inside.finish();
    return {outer.whole.begin(), outer.whole.end()};
}

Bytes unsigned_integer(ByteView number) {
    Bytes out{number.begin(), number.end()};
    out.erase(out.begin(), std::find_if(out.begin(), out.end() - 1, [](auto b) { return b != 0; }));
    if ((out.front() & 0x80U) != 0) out.insert(out.begin(), 0);
    return out;
}

ByteView without_zeros(ByteView number) {
    while (number.size() > 1 && number[0] == 0) number = number.subspan(1);
    return number;
}

Bytes rsa_from_answer(apdu::TlvReader& in, const Shape& shape) {
    const apdu::Tlv modulus = in.next(0x81);
    const apdu::Tlv exponent = in.next(0x82);
    in.finish();
    const ByteView n = without_zeros(modulus.value);
    if (n.size() != shape.bytes || (n[0] & 0x80U) == 0) {
        in.fail(modulus.offset, fmt::format("a modulus of {} bits was expected", shape.bytes * 8));
    }
    const ByteView e = without_zeros(exponent.value);
    if (e.empty() || e.size() > 8 || (e.back() & 1U) == 0 || same(e, Bytes{1}))
        in.fail(exponent.offset, "no public exponent: odd, above 1, 8 bytes at most");
    apdu::TlvWriter key;
    key.nest(fields::sequence, [&](apdu::TlvWriter& body) {
        body.put(fields::integer, unsigned_integer(n)).put(fields::integer, unsigned_integer(e));
    });
    return rsa_key_info(key.bytes());
}

Bytes ec_from_answer(apdu::TlvReader& in, const Shape& shape) {
    std::optional<apdu::Tlv> point;
    while (!in.done()) {
        const apdu::Tlv part = in.next();
        if (part.tag < 0x81 || part.tag > 0x87) in.fail(part.offset, "no part of a public key");
        if (part.tag == 0x81 && without_zeros(part.value).size() != shape.bytes)
            in.fail(part.offset, fmt::format("a field of {} bytes was expected", shape.bytes));
        if (part.tag == 0x86 && point) in.fail(part.offset, "a second public point");
        if (part.tag == 0x86) point = part;
    }
    if (!point) in.fail(in.offset(), "no public point (86)");
    if (point->value.size() != 2 * shape.bytes + 1 || point->value[0] != 0x04) {
        in.fail(point->offset,
                fmt::format("an uncompressed point of {} bytes was expected", 2 * shape.bytes + 1));
    }
    const Bytes curve = apdu::TlvWriter{}.put(fields::oid, from_hex(shape.curve)).bytes();
    return key_info(id_ec_public_key(), curve, point->value);
}

}  // namespace

Bytes public_key_file(ByteView subject_public_key_info) {
    apdu::TlvReader in{subject_public_key_info, "SubjectPublicKeyInfo"};
    Info info = info_of(in);
    in.finish();
    return info.algorithm == rsa_encryption() ? std::move(info.key) : std::move(info.whole);
}

Bytes public_key_from_file(ByteView file, KeyType type) {
    apdu::TlvReader in{file, key_file};
    if (in.peek() == fields::octet_string)
        in.fail(0, "a bare point, which does not tell its curve: SubjectPublicKeyInfo is needed");
    apdu::TlvReader look{file, key_file};
    auto inside = look.enter(look.next(fields::sequence));
    if (inside.peek() == fields::integer) {
        if (type != KeyType::rsa) in.fail(0, "an RSA key where an EC key was announced");
        return rsa_key_info(rsa_public_key(in));
    }
    Info info = info_of(in);
    const Bytes& wanted = type == KeyType::rsa ? rsa_encryption() : id_ec_public_key();
    if (info.algorithm != wanted) in.fail(0, "a key of another kind than was announced");
    return std::move(info.whole);
}

Bytes public_key_from_answer(ByteView answer, std::string_view key_algorithm) {
    const auto* shape = std::find_if(shapes.begin(), shapes.end(),
                                     [&](const Shape& one) { return one.algorithm == key_algorithm; });
    if (shape == shapes.end())
        throw Error{Errc::usage, fmt::format("{}: no such kind of key", key_algorithm)};
    try {
        apdu::TlvReader in{answer, "answer of GENERATE ASYMMETRIC KEY PAIR"};
        auto inside = in.enter(in.next(0x7F49));
        in.finish();
        return shape->curve.empty() ? rsa_from_answer(inside, *shape) : ec_from_answer(inside, *shape);
    } catch (const Error& error) {
        if (error.code() != Errc::input_invalid) throw;
        throw Error{Errc::card_refused, error.what()};
    }
}

}  // namespace kartsaz::app::pkcs15
