// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <algorithm>
#include <set>

#include "apdu/error.h"
#include "libcard/app/piv/cbeff.h"
#include "libcard/app/piv/chuid.h"
#include "libcard/app/piv/containers.h"
#include "libcard/app/piv/face.h"
#include "libcard/app/piv/fingers.h"
#include "libcard/app/piv/objects.h"
#include "libcard/app/piv/signatures.h"
#include "tests/unit/piv/icam.h"

using namespace kartsaz;
using namespace kartsaz::app::piv;
using keys::SignatureFault;
using test::icam_card_of;
using test::icam_cards;
using test::IcamCard;

namespace {

Bytes decoded_and_encoded(std::uint16_t id, ByteView value) {
    const auto& name = container_of_id(id)->name;
    switch (id) {
        case id_ccc:
            return encode_ccc(decode_ccc(value));
        case id_chuid:
            return encode_chuid(decode_chuid(value));
        case id_printed:
            return encode_printed_information(decode_printed_information(value));
        case id_discovery:
            return encode_discovery(decode_discovery(value));
        case id_key_history:
            return encode_key_history(decode_key_history(value));
        case id_security_object:
            return encode_security_object(decode_security_object(value));
        case id_face:
        case id_fingerprints:
            return encode_biometric(decode_biometric(value, name), name);
        default:
            return encode_certificate_object(decode_certificate_object(value, name), name);
    }
}

std::set<SignatureFault> faults_of(const keys::SignatureCheck& check) {
    std::set<SignatureFault> out;
    for (const auto& one : check.faults) out.insert(one.fault);
    return out;
}

struct Verdict {
    std::map<std::uint16_t, std::set<SignatureFault>>
        signatures;                   ///< of the signed objects that have a fault
    std::set<std::uint16_t> changed;  ///< containers whose hash is another
    friend bool operator==(const Verdict&, const Verdict&) = default;
};

Verdict judged(const IcamCard& card) {
    Verdict out;
    const auto note = [&](std::uint16_t id, const keys::SignatureCheck& check) {
        if (!check.ok()) out.signatures[id] = faults_of(check);
    };
    const auto chuid = check_chuid_signature(card.objects.at(id_chuid));
    note(id_chuid, chuid);
    for (const auto id : {id_face, id_fingerprints}) {
        const auto object = decode_biometric(card.objects.at(id), container_of_id(id)->name);
        note(id, check_biometric_signature(object, chuid.certificate).signature);
    }
    if (card.objects.at(id_security_object).empty()) return out;
    const auto security = decode_security_object(card.objects.at(id_security_object));
    const auto check = check_security_object_signature(security, chuid.certificate);
    note(id_security_object, check);
    auto others = card.objects;
    others.erase(id_security_object);
    for (const auto& hash : check_hashes(security, decode_lds_hashes(check.content), others)) {
        if (hash.kind == HashFinding::Kind::mismatch) out.changed.insert(hash.container);
        const bool certificate = container_of_id(hash.container)->key.has_value();
        const bool may_be_left_out = certificate || hash.container == id_ccc ||
                                     hash.container == id_discovery || hash.container == id_key_history;
        CHECK((hash.kind == HashFinding::Kind::ok || hash.kind == HashFinding::Kind::mismatch ||
               (hash.kind == HashFinding::Kind::uncovered && may_be_left_out)));
    }
    return out;
}

}  // namespace

TEST_CASE("every object of every ICAM card is decoded and encoded to the same bytes") {
    std::size_t objects = 0;
    for (const auto& card : icam_cards()) {
        for (const auto& [id, value] : card.objects) {
            INFO(card.name << ", container " << container_of_id(id)->name);
            if (value.empty()) {
                CHECK(card.number == "55");
                CHECK_THROWS_AS(decoded_and_encoded(id, value), Error);
                continue;
            }
            CHECK(decoded_and_encoded(id, value) == value);
            ++objects;
        }
    }
    CHECK((icam_cards().empty() || objects > 11 * 25));
}

