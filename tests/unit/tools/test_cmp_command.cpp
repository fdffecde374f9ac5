// SPDX-License-Identifier: Apache-2.0
// A card whose certificate comes by CMP, as a station asks for it: `--cmp FILE`. The other side is OpenSSL's
// mock server, which gives one certificate that was made before; so the first call of each card is refused,
// and the key that the card made is certified by the openssl program.
#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <sys/stat.h>

#include <sstream>

#include "tests/unit/cmp/mock_ca.h"
#include "tests/unit/tools/program.h"

namespace kartsaz::test {
namespace {

using Catch::Contains;
namespace fs = std::filesystem;

const std::string call =
    "personalize record/record.json -r sim:card.body -p signature --journal journal --cmp cmp.json --json";

std::vector<std::string> by_secret(const MockPki& pki, const std::string& answer,
                                   const std::vector<std::string>& more = {}) {
    std::vector<std::string> out{"-srv_ref",   "kartsaz",   "-srv_secret",
                                 "pass:hello", "-rsp_cert", pki.path(answer + ".pem")};
    out.insert(out.end(), more.begin(), more.end());
    return out;
}

std::string unwrapped(const std::string& text) {
    std::istringstream in{text};
    std::string out;
    for (std::string word; in >> word;) out += out.empty() ? word : " " + word;
    return out;
}

/// A blank card, and the file that describes the CA.
struct CmpDesk {
    MockPki pki;
    Desk desk;

    CmpDesk() {
        desk.write("secret", "hello\n");
        ::chmod((desk / "secret").c_str(), 0600);
        fs::copy_file(pki.path("ca.pem"), desk / "ca.pem");
        REQUIRE(desk.run("sim new --like isoapplet card.body").code == 0);
    }
    void describe(const std::string& url, int seconds = 3) const {
        desk.write("cmp.json",
                   fmt::format(R"({{"server": "{}", "reference": "kartsaz", "secret_file": "secret",
            "trusted": "ca.pem", "issuer": "ca.pem", "message_seconds": {}, "total_seconds": {}}})",
                               url, seconds, seconds));
    }
    Outcome ask(const std::string& url, int seconds = 3) const {
        describe(url, seconds);
        return desk.run(call);
    }
    /// The card's key certified: right.pem. A copy of the card asks an offline CA, whose spool gives the
    /// request.
    void certify() const {
        fs::copy_file(desk / "card.body", desk / "copy.body");
        fs::copy(desk / "journal", desk / "copy", fs::copy_options::recursive);
        const auto asked = desk.run(
            "personalize record/record.json -r sim:copy.body -p signature --journal copy --spool spool "
            "--ca-certificate ca.pem");
        INFO(asked.err);
        REQUIRE(asked.code == 8);
        std::string request;
        for (const auto& entry : fs::directory_iterator{desk / "spool"}) {
            if (entry.path().string().ends_with(".csr.pem")) request = entry.path().string();
        }
        desk.write("extensions", "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,nonRepudiation\n");
        pki.openssl({"x509", "-req", "-in", request, "-CA", pki.path("ca.pem"), "-CAkey", pki.path("ca.key"),
                     "-out", pki.path("right.pem"), "-days", "1200", "-extfile",
                     (desk / "extensions").string()});
        fs::remove_all(desk / "spool");
        fs::remove_all(desk / "copy");
    }
    /// The card is left with its key and without a certificate.
    void refuse_first() const {
        const MockServer server{pki, by_secret(pki, "holder", {"-pkistatus", "2", "-failure", "2"})};
        const auto refused = ask(server.url());
        CHECK(refused.code == 6);
        CHECK_THAT(unwrapped(refused.err), Contains("the CA refused") && Contains("badRequest"));
    }
    std::size_t waiting() const {
        return desk.run("ca pending --ca-folder journal/ca --json").json().at("waiting").size();
    }
    /// The same call with a CA that answers: one certificate, and nothing left to do.
    void complete() const {
        const MockServer server{pki, by_secret(pki, "right")};
        const auto done = ask(server.url());
        INFO(done.err);
        CHECK(done.code == 0);
        const auto again = desk.run(call);
        CHECK(again.code == 0);
        CHECK(again.json().at("steps").empty());
        CHECK(waiting() == 0);
        std::size_t received = 0;
        std::istringstream lines{desk.text("journal/ca/certificates.jsonl")};
        for (std::string line; std::getline(lines, line);) {
            received += line.find("\"received\"") == std::string::npos ? 0 : 1;
        }
        CHECK(received == 1);
    }
};

}  // namespace

