// SPDX-License-Identifier: Apache-2.0
#include "good_card.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <algorithm>
#include <stdexcept>

#include "keys/crypto.h"
#include "portrait.h"

namespace kartsaz::test {
namespace {

namespace emrtd = app::emrtd;

keys::AaKeyPair aa_key() {
    const keys::SecretBytes master{
        from_hex("000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F")};
    return keys::derive_aa_key(master, keys::AaAlgorithm::ecdsa_p256, from_hex("4790D321816020000001"));
}

/// Plain r || s over SHA-256 of the challenge, computed by OpenSSL from the scalar.
Bytes ecdsa_plain(const keys::AaKeyPair& key, ByteView challenge) {
    const auto point = ByteView{key.public_key}.last(65);
    OSSL_PARAM_BLD* build = OSSL_PARAM_BLD_new();
    BIGNUM* scalar = key.scalar.reveal(
        [](ByteView s) { return BN_bin2bn(s.data(), static_cast<int>(s.size()), nullptr); });
    OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0);
    OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size());
    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, scalar);
    OSSL_PARAM* parameters = OSSL_PARAM_BLD_to_param(build);
    EVP_PKEY_CTX* context = EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr);
    EVP_PKEY* pkey = nullptr;
    EVP_PKEY_fromdata_init(context);
    if (EVP_PKEY_fromdata(context, &pkey, EVP_PKEY_KEYPAIR, parameters) != 1)
        throw std::runtime_error{"AA key"};
    Bytes der(80);
    std::size_t size = der.size();
    EVP_MD_CTX* sign = EVP_MD_CTX_new();
    EVP_DigestSignInit(sign, nullptr, EVP_sha256(), nullptr, pkey);
    if (EVP_DigestSign(sign, der.data(), &size, challenge.data(), challenge.size()) != 1) {
        throw std::runtime_error{"AA signature"};
    }
    const unsigned char* at = der.data();
    ECDSA_SIG* pair = d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(size));
    Bytes plain(64);
    BN_bn2binpad(ECDSA_SIG_get0_r(pair), plain.data(), 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(pair), plain.data() + 32, 32);
    ECDSA_SIG_free(pair);
    EVP_MD_CTX_free(sign);
    EVP_PKEY_free(pkey);
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_free(parameters);
    BN_clear_free(scalar);
    OSSL_PARAM_BLD_free(build);
    return plain;
}

Bytes dg2(const record::Record& record) {
    emrtd::Dg2 face;
    face.image = record.photo.bytes;
    face.width = static_cast<std::uint16_t>(record.photo.width);
    face.height = static_cast<std::uint16_t>(record.photo.height);
    face.gender = 2;
    return emrtd::encode_dg2(face);
}

Bytes dg3(const record::Record& record) {
    std::vector<emrtd::Finger> fingers;
    for (const auto& one : record.fingers) {
        emrtd::Finger finger;
        finger.record = one.bytes;
        finger.subtype = emrtd::finger_subtype(one.position);
        fingers.push_back(finger);
    }
    return emrtd::encode_dg3(fingers);
}

emrtd::Dg13 dg13(const record::Record& record) {
    emrtd::Dg13 registry;
    registry.certificate_number = record.birth_certificate_number;
    registry.certificate_serial = record.birth_certificate_serial;
    registry.father_name = record.father_fa;
    registry.birth_date_sh = record.birth_date.solar_hijri();
    return registry;
}

}  // namespace

record::Record sample_record(unsigned width, unsigned height) {
    record::Record r;
    r.national_id = "0012345679";
    r.birth_certificate_number = "12345";
    r.birth_certificate_serial = "الف ۲۳ / 654321";
    r.name = {"احمدی", "مریم", "AHMADI", "MARYAM", false};
    r.father_fa = "حسین";
    r.sex = record::Sex::female;
    r.birth_date = {1990, 3, 21};
    r.birth_place_fa = "تهران";
    r.issue_date = {2026, 1, 10};
    r.expiry_date = {2033, 1, 9};
    r.postal_code = "1234567890";
    r.address_fa = "تهران، خیابان آزادی، کوچهٔ یکم، پلاک ۱۲";
    r.document_number = "K12345678";
    r.authority_fa = "سازمان ثبت احوال کشور";
    r.photo = record::parse_photo(sample_jpeg(width, height), "portrait");
    r.fingers.push_back(record::parse_finger_template(sample_template(2, 12), "right index"));
    r.fingers.push_back(record::parse_finger_template(sample_template(7, 9), "left index"));
    return r;
}

