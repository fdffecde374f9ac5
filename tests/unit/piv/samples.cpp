// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/piv/samples.h"

#include <stdexcept>

#include "apdu/error.h"
#include "libcard/app/piv/fingers.h"

namespace kartsaz::test {
namespace piv = app::piv;
namespace {

const char* const some_fascn = "D13810D828AF2C1084246DA1685828AF0210848D84E739C3EB";

piv::LdsHashes small_hashes() {
    return {keys::HashAlgorithm::sha256, {{4, Bytes(32, 0x44)}, {1, Bytes(32, 0x11)}}};
}

piv::Ccc small_ccc() {
    piv::Ccc out;
    out.card_identifier = piv::make_card_identifier(0x07, from_hex("0102030405"));
    out.extended_url = from_hex("AABB");
    return out;
}

piv::PrintedInformation small_print() {
    piv::PrintedInformation out;
    out.name = "Reza Ahmadi";
    out.affiliation = "ICT";
    out.expiry = "2032DEC02";
    out.serial = "123456789";
    out.issuer = "Kartsaz";
    out.organization = "Tehran";
    return out;
}

}  // namespace

Vector piv_vector(const std::string& id, const std::string& file) {
    for (const auto& vector : vectors(file)) {
        if (vector.id() == id) return vector;
    }
    throw std::runtime_error{"no vector " + id};
}

piv::Chuid small_chuid() {
    piv::Chuid out;
    out.fascn = from_hex(some_fascn);
    out.guid = from_hex("94E28C6884DB44DB8A0EF502D6689B14");
    out.expiry = "20321202";
    out.cardholder_uuid = Bytes(16, 0x36);
    out.signature = from_hex("3003020101");
    return out;
}

piv::BiometricObject small_biometric() {
    piv::BiometricObject out;
    out.header = piv::make_cbeff_header(piv::Biometric::face, "Kartsaz", from_hex(some_fascn));
    out.header.created = out.header.valid_from = piv::cbeff_time(1'763'700'000);
    out.header.valid_to = piv::cbeff_time(1'963'700'000);
    out.block = from_hex("0102030405");
    out.signature = from_hex("3003020101");
    return out;
}

piv::FaceRecord small_face() {
    piv::FaceRecord out;
    out.gender = 1;
    out.expression = 1;
    out.points.push_back({1, 0x21, 0, 90, 0, 80, 0, 0});
    out.width = 200;
    out.height = 162;
    out.image = from_hex("FFD8FFE000104A464946");
    return out;
}

piv::SecurityObject small_security_object() {
    piv::SecurityObject out;
    out.map = {{1, 0x3000}, {4, 0x3001}};
    out.cms = from_hex("3003020101");
    return out;
}

record::FingerTemplate small_finger(unsigned position, unsigned minutiae, unsigned resolution) {
    Bytes views{static_cast<std::uint8_t>(position), 0x00, 80, static_cast<std::uint8_t>(minutiae)};
    for (unsigned i = 0; i < minutiae; ++i) {
        append(views, concat({big_endian(0x4000U + 10 + i, 2), big_endian(20 + i, 2),
                              Bytes{static_cast<std::uint8_t>(i * 7), static_cast<std::uint8_t>(i % 101)}}));
    }
    append(views, Bytes{0x00, 0x00});
    Bytes out = concat({Bytes{'F', 'M', 'R', 0, ' ', '2', '0', 0}, big_endian(24 + views.size(), 4),
                        from_hex("8123"), big_endian(300 + position, 2), big_endian(400, 2),
                        big_endian(resolution, 2), big_endian(resolution, 2), from_hex("0100"), views});
    return record::parse_finger_template(out, "test");
}

const std::vector<PivDecoder>& piv_decoders() {
    static const std::vector<PivDecoder> all{
        {"CCC", piv::encode_ccc(small_ccc()), [](ByteView v) { return piv::encode_ccc(piv::decode_ccc(v)); }},
        {"CHUID", piv::encode_chuid(small_chuid()),
         [](ByteView v) { return piv::encode_chuid(piv::decode_chuid(v)); }},
        {"printed information", piv::encode_printed_information(small_print()),
         [](ByteView v) { return piv::encode_printed_information(piv::decode_printed_information(v)); }},
        {"key history", piv::encode_key_history({2, 1, "http://c.example/x", {}}),
         [](ByteView v) { return piv::encode_key_history(piv::decode_key_history(v)); }},
        {"discovery object", from_hex("7E124F0BA0000003080000100001005F2F024000"),
         [](ByteView v) { return piv::encode_discovery(piv::decode_discovery(v)); }},
        {"BIT group", piv_vector("bit-group-example", "biometrics").bytes("bit_group"),
         [](ByteView v) { return piv::encode_bit_group(piv::decode_bit_group(v)); }},
        {"iris", piv::encode_iris({from_hex("010203"), {}}),
         [](ByteView v) { return piv::encode_iris(piv::decode_iris(v)); }},
        {"signature certificate",
         piv::encode_certificate_object(piv::make_certificate_object(Bytes(200, 0x30), true),
                                        "signature certificate"),
         [](ByteView v) {
             const auto object = piv::decode_certificate_object(v, "signature certificate");
             piv::certificate_of(object, "signature certificate");
             return piv::encode_certificate_object(object, "signature certificate");
         }},
        {"face", piv::encode_biometric(small_biometric(), "face"),
         [](ByteView v) { return piv::encode_biometric(piv::decode_biometric(v, "face"), "face"); }},
        {"face record", piv::encode_face(small_face()),
         [](ByteView v) { return piv::encode_face(piv::decode_face(v, "face record")); }},
        {"security object", piv::encode_security_object(small_security_object()),
         [](ByteView v) { return piv::encode_security_object(piv::decode_security_object(v)); }},
        {"LDSSecurityObject", piv::encode_lds_hashes(small_hashes()),
         [](ByteView v) { return piv::encode_lds_hashes(piv::decode_lds_hashes(v)); }},
        {"FASC-N", from_hex(some_fascn), [](ByteView v) { return piv::encode_fascn(piv::decode_fascn(v)); }},
    };
    return all;
}

std::string fault_of(const std::function<void()>& decode) {
    try {
        decode();
    } catch (const Error& error) {
        if (error.code() != Errc::input_invalid) throw;
        return error.what();
    }
    return {};
}

}  // namespace kartsaz::test
