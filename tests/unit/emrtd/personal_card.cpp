// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/emrtd/personal_card.h"

#include "apdu/error.h"
#include "apdu/iso7816.h"
#include "apdu/tlv.h"
#include "keys/active_authentication.h"
#include "keys/crypto.h"
#include "keys/issuer.h"
#include "libcard/app/emrtd/lds.h"
#include "libcard/app/emrtd/read.h"
#include "libcard/reader/sim_transport.h"
#include "tests/unit/emrtd/decoders.h"

namespace kartsaz::test {
namespace {
namespace lds = app::emrtd;

Bytes photo_file() {
    lds::Dg2 face;
    face.image = Bytes(9'000, 0x21);
    face.width = 240;
    face.height = 320;
    return lds::encode_dg2(face);
}

std::map<std::string, Bytes> make_files(bool full, const Bytes& public_key) {
    std::map<std::string, Bytes> files{
        {"EF.DG1", lds_file("EF.DG1")},       {"EF.DG2", photo_file()},
        {"EF.DG11", lds_file("EF.DG11")},     {"EF.DG12", lds_file("EF.DG12")},
        {"EF.DG13", decoder("EF.DG13").good}, {"EF.DG15", lds::encode_dg15(public_key)},
    };
    if (full) {
        files["EF.DG3"] = decoder("EF.DG3").good;
        files["EF.DG14"] = lds::encode_dg14(
            {lds::active_authentication_info_ecdsa_sha256(), lds::pace_info_ecdh_gm_aes128(12)});
    }
    lds::Com com;
    lds::LdsSecurityObject object{keys::HashAlgorithm::sha256, {}, 1, "0108", "040000"};
    for (const auto& def : lds::files()) {
        const auto found = files.find(std::string{def.name});
        if (found == files.end()) continue;
        com.tags.push_back(def.tag);
        if (def.dg == 0) continue;
        object.groups.push_back({static_cast<std::uint8_t>(def.dg), keys::sha256(found->second)});
    }
    const auto store = keys::development_keys();
    const keys::DocumentSigner signer{store->blob("document-signer")};
    files["EF.COM"] = lds::encode_com(com);
    files["EF.SOD"] =
        lds::encode_sod(signer.sign_lds_security_object(lds::encode_lds_security_object(object)));
    return files;
}

void must(apdu::Transport& card, const apdu::CommandApdu& command, const char* doing) {
    apdu::expect(card.transmit(command), doing);
}

void write_file(apdu::Transport& card, std::uint16_t fid, const Bytes& content) {
    const Bytes size_and_fid = concat({from_hex("6304"), big_endian(content.size(), 2), big_endian(fid, 2)});
    must(card, {0x00, 0xE0, 0x00, 0x00, size_and_fid}, "create");
    must(card, apdu::select_ef(fid), "select");
    for (std::size_t at = 0; at < content.size(); at += 200) {
        const std::size_t size = std::min<std::size_t>(200, content.size() - at);
        must(card, apdu::update_binary(at, ByteView{content}.subspan(at, size)), "update");
    }
}

void load_keys(apdu::Transport& card, const keys::AaKeyPair& aa) {
    const auto two = [&](const keys::SecretBytes& value) {
        return value.reveal(
            [](ByteView bytes) { return apdu::TlvWriter{}.put(0x04, Bytes{0x00}).put(0x04, bytes).bytes(); });
    };
    if (aa.algorithm == keys::AaAlgorithm::rsa_1024) {
        must(card, apdu::put_data(0x0060, two(aa.modulus)), "modulus");
        must(card, apdu::put_data(0x0061, two(aa.exponent)), "exponent");
    } else {
        const Bytes data = aa.scalar.reveal([](ByteView scalar) {
            return apdu::TlvWriter{}.put(0x06, from_hex("2A8648CE3D030107")).put(0x86, scalar).bytes();
        });
        must(card, apdu::put_data(0x0066, data), "scalar");
    }
    const Bytes access = apdu::TlvWriter{}
                             .nest(0x62,
                                   [](apdu::TlvWriter& out) {
                                       out.put(0x5F1F, std::string_view{"A12345678"});
                                       out.put(0x5F18, std::string_view{"900321"});
                                       out.put(0x5F19, std::string_view{"351231"});
                                   })
                             .bytes();
    must(card, apdu::put_data(0x0062, access), "access keys");
}

}  // namespace

PersonalCard personal_card(const std::string& kind, bool lock) {
    const bool full = kind == "kartsaz";
    const auto aa = keys::derive_aa_key(keys::SecretBytes{Bytes(16, 0x31)},
                                        full ? keys::AaAlgorithm::ecdsa_p256 : keys::AaAlgorithm::rsa_1024,
                                        Bytes{0x01, 0x02});
    PersonalCard out;
    sim::NewBody options;
    options.kind = kind;
    options.open = true;
    options.seed = Bytes(32, 0x5A);
    out.body = sim::Body::create(options);
    out.public_key = aa.public_key;
    out.files = make_files(full, aa.public_key);
    out.mrz_information = lds::mrz_information_of(lds::decode_dg1(out.files.at("EF.DG1")));
    const auto card = reader::sim_transport(*out.body);
    must(*card, apdu::select_aid_quiet(from_hex("A0000002471001")), "select the application");
    for (const auto& [name, content] : out.files) write_file(*card, lds::find_file(name)->fid, content);
    load_keys(*card, aa);
    if (lock) must(*card, apdu::put_data(0xDEAD, {}), "lock");
    return out;
}

apdu::ResponseApdu Meddler::transmit(const apdu::CommandApdu& command) {
    ++count;
    ++by_ins[command.ins];
    auto response = below_.transmit(command);
    if (change) change(command, response);
    return response;
}

Bytes Meddler::reset() {
    ++resets;
    return below_.reset();
}

OneKeyset::OneKeyset(const std::string& name, std::string_view key_hex) {
    keyset_.name = name;
    for (const char* role : {"enc", "mac", "dek"}) {
        keyset_.keys.emplace(role, keys::SecretBytes{ByteView{from_hex(key_hex)}});
    }
}

const keys::Keyset& OneKeyset::keyset(std::string_view name, std::optional<std::uint8_t>) const {
    if (name != keyset_.name) throw Error{Errc::keys_failed, "no such keyset"};
    return keyset_;
}

std::vector<const keys::Keyset*> OneKeyset::versions(std::string_view name) const {
    if (name != keyset_.name) return {};
    return {&keyset_};
}

const keys::SecretBytes& OneKeyset::blob(std::string_view) const {
    throw Error{Errc::keys_failed, "no blobs"};
}

}  // namespace kartsaz::test
