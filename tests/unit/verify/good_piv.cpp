// SPDX-License-Identifier: Apache-2.0
#include "good_piv.h"

#include <fmt/format.h>

#include "apdu/tlv.h"
#include "keys/crypto.h"
#include "libcard/app/piv/fingers.h"
#include "libcard/app/piv/read.h"
#include "portrait.h"
#include "tests/unit/piv/samples.h"

namespace kartsaz::test {
namespace pv = app::piv;
namespace {

PivWish authority(const std::string& name, std::int64_t from, std::int64_t to) {
    PivWish out{.common_name = name, .not_before = from, .not_after = to};
    out.extensions = {{"basicConstraints", "critical,CA:TRUE"}, {"keyUsage", "critical,keyCertSign,cRLSign"}};
    return out;
}

PivWish of_serial(PivWish wish, const char* serial) {
    wish.serial = serial;
    return wish;
}

Bytes octets(ByteView value) {
    return apdu::TlvWriter{}.put(0x04, value).bytes();
}

pv::CbeffHeader header(pv::Biometric kind, ByteView fascn, std::int64_t to) {
    auto out = pv::make_cbeff_header(kind, "Kartsaz", fascn);
    out.created = out.valid_from = pv::cbeff_time(GoodPiv::at - 100 * GoodPiv::day);
    out.valid_to = pv::cbeff_time(to);
    return out;
}

constexpr std::int64_t years = 365 * GoodPiv::day;

}  // namespace

GoodPiv::GoodPiv()
    : ends{at + 4 * years},
      root{authority("Test Root", at - 5 * years, at + 10 * years), nullptr},
      ca{of_serial(authority("Test CA", at - 4 * years, at + 9 * years), "10"), &root},
      expired_ca{of_serial(authority("Test CA of old", at - 4 * years, at - years), "11"), &root},
      stranger{authority("Somebody", at - 4 * years, at + 9 * years), nullptr} {
    signer = make_signer(signer_wish(), ca);
    const auto expiry = record::from_unix(ends);
    chuid.expiry = expiry.compact();
    chuid.cardholder_uuid = from_hex("DB17539147494A32977D7A3843775E8A");
    ccc.card_identifier = pv::make_card_identifier(0x07, from_hex("0102030405"));
    printed.name = "Reza Ahmadi";
    printed.affiliation = "ICT";
    printed.expiry = pv::printed_date(expiry);
    printed.serial = "123456789";
    printed.issuer = "Kartsaz";
    printed.organization = "Tehran";
    discovery = {from_hex("A000000308000010000100"), from_hex("4000"), 0};
    face = pv::face_of(record::parse_photo(sample_jpeg(120, 160), "portrait"), 1);
    fingers_block = pv::piv_minutiae({small_finger(2, 20), small_finger(7, 20)}, {1, 1});
    identify(from_hex("D13810D828AF2C1084246DA1685828AF0210848D84E739C3EB"),
             from_hex("94E28C6884DB44DB8A0EF502D6689B14"));
    facts = {{"source", "card"},       {"pin.status", "63C3"},         {"pin.tries", "3"},
             {"pin.tries.after", "3"}, {"pin.state", "verified"},      {"puk.tries", "3"},
             {"pin.factory", "no"},    {"management.keys", "issuer"},  {"management.algorithm", "0C"},
             {"plain.face", "6982"},   {"plain.fingerprints", "6982"}, {"plain.printed-information", "6982"}};
}

void GoodPiv::identify(const Bytes& fascn_in, const Bytes& guid_in) {
    fascn = fascn_in;
    guid = guid_in;
    chuid.fascn = fascn;
    chuid.guid = guid;
    face_header = header(pv::Biometric::face, fascn, ends);
    fingers_header = header(pv::Biometric::fingerprints, fascn, ends);
    face_uuid = fingers_uuid = guid;
    const auto wish = [&](std::uint8_t reference, const char* name, const char* usage) {
        PivWish out{.common_name = name, .not_before = at - 100 * day, .not_after = ends - day};
        out.serial = fmt::format("{:02X}", reference);
        out.key_of = &key(reference);
        out.extensions = {{"keyUsage", usage}};
        out.names = {fascn_name(fascn), uuid_name(guid)};
        wishes[reference] = out;
        issuers[reference] = &ca;
    };
    wish(0x9A, "Reza Ahmadi", "critical,digitalSignature");
    wish(0x9C, "Reza Ahmadi", "critical,digitalSignature,nonRepudiation");
    wish(0x9D, "Reza Ahmadi", "critical,keyAgreement");
    wish(0x9E, "Card 4711", "critical,digitalSignature");
    wishes[0x9E].extensions.emplace_back("extendedKeyUsage", "critical,2.16.840.1.101.3.6.8");
}

void GoodPiv::give_record() {
    auto& out = expected.emplace();
    out.national_id = "0012345679";
    out.name = {"احمدی", "رضا", "AHMADI", "REZA"};
    out.document_number = printed.serial;
    out.expiry_date = record::from_unix(ends);
    out.photo = record::parse_photo(face.image, "portrait");
    out.fingers = {small_finger(2, 20), small_finger(7, 20)};
    auto number = pv::decode_fascn(fascn);
    number.person = out.national_id;
    identify(pv::encode_fascn(number), guid);
    for (const std::uint8_t reference : {std::uint8_t{0x9A}, std::uint8_t{0x9C}, std::uint8_t{0x9D}}) {
        wishes[reference].subject_serial = out.national_id;
        wishes[reference].common_name = "رضا احمدی";
    }
}

const PivParty& GoodPiv::key(std::uint8_t reference) {
    static std::map<std::uint8_t, PivParty> all;
    const auto found = all.find(reference);
    if (found != all.end()) return found->second;
    PivWish wish{.common_name = "key", .not_before = at, .not_after = at + day};
    const std::map<std::uint8_t, std::string> others{{0x9C, "rsa-2048"},
                                                     {weak_rsa, "rsa-1024"},
                                                     {rsa_e3, "rsa-2048-e3"},
                                                     {curve_p521, "ec-p521"},
                                                     {curve_k1, "ec-secp256k1"}};
    if (const auto other = others.find(reference); other != others.end()) wish.algorithm = other->second;
    return all.emplace(reference, PivParty{wish, nullptr}).first->second;
}

PivWish GoodPiv::signer_wish() const {
    PivWish out{
        .common_name = "Test Content Signer", .not_before = at - 100 * day, .not_after = at + 5 * years};
    out.serial = "20";
    out.key_of = &key(0x20);
    out.extensions = {{"keyUsage", "critical,digitalSignature"},
                      {"extendedKeyUsage", "critical,2.16.840.1.101.3.6.7"}};
    return out;
}

std::shared_ptr<const PivParty> GoodPiv::make_signer(const PivWish& wish, const PivParty& issuer) const {
    return std::make_shared<PivParty>(wish, &issuer);
}

PivParty GoodPiv::responder(const PivParty& issuer, const std::function<void(PivWish&)>& change) const {
    PivWish out{
        .common_name = "Test OCSP responder", .not_before = at - 100 * day, .not_after = at + 100 * day};
    out.serial = "30";
    out.extensions = {{"keyUsage", "critical,digitalSignature"},
                      {"extendedKeyUsage", "critical,OCSPSigning"},
                      {"noCheck", "ignored"}};
    change(out);
    return {out, &issuer};
}

Bytes GoodPiv::sign(const PivSeal& seal, std::string_view type, ByteView content, bool detached, bool inside,
                    std::vector<keys::ContentToSign::Attribute> attributes) const {
    const auto& who = seal.signer ? seal.signer : signer;
    if (seal.sha1 && detached) return who->detached_cms(std::string{type}.c_str(), content, "SHA1");
    const keys::ContentSigner maker{keys::identity_from_pem(keys::SecretBytes{to_bytes(who->pem())}, "test")};
    keys::ContentToSign what{seal.content_type.empty() ? std::string{type} : seal.content_type,
                             content,
                             detached,
                             inside || seal.certificate,
                             at - 50 * day,
                             std::string{pv::oid_signer_name},
                             std::move(attributes)};
    if (seal.other_name || seal.no_name) what.signer_name.clear();
    if (seal.other_name) {
        // a Name of C=US alone
        what.attributes.push_back(
            {std::string{pv::oid_signer_name}, from_hex("300D310B3009060355040613025553")});
    }
    return maker.sign(what);
}

Bytes GoodPiv::signed_biometric(pv::CbeffHeader with, ByteView block, const std::optional<Bytes>& uuid,
                                const PivSeal& seal, std::string_view name) const {
    std::vector<keys::ContentToSign::Attribute> attributes{{std::string{pv::oid_fascn}, octets(with.fascn)}};
    if (uuid) attributes.push_back({std::string{pv::oid_entry_uuid}, octets(*uuid)});
    pv::BiometricObject object;
    object.header = with;
    object.header.block_length = static_cast<std::uint32_t>(block.size());
    object.block.assign(block.begin(), block.end());
    // the signature covers its own length, and is of one length only for one kind of key
    for (unsigned tries = 0; tries < 8; ++tries) {
        object.signature = sign(seal, pv::oid_biometric_content, pv::signed_part_of_biometric(object), true,
                                false, attributes);
        const auto size = static_cast<std::uint16_t>(object.signature.size());
        if (object.header.signature_length == size) break;
        object.header.signature_length = size;
    }
    return pv::encode_biometric(object, name);
}

void GoodPiv::make() {
    const auto encoded = [&] {
        auto value = pv::encode_chuid(chuid);
        const auto at_expiry = pv::decode_chuid(value).offsets.at(0x35);
        const auto place = value.begin() + static_cast<std::ptrdiff_t>(at_expiry);
        std::copy(raw_expiry.begin(), raw_expiry.end(), place);
        return value;
    };
    chuid.signature.clear();
    chuid.signature =
        sign(chuid_seal, pv::oid_chuid_content, pv::signed_part_of_chuid(encoded()), true, true, {});
    objects[pv::id_chuid] = encoded();
    if (face_block.empty()) face_block = pv::encode_face(face);
    objects[pv::id_face] = signed_biometric(face_header, face_block, face_uuid, face_seal, "face");
    objects[pv::id_fingerprints] =
        signed_biometric(fingers_header, fingers_block, fingers_uuid, fingers_seal, "fingerprints");
    objects[pv::id_ccc] = pv::encode_ccc(ccc);
    objects[pv::id_printed] = pv::encode_printed_information(printed);
    objects[pv::id_discovery] = pv::encode_discovery(discovery);
    if (history) objects[pv::id_key_history] = pv::encode_key_history(*history);
    for (const auto& [reference, wish] : wishes)
        put_certificate(reference, PivParty{wish, issuers.at(reference)}.certificate());
}

void GoodPiv::put_certificate(std::uint8_t reference, ByteView der) {
    const auto& container = *pv::container_of_key(reference);
    objects[container.id] =
        pv::encode_certificate_object(pv::make_certificate_object(der, false), container.name);
}

Bytes GoodPiv::certificate(std::uint8_t reference) const {
    const auto& container = *pv::container_of_key(reference);
    return pv::certificate_of(pv::decode_certificate_object(objects.at(container.id), container.name),
                              container.name);
}

void GoodPiv::seal() {
    pv::SecurityObject object;
    pv::LdsHashes hashes;
    if (security_seal.sha1) hashes.algorithm = keys::HashAlgorithm::sha1;
    for (const auto& [id, value] : objects) {
        if (pv::container_of_id(id)->key || id == pv::id_security_object || left_out.contains(id)) continue;
        const auto group = static_cast<std::uint8_t>(object.map.size() + 1);
        object.map.push_back({group, id});
        hashes.groups.push_back({group, keys::hash(hashes.algorithm, pv::hashed_part(id, value))});
    }
    object.cms = sign(security_seal, pv::oid_lds_content, pv::encode_lds_hashes(hashes), false, false, {});
    objects[pv::id_security_object] = pv::encode_security_object(object);
}

void GoodPiv::prove() {
    for (const unsigned slot : {0x9AU, 0x9CU, 0x9DU, 0x9EU}) {
        const auto reference = static_cast<std::uint8_t>(slot);
        const auto wish = wishes.find(reference);
        if (wish == wishes.end()) continue;
        const auto& holder = *static_cast<const PivParty*>(wish->second.key_of);
        const std::string prefix = fmt::format("key.{:02X}.", reference);
        facts[prefix + "public"] = to_hex(holder.public_key());
        facts[prefix + "algorithm"] = reference == 0x9C ? "rsa-2048" : "ec-p256";
        facts[prefix + "origin"] = "generated";
        facts[prefix + "plain.sw"] = reference == 0x9E ? "9000" : "6982";
        if (reference == 0x9D) {
            const auto& ours = key(0x02);
            facts[prefix + "agreement.private"] = to_hex(ours.scalar());
            facts[prefix + "agreement.peer"] = to_hex(ours.point());
            facts[prefix + "agreement.secret"] = to_hex(holder.agree(ours.point()));
            continue;
        }
        const Bytes message = keys::sha256(Bytes{reference});
        facts[prefix + "message"] = to_hex(message);
        facts[prefix + "digest"] = "sha256";
        facts[prefix + "signature"] = to_hex(holder.sign(message));
    }
}

app::CardDump GoodPiv::dump() const {
    app::CardDump out;
    app::DumpApplication piv{"piv", {}, facts};
    for (const auto& container : pv::containers()) {
        const auto found = objects.find(container.id);
        if (found != objects.end())
            piv.files.push_back({pv::file_name(container), container.id, found->second, "plain", {}});
    }
    out.applications.push_back(std::move(piv));
    return out;
}

verify::Report GoodPiv::judge() const {
    keys::CertificatePool pool;
    pool.add(root.certificate(), "root");
    for (const auto* one : {&ca, &expired_ca}) {
        pool.add(one->certificate(), "CA");
        pool.add(one->crl(one == &ca ? revoked : std::vector<std::string>{}, at - day, at + day), "CRL");
    }
    pool.add(root.crl({}, at - day, at + day), "CRL of the root");
    for (const auto& one : at_hand) pool.add(one, "more");
    const keys::TrustAnchors documents;
    const auto seen = dump();
    verify::Context context{.dump = seen, .trust = documents, .at = at, .registered = registered};
    if (expected) context.expected = &*expected;
    if (demanded) context.demanded["piv"] = "the receipt";
    context.demand_crl = demand_crl;
    if (trusted) context.pool = &pool;
    return verify::judge(context);
}

verify::Report judge_good_piv(GoodPiv& card) {
    card.make();
    card.seal();
    card.prove();
    return card.judge();
}

}  // namespace kartsaz::test
