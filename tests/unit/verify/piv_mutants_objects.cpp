// SPDX-License-Identifier: Apache-2.0
#include "libcard/app/piv/fingers.h"
#include "piv_mutants.h"
#include "tests/unit/piv/samples.h"

namespace kartsaz::test {
namespace pv = app::piv;
namespace {

/// A field of a container, its bytes changed while all else stays.
void replace_bytes(Bytes& in, ByteView what, ByteView by) {
    const auto found = std::search(in.begin(), in.end(), what.begin(), what.end());
    if (found == in.end()) throw std::runtime_error{"nothing to replace"};
    std::copy(by.begin(), by.end(), found);
}

Bytes nines() {
    return pv::encode_fascn({"9999", "9999", "999999", "0", "1", "0000000001", "1", "1223", "2"});
}

}  // namespace

std::vector<PivMutant> piv_object_mutants() {
    return {
        mutant_made("piv.rules", "agency code 9999, as in PIV-I, and certificates with a FASC-N",
                    [](GoodPiv& c) { c.identify(nines(), c.guid); }),
        mutant_signed("piv.objects.presence", "no CCC", [](GoodPiv& c) { c.objects.erase(pv::id_ccc); }),
        mutant_signed("piv.objects.structure", "a byte more at the end of the CCC",
                      [](GoodPiv& c) { c.objects[pv::id_ccc].push_back(0); }),
        mutant_made(
            "piv.objects.size", "a certificate of more than 1,895 bytes",
            [](GoodPiv& c) { c.wishes[0x9E].extensions.emplace_back("nsComment", std::string(1'800, 'x')); }),
        mutant_made("piv.chuid.expiry.form", "an expiry in month 13",
                    [](GoodPiv& c) { c.raw_expiry = "20301302"; }),
        with(mutant_made("piv.chuid.expiry", "the card expired the day before",
                         [](GoodPiv& c) {
                             const auto day = record::from_unix(GoodPiv::at - GoodPiv::day);
                             c.chuid.expiry = day.compact();
                             c.printed.expiry = pv::printed_date(day);
                         }),
             {"piv.certificate.outlives"},
             "certificates that are valid on the day outlive a card that is not"),
        mutant_made("piv.chuid.fascn", "a FASC-N with a wrong check sum, in all objects",
                    [](GoodPiv& c) {
                        auto fascn = c.fascn;
                        fascn.back() ^= 0x03;
                        c.identify(fascn, c.guid);
                    }),
        mutant_made("piv.chuid.guid", "a GUID of digits, in all objects",
                    [](GoodPiv& c) { c.identify(c.fascn, to_bytes("1234567890123456")); }),
        mutant_made("piv.chuid.holder", "the holder's UUID is the card's",
                    [](GoodPiv& c) { c.chuid.cardholder_uuid = c.guid; }),
        mutant_made("piv.chuid.fields", "a buffer length in front",
                    [](GoodPiv& c) { c.chuid.buffer_length = from_hex("0400"); }),
        mutant_made("piv.biometric.header", "quality 101 in the header of the face",
                    [](GoodPiv& c) { c.face_header.quality = 101; }),
        mutant_made("piv.biometric.creator", "no creator in the header of the face",
                    [](GoodPiv& c) { c.face_header.creator = Bytes(18); }),
        mutant_made(
            "piv.biometric.created", "fingerprints of tomorrow",
            [](GoodPiv& c) { c.fingers_header.created = pv::cbeff_time(GoodPiv::at + GoodPiv::day); }),
        mutant_made(
            "piv.biometric.validity", "a face that is valid from the day after tomorrow",
            [](GoodPiv& c) { c.face_header.valid_from = pv::cbeff_time(GoodPiv::at + 2 * GoodPiv::day); }),
        mutant_made(
            "piv.biometric.ends", "a face that ends a month from now, before the card",
            [](GoodPiv& c) { c.face_header.valid_to = pv::cbeff_time(GoodPiv::at + 30 * GoodPiv::day); }),
        mutant_made("piv.face.form", "a face record of another version",
                    [](GoodPiv& c) {
                        c.face_block = pv::encode_face(c.face);
                        c.face_block.at(5) = '2';
                    }),
        mutant_made("piv.face.picture", "half a picture",
                    [](GoodPiv& c) { c.face.image.resize(c.face.image.size() / 2); }),
        mutant_made("piv.fingers.form", "minutiae in ISO/IEC 19794-2",
                    [](GoodPiv& c) {
                        c.fingers_block =
                            pv::to_iso19794_2(record::parse_finger_template(c.fingers_block, "test"));
                    }),
        mutant_made("piv.fingers.views", "one finger only",
                    [](GoodPiv& c) {
                        c.fingers_block = pv::piv_minutiae({small_finger(2, 20)}, {1, 1});
                    }),
        mutant_made("piv.fingers.minutiae", "196 pixels per cm",
                    [](GoodPiv& c) { c.fingers_block.at(21) = 196; }),
        mutant_made("piv.ccc", "another data model", [](GoodPiv& c) { c.ccc.data_model = from_hex("11"); }),
        mutant_signed("piv.printed.form", "a printed expiry in no month",
                      [](GoodPiv& c) {
                          replace_bytes(c.objects[pv::id_printed], to_bytes(c.printed.expiry.substr(4, 3)),
                                        to_bytes("XXX"));
                      }),
        mutant_made("piv.printed.expiry", "a printed expiry a day later",
                    [](GoodPiv& c) {
                        c.printed.expiry = pv::printed_date(record::from_unix(c.ends + GoodPiv::day));
                    }),
        mutant_signed("piv.discovery.aid", "another application's discovery object",
                      [](GoodPiv& c) { c.objects[pv::id_discovery].at(14) ^= 0x01; }),
        mutant_made("piv.discovery.policy", "two PINs, and none is the primary one",
                    [](GoodPiv& c) { c.discovery.policy = from_hex("6000"); }),
        mutant_made("piv.key-history", "a key history with a certificate that is not there",
                    [](GoodPiv& c) {
                        c.history = pv::KeyHistory{1, 0, {}, {}};
                    }),
        mutant_made("piv.bit-group", "on-card comparison offered without fingers",
                    [](GoodPiv& c) { c.discovery.policy = from_hex("5000"); }),
        mutant_made("piv.chuid.fascn.agrees", "a CHUID with another card's FASC-N",
                    [](GoodPiv& c) {
                        c.chuid.fascn = from_hex("D13810D828AB6C10C339E5A1685A08C92ADE0A6184E739C3E7");
                    }),
        mutant_made("piv.chuid.uuid.agrees", "a CHUID with another card's GUID",
                    [](GoodPiv& c) { c.chuid.guid = from_hex("21EAD4440EF74DDDBADF884B067E14F9"); }),
        mutant_made("piv.biometric.fascn", "fingerprints with another card's FASC-N",
                    [](GoodPiv& c) {
                        c.fingers_header.fascn =
                            from_hex("D13810D828AB6C10C339E5A1685A08C92ADE0A6184E739C3E7");
                    }),
        mutant_made("piv.biometric.uuid", "fingerprints with another card's UUID",
                    [](GoodPiv& c) { c.fingers_uuid = from_hex("21EAD4440EF74DDDBADF884B067E14F9"); }),
        mutant_sealed(
            "piv.security.hash", "another name printed, unknown to the security object",
            [](GoodPiv& c) { replace_bytes(c.objects[pv::id_printed], to_bytes("Reza"), to_bytes("Ruza")); }),
        mutant_sealed("piv.security.map", "a map that names a data group with no hash",
                      [](GoodPiv& c) {
                          auto object = pv::decode_security_object(c.objects[pv::id_security_object]);
                          object.map.push_back({15, pv::id_iris});
                          c.objects[pv::id_security_object] = pv::encode_security_object(object);
                      }),
        mutant_sealed("piv.security.complete", "printed information taken off the card",
                      [](GoodPiv& c) { c.objects.erase(pv::id_printed); }),
        mutant_signed("piv.security.coverage", "printed information that nothing signs",
                      [](GoodPiv& c) { c.left_out.insert(pv::id_printed); })};
}

std::vector<PivMutant> piv_signature_mutants() {
    return {
        mutant_made("piv.chuid.signature.form", "a CHUID signed as a biometric",
                    [](GoodPiv& c) { c.chuid_seal.content_type = pv::oid_biometric_content; }),
        mutant_signed("piv.chuid.signature.digest", "a CHUID that got an organization after signing",
                      [](GoodPiv& c) {
                          auto chuid = pv::decode_chuid(c.objects[pv::id_chuid]);
                          chuid.organization = from_hex("01020304");
                          c.objects[pv::id_chuid] = pv::encode_chuid(chuid);
                      }),
        mutant_signed("piv.chuid.signature.value", "a changed last byte of the CHUID's signature",
                      [](GoodPiv& c) {
                          auto& value = c.objects[pv::id_chuid];
                          value.at(value.size() - 3) ^= 0x01;
                      }),
        mutant_made("piv.chuid.signature.signer", "a CHUID whose signature names another signer",
                    [](GoodPiv& c) { c.chuid_seal.other_name = true; }),
        mutant_made("piv.chuid.signature.form", "a CHUID that does not sign its signer's name",
                    [](GoodPiv& c) { c.chuid_seal.no_name = true; }),
        mutant_made("piv.biometric.signature.form", "fingerprints that do not sign their signer's name",
                    [](GoodPiv& c) { c.fingers_seal.no_name = true; }),
        mutant_made("piv.signature.strength", "a CHUID signed over SHA-1",
                    [](GoodPiv& c) { c.chuid_seal.sha1 = true; }),
        mutant_made("piv.signature.strength", "hashes of SHA-1 in the security object",
                    [](GoodPiv& c) { c.security_seal.sha1 = true; }),
        mutant_made("piv.security.signature.form", "a security object signed as a CHUID",
                    [](GoodPiv& c) { c.security_seal.content_type = pv::oid_chuid_content; }),
        mutant_sealed("piv.security.signature.digest", "hashes in another order than signed",
                      [](GoodPiv& c) {
                          auto object = pv::decode_security_object(c.objects[pv::id_security_object]);
                          const auto content =
                              pv::check_security_object_signature(object, c.signer->certificate()).content;
                          auto hashes = pv::decode_lds_hashes(content);
                          std::swap(hashes.groups.front(), hashes.groups.back());
                          replace_bytes(object.cms, content, pv::encode_lds_hashes(hashes));
                          c.objects[pv::id_security_object] = pv::encode_security_object(object);
                      }),
        mutant_sealed("piv.security.signature.value", "a changed last byte of its signature",
                      [](GoodPiv& c) {
                          auto& value = c.objects[pv::id_security_object];
                          value.at(value.size() - 3) ^= 0x01;
                      }),
        mutant_made("piv.security.signature.signer", "a security object whose signature names another signer",
                    [](GoodPiv& c) { c.security_seal.other_name = true; }),
        mutant_made("piv.biometric.signature.form", "a face signed as a CHUID",
                    [](GoodPiv& c) { c.face_seal.content_type = pv::oid_chuid_content; }),
        mutant_signed("piv.biometric.signature.digest", "another creator in the header of the face",
                      [](GoodPiv& c) {
                          replace_bytes(c.objects[pv::id_face], to_bytes("Kartsaz"), to_bytes("Kartsoz"));
                      }),
        mutant_signed("piv.biometric.signature.value", "a changed last byte of the face's signature",
                      [](GoodPiv& c) {
                          auto& value = c.objects[pv::id_face];
                          value.at(value.size() - 3) ^= 0x01;
                      }),
        mutant_made("piv.biometric.signature.signer", "a face whose signature names another signer",
                    [](GoodPiv& c) { c.face_seal.other_name = true; })};
}

}  // namespace kartsaz::test
