// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <sys/stat.h>

#include <fstream>

#include "apdu/error.h"
#include "keys/ceremony.h"
#include "keys/check_value.h"
#include "keys/crypto.h"
#include "keys/key_file.h"
#include "tests/support/vectors.h"

namespace kartsaz::keys {
namespace {

using Catch::Contains;
namespace fs = std::filesystem;
using Shares = std::map<std::string, SecretBytes, std::less<>>;

SecretBytes secret(const std::string& hex) {
    return SecretBytes{from_hex(hex)};
}

SecretBytes passphrase(const std::string& text = "open sesame") {
    return SecretBytes{to_bytes(text)};
}

Bytes shown(const SecretBytes& key) {
    return key.reveal([](ByteView bytes) { return Bytes(bytes.begin(), bytes.end()); });
}

CeremonyPlan plan_of(unsigned parts = 3, std::size_t size = 32) {
    CeremonyPlan plan;
    plan.keyset = "issuer";
    plan.version = 0x32;
    plan.diversification = Diversification::kdf3;
    plan.key_size = size;
    plan.parts = parts;
    return new_ceremony(plan);
}

std::vector<Component> components_of(const CeremonyPlan& plan) {
    std::vector<Component> out;
    for (unsigned part = 1; part <= plan.parts; ++part) out.push_back(new_component(plan, part));
    return out;
}

fs::path fresh(const std::string& name) {
    const auto file = test::scratch_dir() / name;
    fs::remove(file);
    return file;
}

template <typename Call>
Error thrown(Call&& call) {
    try {
        call();
    } catch (const Error& error) {
        return error;
    }
    throw std::runtime_error{"nothing was thrown"};
}

}  // namespace

TEST_CASE("the keys of a ceremony are the exclusive or of all components") {
    for (const std::size_t size : {16U, 24U, 32U}) {
        for (const unsigned parts : {2U, 3U, 9U}) {
            const auto components = components_of(plan_of(parts, size));
            const auto keyset = combine(components);
            CHECK(keyset.name == "issuer");
            CHECK(keyset.version == 0x32);
            CHECK(keyset.diversification == Diversification::kdf3);
            for (const std::string role : {"enc", "mac", "dek"}) {
                Bytes expected(size, 0x00);
                for (const auto& component : components) {
                    const auto share = shown(component.keys.at(role));
                    for (std::size_t i = 0; i < size; ++i) expected[i] ^= share[i];
                }
                CHECK(shown(keyset.keys.at(role)) == expected);
            }
        }
    }
}

TEST_CASE("components of one keyset give the same keys in any order") {
    auto components = components_of(plan_of());
    const auto forward = combine(components).kcvs();
    std::swap(components.front(), components.back());
    CHECK(combine(components).kcvs() == forward);
}

TEST_CASE("a known key is made of its printed components") {
    // 4041..4F as share XOR share; the KCV is the published one of the GlobalPlatform default key
    const auto plan = [] {
        CeremonyPlan wanted;
        wanted.keyset = "transport";
        wanted.version = 0x30;
        wanted.parts = 2;
        return new_ceremony(wanted);
    }();
    const std::string one = "0F0E0D0C0B0A09080706050403020100";
    const std::string other = "4F4F4F4F4F4F4F4F4F4F4F4F4F4F4F4F";
    std::vector<Component> parts;
    for (const auto& [number, hex] : {std::pair{1U, one}, std::pair{2U, other}}) {
        Shares shares;
        for (const auto* role : {"enc", "mac", "dek"}) shares.emplace(role, secret(hex));
        parts.push_back(import_component(plan, number, std::move(shares)));
    }
    CHECK(combine(parts).kcvs().at("enc") == "504A77");
}

TEST_CASE("each component alone is another keyset's, so it tells nothing") {
    // with every share but one fixed, the last one decides the key freely
    const auto plan = plan_of(2, 16);
    const auto first = new_component(plan, 1);
    const auto wanted = shown(random_secret(16));
    Shares shares;
    for (const auto& [role, share] : first.keys) {
        auto rest = shown(share);
        for (std::size_t i = 0; i < rest.size(); ++i) rest[i] ^= wanted[i];
        shares.emplace(role, SecretBytes{rest});
    }
    std::vector<Component> parts;
    Shares copy;
    for (const auto& [role, share] : first.keys) copy.emplace(role, share.clone());
    parts.push_back(import_component(plan, 1, std::move(copy)));
    parts.push_back(import_component(plan, 2, std::move(shares)));
    CHECK(shown(combine(parts).keys.at("mac")) == wanted);
}

TEST_CASE("triple-DES keys come out with odd parity, and never as single DES") {
    CeremonyPlan wanted;
    wanted.keyset = "issuer";
    wanted.version = 1;
    wanted.type = KeyType::des3;
    wanted.diversification = Diversification::emv_cps11;
    const auto plan = new_ceremony(wanted);
    for (const auto byte : shown(combine(components_of(plan)).keys.at("enc"))) {
        CHECK(__builtin_popcount(byte) % 2 == 1);
    }
    const auto with = [&](const std::string& hex) {
        Shares shares;
        for (const auto* role : {"enc", "mac", "dek"}) shares.emplace(role, secret(hex));
        return shares;
    };
    std::vector<Component> parts;
    parts.push_back(import_component(plan, 1, with("00112233445566778899AABBCCDDEEFF")));
    // the halves of the result differ in parity bits only
    parts.push_back(import_component(plan, 2, with("01112233445566778999AABBCCDDEEFE")));
    CHECK_THAT(thrown([&] { (void)combine(parts); }).what(), Contains("single DES"));
}

TEST_CASE("components that do not belong together are refused, and the text says why") {
    const auto plan = plan_of(3);
    const auto say = [](const std::vector<Component>& components) {
        const auto error = thrown([&] { (void)combine(components); });
        CHECK(error.code() == Errc::keys_failed);
        return std::string{error.what()};
    };
    CHECK_THAT(say({}), Contains("no components"));
    auto parts = components_of(plan);
    parts.pop_back();
    CHECK_THAT(say(parts), Contains("missing: 3") && Contains(plan.id()));
    parts.push_back(new_component(plan, 2));
    CHECK_THAT(say(parts), Contains("component 2 is there twice"));
    parts.back() = new_component(plan_of(3), 3);
    CHECK_THAT(say(parts), Contains("do not belong together"));

    auto same = components_of(plan);
    Shares copy;
    for (const auto& [role, share] : same[0].keys) copy.emplace(role, share.clone());
    same[1] = import_component(plan, 2, std::move(copy));
    CHECK_THAT(say(same), Contains("components 1 and 2 have the same"));
}

TEST_CASE("shares that cancel each other out make no key") {
    const auto plan = plan_of(3, 16);
    auto parts = components_of(plan);
    Shares shares;
    for (const auto& [role, share] : parts[0].keys) {
        auto bytes = shown(share);
        const auto other = shown(parts[1].keys.at(role));
        for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] ^= other[i];
        shares.emplace(role, SecretBytes{bytes});
    }
    parts[2] = import_component(plan, 3, std::move(shares));
    CHECK_THAT(thrown([&] { (void)combine(parts); }).what(), Contains("key of zeros"));
}