TEST_CASE("CMP from the command line: a refused card is completed by the same call, with one certificate") {
    const CmpDesk t;
    t.refuse_first();
    CHECK(t.waiting() == 1);
    t.certify();
    t.complete();
}

TEST_CASE(
    "CMP from the command line: a CA that polls gives the certificate later, within the time or with the "
    "next call") {
    const CmpDesk t;
    t.refuse_first();
    t.certify();
    {
        const MockServer server{t.pki, by_secret(t.pki, "right", {"-poll_count", "9", "-check_after", "1"})};
        const auto late = t.ask(server.url(), 1);
        CHECK(late.code == 8);
        CHECK_THAT(unwrapped(late.err), Contains("has not decided within 1 s; the same call"));
    }
    const MockServer server{t.pki, by_secret(t.pki, "right", {"-poll_count", "1", "-check_after", "1"})};
    const auto polled = t.ask(server.url(), 20);
    INFO(polled.err);
    CHECK(polled.code == 0);
    CHECK(t.waiting() == 0);
}

TEST_CASE(
    "CMP from the command line: garbage, a server that is gone and a foreign certificate leave the card "
    "resumable") {
    const CmpDesk t;
    t.refuse_first();
    t.certify();
    const std::string head = "HTTP/1.0 200 OK\r\nContent-Type: application/pkixcmp\r\n";
    struct Answer {
        std::string text;
        int code;
    };
    const Answer answers[] = {{"SSH-2.0-OpenSSH_9.2\r\n", 8},
                              {"HTTP/1.0 500 Internal Server Error\r\n\r\n", 8},
                              {head + "Content-Length: 4\r\n\r\n\x30\x82\xFF\xFF", 8},
                              {head + "Content-Length: 6\r\n\r\n\x30\x80\x30\x80\x30\x80", 8}};
    for (const auto& answer : answers) {
        INFO(answer.text);
        const NonsenseServer server{answer.text};
        const auto outcome = t.ask(server.url());
        CHECK(outcome.code == answer.code);
        CHECK_THAT(unwrapped(outcome.err), Contains(server.url()) && !Contains("hello"));
    }
    std::string gone;
    { gone = NonsenseServer{""}.url(); }
    const auto nobody = t.ask(gone);
    CHECK(nobody.code == 8);
    CHECK_THAT(unwrapped(nobody.err),
               Contains("no usable answer") && Contains("the same call with the same card"));
    {
        // of a key that is not the card's
        const MockServer server{t.pki, by_secret(t.pki, "holder")};
        const auto foreign = t.ask(server.url());
        CHECK(foreign.code == 6);
        CHECK_THAT(unwrapped(foreign.err), Contains("key"));
    }
    CHECK(t.waiting() == 1);
    t.complete();
}