Bytes sample_template(unsigned position, unsigned minutiae) {
    const std::size_t size = 24 + 4 + 6 * std::size_t{minutiae} + 2;
    Bytes out = from_hex("464D5200 20323000");
    append(out, big_endian(size, 4));
    append(out, from_hex("0000 0190 01F4 00C5 00C5 01 00"));
    append(out, Bytes{static_cast<std::uint8_t>(position), 0x00, 0x50, static_cast<std::uint8_t>(minutiae)});
    for (unsigned i = 0; i < minutiae; ++i) {
        append(out, big_endian(0x4000U + 20 + 13 * i, 2));
        append(out, big_endian(30 + 17 * i, 2));
        append(out, Bytes{static_cast<std::uint8_t>(11 * i), 0x3C});
    }
    append(out, from_hex("0000"));
    return out;
}

GoodCard::GoodCard(unsigned width, unsigned height)
    : record{sample_record(width, height)},
      keys_{keys::development_keys()},
      signer_{keys_->blob("document-signer")},
      aa_{aa_key()},
      trust_{verify::development_trust()} {
    at = record::to_unix({2026, 11, 20});
    dump.chip = "4790-D321-8160-20000001";
    dump.applications.push_back({"emrtd", {}, {}});
    put("EF.DG1", emrtd::encode_dg1(record.mrz()));
    put("EF.DG2", dg2(record));
    put("EF.DG3", dg3(record), "SCP03");
    put("EF.DG11", emrtd::encode_dg11({record.name.surname_fa,
                                       record.name.given_fa,
                                       record.national_id,
                                       record.birth_date.compact(),
                                       {record.birth_place_fa},
                                       {record.address_fa, record.postal_code}}));
    put("EF.DG12",
        emrtd::encode_dg12({record.authority_fa, record.issue_date.compact(), "20260110093000", ""}));
    put("EF.DG13", emrtd::encode_dg13(dg13(record)));
    put("EF.DG14", emrtd::encode_dg14({emrtd::active_authentication_info_ecdsa_sha256(),
                                       emrtd::pace_info_ecdh_gm_aes128(12)}));
    put("EF.DG15", emrtd::encode_dg15(aa_.public_key));
    sign(true);
    emrtd().facts = {{"selectable", "yes"},
                     {"plain-read.sw", "6982"},
                     {"plain-read-dg1.sw", "6982"},
                     {"pace", "ok"},
                     {"bac", "ok"},
                     {"access", "PACE"},
                     {"write.sw", "6985"},
                     {"scp03", "issuer keys"},
                     {"aa.challenge", "0123456789ABCDEF"}};
    const Bytes pace = emrtd::pace_info_ecdh_gm_aes128(12);
    emrtd().facts["card-access"] =
        to_hex(concat({Bytes{0x31, static_cast<std::uint8_t>(pace.size())}, pace}));
    prove();
}

void GoodCard::prove() {
    emrtd().facts["aa.response"] = to_hex(ecdsa_plain(aa_, from_hex(emrtd().fact("aa.challenge"))));
    emrtd().facts["aa.sw"] = "9000";
}

app::DumpFile& GoodCard::file(const std::string& name) {
    for (auto& one : emrtd().files) {
        if (one.name == name) return one;
    }
    throw std::runtime_error{"no " + name};
}

void GoodCard::put(const std::string& name, Bytes content, const std::string& access) {
    auto& files = emrtd().files;
    const auto same = [&](const auto& one) { return one.name == name; };
    files.erase(std::remove_if(files.begin(), files.end(), same), files.end());
    files.push_back({name, emrtd::find_file(name)->fid, std::move(content), access, ""});
}

void GoodCard::remove(const std::string& name) {
    auto& files = emrtd().files;
    files.erase(std::remove_if(files.begin(), files.end(), [&](const auto& one) { return one.name == name; }),
                files.end());
}

void GoodCard::sign(bool com_too) {
    emrtd::LdsSecurityObject object;
    object.version = 1;
    object.lds_version = "0108";
    object.unicode_version = "040000";
    emrtd::Com com;
    for (const auto& def : emrtd::files()) {
        const auto* one = emrtd().file(def.name);
        if (def.dg == 0 || one == nullptr) continue;
        object.groups.push_back({static_cast<std::uint8_t>(def.dg), keys::sha256(one->content)});
        com.tags.push_back(def.tag);
    }
    put("EF.SOD",
        emrtd::encode_sod(signer_.sign_lds_security_object(emrtd::encode_lds_security_object(object))));
    if (com_too) put("EF.COM", emrtd::encode_com(com));
}

verify::Context GoodCard::context() const {
    verify::Context context{dump, trust_};
    context.at = at;
    context.development_trust = true;
    return context;
}

std::vector<verify::Finding> findings_of(const verify::Report& report, const std::string& check) {
    std::vector<verify::Finding> found;
    std::copy_if(report.findings.begin(), report.findings.end(), std::back_inserter(found),
                 [&](const auto& finding) { return finding.check == check; });
    return found;
}

verify::Outcome outcome_of(const verify::Report& report, const std::string& check) {
    for (const auto& result : report.results) {
        if (result.check == check) return result.outcome;
    }
    throw std::runtime_error{"no check " + check};
}

}  // namespace kartsaz::test
