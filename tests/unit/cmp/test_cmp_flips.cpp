// SPDX-License-Identifier: Apache-2.0
// A right answer with one byte changed on its way.
#include <catch2/catch.hpp>

#include "apdu/error.h"
#include "tests/unit/cmp/mock_ca.h"

namespace kartsaz::test {
namespace {

keys::CmpOptions by_relay(const MockPki& pki, const std::string& url) {
    keys::CmpOptions out;
    out.server = url;
    out.reference = "kartsaz";
    out.secret = keys::SecretBytes{to_bytes("hello")};
    out.trusted = {pki.certificate("ca")};
    out.issuer = pki.certificate("ca");
    out.message_seconds = 2;
    return out;
}

}  // namespace

TEST_CASE("CMP: a right answer with any byte changed gives the right certificate or none") {
    const MockPki pki;
    const auto right = pki.certificate("holder");
    std::size_t size = 0, refused = 0, taken = 0;
    for (std::size_t offset = 0; offset == 0 || offset < size; offset += 5) {
        // a server of its own: one that waits for a confirmation answers no other request
        const MockServer server{
            pki, {"-srv_ref", "kartsaz", "-srv_secret", "pass:hello", "-rsp_cert", pki.path("holder.pem")}};
        FlippingRelay relay{server.url()};
        relay.flip(offset);
        std::vector<Bytes> kept;
        keys::CmpSource source{by_relay(pki, relay.url()),
                               [&](const auto&, const Bytes& der) { kept.push_back(der); }};
        INFO("byte " << offset);
        try {
            const auto got = source.certificate(pki.order());
            CHECK(got == right);
            ++taken;
        } catch (const Error& error) {
            CHECK((error.code() == Errc::keys_failed || error.code() == Errc::interrupted));
            ++refused;
        }
        for (const auto& der : kept) CHECK(der == right);
        CHECK(relay.answers() >= 1);
        size = relay.first_size();
    }
    CHECK(size > 500);
    // nearly all of an answer is protected; certificates sent beside it are not
    CHECK(refused > 0);
    INFO("refused " << refused << ", taken " << taken);
    CHECK(refused + taken == (size + 4) / 5);
}

}  // namespace kartsaz::test
