// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "apdu/error.h"
#include "tests/unit/cmp/mock_ca.h"

namespace kartsaz::test {
namespace {

using Catch::Matchers::Contains;

keys::SecretBytes secret(std::string_view text) {
    return keys::SecretBytes{to_bytes(text)};
}

keys::CmpOptions options(const MockPki& pki, const std::string& url) {
    keys::CmpOptions out;
    out.server = url;
    out.reference = "kartsaz";
    out.secret = secret("hello");
    out.trusted = {pki.certificate("ca")};
    out.issuer = pki.certificate("ca");
    out.message_seconds = 3;
    return out;
}

std::vector<std::string> by_secret(const MockPki& pki, const std::string& answer = "holder") {
    return {"-srv_ref", "kartsaz", "-srv_secret", "pass:hello", "-rsp_cert", pki.path(answer + ".pem")};
}

std::vector<std::string> with(std::vector<std::string> some, const std::vector<std::string>& more) {
    some.insert(some.end(), more.begin(), more.end());
    return some;
}

struct Fault {
    Errc code = Errc::internal;
    std::string text;
};

Fault fault_of(keys::CmpOptions wanted, const MockPki& pki) {
    std::size_t kept = 0;
    keys::CmpSource source{std::move(wanted), [&](const auto&, const auto&) { ++kept; }};
    try {
        source.certificate(pki.order());
    } catch (const Error& error) {
        CHECK(kept == 0);
        return {error.code(), error.what()};
    }
    FAIL("a certificate was taken");
    return {};
}

}  // namespace

TEST_CASE("CMP: OpenSSL's mock server gives the certificate, and it is kept before it is confirmed") {
    const MockPki pki;
    const auto expected = pki.certificate("holder");
    std::vector<Bytes> kept;
    const auto keep = [&](const keys::CertificateOrder& order, const Bytes& der) {
        CHECK(order.chip == "chip-1");
        kept.push_back(der);
    };
    SECTION("messages protected by a shared secret") {
        const MockServer server{pki, by_secret(pki)};
        CHECK(keys::CmpSource{options(pki, server.url()), keep}.certificate(pki.order()) == expected);
    }
    SECTION("messages signed by the registration authority, answers by the CA") {
        const MockServer server{pki,
                                {"-srv_cert", pki.path("ca.pem"), "-srv_key", pki.path("ca.key"), "-rsp_cert",
                                 pki.path("holder.pem")}};
        auto wanted = options(pki, server.url());
        wanted.secret = {};
        wanted.reference.clear();
        std::string pem = faults::text_of(pki.path("ra.key")) + faults::text_of(pki.path("ra.pem"));
        wanted.ra = keys::identity_from_pem(secret(pem), "registration authority");
        CHECK(keys::CmpSource{std::move(wanted), keep}.certificate(pki.order()) == expected);
    }
    SECTION("after a delay, by polling") {
        const MockServer server{pki, with(by_secret(pki), {"-poll_count", "1", "-check_after", "1"})};
        CHECK(keys::CmpSource{options(pki, server.url()), keep}.certificate(pki.order()) == expected);
    }
    REQUIRE(kept.size() == 1);
    CHECK(kept.front() == expected);
}

TEST_CASE("CMP: what the CA refuses, delays or cannot be asked is told apart, and nothing is kept") {
    const MockPki pki;
    SECTION("refused") {
        const MockServer server{pki, with(by_secret(pki), {"-pkistatus", "2", "-failure", "2"})};
        const auto fault = fault_of(options(pki, server.url()), pki);
        CHECK(fault.code == Errc::keys_failed);
        CHECK_THAT(fault.text, Contains("the CA refused") && Contains("badRequest"));
    }
    SECTION("an error message") {
        const MockServer server{pki, with(by_secret(pki), {"-send_error"})};
        const auto fault = fault_of(options(pki, server.url()), pki);
        CHECK(fault.code == Errc::keys_failed);
        CHECK_THAT(fault.text, Contains("the CA refused"));
    }
    SECTION("not decided in time") {
        const MockServer server{pki, with(by_secret(pki), {"-poll_count", "9", "-check_after", "1"})};
        auto wanted = options(pki, server.url());
        wanted.message_seconds = 1;
        wanted.total_seconds = 1;
        const auto fault = fault_of(std::move(wanted), pki);
        CHECK(fault.code == Errc::interrupted);
        CHECK_THAT(fault.text, Contains("has not decided within 1 s"));
    }
    SECTION("nobody there") {
        std::string url;
        { url = NonsenseServer{""}.url(); }
        const auto fault = fault_of(options(pki, url), pki);
        CHECK(fault.code == Errc::interrupted);
        CHECK_THAT(fault.text, Contains("no usable answer"));
    }
    SECTION("the wrong secret") {
        const MockServer server{pki, by_secret(pki)};
        auto wanted = options(pki, server.url());
        wanted.secret = secret("hallo");
        CHECK(fault_of(std::move(wanted), pki).code == Errc::keys_failed);
    }
    SECTION("answers without protection") {
        const MockServer server{pki, with(by_secret(pki), {"-send_unprotected"})};
        const auto fault = fault_of(options(pki, server.url()), pki);
        CHECK(fault.code == Errc::keys_failed);
        CHECK_THAT(fault.text, Contains("cannot be trusted"));
    }
}

TEST_CASE("CMP: a certificate that is not what was ordered is not confirmed") {
    const MockPki pki;
    const std::string right = "/C=IR/CN=Citizen/serialNumber=0012345679";
    const std::string usage = "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,";
    const auto answer_of = [&] {
        const MockServer server{pki, by_secret(pki, "bad")};
        const auto fault = fault_of(options(pki, server.url()), pki);
        CHECK(fault.code == Errc::keys_failed);
        return fault.text;
    };
    SECTION("another key") {
        pki.issue("bad", "other.key", right, usage + "nonRepudiation\n");
        CHECK_THAT(answer_of(), Contains("key"));
    }
    SECTION("another usage") {
        pki.issue("bad", "holder.key", right, usage + "digitalSignature\n");
        CHECK_THAT(answer_of(), Contains("contentCommitment"));
    }
    SECTION("another citizen") {
        pki.issue("bad", "holder.key", "/C=IR/CN=Citizen/serialNumber=0012345687",
                  usage + "nonRepudiation\n");
        CHECK_THAT(answer_of(), Contains("serialNumber"));
    }
    SECTION("a CA's") {
        pki.issue("bad", "holder.key", right, "basicConstraints=critical,CA:TRUE\n");
        CHECK_THAT(answer_of(), Contains("CA's certificate"));
    }
}

TEST_CASE("CMP: a certificate that could not be kept is not taken") {
    const MockPki pki;
    const MockServer server{pki, by_secret(pki)};
    keys::CmpSource source{options(pki, server.url()), [](const auto&, const auto&) {
                               throw Error{Errc::store_failed, "disk full"};
                           }};
    try {
        source.certificate(pki.order());
        FAIL("taken");
    } catch (const Error& error) {
        CHECK(error.code() == Errc::store_failed);
        CHECK(std::string{error.what()} == "disk full");
    }
}

TEST_CASE("CMP: a certificate is revoked by a revocation request") {
    const MockPki pki;
    const MockServer server{pki, by_secret(pki)};
    keys::CmpSource source{options(pki, server.url())};
    CHECK_NOTHROW(source.revoke(pki.certificate("holder"), 4));
    const MockServer refusing{pki, with(by_secret(pki), {"-pkistatus", "2"})};
    keys::CmpSource refused{options(pki, refusing.url())};
    CHECK_THROWS_AS(refused.revoke(pki.certificate("holder"), 4), Error);
}

TEST_CASE("CMP: nonsense instead of an answer is an error in words, never a certificate") {
    const MockPki pki;
    const std::string head = "HTTP/1.0 200 OK\r\nContent-Type: application/pkixcmp\r\n";
    const std::vector<std::string> answers{
        "",
        "\r\n\r\n",
        "SSH-2.0-OpenSSH_9.2\r\n",
        "HTTP/1.0 200 OK\r\nContent-Type: text/html\r\nContent-Length: 4\r\n\r\n<ht>",
        "HTTP/1.0 500 Internal Server Error\r\n\r\n",
        "HTTP/1.0 404 Not Found\r\nContent-Length: 0\r\n\r\n",
        head + "Content-Length: 0\r\n\r\n",
        head + "Content-Length: 5\r\n\r\n0\x03\x02\x01",
        head + "Content-Length: 4\r\n\r\n\x30\x82\xFF\xFF",
        head + "Content-Length: 2147483647\r\n\r\n\x30\x84\x7F\xFF\xFF\xF0",
        head + "Content-Length: -1\r\n\r\n0",
        head + "Content-Length: 6\r\n\r\n\x30\x80\x30\x80\x30\x80",
        head + "Content-Length: 2\r\n\r\n\x30" + std::string(1, '\0'),
    };
    for (const auto& answer : answers) {
        CAPTURE(answer);
        const NonsenseServer server{answer};
        const auto fault = fault_of(options(pki, server.url()), pki);
        CHECK((fault.code == Errc::interrupted || fault.code == Errc::keys_failed));
        CHECK_THAT(fault.text, Contains(server.url()) && !Contains("hello"));
    }
}

TEST_CASE("CMP: options that contradict each other are named") {
    const MockPki pki;
    const auto refused = [&](auto change, const std::string& word) {
        auto wanted = options(pki, "http://localhost:1/");
        change(wanted);
        try {
            const keys::CmpSource source{std::move(wanted)};
            FAIL("taken: " << word);
        } catch (const Error& error) {
            CHECK(error.code() == Errc::input_invalid);
            CHECK_THAT(error.what(), Contains(word));
        }
    };
    refused([](auto& o) { o.server.clear(); }, "server");
    refused([](auto& o) { o.server = "ftp://x/"; }, "server");
    refused([](auto& o) { o.server = "http://host:99999999/"; }, "server");
    refused([](auto& o) { o.server = "https://host/"; }, "https");
    refused([](auto& o) { o.secret = {}; }, "RA identity");
    refused([](auto& o) { o.reference.clear(); }, "reference");
    refused([](auto& o) { o.trusted.clear(); }, "trusted");
    refused([](auto& o) { o.trusted = {Bytes{0x30, 0x03}}; }, "trusted");
    refused([](auto& o) { o.issuer = Bytes{0x00}; }, "issuer");
    refused([](auto& o) { o.issuer.clear(); }, "recipient");
    refused([](auto& o) { o.recipient = "CN=x"; }, "recipient");
    refused([](auto& o) { o.recipient = "/CN="; }, "offset 1");
    refused([](auto& o) { o.recipient = "/NOSUCHTYPE=x"; }, "NOSUCHTYPE");
    refused([](auto& o) { o.total_seconds = 0; }, "total_seconds");
}

}  // namespace kartsaz::test
