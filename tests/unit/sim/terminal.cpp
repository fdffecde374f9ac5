// SPDX-License-Identifier: Apache-2.0
#include "terminal.h"

#include <botan/auto_rng.h>
#include <botan/bigint.h>
#include <botan/ec_group.h>
#include <botan/point_gfp.h>

#include <stdexcept>

#include "libcard/sim/apdu_in.h"

namespace kartsaz::sim::test {
namespace {

Bytes kdf(const Bytes& secret, std::uint8_t counter) {
    Bytes out = sha1(concat({secret, Bytes{0, 0, 0, counter}}));
    out.resize(16);
    return out;
}
Bytes padded(Bytes data, std::size_t block) {
    pad(data, block);
    return data;
}
/// The same command with another data field; short or extended as `extended` says.
Bytes build(const ApduIn& in, std::uint8_t cla, const Bytes& data, bool le) {
    Bytes out{cla, in.ins, in.p1, in.p2};
    if (in.extended) out.push_back(0);
    append(out, big_endian(data.size(), in.extended ? 2 : 1));
    append(out, data);
    if (le) append(out, in.extended ? Bytes{0, 0} : Bytes{0});
    return out;
}
ApduIn parsed(std::string_view hex) {
    auto in = parse_apdu(from_hex(hex));
    if (!in) throw std::runtime_error{"the test's own command is malformed"};
    return *in;
}
const Bytes mrz_information = to_bytes("L898902C<369080619406236");

}  // namespace

Reply reply_of(const Bytes& wire) {
    if (wire.size() < 2) throw std::runtime_error{"a response of less than two bytes"};
    return {Bytes(wire.begin(), wire.end() - 2), static_cast<unsigned>(big_endian(ByteView{wire}.last(2)))};
}
Reply send(Body& body, const Bytes& wire) {
    return reply_of(body.transmit(wire));
}
Reply send(Body& body, std::string_view hex) {
    return send(body, from_hex(hex));
}
unsigned sw(Body& body, std::string_view hex) {
    return send(body, hex).sw;
}

Bytes transport_key() {
    return from_hex("404142434445464748494A4B4C4D4E4F");
}
Bytes access_seed() {
    return sha1(mrz_information);
}

Bytes ScpHost::derive(const Bytes& key, std::uint8_t constant, std::size_t size) const {
    Bytes out;
    for (std::uint8_t i = 1; out.size() < size; ++i) {
        Bytes input(11, 0);
        append(input, Bytes{constant, 0, static_cast<std::uint8_t>(size / 32),
                            static_cast<std::uint8_t>(size * 8), i});
        append(input, context_);
        append(out, Aes{key}.cmac({input}));
    }
    out.resize(size);
    return out;
}

unsigned ScpHost::open(Body& body, std::uint8_t level, std::uint8_t version, std::size_t size) {
    const Bytes host(size, 0x5A);
    Bytes init{0x80, 0x50, version, 0x00, static_cast<std::uint8_t>(size)};
    append(init, host);
    init.push_back(0);
    const Reply reply = test::send(body, init);
    init_response = reply.data;
    if (reply.sw != 0x9000) return reply.sw;
    mac_ = size;
    context_ = concat({host, ByteView{reply.data}.subspan(13, size)});
    s_enc_ = derive(key_, 4, key_.size());
    s_mac_ = derive(key_, 6, key_.size());
    s_rmac_ = derive(key_, 7, key_.size());
    chaining_.assign(16, 0);
    counter_ = 0;
    level_ = 0;
    Bytes cryptogram = derive(s_mac_, 1, size);
    if (spoil_cryptogram) cryptogram[0] ^= 1;
    Bytes command{0x84, 0x82, level, 0x00, static_cast<std::uint8_t>(2 * size)};
    append(command, cryptogram);
    chaining_ = Aes{s_mac_}.cmac({chaining_, command});
    append(command, ByteView{chaining_}.first(size));
    const unsigned word = test::send(body, command).sw;
    level_ = level;
    return word;
}

Bytes ScpHost::iv(std::uint8_t first) const {
    Bytes block(8, 0);
    block[0] = first;
    append(block, big_endian(counter_, 8));
    return Aes{s_enc_}.block(block);
}

Bytes ScpHost::protect(std::string_view hex) {
    const ApduIn in = parsed(hex);
    if ((level_ & 1) == 0) return from_hex(hex);
    Bytes data = in.data;
    if ((level_ & 2) != 0) {
        ++counter_;
        if (!data.empty()) data = Aes{s_enc_}.cbc_encrypt(iv(0), padded(data, 16));
    }
    const auto cla = static_cast<std::uint8_t>(in.cla | 0x04);
    Bytes with_room = data;
    with_room.resize(data.size() + mac_);
    const Bytes whole = build(in, cla, with_room, false);
    chaining_ = Aes{s_mac_}.cmac({chaining_, ByteView{whole}.first(whole.size() - mac_)});
    append(data, ByteView{chaining_}.first(mac_));
    return build(in, cla, data, in.ne != 0);
}

Reply ScpHost::unprotect(const Bytes& wire) {
    Reply reply = reply_of(wire);
    const bool good = reply.sw == 0x9000 || reply.sw >> 8 == 0x62 || reply.sw >> 8 == 0x63;
    if ((level_ & 0x10) == 0 || !good) return reply;
    if (reply.data.size() < mac_) throw std::runtime_error{"no R-MAC"};
    const Bytes mac(reply.data.end() - static_cast<std::ptrdiff_t>(mac_), reply.data.end());
    reply.data.resize(reply.data.size() - mac_);
    const Bytes full = Aes{s_rmac_}.cmac({chaining_, reply.data, big_endian(reply.sw, 2)});
    if (!same(ByteView{full}.first(mac_), mac)) throw std::runtime_error{"wrong R-MAC"};
    if ((level_ & 0x20) != 0 && !reply.data.empty()) {
        reply.data = Aes{s_enc_}.cbc_decrypt(iv(0x80), reply.data);
        if (!unpad(reply.data)) throw std::runtime_error{"no padding in the response"};
    }
    return reply;
}

Reply ScpHost::send(Body& body, std::string_view hex) {
    return unprotect(body.transmit(protect(hex)));
}

Bytes ScpHost::put_key_data(std::uint8_t version, const Bytes& fresh) const {
    Bytes out{version};
    Bytes block = fresh;
    block.resize((fresh.size() + 15) / 16 * 16);
    Bytes kcv = Aes{fresh}.block(Bytes(16, 1));
    kcv.resize(3);
    for (int key = 0; key < 3; ++key) {
        append(out, Bytes{0x88, static_cast<std::uint8_t>(block.size() + 1),
                          static_cast<std::uint8_t>(fresh.size())});
        append(out, Aes{key_}.cbc_encrypt({}, block));
        out.push_back(3);
        append(out, kcv);
    }
    return out;
}

SmHost::SmHost(bool aes, Bytes enc, Bytes mac, Bytes ssc)
    : aes_{aes}, enc_{std::move(enc)}, mac_{std::move(mac)}, ssc_{std::move(ssc)} {}

void SmHost::count() {
    for (auto at = ssc_.size(); at-- > 0 && ++ssc_[at] == 0;) {
    }
}
Bytes SmHost::mac(const Bytes& data) {
    Bytes full = aes_ ? Aes{mac_}.cmac({data}) : TripleDes{mac_}.retail_mac(data);
    full.resize(8);
    return full;
}

Bytes SmHost::protect(std::string_view hex) {
    const ApduIn in = parsed(hex);
    count();
    Bytes objects;
    if (!in.data.empty()) {
        const Bytes plain = padded(in.data, ssc_.size());
        const Bytes cipher =
            aes_ ? Aes{enc_}.cbc_encrypt(Aes{enc_}.block(ssc_), plain) : TripleDes{enc_}.cbc_encrypt(plain);
        objects = object(0x87, concat({Bytes{1}, cipher}));
    }
    if (in.ne != 0) append(objects, object(0x97, in.extended ? big_endian(in.ne, 2) : big_endian(in.ne, 1)));
    const auto cla = static_cast<std::uint8_t>(in.cla | 0x0C);
    Bytes covered = padded(concat({ssc_, Bytes{cla, in.ins, in.p1, in.p2}}), ssc_.size());
    if (!objects.empty()) append(covered, padded(objects, ssc_.size()));
    append(objects, object(0x8E, mac(covered)));
    return build(in, cla, objects, true);
}

Reply SmHost::unprotect(const Bytes& wire) {
    const Reply reply = reply_of(wire);
    if (reply.data.empty()) return reply;
    count();
    ByteView rest{reply.data};
    Reply out;
    std::size_t covered_size = 0;
    Bytes cipher, checksum;
    while (const auto next = take_object(rest)) {
        if (next->tag == 0x87) cipher.assign(next->value.begin() + 1, next->value.end());
        if (next->tag == 0x99) out.sw = static_cast<unsigned>(big_endian(next->value));
        if (next->tag == 0x8E) checksum.assign(next->value.begin(), next->value.end());
        if (next->tag != 0x8E) covered_size = reply.data.size() - rest.size();
    }
    const Bytes covered = padded(concat({ssc_, ByteView{reply.data}.first(covered_size)}), ssc_.size());
    if (!same(mac(covered), checksum)) throw std::runtime_error{"wrong checksum of a protected response"};
    if (out.sw != reply.sw) throw std::runtime_error{"inner and outer status word differ"};
    if (!cipher.empty()) {
        out.data =
            aes_ ? Aes{enc_}.cbc_decrypt(Aes{enc_}.block(ssc_), cipher) : TripleDes{enc_}.cbc_decrypt(cipher);
        if (!unpad(out.data)) throw std::runtime_error{"no padding in a protected response"};
    }
    return out;
}

Reply SmHost::send(Body& body, std::string_view hex) {
    return unprotect(body.transmit(protect(hex)));
}

std::unique_ptr<SmHost> open_bac(Body& body, const Bytes& seed, unsigned* why) {
    const Bytes secret(seed.begin(), seed.begin() + 16);
    const auto refused = [why](unsigned word) {
        if (why != nullptr) *why = word;
        return nullptr;
    };
    const Reply challenge = test::send(body, "0084000008");
    if (challenge.sw != 0x9000) return refused(challenge.sw);
    const Bytes rnd_ifd(8, 0x11), k_ifd(16, 0x22);
    Bytes data = TripleDes{kdf(secret, 1)}.cbc_encrypt(concat({rnd_ifd, challenge.data, k_ifd}));
    append(data, TripleDes{kdf(secret, 2)}.retail_mac(padded(data, 8)));
    const Reply reply = test::send(body, "0082000028" + to_hex(data) + "28");
    if (reply.sw != 0x9000) return refused(reply.sw);
    const Bytes plain = TripleDes{kdf(secret, 1)}.cbc_decrypt(ByteView{reply.data}.first(32));
    if (!same(ByteView{plain}.first(8), challenge.data)) return refused(0);
    Bytes shared(16);
    for (std::size_t i = 0; i < 16; ++i) shared[i] = k_ifd[i] ^ plain[16 + i];
    const Bytes ssc = concat({ByteView{challenge.data}.last(4), ByteView{rnd_ifd}.last(4)});
    return std::make_unique<SmHost>(false, kdf(shared, 1), kdf(shared, 2), ssc);
}

std::unique_ptr<SmHost> open_pace(Body& body, const Bytes& seed, unsigned* why) {
    const auto exchange = [&](const std::string& cla, const Bytes& inner, Bytes* value) {
        const Bytes data = object(0x7C, inner);
        const Reply reply =
            test::send(body, cla + "860000" + to_hex(big_endian(data.size(), 1)) + to_hex(data) + "00");
        if (why != nullptr) *why = reply.sw;
        if (reply.sw != 0x9000) return false;
        ByteView rest{reply.data};
        ByteView inside = take_object(rest)->value;
        const auto found = take_object(inside)->value;
        value->assign(found.begin(), found.end());
        return true;
    };
    const unsigned started = sw(body, "0022C1A40F800A04007F00070202040202830101");
    if (why != nullptr) *why = started;
    if (started != 0x9000) return nullptr;
    const Botan::EC_Group group{"secp256r1"};
    Botan::AutoSeeded_RNG rng;
    std::vector<Botan::BigInt> workspace;
    const auto encoded = [](const Botan::PointGFp& point) {
        const auto bytes = point.encode(Botan::PointGFp::UNCOMPRESSED);
        return Bytes{bytes.begin(), bytes.end()};
    };
    Bytes z, card_map, card_key, token;
    if (!exchange("10", {}, &z)) return nullptr;
    const Bytes nonce = Aes{kdf(seed, 3)}.cbc_decrypt({}, z);
    const Botan::BigInt k = group.random_scalar(rng), s{nonce.data(), nonce.size()};
    const Bytes map = encoded(group.blinded_base_point_multiply(k, rng, workspace));
    if (!exchange("10", object(0x81, map), &card_map)) return nullptr;
    const auto h =
        group.blinded_var_point_multiply(group.OS2ECP(card_map.data(), card_map.size()), k, rng, workspace);
    const auto generator = group.blinded_base_point_multiply(s, rng, workspace) + h;
    const Botan::BigInt k2 = group.random_scalar(rng);
    const Bytes mine = encoded(group.blinded_var_point_multiply(generator, k2, rng, workspace));
    if (!exchange("10", object(0x83, mine), &card_key)) return nullptr;
    const auto shared =
        group.blinded_var_point_multiply(group.OS2ECP(card_key.data(), card_key.size()), k2, rng, workspace);
    Bytes secret(32);
    Botan::BigInt::encode_1363(secret.data(), 32, shared.get_affine_x());
    const Bytes oid = from_hex("060A04007F00070202040202");
    const auto token_of = [&](const Bytes& key) {
        Bytes full = Aes{kdf(secret, 2)}.cmac({object(0x7F49, concat({oid, object(0x86, key)}))});
        full.resize(8);
        return full;
    };
    if (!exchange("00", object(0x85, token_of(card_key)), &token)) return nullptr;
    if (token != token_of(mine)) throw std::runtime_error{"the card's PACE token is wrong"};
    return std::make_unique<SmHost>(true, kdf(secret, 1), kdf(secret, 2), Bytes(16, 0));
}

void personalize(Body& body) {
    ScpHost host{transport_key()};
    body.power_on();
    send(body, select_passport);
    const bool secured = host.open(body, 0x03) == 0x9000;
    const auto give = [&](std::string_view hex) {
        const unsigned word = secured ? host.send(body, hex).sw : sw(body, hex);
        if (word != 0x9000)
            throw std::runtime_error{"personalizing: " + to_hex(big_endian(word, 2)) + " to " +
                                     std::string{hex}};
    };
    give("00DA006220 621E 5F1F09 4C38393839303243 3C 5F1F06 363930383036 5F1F06 393430363233");
    give("00E00000066304 0016 011E");
    give("00A4020C02011E");
    give("00D6000016 6014 5F0104 30313037 5F3606 303430303030 5C02 6175");
    give("00E00000066304 0008 0101");
    give("00A4020C020101");
    give("00D6000008 6106 5F1F03 414243");
}

}  // namespace kartsaz::sim::test
