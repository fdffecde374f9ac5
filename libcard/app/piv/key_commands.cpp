// SPDX-License-Identifier: Apache-2.0
#include "libcard/app/piv/key_commands.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "apdu/chaining.h"
#include "apdu/error.h"
#include "apdu/tlv.h"
#include "keys/crypto.h"
#include "libcard/app/piv/commands.h"

namespace kartsaz::app::piv {

using apdu::CommandApdu;
using apdu::TlvWriter;
using keys::KeyAlgorithm;
using keys::SecretBytes;

namespace {

constexpr std::uint32_t made_key = 0x7F49, dynamic_template = 0x7C, witness_tag = 0x80, challenge_tag = 0x81,
                        response_tag = 0x82, exponentiation_tag = 0x85, point_tag = 0x86;
constexpr std::uint32_t der_sequence = 0x30, der_integer = 0x02, der_bits = 0x03, der_oid = 0x06;

struct Shape {
    KeyAlgorithm algorithm;
    std::uint8_t id;
    std::size_t bits;
    std::string_view curve;  ///< value bytes of the named curve's OID; empty for RSA
};
constexpr std::array<Shape, 5> shapes{{{KeyAlgorithm::ec_p256, algorithm_ec_p256, 256, "2A8648CE3D030107"},
                                       {KeyAlgorithm::ec_p384, algorithm_ec_p384, 384, "2B81040022"},
                                       {KeyAlgorithm::rsa_2048, algorithm_rsa_2048, 2048, {}},
                                       {KeyAlgorithm::rsa_3072, algorithm_rsa_3072, 3072, {}},
                                       {KeyAlgorithm::rsa_4096, algorithm_rsa_4096, 4096, {}}}};

const Shape& shape_of(KeyAlgorithm algorithm) {
    const auto found = std::ranges::find(shapes, algorithm, &Shape::algorithm);
    if (found == shapes.end()) throw Error{Errc::internal, "unknown key algorithm"};
    return *found;
}

/// SEQUENCE { SEQUENCE { algorithm, parameters }, BIT STRING key }. RFC 5280, 4.1.2.7.
Bytes key_info(std::string_view algorithm, ByteView parameters, ByteView key) {
    const Bytes identifier = TlvWriter{}.put(der_oid, from_hex(algorithm)).raw(parameters).bytes();
    const Bytes content =
        TlvWriter{}.put(der_sequence, identifier).put(der_bits, concat({Bytes{0x00}, key})).bytes();
    return TlvWriter{}.put(der_sequence, content).bytes();
}

Bytes positive(ByteView number) {
    while (number.size() > 1 && number[0] == 0) number = number.subspan(1);
    Bytes out{number.begin(), number.end()};
    if (!out.empty() && (out[0] & 0x80U) != 0) out.insert(out.begin(), 0);
    return out;
}

Bytes rsa_info(ByteView modulus, ByteView exponent) {
    const Bytes key =
        TlvWriter{}.put(der_integer, positive(modulus)).put(der_integer, positive(exponent)).bytes();
    return key_info("2A864886F70D010101", from_hex("0500"), TlvWriter{}.put(der_sequence, key).bytes());
}

Bytes ec_info(const Shape& shape, ByteView point) {
    return key_info("2A8648CE3D0201", TlvWriter{}.put(der_oid, from_hex(shape.curve)).bytes(), point);
}

ByteView without_zeros(ByteView number) {
    while (number.size() > 1 && number[0] == 0) number = number.subspan(1);
    return number;
}

/// DigestInfo of SHA-256 and SHA-384 without the digest. Source: RFC 8017, 9.2, note 1.
Bytes digest_info(ByteView digest) {
    constexpr std::size_t sha384_size = 48;
    const auto* head = digest.size() == sha384_size ? "3041300D060960864801650304020205000430"
                                                    : "3031300D060960864801650304020105000420";
    return concat({from_hex(head), digest});
}

/// EMSA-PKCS1-v1_5: 00 01 FF .. FF 00 and the DigestInfo. Source: RFC 8017, 9.2.
Bytes signature_block(ByteView digest, std::size_t size) {
    const Bytes info = digest_info(digest);
    Bytes out(size, 0xFF);
    out[0] = 0x00;
    out[1] = 0x01;
    out[size - info.size() - 1] = 0x00;
    std::ranges::copy(info, out.end() - static_cast<std::ptrdiff_t>(info.size()));
    return out;
}

CommandApdu authenticate(std::uint8_t algorithm, std::uint8_t reference, ByteView inner) {
    CommandApdu command{.cla = 0x00, .ins = 0x87, .p1 = algorithm, .p2 = reference};
    command.data = TlvWriter{}.put(dynamic_template, inner).bytes();
    command.ne = 256;
    return command;
}

/// One field after the other, each with its tag, in memory that is wiped.
SecretBytes secret_fields(const std::vector<std::pair<std::uint8_t, const SecretBytes*>>& fields) {
    Botan::secure_vector<std::uint8_t> out;
    for (const auto& [tag, value] : fields) {
        const auto size = value->size();
        if (size > 0xFFFF) throw Error{Errc::usage, "a private key of more than 65,535 bytes"};
        out.push_back(tag);
        if (size > 0xFF) {
            out.push_back(0x82);
            out.push_back(static_cast<std::uint8_t>(size >> 8U));
        } else if (size > 0x7F) {
            out.push_back(0x81);
        }
        out.push_back(static_cast<std::uint8_t>(size & 0xFFU));
        value->reveal([&](ByteView bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); });
    }
    return SecretBytes{std::move(out)};
}

}  // namespace