TEST_CASE("a share that cannot be one is not taken") {
    const auto plan = plan_of(2, 16);
    const auto shares = [](const std::string& enc, const std::vector<std::string>& others = {"mac", "dek"}) {
        Shares out;
        out.emplace("enc", secret(enc));
        for (const auto& role : others) out.emplace(role, random_secret(16));
        return out;
    };
    const std::string good = "000102030405060708090A0B0C0D0E0F";
    CHECK_NOTHROW(import_component(plan, 1, shares(good)));
    CHECK(thrown([&] { import_component(plan, 0, shares(good)); }).code() == Errc::usage);
    CHECK(thrown([&] { import_component(plan, 3, shares(good)); }).code() == Errc::usage);
    CHECK_THAT(thrown([&] { import_component(plan, 1, shares(std::string(32, '0'))); }).what(),
               Contains("all zeros"));
    for (const std::size_t size : {0U, 1U, 15U, 17U, 24U, 32U}) {
        CHECK_THAT(thrown([&] { import_component(plan, 1, shares(std::string(2 * size, '7'))); }).what(),
                   Contains("enc: " + std::to_string(size) + " bytes"));
    }
    CHECK_THAT(thrown([&] { import_component(plan, 1, shares(good, {"mac"})); }).what(),
               Contains("share of dek is missing"));
    CHECK(thrown([&] {
              import_component(plan, 1, shares(good, {"mac", "dek", "aa"}));
          }).code() == Errc::usage);
}

