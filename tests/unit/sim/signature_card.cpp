// SPDX-License-Identifier: Apache-2.0
#include "signature_card.h"

#include <botan/ec_group.h>
#include <botan/ecdsa.h>
#include <botan/pubkey.h>
#include <botan/rsa.h>
#include <catch2/catch.hpp>

namespace kartsaz::sim::test {
namespace {

/// Length in DER, then the value.
Bytes tlv(std::uint8_t tag, const Bytes& value) {
    Bytes out{tag};
    if (value.size() > 0x7F) out.push_back(0x81);
    out.push_back(static_cast<std::uint8_t>(value.size()));
    append(out, value);
    return out;
}

Bytes wide(const Botan::BigInt& value, std::size_t size) {
    Bytes out(size);
    Botan::BigInt::encode_1363(out.data(), size, value);
    return out;
}

}  // namespace

std::unique_ptr<Body> blank_signature_card(const std::string& kind, bool import_allowed) {
    NewBody options;
    options.kind = kind;
    options.seed = Bytes(32, 7);
    options.import_allowed = import_allowed;
    auto body = Body::create(options);
    body->power_on();
    REQUIRE(sw(*body, select_signature) == 0x9000);
    return body;
}

std::unique_ptr<Body> signature_card(const std::string& kind, bool import_allowed) {
    auto body = blank_signature_card(kind, import_allowed);
    REQUIRE(sw(*body, "0024010210 39393939393939393939393939393939") == 0x9000);
    REQUIRE(sw(*body, "0024010106 313233343536") == 0x9000);
    REQUIRE(sw(*body, verify_pin) == 0x9000);
    return body;
}

unsigned create(Body& body, unsigned fid, std::size_t size) {
    return sw(body, "00E000000D6F0B820101 8302" + to_hex(big_endian(fid, 2)) + "8102" +
                        to_hex(big_endian(size, 2)));
}

std::unique_ptr<Body> with_file(const std::string& kind) {
    auto body = signature_card(kind);
    REQUIRE(sw(*body, create_5015) == 0x9000);
    REQUIRE(create(*body, 0x4402, 300) == 0x9000);
    return body;
}

nlohmann::json signature_of(const Body& body) {
    return nlohmann::json::parse(body.describe_json()).at("signature");
}

Bytes command(std::string_view header, ByteView data, std::size_t ne) {
    Bytes out = from_hex(header);
    const bool extended = data.size() > 255 || ne > 256;
    if (extended) out.push_back(0);
    if (!data.empty()) {
        append(out, big_endian(data.size(), extended ? 2 : 1));
        append(out, data);
    }
    if (ne != 0) append(out, big_endian(ne, extended ? 2 : 1));
    return out;
}

Bytes curve_parameters(const std::string& curve) {
    const Botan::EC_Group group{curve};
    const std::size_t size = group.get_p_bytes();
    const auto g = group.get_base_point().encode(Botan::PointGFp::UNCOMPRESSED);
    return concat({tlv(0x81, wide(group.get_p(), size)), tlv(0x82, wide(group.get_a(), size)),
                   tlv(0x83, wide(group.get_b(), size)), tlv(0x84, Bytes{g.begin(), g.end()}),
                   tlv(0x85, wide(group.get_order(), size)), tlv(0x87, {0x00, 0x01})});
}

Reply fetch(Body& body, Reply first) {
    while (first.sw >> 8 == 0x61) {
        const Reply next = send(body, "00C00000" + to_hex(big_endian(first.sw & 0xFF, 1)));
        append(first.data, next.data);
        first.sw = next.sw;
    }
    return first;
}

Reply send_chained(Body& body, std::string_view header, ByteView data, bool answer) {
    Bytes chained = from_hex(header);
    chained[0] |= 0x10;
    while (data.size() > 255) {
        const Reply part = send(body, command(to_hex(chained), data.first(255), 0));
        if (part.sw != 0x9000) return part;
        data = data.subspan(255);
    }
    return fetch(body, send(body, command(header, data, answer ? 256 : 0)));
}

Reply generate_ec(Body& body, const std::string& curve) {
    const Bytes parameters = curve_parameters(curve);
    if (body.describe_json().find("\"command_set\": 0") != std::string::npos) {
        return send_chained(body, "00460000", parameters, true);
    }
    return send(body, command("00460000", parameters, 1000));
}

Bytes part_of(const Bytes& public_key, std::uint8_t tag) {
    REQUIRE(public_key.size() > 5);
    const bool long_form = public_key[2] == 0x82;
    REQUIRE(to_hex(ByteView{public_key}.first(3)) == (long_form ? "7F4982" : "7F4981"));
    ByteView rest = ByteView{public_key}.subspan(long_form ? 5 : 4);
    REQUIRE(rest.size() == big_endian(ByteView{public_key}.subspan(3, long_form ? 2 : 1)));
    while (!rest.empty()) {
        const std::uint8_t found = rest[0];
        std::size_t length = rest[1], head = 2;
        if (length > 0x80) {
            head = 2 + (length - 0x80);
            length = big_endian(rest.subspan(2, length - 0x80));
        }
        REQUIRE(rest.size() >= head + length);
        if (found == tag)
            return {rest.begin() + static_cast<std::ptrdiff_t>(head),
                    rest.begin() + static_cast<std::ptrdiff_t>(head + length)};
        rest = rest.subspan(head + length);
    }
    FAIL("no object " << unsigned{tag});
    return {};
}

bool ec_verifies(const std::string& curve, const Bytes& public_key, const Bytes& data, const Bytes& signature,
                 const std::string& padding) {
    const Botan::EC_Group group{curve};
    const Bytes point = part_of(public_key, 0x86);
    const Botan::ECDSA_PublicKey key{group, group.OS2ECP(point.data(), point.size())};
    Botan::PK_Verifier verifier{key, padding, Botan::DER_SEQUENCE};
    return verifier.verify_message(data.data(), data.size(), signature.data(), signature.size());
}

bool rsa_verifies(const Bytes& public_key, const Bytes& data, const Bytes& signature,
                  const std::string& padding) {
    const Bytes n = part_of(public_key, 0x81), e = part_of(public_key, 0x82);
    const Botan::RSA_PublicKey key{Botan::BigInt{n.data(), n.size()}, Botan::BigInt{e.data(), e.size()}};
    Botan::PK_Verifier verifier{key, padding};
    return verifier.verify_message(data.data(), data.size(), signature.data(), signature.size());
}

}  // namespace kartsaz::sim::test