std::uint8_t algorithm_id(KeyAlgorithm algorithm) {
    return shape_of(algorithm).id;
}

std::optional<KeyAlgorithm> algorithm_of_id(std::uint8_t id) {
    const auto found = std::ranges::find(shapes, id, &Shape::id);
    return found == shapes.end() ? std::nullopt : std::optional{found->algorithm};
}

bool is_rsa(KeyAlgorithm algorithm) {
    return shape_of(algorithm).curve.empty();
}

std::size_t key_bits(KeyAlgorithm algorithm) {
    return shape_of(algorithm).bits;
}

CommandApdu generate(std::uint8_t reference, KeyAlgorithm algorithm, std::uint32_t ne) {
    CommandApdu command{.cla = 0x00, .ins = 0x47, .p1 = 0x00, .p2 = reference};
    command.data = {0xAC, 0x03, 0x80, 0x01, algorithm_id(algorithm)};
    command.ne = ne;
    return command;
}

std::size_t generate_answer_size(KeyAlgorithm algorithm) {
    const std::size_t bytes = key_bits(algorithm) / 8;
    const Bytes exponent{0x01, 0x00, 0x01};
    const Bytes inner = is_rsa(algorithm) ? TlvWriter{}.put(0x81, Bytes(bytes)).put(0x82, exponent).bytes()
                                          : TlvWriter{}.put(point_tag, Bytes(1 + 2 * bytes)).bytes();
    return TlvWriter{}.put(made_key, inner).bytes().size();
}

Bytes public_key_info(ByteView content, KeyAlgorithm algorithm) {
    const Shape& shape = shape_of(algorithm);
    const std::size_t bytes = shape.bits / 8;
    apdu::TlvReader in{content, "public key"};
    if (is_rsa(algorithm)) {
        const auto modulus = in.next(0x81);
        const auto exponent = in.next(0x82);
        in.finish();
        const auto n = without_zeros(modulus.value);
        if (n.size() != bytes || (n[0] & 0x80U) == 0)
            in.fail(modulus.offset, fmt::format("a modulus of {} bits was expected", shape.bits));
        if (exponent.value.empty()) in.fail(exponent.offset, "an exponent was expected");
        return rsa_info(n, exponent.value);
    }
    const auto point = in.next(point_tag);
    in.finish();
    if (point.value.size() != 1 + 2 * bytes || point.value[0] != 0x04)
        in.fail(point.offset, fmt::format("an uncompressed point of {} was expected", keys::name(algorithm)));
    return ec_info(shape, point.value);
}

Bytes public_key_of_answer(ByteView answer, KeyAlgorithm algorithm) {
    apdu::TlvReader in{answer, "GENERATE ASYMMETRIC KEY PAIR"};
    const auto object = in.next(made_key);
    in.finish();
    return public_key_info(object.value, algorithm);
}

Bytes sample_public_key(KeyAlgorithm algorithm) {
    const Shape& shape = shape_of(algorithm);
    const std::size_t bytes = shape.bits / 8;
    if (is_rsa(algorithm)) return rsa_info(Bytes(bytes, 0xFF), Bytes{0x01, 0x00, 0x01});
    Bytes point(1 + 2 * bytes, 0x00);
    point[0] = 0x04;
    return ec_info(shape, point);
}

std::vector<CommandApdu> sign(std::uint8_t reference, KeyAlgorithm algorithm, ByteView digest,
                              std::size_t block) {
    const Bytes data = is_rsa(algorithm) ? signature_block(digest, key_bits(algorithm) / 8)
                                         : Bytes{digest.begin(), digest.end()};
    const Bytes inner = TlvWriter{}.put(response_tag, ByteView{}).put(challenge_tag, data).bytes();
    return apdu::chain(authenticate(algorithm_id(algorithm), reference, inner), block);
}

CommandApdu agree(std::uint8_t reference, KeyAlgorithm algorithm, ByteView point) {
    return authenticate(algorithm_id(algorithm), reference,
                        TlvWriter{}.put(response_tag, ByteView{}).put(exponentiation_tag, point).bytes());
}

Bytes dynamic_data(ByteView answer, std::uint32_t tag) {
    apdu::TlvReader outer{answer, "GENERAL AUTHENTICATE"};
    auto in = outer.enter(outer.next(dynamic_template));
    outer.finish();
    const auto object = in.next(tag);
    in.finish();
    return {object.value.begin(), object.value.end()};
}