TEST_CASE("ceremonies that make no sense are refused") {
    const auto code = [](auto change) {
        auto plan = plan_of();
        change(plan);
        return thrown([&] { (void)new_ceremony(plan); }).code();
    };
    CHECK(code([](auto& p) { p.parts = 1; }) == Errc::usage);
    CHECK(code([](auto& p) { p.parts = 10; }) == Errc::usage);
    CHECK(code([](auto& p) { p.version = 0; }) == Errc::usage);
    CHECK(code([](auto& p) { p.version = 128; }) == Errc::usage);
    CHECK(code([](auto& p) { p.key_size = 20; }) == Errc::usage);
    CHECK(code([](auto& p) { p.type = KeyType::des3; }) == Errc::usage);
    CHECK(code([](auto& p) { p.purpose = KeyPurpose::active_authentication; }) == Errc::usage);
    CHECK(code([](auto& p) { p.purpose = KeyPurpose::key_blocks; }) == Errc::usage);
}

TEST_CASE("a plan comes back from its file, and a changed one is refused") {
    const auto plan = plan_of();
    const auto file = fresh("issuer.ceremony");
    write_plan(file, plan);
    const auto again = read_plan(file);
    CHECK(again.id() == plan.id());
    CHECK(again.in_words() ==
          "issuer version 32, secure channel, AES-256, diversification kdf3, 3 components");
    CHECK(plan_of().id() != plan.id());

    const auto good = nlohmann::json::parse(std::ifstream{file});
    const auto refused = [&](const nlohmann::json& document) {
        const auto bad = fresh("bad.ceremony");
        std::ofstream{bad} << document.dump();
        const auto error = thrown([&] { (void)read_plan(bad); });
        CHECK(error.code() == Errc::input_invalid);
        CHECK_THAT(error.what(), Contains("bad.ceremony"));
        return std::string{error.what()};
    };
    for (const auto& [name, value] :
         std::vector<std::pair<std::string, nlohmann::json>>{{"keyset", "other"},
                                                             {"version", 51},
                                                             {"type", "des3"},
                                                             {"diversification", "none"},
                                                             {"development", true},
                                                             {"key_size", 16},
                                                             {"parts", 2},
                                                             {"purpose", "kbpk"},
                                                             {"nonce", std::string(32, 'A')},
                                                             {"id", "0000000000000000"}}) {
        auto changed = good;
        changed[name] = value;
        INFO(name);
        refused(changed);
        changed.erase(name);
        CHECK_THAT(refused(changed), Contains("\"" + name + "\" is missing"));
    }
    auto more = good;
    more["more"] = 1;
    CHECK_THAT(refused(more), Contains("more: unknown field"));
    more = good;
    more["format"] = "kartsaz-keys-1";
    CHECK_THAT(refused(more), Contains("format"));
}

TEST_CASE("a component comes back from its file with its passphrase only, and is never written over") {
    const auto plan = plan_of(2, 16);
    const auto made = new_component(plan, 2);
    const auto file = fresh("two.part");
    write_component(file, made, passphrase());
    struct stat facts {};
    REQUIRE(::stat(file.c_str(), &facts) == 0);
    CHECK((facts.st_mode & 0777U) == 0600U);
    const auto again = open_component(file, passphrase());
    CHECK(again.part == 2);
    CHECK(again.plan.id() == plan.id());
    CHECK(again.kcvs() == made.kcvs());
    CHECK(again.check() == made.check());
    CHECK(again.keys.at("enc") == made.keys.at("enc"));
    CHECK(thrown([&] { (void)open_component(file, passphrase("close sesame")); }).code() ==
          Errc::keys_failed);
    CHECK(thrown([&] { write_component(file, made, passphrase()); }).code() == Errc::usage);
    const auto text = to_text(test::read_bytes(file));
    CHECK(text.find(to_hex(shown(made.keys.at("enc")))) == std::string::npos);
    CHECK(text.find(plan.id()) == std::string::npos);
}