TEST_CASE("faces and fingerprints of every ICAM card are decoded and encoded to the same bytes") {
    for (const auto& card : icam_cards()) {
        INFO(card.name);
        const auto face = decode_biometric(card.objects.at(id_face), "face");
        CHECK(header_faults(face.header, Biometric::face).empty());
        CHECK(encode_face(decode_face(face.block, "face")) == face.block);
        const auto fingers = decode_biometric(card.objects.at(id_fingerprints), "fingerprints");
        CHECK(header_faults(fingers.header, Biometric::fingerprints).empty());
        const auto parsed = record::parse_finger_template(fingers.block, "fingerprints");
        CHECK(parsed.views.size() == 2);
        CHECK(to_incits378(parsed, {1, 1}) == fingers.block);
        const auto there = record::parse_finger_template(to_iso19794_2(parsed), "fingerprints");
        CHECK(to_incits378(there, {1, 1}) == fingers.block);
    }
}

TEST_CASE("signatures and hashes of the ICAM cards are right, but those of the tampered ones") {
    const std::map<std::string, Verdict> expected{
        {"04", {{{id_chuid, {SignatureFault::digest}}}, {id_chuid}}},
        {"06", {{{id_face, {SignatureFault::digest}}}, {id_face}}},
        {"08", {{{id_security_object, {SignatureFault::signature}}}, {}}},
        {"38", {{}, {id_printed}}}};
    for (const auto& card : icam_cards()) {
        INFO(card.name);
        const auto found = expected.find(card.number);
        CHECK(judged(card) == (found == expected.end() ? Verdict{} : found->second));
    }
}

TEST_CASE("the FASC-N of every ICAM card is read and written back, and the broken one of card 04 is told") {
    for (const auto& card : icam_cards()) {
        INFO(card.name);
        const auto chuid = decode_chuid(card.objects.at(id_chuid));
        if (card.number == "04") {
            CHECK_THROWS_WITH(decode_fascn(chuid.fascn), Catch::Contains("FASC-N: offset"));
        } else {
            CHECK(encode_fascn(decode_fascn(chuid.fascn)) == chuid.fascn);
        }
    }
}

TEST_CASE("content signers that share a key are told apart by the signer identifier") {
    if (icam_cards().empty()) return;
    const auto& golden = icam_card_of("01");
    const auto object = decode_biometric(golden.objects.at(id_fingerprints), "fingerprints");
    const auto own = check_chuid_signature(golden.objects.at(id_chuid)).certificate;
    CHECK(check_biometric_signature(object, own).signature.ok());

    const auto expired =
        test::icam_certificate("ICAM_CA_and_Signer/ICAM_Test_Card_PIV_Content_Signer_-_expired_gen1-2.crt");
    REQUIRE(expired != own);
    const auto shared = check_biometric_signature(object, expired).signature;
    CHECK(faults_of(shared) == std::set{SignatureFault::signer});

    const auto other = check_chuid_signature(icam_card_of("46").objects.at(id_chuid)).certificate;
    const auto wrong = check_biometric_signature(object, other).signature;
    CHECK(faults_of(wrong) == std::set{SignatureFault::signer, SignatureFault::signature});

    const auto none = check_biometric_signature(object, {}).signature;
    CHECK(faults_of(none) == std::set{SignatureFault::certificate_missing});
}

TEST_CASE("the signed FASC-N and UUID of the ICAM fingerprints are those that the notes tell") {
    for (const auto& card : icam_cards()) {
        INFO(card.name);
        const auto chuid = decode_chuid(card.objects.at(id_chuid));
        const auto signer = check_chuid_signature(card.objects.at(id_chuid)).certificate;
        const auto object = decode_biometric(card.objects.at(id_fingerprints), "fingerprints");
        const auto check = check_biometric_signature(object, signer);
        CHECK(check.fascn == object.header.fascn);
        const bool other_number = card.number == "04" || card.number == "18";
        CHECK((check.fascn == chuid.fascn) != other_number);
        if (check.uuid) CHECK((*check.uuid == chuid.guid) != (card.number == "22"));
        CHECK(signer_name_matches(check.signature) == true);
    }
}