std::size_t signature_size(KeyAlgorithm algorithm) {
    const std::size_t bytes = key_bits(algorithm) / 8;
    // SEQUENCE of two INTEGERs with a leading zero each
    return is_rsa(algorithm) ? bytes : 2 + 2 * (2 + 1 + bytes);
}

std::size_t usual_signature_size(KeyAlgorithm algorithm) {
    // each of the two numbers needs its leading zero every other time
    return signature_size(algorithm) - (is_rsa(algorithm) ? 0 : 1);
}

std::size_t sign_answer_size(KeyAlgorithm algorithm) {
    const Bytes inner = TlvWriter{}.put(response_tag, Bytes(usual_signature_size(algorithm))).bytes();
    return TlvWriter{}.put(dynamic_template, inner).bytes().size();
}

CommandApdu ask_witness(std::uint8_t algorithm) {
    return authenticate(algorithm, management_reference, TlvWriter{}.put(witness_tag, ByteView{}).bytes());
}

CommandApdu answer_witness(std::uint8_t algorithm, ByteView witness, ByteView challenge) {
    return authenticate(algorithm, management_reference,
                        TlvWriter{}.put(witness_tag, witness).put(challenge_tag, challenge).bytes());
}

std::size_t management_block(std::uint8_t algorithm) {
    return algorithm == algorithm_des3 ? 8 : 16;
}

std::size_t management_key_size(std::uint8_t algorithm) {
    switch (algorithm) {
        case algorithm_aes_128:
            return 16;
        case algorithm_des3:
        case algorithm_aes_192:
            return 24;
        case algorithm_aes_256:
            return 32;
        default:
            return 0;
    }
}

std::string_view management_name(std::uint8_t algorithm) {
    switch (algorithm) {
        case algorithm_aes_128:
            return "AES-128";
        case algorithm_des3:
            return "3DES";
        case algorithm_aes_192:
            return "AES-192";
        case algorithm_aes_256:
            return "AES-256";
        default:
            return "unknown";
    }
}

Bytes under_management_key(std::uint8_t algorithm, const SecretBytes& key, ByteView block, bool encrypt) {
    const Bytes zero(management_block(algorithm));
    if (block.size() != zero.size()) {
        throw Error{Errc::usage, fmt::format("management key: {} bytes, one block of {} is proved",
                                             block.size(), zero.size())};
    }
    // one block in CBC mode under a zero vector is ECB
    const bool des = algorithm == algorithm_des3;
    if (encrypt)
        return des ? keys::des3_cbc_encrypt(key, zero, block) : keys::aes_cbc_encrypt(key, zero, block);
    return des ? keys::des3_cbc_decrypt(key, zero, block) : keys::aes_cbc_decrypt(key, zero, block);
}

SecretBytes factory_management_key() {
    return SecretBytes{from_hex("010203040506070801020304050607080102030405060708")};
}

CommandApdu set_management_key_header() {
    return {.cla = 0x00, .ins = 0xFF, .p1 = 0xFF, .p2 = 0xFF};
}

SecretBytes management_key_field(std::uint8_t algorithm, const SecretBytes& key) {
    if (key.size() != management_key_size(algorithm)) {
        throw Error{Errc::usage, fmt::format("a management key of {} bytes, {} has {}", key.size(),
                                             management_name(algorithm), management_key_size(algorithm))};
    }
    Botan::secure_vector<std::uint8_t> out{algorithm, management_reference,
                                           static_cast<std::uint8_t>(key.size())};
    key.reveal([&](ByteView bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); });
    return SecretBytes{std::move(out)};
}

CommandApdu import_header(std::uint8_t reference, std::uint8_t algorithm, bool more) {
    return {
        .cla = static_cast<std::uint8_t>(more ? 0x10 : 0x00), .ins = 0xFE, .p1 = algorithm, .p2 = reference};
}

SecretBytes import_rsa_field(const std::vector<SecretBytes>& parts) {
    constexpr std::size_t chinese_remainder = 5;
    if (parts.size() != chinese_remainder) throw Error{Errc::usage, "an RSA key is imported in five parts"};
    std::vector<std::pair<std::uint8_t, const SecretBytes*>> fields;
    for (const auto& part : parts) fields.emplace_back(static_cast<std::uint8_t>(fields.size() + 1), &part);
    return secret_fields(fields);
}

SecretBytes import_ec_field(const SecretBytes& scalar) {
    return secret_fields({{std::uint8_t{0x06}, &scalar}});
}

CommandApdu attest(std::uint8_t reference, std::uint32_t ne) {
    CommandApdu command{.cla = 0x00, .ins = 0xF9, .p1 = reference, .p2 = 0x00};
    command.ne = ne;
    return command;
}

}  // namespace kartsaz::app::piv
