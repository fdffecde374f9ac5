// SPDX-License-Identifier: Apache-2.0
// Each exit code by what causes it. 0 to 3 are made all over these tests; here stand 4 to 8.
#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/tools/program.h"

namespace kartsaz::test {
namespace {

using Catch::Contains;

/// A port that nobody listened on a moment ago.
unsigned free_port() {
    const int descriptor = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* general = reinterpret_cast<sockaddr*>(&address);
    REQUIRE(::bind(descriptor, general, size) == 0);
    REQUIRE(::getsockname(descriptor, general, &size) == 0);
    ::close(descriptor);
    return ntohs(address.sin_port);
}

const std::string write_card = "personalize record/record.json -r ";

/// `line` over a body that lives in a process of its own.
Outcome over_the_line(const Desk& desk, const std::string& line,
                      const std::vector<std::string>& plug_options) {
    const auto port = std::to_string(free_port());
    std::vector<std::string> plug{"sim", "plug", "card.body", "--port", port};
    plug.insert(plug.end(), plug_options.begin(), plug_options.end());
    const pid_t process = desk.start(plug);
    auto outcome = desk.run(fmt::format("{}vpcd:{} --wait 20000", line, port));
    ::kill(process, SIGTERM);
    CHECK(Desk::wait(process) >= 0);
    return outcome;
}

}  // namespace

TEST_CASE("4: no pcscd, or no reader of that name, is told with what to do") {
    const Desk desk;
    for (const char* line :
         {"readers", "inspect", "inspect -r 3", "inspect -r pcsc:None", "personalize record/record.json",
          "read -r Virtual", "verify --expect record/record.json"}) {
        INFO(line);
        const auto outcome = desk.run(line);
        CHECK(outcome.code == 4);
        CHECK_THAT(outcome.err, Contains("SCardEstablishContext") && Contains("pcscd"));
        CHECK(wide_lines(outcome.err).empty());
    }
    const auto doctor = desk.run("doctor");
    CHECK(doctor.code == 0);
    CHECK_THAT(doctor.out, Contains("start it") && Contains("sim:FILE") && Contains("Ready."));
    CHECK(wide_lines(doctor.out).empty());
}

TEST_CASE("4: a card that never comes into the reader") {
    const Desk desk;
    const auto outcome = desk.run(fmt::format("inspect -r vpcd:{} --wait 50", free_port()));
    CHECK(outcome.code == 4);
}

TEST_CASE("5: a card that cannot do what the profile asks is refused before the first write") {
    const Desk desk;
    REQUIRE(desk.run("sim new card.body --like jmrtd").code == 0);
    const auto before = desk.text("card.body");
    const auto outcome = desk.run(write_card + "sim:card.body -p national-eid --receipt r.json");
    CHECK(outcome.code == 5);
    CHECK_THAT(outcome.err, Contains("othing was written"));
    CHECK(wide_lines(outcome.err).empty());
    CHECK(desk.text("card.body") == before);
    CHECK_FALSE(desk.everything().contains("r.json"));
}

TEST_CASE("6: a profile of production takes no development keys") {
    const Desk desk;
    desk.write(
        "p.toml",
        "name = \"p\"\ntitle = \"t\"\napplications = [\"globalplatform\", \"emrtd\"]\nproduction = true\n");
    REQUIRE(desk.run("sim new card.body").code == 0);
    CHECK(desk.run(write_card + "sim:card.body -p ./p.toml").code == 6);
}

TEST_CASE("7: a body file that is not there") {
    const Desk desk;
    CHECK(desk.run(write_card + "sim:none.body").code == 7);
    CHECK_FALSE(desk.everything().contains("none.body"));
}

TEST_CASE("8: a card pulled in the middle is interrupted, and the same call goes on") {
    const auto at = GENERATE(14, 21, 30);
    const Desk desk;
    REQUIRE(desk.run("sim new card.body").code == 0);
    const auto torn = over_the_line(desk, write_card, {"--once", "--fault", fmt::format("cut-after:{}", at)});
    INFO(torn.err);
    CHECK(torn.code == 8);
    CHECK_THAT(torn.err, Contains("same"));
    CHECK(wide_lines(torn.err).empty());
    const auto whole = over_the_line(desk, write_card, {"--once"});
    INFO(whole.err);
    CHECK(whole.code == 0);
    CHECK(desk.run("verify -r sim:card.body --expect record/record.json").code == 0);
}

}  // namespace kartsaz::test
