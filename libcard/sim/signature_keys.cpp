// SPDX-License-Identifier: Apache-2.0
#include "libcard/sim/signature_keys.h"

#include <botan/data_src.h>
#include <botan/ec_group.h>
#include <botan/ecdsa.h>
#include <botan/numthry.h>
#include <botan/oids.h>
#include <botan/pkcs8.h>
#include <botan/pubkey.h>
#include <botan/rsa.h>

#include <array>

#include "libcard/sim/signature_files.h"
#include "libcard/sim/status.h"

namespace kartsaz::sim {
namespace {

constexpr std::size_t exponent_size = 3;

/// The curves that both the applet (by the length of their prime) and Botan know.
constexpr std::array<std::string_view, 15> curve_names{
    "secp192r1", "secp192k1",      "brainpool192r1", "secp224r1", "brainpool224r1",
    "secp256r1", "secp256k1",      "brainpool256r1", "frp256v1",  "brainpool320r1",
    "secp384r1", "brainpool384r1", "brainpool512r1", "secp521r1", "x962_p192v2"};

bool known_length(std::size_t bytes) {
    constexpr std::array<std::size_t, 7> lengths{24, 28, 32, 40, 48, 64, 66};
    return std::find(lengths.begin(), lengths.end(), bytes) != lengths.end();
}

Bytes fixed(const Botan::BigInt& value, std::size_t size) {
    Bytes out(size);
    Botan::BigInt::encode_1363(out.data(), out.size(), value);
    return out;
}

Bytes point_of(const Botan::PointGFp& point) {
    const auto bytes = point.encode(Botan::PointGFp::UNCOMPRESSED);
    return {bytes.begin(), bytes.end()};
}

Botan::BigInt number(ByteView bytes) {
    return {bytes.data(), bytes.size()};
}

/// The named curve with these parameters; null and a status word when there is none.
std::unique_ptr<Botan::EC_Group> curve_of(ByteView parameters, std::uint16_t& sw) {
    sw = status::invalid;
    const auto p = simple_tlv(parameters, 0x81);
    if (!p) return nullptr;
    if (!known_length(p->size())) {
        sw = status::unsupported;
        return nullptr;
    }
    const auto a = simple_tlv(parameters, 0x82), b = simple_tlv(parameters, 0x83);
    const auto g = simple_tlv(parameters, 0x84), n = simple_tlv(parameters, 0x85);
    const auto h = simple_tlv(parameters, 0x87);
    if (!a || !b || !g || !n || !h || h->size() > 2) return nullptr;
    for (const std::string_view name : curve_names) {
        auto group = std::make_unique<Botan::EC_Group>(std::string{name});
        const bool same_curve = group->get_p() == number(*p) && group->get_a() == number(*a) &&
                                group->get_b() == number(*b) && group->get_order() == number(*n) &&
                                group->get_cofactor() == number(*h);
        if (!same_curve) continue;
        const Bytes base = point_of(group->get_base_point());
        if (std::equal(g->begin(), g->end(), base.begin(), base.end())) return group;
    }
    return nullptr;
}

/// 7F49 with seven objects, each as wide as the field (a cofactor in two bytes).
Bytes ec_answer(const Botan::EC_Group& group, const Botan::PointGFp& point) {
    const std::size_t size = group.get_p_bytes();
    return object(
        0x7F49,
        concat({object(0x81, fixed(group.get_p(), size)), object(0x82, fixed(group.get_a(), size)),
                object(0x83, fixed(group.get_b(), size)), object(0x84, point_of(group.get_base_point())),
                object(0x85, fixed(group.get_order(), size)), object(0x86, point_of(point)),
                object(0x87, fixed(group.get_cofactor(), 2))}));
}

Bytes pkcs8(const Botan::Private_Key& key) {
    const auto der = Botan::PKCS8::BER_encode(key);
    return {der.begin(), der.end()};
}

std::unique_ptr<Botan::Private_Key> load(const SignatureKey& key) {
    Botan::DataSource_Memory source{key.pkcs8.data(), key.pkcs8.size()};
    return Botan::PKCS8::load_key(source);
}

Answer signed_with(Chip& chip, const Botan::Private_Key& key, const std::string& padding, ByteView data) {
    const auto form = key.algo_name() == "ECDSA" ? Botan::DER_SEQUENCE : Botan::IEEE_1363;
    Botan::PK_Signer signer{key, chip.rng.botan(), padding, form};
    const auto signature = signer.sign_message(data.data(), data.size(), chip.rng.botan());
    return {Bytes{signature.begin(), signature.end()}};
}

/// What stands inside the template `tag`, when it fills `data` and is sound.
std::uint16_t inside(ByteView data, std::uint32_t tag, ByteView& inner) {
    const std::size_t tag_size = tag > 0xFF ? 2 : 1;
    if (data.size() < tag_size || big_endian(data.first(tag_size)) != tag) return status::wrong_data;
    const auto outer = take_object(data);
    if (!outer || !data.empty() || !simple_tlv_sound(outer->value)) return status::invalid;
    inner = outer->value;
    return 0x9000;
}

}  // namespace

Answer generate_rsa(Chip& chip, unsigned bits, SignatureKey& key) {
    const Botan::RSA_PrivateKey fresh{chip.rng.botan(), bits};
    chip.meter.rsa_generate(bits);
    key = {.rsa = true, .pkcs8 = pkcs8(fresh)};
    return {object(0x7F49, concat({object(0x81, fixed(fresh.get_n(), bits / 8)),
                                   object(0x82, fixed(fresh.get_e(), exponent_size))}))};
}

Answer generate_ec(Chip& chip, ByteView parameters, SignatureKey& key) {
    std::uint16_t sw = 0;
    const auto group = curve_of(parameters, sw);
    if (!group) return refuse(sw);
    const Botan::ECDSA_PrivateKey fresh{chip.rng.botan(), *group};
    chip.meter.ecc(1, static_cast<unsigned>(group->get_p_bits()));
    key = {.pkcs8 = pkcs8(fresh)};
    return {ec_answer(*group, fresh.public_point())};
}

Answer sign_pkcs1(Chip& chip, const SignatureKey& key, ByteView digest_info) {
    const auto loaded = load(key);
    chip.meter.rsa(static_cast<unsigned>(loaded->key_length()));
    return signed_with(chip, *loaded, "EMSA3(Raw)", digest_info);
}

Answer sign_pss(Chip& chip, const SignatureKey& key, ByteView hash) {
    std::string name;
    switch (hash.size()) {
        case 20:
            name = "SHA-1";
            break;
        case 28:
            name = "SHA-224";
            break;
        case 32:
            name = "SHA-256";
            break;
        case 48:
            name = "SHA-384";
            break;
        case 64:
            name = "SHA-512";
            break;
        default:
            return refuse(0x6700);
    }
    const auto loaded = load(key);
    chip.meter.rsa(static_cast<unsigned>(loaded->key_length()));
    return signed_with(chip, *loaded, "PSSR_Raw(" + name + ")", hash);
}

Answer sign_ecdsa(Chip& chip, const SignatureKey& key, ByteView data, bool hashes) {
    const auto loaded = load(key);
    chip.meter.ecc(1, static_cast<unsigned>(loaded->key_length()));
    return signed_with(chip, *loaded, hashes ? "EMSA1(SHA-1)" : "Raw", data);
}

Answer decipher_rsa(Chip& chip, const SignatureKey& key, ByteView cryptogram) {
    const auto loaded = load(key);
    chip.meter.rsa(static_cast<unsigned>(loaded->key_length()));
    try {
        const Botan::PK_Decryptor_EME decryptor{*loaded, chip.rng.botan(), "PKCS1v15"};
        const auto plain = decryptor.decrypt(cryptogram.data(), cryptogram.size());
        return {Bytes{plain.begin(), plain.end()}};
    } catch (const Botan::Exception&) {
        return refuse(status::wrong_data);
    }
}

std::uint16_t import_rsa(Chip& chip, ByteView data, unsigned bits, SignatureKey& key) {
    ByteView inner;
    if (const auto sw = inside(data, 0x7F48, inner); sw != 0x9000) return sw;
    std::array<Botan::BigInt, 5> parts;  // p, q, 1/q mod p, d mod p-1, d mod q-1
    for (std::size_t at = 0; at < parts.size(); ++at) {
        const auto part = simple_tlv(inner, static_cast<std::uint8_t>(0x92 + at));
        if (!part) return status::invalid;
        parts.at(at) = number(*part);
    }
    const auto& [p, q, q_inverse, d_p, d_q] = parts;
    if (p.is_even() || q.is_even() || (p * q).bits() != bits) return status::invalid;
    if (!Botan::is_prime(p, chip.rng.botan()) || !Botan::is_prime(q, chip.rng.botan()))
        return status::invalid;
    const Botan::BigInt e = Botan::inverse_mod(d_p, p - 1);
    const bool fits = e > 1 && e == Botan::inverse_mod(d_q, q - 1) && q_inverse == Botan::inverse_mod(q, p);
    if (!fits) return status::invalid;
    key = {.rsa = true, .imported = true, .pkcs8 = pkcs8(Botan::RSA_PrivateKey{p, q, e})};
    return 0x9000;
}

std::uint16_t import_ec(Chip& chip, ByteView data, SignatureKey& key) {
    ByteView inner;
    if (const auto sw = inside(data, 0xE0, inner); sw != 0x9000) return sw;
    std::uint16_t sw = 0;
    const auto group = curve_of(inner, sw);
    if (!group) return sw;
    const auto scalar = simple_tlv(inner, 0x88);
    if (!scalar) return status::invalid;
    const Botan::BigInt d = number(*scalar);
    if (d.is_zero() || d >= group->get_order()) return status::invalid;
    key = {.imported = true, .pkcs8 = pkcs8(Botan::ECDSA_PrivateKey{chip.rng.botan(), *group, d})};
    return 0x9000;
}

std::size_t modulus_size(const SignatureKey& key) {
    return (load(key)->key_length() + 7) / 8;
}

std::string key_name(const SignatureKey& key) {
    try {
        const auto loaded = load(key);
        if (key.rsa) return "RSA " + std::to_string(loaded->key_length());
        const auto* ec = dynamic_cast<const Botan::ECDSA_PrivateKey*>(loaded.get());
        if (ec != nullptr) return "EC " + Botan::OIDS::oid2str_or_empty(ec->domain().get_curve_oid());
    } catch (const Botan::Exception&) {
        // a body file that somebody made by hand
    }
    return "unreadable";
}

}  // namespace kartsaz::sim