TEST_CASE("a component file that is cut off or changed is refused at every place") {
    const auto file = fresh("good.part");
    write_component(file, new_component(plan_of(2, 16), 1), passphrase());
    const auto good = test::read_bytes(file);
    const auto bad = test::scratch_dir() / "bad.part";
    for (std::size_t size = 0; size + 2 < good.size(); size += 17) {
        test::write_bytes(bad, ByteView{good}.first(size));
        CHECK(thrown([&] { (void)open_component(bad, passphrase()); }).code() == Errc::input_invalid);
    }
    const auto text = to_text(good);
    const auto at = text.find("\"ciphertext\": \"") + 15;
    for (const std::size_t offset : {at, at + 40, text.find('"', at) - 1}) {
        auto changed = good;
        changed[offset] = changed[offset] == '0' ? '1' : '0';
        test::write_bytes(bad, changed);
        CHECK(thrown([&] { (void)open_component(bad, passphrase()); }).code() == Errc::keys_failed);
    }
}

TEST_CASE("a key file is no component, and a component no key file") {
    const auto component = fresh("one.part");
    write_component(component, new_component(plan_of(2, 16), 1), passphrase());
    CHECK_THAT(thrown([&] { (void)open_key_file(component, passphrase()); }).what(),
               Contains("format: \"kartsaz-keys-1\" expected"));
    const auto keys = fresh("some.keys");
    add_keyset(keys, passphrase(), combine(components_of(plan_of(2, 16))));
    CHECK_THAT(thrown([&] { (void)open_component(keys, passphrase()); }).what(),
               Contains("format: \"kartsaz-component-1\" expected"));
}

TEST_CASE("a keyset goes into a new key file and beside what is in one, but never over a keyset") {
    const auto file = fresh("all.keys");
    auto keyset = combine(components_of(plan_of()));
    const auto expected = keyset.kcvs();
    add_keyset(file, passphrase(), std::move(keyset));
    CHECK(open_key_file(file, passphrase())->keyset("issuer").kcvs() == expected);

    CeremonyPlan transport;
    transport.keyset = "exchange";
    transport.version = 1;
    transport.purpose = KeyPurpose::key_blocks;
    add_keyset(file, passphrase(), combine(components_of(new_ceremony(transport))));
    const auto both = open_key_file(file, passphrase());
    CHECK(both->names() == std::vector<std::string>{"exchange", "issuer"});
    CHECK(both->keyset("issuer").kcvs() == expected);
    CHECK(purpose_of(both->keyset("exchange")) == KeyPurpose::key_blocks);

    const auto error = thrown([&] { add_keyset(file, passphrase(), combine(components_of(plan_of()))); });
    CHECK(error.code() == Errc::keys_failed);
    CHECK_THAT(error.what(), Contains("is there already"));
    CHECK(thrown([&] { add_keyset(file, passphrase("wrong"), combine(components_of(plan_of()))); }).code() ==
          Errc::keys_failed);
    CHECK(open_key_file(file, passphrase())->keyset("issuer").kcvs() == expected);
}

TEST_CASE("blobs of a key file stay when a keyset is added") {
    const auto file = fresh("blobs.keys");
    const std::string pem = "-----BEGIN \\\"X\\\"-----\\nAA\\u0001\\t\\n";
    write_key_file(file,
                   SecretBytes{to_bytes(R"({"keysets":[],"blobs":{"document-signer":")" + pem + R"("}})")},
                   passphrase());
    const auto before = shown(open_key_file(file, passphrase())->blob("document-signer"));
    add_keyset(file, passphrase(), combine(components_of(plan_of(2))));
    CHECK(shown(open_key_file(file, passphrase())->blob("document-signer")) == before);
    CHECK(to_text(before) == "-----BEGIN \"X\"-----\nAA\x01\t\n");
}

TEST_CASE("check values are the published ones in each of the three ways") {
    const auto gp = secret("404142434445464748494A4B4C4D4E4F");
    CHECK(to_hex(check_value(gp, KeyType::aes, CheckMethod::globalplatform)).substr(0, 6) == "504A77");
    CHECK(to_hex(check_value(gp, KeyType::des3, CheckMethod::globalplatform)).substr(0, 6) == "8BAF47");
    // ANSI X9.143-2021, 8.1
    const auto other = secret("3F419E1CB7079442AA37474C2EFBF8B8");
    CHECK(to_hex(check_value(other, KeyType::aes, CheckMethod::cmac)) == "08793E25AB");
    // FIPS 197 key schedule key 2B7E..: AES of zeros
    CHECK(to_hex(check_value(secret("2B7E151628AED2A6ABF7158809CF4F3C"), KeyType::aes, CheckMethod::zeros)) ==
          "7DF76B0C1A");
}

}  // namespace kartsaz::keys
