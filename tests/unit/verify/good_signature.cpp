// SPDX-License-Identifier: Apache-2.0
#include "good_signature.h"

#include <algorithm>
#include <stdexcept>

#include "keys/certificate_request.h"
#include "keys/crypto.h"
#include "libcard/app/pkcs15/commands.h"

namespace kartsaz::test {
namespace {

namespace p15 = app::pkcs15;

constexpr std::int64_t day = 86'400;

CertificateWish ca_wish(std::int64_t at) {
    CertificateWish wish;
    wish.common_name = "Test Citizen CA";
    wish.not_before = at - 1'000 * day;
    wish.not_after = at + 4'000 * day;
    wish.ca = true;
    wish.key_usage = "critical,keyCertSign,cRLSign";
    wish.serial = 1;
    return wish;
}

Bytes path_of(std::uint16_t fid) {
    return concat({from_hex("3F005015"), big_endian(fid, 2)});
}

std::uint16_t fid_of(std::uint16_t base, std::size_t index) {
    return static_cast<std::uint16_t>(base + index);
}

std::string name_of(std::uint16_t fid) {
    return "EF." + to_hex(big_endian(fid, 2));
}

}  // namespace

GoodSignature::GoodSignature()
    : record{sample_record()}, at{record::to_unix(record.issue_date) + 30 * day}, ca{ca_wish(at), nullptr} {
    dump.atr = from_hex("3B80800101");
    dump.applications.push_back({"pkcs15", {}, {}});
    auto pin_wish = p15::PinObject{};
    pin_wish.common = {"PIN", 3, {}, {}};
    pin_wish.auth_id = {1};
    pin_wish.flags = p15::pin_case_sensitive | p15::pin_initialized | p15::pin_needs_padding;
    pin_wish.max_length = 16;
    pin_wish.reference = 1;
    pin_wish.pad_char = 0;
    pins.push_back(pin_wish);
    CertificateWish key;
    holders.emplace_back(key, nullptr);
    key.algorithm = "rsa-2048";
    holders.emplace_back(key, nullptr);

    p15::TokenInfo token;
    token.serial = from_hex("0102030405060708");
    token.label = "test";
    token.flags = 4;
    put("EF.DIR", p15::fid_dir, p15::encode_dir({{p15::pkcs15_aid, "test", from_hex("3F005015")}}));
    put("EF.ODF", p15::fid_odf,
        p15::encode_odf({{p15::Directory::authentication, {path_of(p15::fid_aodf), {}, {}}},
                         {p15::Directory::private_keys, {path_of(p15::fid_prkdf), {}, {}}},
                         {p15::Directory::public_keys, {path_of(p15::fid_pukdf), {}, {}}},
                         {p15::Directory::certificates, {path_of(p15::fid_cdf), {}, {}}}}));
    put("EF.TokenInfo", p15::fid_token_info, p15::encode_token_info(token));
    add_slot(0, "signature", p15::usage_sign | p15::usage_non_repudiation);
    add_slot(1, "authentication", p15::usage_sign);
    facts().insert({{"aid", to_hex(p15::applet_aid)},
                    {"df", "3F005015"},
                    {"version", "01.00"},
                    {"pin.status", "63C3"},
                    {"pin.tries", "3"},
                    {"pin.tries.after", "3"},
                    {"pin.state", "verified"},
                    {"acl.5015", "FF90FFFFFF909090"},
                    {"acl.4402", "FF90FFFFFF909000"},
                    {"acl.3400", "FF90FFFFFF909000"}});
    write();
}

app::DumpFile& GoodSignature::file(const std::string& name) {
    for (auto& one : application().files) {
        if (one.name == name) return one;
    }
    throw std::runtime_error{"no file " + name};
}

void GoodSignature::remove(const std::string& name) {
    std::erase_if(application().files, [&](const app::DumpFile& one) { return one.name == name; });
}

void GoodSignature::put(const std::string& name, std::uint16_t fid, Bytes content) {
    remove(name);
    application().files.push_back({name, fid, std::move(content), "plain", {}});
}

CertificateWish GoodSignature::wish(std::size_t index) const {
    CertificateWish out;
    out.common_name = record.name.given_fa + " " + record.name.surname_fa;
    out.serial_number = record.national_id;
    out.not_before = at - 10 * day;
    out.not_after = at + 700 * day;
    out.key_usage = index == 0 ? "critical,nonRepudiation" : "critical,digitalSignature";
    out.serial = 5000 + static_cast<long>(index);
    out.public_key = holders[index].public_key();
    return out;
}

void GoodSignature::certify(std::size_t index, const CertificateWish& wish, const Identity* issuer) {
    const auto fid = fid_of(p15::fid_certificate, index);
    put(name_of(fid), fid, Identity{wish, issuer}.certificate());
}

void GoodSignature::add_slot(std::size_t index, const std::string& label, std::uint32_t usage) {
    const Bytes spki = holders[index].public_key();
    const Bytes id = keys::key_identifier(spki);
    const bool rsa = index == 1;
    p15::PrivateKeyObject key;
    key.common = {label, 3, {1}, {}};
    key.type = rsa ? p15::KeyType::rsa : p15::KeyType::ec;
    key.id = id;
    key.usage = usage;
    key.access = p15::access_sensitive | p15::access_always_sensitive | p15::access_never_extractable |
                 p15::access_local;
    key.reference = static_cast<unsigned>(index);
    key.path.path = from_hex("3F005015");
    key.size_bits = rsa ? 2048 : 256;
    keys.push_back(key);
    p15::PublicKeyObject listed;
    listed.common = {label, 2, {}, {}};
    listed.type = key.type;
    listed.id = id;
    listed.usage = p15::usage_verify;
    listed.path = p15::Path{path_of(fid_of(p15::fid_public_key, index)), {}, {}};
    listed.size_bits = key.size_bits;
    public_keys.push_back(listed);
    p15::CertificateObject certificate;
    certificate.common = {label, 2, {}, {}};
    certificate.id = id;
    certificate.path = p15::Path{path_of(fid_of(p15::fid_certificate, index)), {}, {}};
    certificates.push_back(certificate);
    const auto fid = fid_of(p15::fid_public_key, index);
    put(name_of(fid), fid, p15::public_key_file(spki));
    certify(index, wish(index));
    prove(index);
}

void GoodSignature::prove(std::size_t index) {
    const Bytes message = keys::sha256(Bytes{static_cast<std::uint8_t>(index)});
    const std::string key = "key." + std::to_string(index) + ".";
    facts()[key + "id"] = to_hex(keys[index].id);
    facts()[key + "reference"] = std::to_string(index);
    facts()[key + "algorithm"] = index == 1 ? "rsa-2048" : "ec-p256";
    facts()[key + "plain.sw"] = "6982";
    facts()[key + "message"] = to_hex(message);
    facts()[key + "signature"] = to_hex(holders[index].sign(message));
}

void GoodSignature::write() {
    put("EF.AODF", p15::fid_aodf, p15::encode_aodf(pins));
    put("EF.PrKDF", p15::fid_prkdf, p15::encode_prkdf(keys));
    put("EF.PuKDF", p15::fid_pukdf, p15::encode_pukdf(public_keys));
    put("EF.CDF", p15::fid_cdf, p15::encode_cdf(certificates));
}

void GoodSignature::holder_pin() {
    facts()["pin.state"] = "changed";
    facts()["pin.digits"] = "6";
    facts()["pin.tries.after"] = "2";
    for (const char* key : {"key.0.", "key.1."}) {
        facts().erase(std::string{key} + "message");
        facts().erase(std::string{key} + "signature");
        facts()[std::string{key} + "why"] = "it needs the PIN";
    }
}

verify::Report GoodSignature::judge() const {
    const keys::TrustAnchors documents;
    keys::TrustAnchors holders_of;
    holders_of.add_certificate(to_bytes(anchor.value_or(ca.certificate_pem())), "test CA");
    if (crl) holders_of.add_crl(to_bytes(*crl), "test CRL");
    for (const auto& one : more_crls) holders_of.add_crl(to_bytes(one), "another test CRL");
    auto judged = dump;
    // Kartsaz's own rule is not on another maker's card
    if (const auto& found = judged.applications.front().facts;
        !own && found.contains("acl.5015") && found.at("acl.5015") == "FF90FFFFFF909090") {
        judged.applications.front().facts.erase("acl.5015");
    }
    verify::Context context{.dump = judged, .trust = documents, .at = at};
    context.holder_trust = &holders_of;
    context.demand_crl = demand_crl;
    context.since = since;
    context.demanded_keys = demanded_keys;
    if (own) context.expected = &record;
    return verify::judge(context);
}

}  // namespace kartsaz::test
