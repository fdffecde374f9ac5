// SPDX-License-Identifier: Apache-2.0
#include "scp02_host.h"

#include <algorithm>

#include "libcard/sim/apdu_in.h"

namespace kartsaz::sim::test {
namespace {

Bytes padded(Bytes data) {
    pad(data, 8);
    return data;
}

Bytes last_block(const Bytes& data) {
    return Bytes(data.end() - 8, data.end());
}

Bytes command(const ApduIn& in, std::uint8_t cla, const Bytes& data) {
    Bytes out{cla, in.ins, in.p1, in.p2, static_cast<std::uint8_t>(data.size())};
    append(out, data);
    if (in.ne != 0) out.push_back(0x00);
    return out;
}

}  // namespace

Bytes Scp02Host::session_key(std::uint8_t purpose) const {
    Bytes data = concat({Bytes{0x01, purpose}, counter_});
    data.resize(16);
    return TripleDes{key_}.cbc_encrypt(data);
}

/// From an encrypted ICV, but for the first one.
Bytes Scp02Host::mac(Bytes message) const {
    const Bytes key = session_key(0x01);
    message = padded(std::move(message));
    if (!last_.empty()) {
        Bytes half(key.begin(), key.begin() + 8);
        const Bytes icv = TripleDes{concat({half, half})}.cbc_encrypt(last_);
        for (std::size_t at = 0; at < 8; ++at) message[at] ^= icv[at];
    }
    return TripleDes{key}.retail_mac(message);
}

unsigned Scp02Host::open(Body& body, std::uint8_t level, std::uint8_t version) {
    const Bytes host(8, 0x5A);
    const Reply reply = test::send(body, concat({Bytes{0x80, 0x50, version, 0x00, 0x08}, host, Bytes{0x00}}));
    init_response = reply.data;
    if (reply.sw != 0x9000) return reply.sw;
    const ByteView answer{reply.data};
    counter_ = concat({answer.subspan(12, 2)});
    last_.clear();
    level_ = level;
    const Bytes message = concat({answer.subspan(12, 8), host});
    Bytes data = last_block(TripleDes{session_key(0x82)}.cbc_encrypt(padded(message)));
    if (spoil_cryptogram) data[0] ^= 1;
    const Bytes header{0x84, 0x82, level, 0x00, 0x10};
    last_ = mac(concat({header, data}));
    append(data, last_);
    if (spoil_mac) data.back() ^= 1;
    authentication = concat({header, data});
    return test::send(body, authentication).sw;
}

Bytes Scp02Host::protect(std::string_view hex) {
    if (level_ == 0) return from_hex(hex);
    const ApduIn in = *parse_apdu(from_hex(hex));
    const auto cla = static_cast<std::uint8_t>(in.cla | 0x04);
    const auto lc = static_cast<std::uint8_t>(in.data.size() + 8);
    last_ = mac(concat({Bytes{cla, in.ins, in.p1, in.p2, lc}, in.data}));
    Bytes data = in.data;
    if ((level_ & 2) != 0 && !data.empty()) {
        data = TripleDes{session_key(0x82)}.cbc_encrypt(padded(data));
    }
    append(data, last_);
    return command(in, cla, data);
}

Reply Scp02Host::send(Body& body, std::string_view hex) {
    return test::send(body, protect(hex));
}

Bytes Scp02Host::put_key_data(std::uint8_t version, const Bytes& fresh) const {
    const TripleDes dek{session_key(0x81)};
    Bytes kcv = TripleDes{fresh}.cbc_encrypt(Bytes(8, 0));
    kcv.resize(3);
    Bytes out{version};
    for (int key = 0; key < 3; ++key) {
        append(out, Bytes{0x80, 0x10});
        // block by block: electronic code book
        append(out, dek.cbc_encrypt(ByteView{fresh}.first(8)));
        append(out, dek.cbc_encrypt(ByteView{fresh}.subspan(8)));
        out.push_back(3);
        append(out, kcv);
    }
    return out;
}

}  // namespace kartsaz::sim::test
