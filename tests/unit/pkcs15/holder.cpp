// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/pkcs15/holder.h"

#include <stdexcept>

#include "keys/card_identity.h"
#include "tests/unit/pkcs15/made_card.h"

namespace kartsaz::test {
namespace {

const std::string base_point =
    "046B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296"
    "4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5";

void must(sim::Body& body, const std::string& hex) {
    if (send(body, hex) != 0x9000) throw std::runtime_error{"refused: " + hex.substr(0, 30)};
}

}  // namespace

const std::string planted = "3059301306072A8648CE3D020106082A8648CE3D030107034200" + base_point;

std::unique_ptr<sim::Body> open_body() {
    sim::NewBody options;
    options.kind = "isoapplet";
    options.serial = 0x00C0FFEE;
    options.seed = Bytes(32, 0x17);
    options.import_allowed = true;
    return sim::Body::create(options);
}

void enter(sim::Body& body, const Bureau& bureau) {
    const auto pin = keys::derive_pin(bureau.keys().keyset("pin"), "pin",
                                      keys::identity_of_card("", bureau.record().document_number), 6);
    Bytes padded = pin.reveal([](ByteView bytes) { return Bytes(bytes.begin(), bytes.end()); });
    padded.resize(16, 0);
    test::select(body);
    must(body, "0020000110" + to_hex(padded));
    must(body, "00A4000C025015");
}

void import_key(sim::Body& body, const std::string& reference) {
    must(body, "00224100068001EC8401" + reference);
    const std::string values =
        "8120FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF"
        "8220FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFC"
        "83205AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B"
        "8441" +
        base_point +
        "8520FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551"
        "8701018820" +
        std::string(62, '0') + "01";
    const auto size = to_hex(big_endian(values.size() / 2, 2));
    const auto whole = to_hex(big_endian(values.size() / 2 + 4, 2));
    must(body, "00DB3FFF00" + whole + "E082" + size + values);
}

void write_file(sim::Body& body, const std::string& fid, const std::string& content) {
    const auto size = to_hex(big_endian(content.size() / 2, 2));
    must(body, "00E00000176F158102" + size + "8201018302" + fid + "8608FF90FFFFFF909000");
    must(body, "00D6000000" + size + content);
}

void overwrite(sim::Body& body, const std::string& fid, const Bytes& content) {
    must(body, "00A4000C02" + fid);
    must(body, "00D6000000" + to_hex(big_endian(content.size(), 2)) + to_hex(content));
}

}  // namespace kartsaz::test