TEST_CASE("CMP from the command line: a bad file is named with field and rule before the card is asked for") {
    const CmpDesk t;
    struct Bad {
        std::string text;
        std::vector<std::string> told;
        int code = 3;
    };
    const std::string rest =
        R"("reference": "r", "secret_file": "secret", "trusted": "ca.pem", "issuer": "ca.pem")";
    const std::string url = R"("server": "http://localhost:1/", )";
    const auto with = [&](const std::string& more) { return "{" + url + rest + ", " + more + "}"; };
    const Bad all[] = {
        {"", {"no JSON", "offset"}},
        {"[]", {"object"}},
        {"{\"server\": ", {"no JSON", "offset"}},
        {with(R"("colour": 1)"), {"colour", "no such field"}},
        {with(R"("message_seconds": "1")"), {"message_seconds", "1 to 86400"}},
        {with(R"("message_seconds": 0)"), {"message_seconds", "1 to 86400"}},
        {with(R"("message_seconds": 9, "total_seconds": 1)"), {"message_seconds <= total_seconds"}},
        {with(R"("recipient": "CN=x")"), {"recipient"}},
        {with(R"("ra": "citizen-ca")"), {"either", "RA identity"}},
        {"{" + rest + "}", {"server", "missing"}},
        {R"({"server": 1, )" + rest + "}", {"server", "a text expected"}},
        {R"({"server": "ftp://x/", )" + rest + "}", {"server", "http://"}},
        {R"({"server": "http://host:99999999/", )" + rest + "}", {"server"}},
        {R"({"server": "https://host/", )" + rest + "}", {"server", "https"}},
        {"{" + url + R"("secret_file": "secret", "trusted": "ca.pem", "issuer": "ca.pem"})",
         {"reference", "missing"}},
        {"{" + url + R"("reference": "r", "trusted": "ca.pem", "issuer": "ca.pem"})", {"either"}},
        {"{" + url + R"("reference": "r", "secret_file": "secret", "issuer": "ca.pem"})", {"trusted"}},
        {"{" + url + R"("reference": "r", "secret_file": "secret", "trusted": "ca.pem"})", {"recipient"}},
        {"{" + url +
             R"("reference": "r", "secret_file": "nowhere", "trusted": "ca.pem", "issuer": "ca.pem"})",
         {"secret_file", "nowhere"},
         6},
        {"{" + url + R"("reference": "r", "secret_file": "open", "trusted": "ca.pem", "issuer": "ca.pem"})",
         {"secret_file", "open", "chmod 600"},
         6},
        {"{" + url + R"("reference": "r", "secret_file": "secret", "trusted": "secret", "issuer": "ca.pem"})",
         {"trusted", "secret"}},
        {"{" + url + R"("reference": "r", "secret_file": "secret", "trusted": "ca.pem", "issuer": "record"})",
         {"issuer", "record"}},
        {"{" + url + R"("ra": "nobody", "trusted": "ca.pem", "issuer": "ca.pem"})", {"ra", "nobody"}, 6},
    };
    t.desk.write("open", "hello\n");
    ::chmod((t.desk / "open").c_str(), 0644);
    for (const auto& bad : all) {
        INFO(bad.text);
        t.desk.write("cmp.json", bad.text);
        const auto before = t.desk.everything();
        const auto outcome = t.desk.run(call);
        CHECK(outcome.code == bad.code);
        const auto text = unwrapped(outcome.err);
        CHECK_THAT(text, Contains("cmp.json") && !Contains("hello"));
        for (const auto& word : bad.told) CHECK_THAT(text, Contains(word));
        CHECK(t.desk.everything() == before);
    }
    fs::remove(t.desk / "cmp.json");
    CHECK(t.desk.run(call).code == 3);
    fs::create_directory(t.desk / "cmp.json");
    CHECK(t.desk.run(call).code == 3);
}

TEST_CASE(
    "a spool folder's bad answers are named with file and rule, and the right one is taken after them") {
    const CmpDesk t;
    t.refuse_first();
    t.certify();
    const std::string spool =
        "personalize record/record.json -r sim:card.body -p signature --journal journal --spool spool "
        "--ca-certificate ca.pem";
    REQUIRE(t.desk.run(spool).code == 8);
    std::string id;
    for (const auto& entry : fs::directory_iterator{t.desk / "spool"}) {
        const auto name = entry.path().filename().string();
        if (name.ends_with(".csr.pem")) id = name.substr(0, 40);
    }
    const auto answer = [&](const std::string& text) {
        t.desk.write("spool/" + id + ".pem", text);
        const auto outcome = t.desk.run(spool);
        CHECK_THAT(unwrapped(outcome.err), Contains("spool/" + id + ".pem"));
        CHECK(outcome.code == 6);
        return unwrapped(outcome.err);
    };
    CHECK_THAT(answer(""), Contains("cannot be read"));
    CHECK_THAT(answer("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
               Contains("cannot be read"));
    CHECK_THAT(answer(std::string(70'000, 'A')), Contains("65536"));
    CHECK_THAT(answer(faults::text_of(t.pki.path("holder.pem"))),
               Contains("not what was ordered") && Contains("key"));
    // what the station itself wrote there is written anew when it is broken
    for (const auto* file : {".csr.pem", ".json"}) {
        fs::remove(t.desk / ("spool/" + id + ".pem"));
        t.desk.write("spool/" + id + file, "broken");
        const auto outcome = t.desk.run(spool);
        CHECK(outcome.code == 8);
        CHECK_THAT(unwrapped(outcome.err), Contains(id + ".csr.pem"));
    }
    t.desk.write("spool/" + id + ".pem", faults::text_of(t.pki.path("right.pem")));
    const auto done = t.desk.run(spool);
    INFO(done.err);
    CHECK(done.code == 0);
}

}  // namespace kartsaz::test
