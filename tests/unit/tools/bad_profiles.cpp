// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "tests/unit/tools/bad_input.h"

namespace kartsaz::test {
namespace {

struct Row {
    const char* what;
    std::string text;
    const char* says;
    int code = 3;
};

const std::string head = "name = \"x\"\ntitle = \"t\"\napplications = [\"globalplatform\", \"emrtd\"]\n";
const std::string emrtd = head + "[emrtd]\n";
const std::string manager = head + "[globalplatform]\n";

const Row rows[] = {
    {"an empty profile", "", "line 1: name"},
    {"no title", "name = \"x\"\n", "title is missing"},
    {"no applications", "name = \"x\"\ntitle = \"t\"\n", "applications is missing"},
    {"a name that is a number", "name = 5\ntitle = \"t\"\napplications = [\"emrtd\"]", "line 1: name"},
    {"an empty list of applications", "name = \"x\"\ntitle = \"t\"\napplications = []",
     "line 3: applications"},
    {"an application that is a number", "name = \"x\"\ntitle = \"t\"\napplications = [1]",
     "line 3: applications"},
    {"an application twice", "name = \"x\"\ntitle = \"t\"\napplications = [\"emrtd\", \"emrtd\"]",
     "stands twice"},
    {"an application nobody knows", "name = \"x\"\ntitle = \"t\"\napplications = [\"paper\"]", "paper"},
    {"a table without its application", head + "[piv]\n", "line 4: [piv]"},
    {"an option nobody knows", head + "foo = 1\n", "line 4: foo"},
    {"production that is a number", head + "production = 1\n", "line 4: production"},
    {"a text without its end", "name = \"x\n", "line 1"},
    {"bytes that are no text", "\xFF\xFE\x01", "line 1"},
    {"a key twice", "name = \"x\"\nname = \"y\"\n", "line 2"},
    {"a misspelt option", emrtd + "chanel = \"none\"\n", "line 5: [emrtd] chanel"},
    {"a channel that there is not", emrtd + "channel = \"scp04\"\n", "line 5: [emrtd] channel"},
    {"a flag that is a text", emrtd + "lock = \"yes\"\n", "line 5: [emrtd] lock"},
    {"half a byte", emrtd + "aid = \"A00\"\n", "line 5: [emrtd] aid"},
    {"an AID of two bytes", emrtd + "aid = \"A000\"\n", "line 5: [emrtd] aid"},
    {"an AID of seventeen bytes", emrtd + "aid = \"" + std::string(34, 'A') + "\"\n", "line 5: [emrtd] aid"},
    {"an AID that is not hexadecimal", emrtd + "aid = \"passport\"\n", "line 5: [emrtd] aid"},
    {"an access that there is not", emrtd + "access = \"open\"\n", "line 5: [emrtd] access"},
    {"a place for fingers that there is not", emrtd + "fingerprint = \"dg4\"\n",
     "line 5: [emrtd] fingerprint"},
    {"a key type that there is not", emrtd + "active_authentication = \"rsa-512\"\n",
     "line 5: [emrtd] active_authentication"},
    {"a level that there is not", emrtd + "level = \"07\"\n", "[emrtd] level"},
    {"an option with a list", emrtd + "lock = [true]\n", "line 5: lock"},
    {"a life cycle that there is not", manager + "card_state = \"TERMINATED\"\n",
     "[globalplatform] card_state"},
    {"a flag of the card manager that is a number", manager + "replace_keys = 1\n",
     "[globalplatform] replace_keys"},
    {"a card manager's AID of one byte", manager + "card_manager = \"A0\"\n",
     "[globalplatform] card_manager"},
    {"a table in a table", emrtd + "[emrtd.more]\nx = 1\n", "more"},
    {"a profile of production with development keys", head + "production = true\n", "development", 6},
};

}  // namespace

std::vector<BadInput> bad_profiles() {
    std::vector<BadInput> out;
    for (const auto& row : rows) {
        out.push_back(bad_file(fmt::format("profile: {}", row.what), "x.toml", row.text,
                               personalize + " -p ./x.toml", {row.says}, row.code));
    }
    out.push_back({"a profile that is not shipped",
                   nullptr,
                   personalize + " -p nacional-eid",
                   3,
                   {"nacional-eid", "national-eid-open"}});
    out.push_back(
        {"a profile file that is not there", nullptr, personalize + " -p ./no.toml", 3, {"no.toml"}});
    out.push_back({"a profile that is a folder", nullptr, personalize + " -p ./record", 3, {"record"}});
    return out;
}

}  // namespace kartsaz::test
