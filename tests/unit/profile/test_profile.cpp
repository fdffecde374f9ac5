// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "apdu/error.h"
#include "libcard/profile/profile.h"

namespace {

using kartsaz::Errc;
using kartsaz::Error;
using kartsaz::profile::load;
using kartsaz::profile::parse;

std::string fault_of(const std::string& text) {
    try {
        const auto profile = parse(text, "test.toml");
        for (const auto& name : profile.applications) {
            const auto& section = profile.section(name);
            section.choice("channel", "none", {"none", "scp03"});
            section.flag("lock", true);
            section.bytes("aid", "A0000002471001", 5, 16);
            section.integer("size", 1, 1, 10);
            profile.section(name + ".inner").flag("deep", false);
            profile.refuse_unused(name);
        }
    } catch (const Error& error) {
        CHECK(error.code() == Errc::input_invalid);
        return error.what();
    }
    return "";
}

const std::string head = "name = \"x\"\ntitle = \"t\"\napplications = [\"emrtd\"]\n";

}  // namespace

TEST_CASE("the shipped profiles parse and name their applications") {
    const auto shipped = kartsaz::profile::shipped();
    REQUIRE(shipped.size() == 6);
    for (const auto& [name, title] : shipped) {
        const auto profile = load(name);
        CHECK(profile.name == name);
        CHECK_FALSE(title.empty());
        CHECK_FALSE(profile.applications.empty());
        CHECK(profile.digest.size() == 32);
    }
    CHECK(load("national-eid").applications == std::vector<std::string>{"globalplatform", "pkcs15", "emrtd"});
}

TEST_CASE("a table inside an application's is found by both names") {
    const auto profile = parse(head + "[emrtd]\nsize = 3\n[emrtd.inner]\ndeep = true\n", "test.toml");
    CHECK(profile.section("emrtd").integer("size", 1, 1, 10) == 3);
    CHECK(profile.section("emrtd.inner").flag("deep", false));
    CHECK_FALSE(profile.section("emrtd.outer").flag("deep", false));
    CHECK_NOTHROW(profile.refuse_unused("emrtd"));
}

TEST_CASE("a profile that does not exist is answered with the list of those that do") {
    CHECK_THROWS_WITH(load("nacional-eid"), Catch::Contains("national-eid-open"));
    CHECK_THROWS_WITH(load("./no-such.toml"), Catch::Contains("cannot be read"));
}

TEST_CASE("a sound profile has no fault") {
    CHECK(fault_of(head + "[emrtd]\nchannel = \"scp03\"\nlock = false\naid = \"A0000002471001\"\n").empty());
}

TEST_CASE("each bad profile is refused with line, option and rule") {
    struct Row {
        const char* text;
        const char* expected;
    };
    const Row rows[] = {
        {"", "line 1: name is missing"},
        {"name = \"x\"\n", "title is missing"},
        {"name = \"x\"\ntitle = \"t\"\n", "applications is missing"},
        {"name = 5\ntitle = \"t\"\napplications = [\"emrtd\"]", "line 1: name: must be a text"},
        {"name = \"x\"\ntitle = \"t\"\napplications = []", "line 3: applications: must be a list"},
        {"name = \"x\"\ntitle = \"t\"\napplications = [1]", "line 3: applications: each must be a text"},
        {"name = \"x\"\ntitle = \"t\"\napplications = [\"a\", \"a\"]", "a stands twice"},
        {"name = \"x\"\ntitle = \"t\"\napplications = [\"emrtd\"]\n[piv]\n", "line 4: [piv] is not among"},
        {"name = \"x\"\ntitle = \"t\"\napplications = [\"emrtd\"]\nfoo = 1\n", "line 4: foo: no such option"},
        {"name = \"x\"\ntitle = \"t\"\napplications = [\"emrtd\"]\nproduction = 1\n", "line 4: production"},
        {"name = \"x\n", "line 1"},
        {"name = \"x\"\ntitle = \"t\"\napplications = [\"emrtd\"]\n[emrtd]\nchanel = \"none\"\n",
         "line 5: [emrtd] chanel: no such option"},
        {"name = \"x\"\ntitle = \"t\"\napplications = [\"emrtd\"]\n[emrtd]\nchannel = \"scp04\"\n",
         "line 5: [emrtd] channel: \"scp04\" is not one of none, scp03"},
        {"name = \"x\"\ntitle = \"t\"\napplications = [\"emrtd\"]\n[emrtd]\nlock = \"yes\"\n",
         "line 5: [emrtd] lock: must be true or false"},
        {"name = \"x\"\ntitle = \"t\"\napplications = [\"emrtd\"]\n[emrtd]\naid = \"A00\"\n",
         "line 5: [emrtd] aid: odd number"},
        {"name = \"x\"\ntitle = \"t\"\napplications = [\"emrtd\"]\n[emrtd]\naid = \"A000\"\n",
         "line 5: [emrtd] aid: 2 bytes, 5..16"},
        {"name = \"x\"\ntitle = \"t\"\napplications = [\"emrtd\"]\n[emrtd]\nsize = 11\n",
         "line 5: [emrtd] size: 11 is not in 1..10"},
        {"name = \"x\"\ntitle = \"t\"\napplications = [\"emrtd\"]\n[emrtd]\nsize = [1]\n",
         "line 5: size: must be a text, a number"},
        {"name = \"x\"\ntitle = \"t\"\napplications = [\"emrtd\"]\n[emrtd.inner]\ndeep = 1\n",
         "line 5: [emrtd.inner] deep: must be true or false"},
        {"name = \"x\"\ntitle = \"t\"\napplications = [\"emrtd\"]\n[emrtd.inner]\nshallow = 1\n",
         "line 5: [emrtd.inner] shallow: no such option"},
        {"name = \"x\"\ntitle = \"t\"\napplications = [\"emrtd\"]\n[emrtd.other]\n",
         "line 4: [emrtd.other]: no such table"},
        {"name = \"x\"\ntitle = \"t\"\napplications = [\"emrtd\"]\n[emrtd.inner.deep]\n", "line 4: deep"},
        {"name = \"x\"\ntitle = \"t\"\napplications = [\"emrtd\"]\n[timing.inner]\n", "line 4: inner"},
        {"name = \"x\"\ntitle = \"t\"\napplications = [\"emrtd\"]\n[emrtd]\nsize = {a = 1}\n",
         "line 5: size: must be a text, a number"},
    };
    for (const auto& row : rows) {
        INFO(row.text);
        CHECK_THAT(fault_of(row.text), Catch::Contains(row.expected));
    }
}
