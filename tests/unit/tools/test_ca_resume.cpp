// SPDX-License-Identifier: Apache-2.0
// `ca init --token` killed at each call that changes the token or signs: the same command completes it.
#include <cstdlib>

#include "tests/unit/tools/token_desk.h"

namespace kartsaz::test {
namespace {

using Catch::Contains;

/// Sets a variable for what is started meanwhile.
class Variable {
public:
    Variable(const char* name, const std::string& value) : name_{name} { ::setenv(name, value.c_str(), 1); }
    Variable(const Variable&) = delete;
    Variable& operator=(const Variable&) = delete;
    ~Variable() { ::unsetenv(name_); }

private:
    const char* name_;
};

bool openssl_verifies(const Desk& desk, const std::string& ca, const std::string& certificate) {
    return std::system(fmt::format("cd '{}' && openssl verify -CAfile {} {} > openssl.log 2>&1",
                                   (desk / "").string(), ca, certificate)
                           .c_str()) == 0;
}

}  // namespace

TEST_CASE("authorities whose making is killed at any point are completed by the same command, each once") {
    if (!SoftToken::available()) return;
    const Variable wrapped{"KARTSAZ_WRAPPED", SoftToken::module()};
    std::vector<std::string> points;
    for (const char* moment : {"", ":after"}) {
        for (int n = 1; n <= 3; ++n) {
            points.push_back(fmt::format("C_GenerateKeyPair:{}{}", n, moment));
            points.push_back(fmt::format("C_CreateObject:{}{}", n, moment));
            points.push_back(fmt::format("C_SetAttributeValue:{}{}", 2 * n - 1, moment));
        }
        for (int n = 1; n <= 5; ++n) points.push_back(fmt::format("C_Sign:{}{}", n, moment));
    }
    for (const auto& point : points) {
        INFO(point);
        TokenDesk t;
        t.module = Wrapper::path();
        const std::string command = "ca init ca --algorithm ec-p256";
        {
            const Variable kill{"KARTSAZ_WRAPPER_KILL", point};
            REQUIRE(t.run(command).code == -1);
        }
        const auto again = t.run(command);
        INFO(again.err);
        CHECK(again.code == 0);
        const auto inside = t.run("token show --json").json().at("identities");
        CHECK(inside.size() == 3);
        for (const auto& one : inside) CHECK_FALSE(one.contains("fault"));
        CHECK(t.run("ca list --of csca --ca-folder ca --json").json().at("certificates").size() == 1);
        CHECK(openssl_verifies(t.desk, "ca/csca.pem", "ca/document-signer.pem"));
        CHECK(t.run("ca crl --of csca --ca-folder ca --out csca.crl").code == 0);
        const auto before = t.desk.everything();
        CHECK(t.run(command).code == 6);
        CHECK(t.desk.everything() == before);
    }
}

TEST_CASE("authorities are not taken up in another folder, nor keys of another kind as their own") {
    if (!SoftToken::available()) return;
    const Variable wrapped{"KARTSAZ_WRAPPED", SoftToken::module()};
    TokenDesk t;
    t.module = Wrapper::path();
    {
        const Variable kill{"KARTSAZ_WRAPPER_KILL", "C_CreateObject:2"};
        REQUIRE(t.run("ca init ca --algorithm ec-p256").code == -1);
    }
    const auto elsewhere = t.run("ca init other --algorithm ec-p256");
    CHECK(elsewhere.code == 6);
    CHECK_THAT(unwrapped(elsewhere.err), Contains("its ledger is not in other"));
    CHECK_FALSE(std::filesystem::exists(t.desk / "other"));
    const auto kind = t.run("ca init ca --algorithm ec-p384");
    CHECK(kind.code == 6);
    CHECK_THAT(unwrapped(kind.err), Contains("\"document-signer\"") && Contains("of another algorithm"));
    CHECK(t.run("ca init ca --algorithm ec-p256").code == 0);
}

}  // namespace kartsaz::test
