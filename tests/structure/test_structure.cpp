// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <fstream>
#include <iterator>

#include "tests/structure/structure.h"
#include "tests/support/vectors.h"

using namespace kartsaz::structure;
namespace fs = std::filesystem;

namespace {

const fs::path root{KARTSAZ_SOURCE_DIR};
constexpr const char* licence = "// SPDX-License-Identifier: Apache-2.0";

Table shipped_table() {
    std::ifstream in{root / "tests/structure/includes.txt"};
    REQUIRE(in);
    return parse_table(std::string{std::istreambuf_iterator<char>{in}, {}});
}

SourceFile source(std::string path, std::vector<std::string> lines) {
    lines.insert(lines.begin(), licence);
    return {std::move(path), std::move(lines)};
}

std::string all(const std::vector<std::string>& broken) {
    std::string out;
    for (const auto& line : broken) out += line + '\n';
    return out;
}

}  // namespace

TEST_CASE("no include goes against the table") {
    const auto tree = load_tree(root);
    REQUIRE(tree.size() > 50);
    const auto broken = forbidden_includes(tree, shipped_table());
    INFO(all(broken));
    CHECK(broken.empty());
}

TEST_CASE("third-party headers stay where they belong") {
    const auto broken = forbidden_libraries(load_tree(root));
    INFO(all(broken));
    CHECK(broken.empty());
}

TEST_CASE("every source file keeps the habits of the project") {
    const auto broken = broken_habits(load_tree(root), {});
    INFO(all(broken));
    CHECK(broken.empty());
}

TEST_CASE("an arrow against the table is found, whatever the room") {
    const auto [file, header] = GENERATE(table<std::string, std::string>({
        {"apdu/tlv.cpp", "keys/crypto.h"},
        {"keys/scp03.cpp", "libcard/reader/reader.h"},
        {"libcard/record/record.cpp", "keys/crypto.h"},
        {"libcard/reader/pcsc.cpp", "libcard/app/dump.h"},
        {"libcard/sim/body.cpp", "apdu/tlv.h"},
        {"libcard/sim/channel.cpp", "keys/scp03.h"},
        {"libcard/profile/profile.cpp", "apdu/transport.h"},
        {"libcard/perso/plan.cpp", "libcard/app/emrtd/lds.h"},
        {"libcard/perso/plan.cpp", "libcard/app/registry.h"},
        {"libcard/app/emrtd/dg1.cpp", "libcard/app/globalplatform/isd.h"},
        {"libcard/app/emrtd/dg1.cpp", "libcard/verify/verify.h"},
        {"libcard/verify/checks.cpp", "libcard/perso/receipt.h"},
        {"libcard/report/html.cpp", "libcard/perso/plan.h"},
        {"libcard/report/html.cpp", "libcard/app/emrtd/lds.h"},
        {"libcard/perso/plan.cpp", "tools/print.h"},
        {"tools/main.cpp", "tests/support/vectors.h"},
        {"apdu/tlv.cpp", "bytes.h"},
    }));
    const auto broken = forbidden_includes({source(file, {"#include \"" + header + "\""})}, shipped_table());
    INFO(file << " includes " << header);
    REQUIRE(broken.size() == 1);
    CHECK(broken.front().starts_with(file + ":2: "));
    CHECK(broken.front().ends_with("may not include " + header));
}

TEST_CASE("an arrow along the table is not complained of") {
    const auto [file, header] = GENERATE(table<std::string, std::string>({
        {"apdu/tlv.cpp", "apdu/bytes.h"},
        {"libcard/sim/body.cpp", "apdu/error.h"},
        {"libcard/sim/passport/files.cpp", "libcard/sim/body.h"},
        {"libcard/app/emrtd/dg1.cpp", "libcard/app/emrtd/lds.h"},
        {"libcard/app/emrtd/dg1.cpp", "libcard/app/dump.h"},
        {"libcard/app/registry.cpp", "libcard/app/emrtd/application.h"},
        {"libcard/report/html.cpp", "libcard/perso/receipt.h"},
        {"tools/main.cpp", "libcard/app/emrtd/read.h"},
    }));
    INFO(file << " includes " << header);
    CHECK(forbidden_includes({source(file, {"#  include \"" + header + "\""})}, shipped_table()).empty());
}

TEST_CASE("a folder that the table does not name is found") {
    const auto broken = forbidden_includes({source("libcard/station/ledger.cpp", {})}, shipped_table());
    REQUIRE(broken.size() == 1);
    CHECK(broken.front() == "libcard/station/ledger.cpp: this folder is not in the table");
}

TEST_CASE("a table line without a room is refused with its number") {
    CHECK_THROWS_WITH(parse_table("apdu:\nkeys apdu\n"), Catch::Contains("line 2"));
}

TEST_CASE("a library header in the wrong file is found") {
    const auto [file, header] = GENERATE(table<std::string, std::string>({
        {"keys/crypto.h", "openssl/evp.h"},
        {"keys/token.cpp", "p11-kit/pkcs11.h"},
        {"libcard/sim/channel.h", "botan/mac.h"},
        {"libcard/sim/channel.cpp", "openssl/evp.h"},
        {"libcard/verify/sod.cpp", "botan/hash.h"},
        {"libcard/reader/pcsc.h", "winscard.h"},
    }));
    INFO(file << " includes " << header);
    CHECK(forbidden_libraries({source(file, {"#include <" + header + ">"})}).size() == 1);
}

TEST_CASE("winscard.h in two files is found") {
    const auto one = source("libcard/reader/pcsc.cpp", {"#include <winscard.h>"});
    const auto other = source("tools/doctor.cpp", {"#include <PCSC/winscard.h>"});
    CHECK(forbidden_libraries({one}).empty());
    CHECK(forbidden_libraries({one, other}).size() == 1);
}

TEST_CASE("each broken habit is found with its line") {
    const std::string path = "tests/unit/apdu/test_tlv.cpp";
    const auto first = [](const SourceFile& file) {
        const auto broken = broken_habits({file}, {});
        REQUIRE(broken.size() == 1);
        return broken.front();
    };
    CHECK(first({path, {"#pragma once"}}).starts_with(path + ":1: does not start with the licence line"));
    CHECK(first({path, {}}).starts_with(path + ":1: does not start with the licence line"));
    CHECK(first(source(path, std::vector<std::string>(400))).starts_with(path + ": 401 lines"));
    CHECK(first(source(path, {"",
                              "// TO"
                              "DO: all"}))
              .starts_with(path + ":3: an unfinished place"));
    CHECK(first(source(path, {"std::this_thread::sleep_for(1s);"}))
              .starts_with(path + ":2: waits by the clock"));
    CHECK(first(source("tools/demo.cpp", {"open(\"/ho"
                                          "me/me/x\")"}))
              .starts_with("tools/demo.cpp:2: a path of"));
    CHECK(broken_habits({source(path, std::vector<std::string>(399))}, {}).empty());
}

TEST_CASE("only the named tests may wait by the clock") {
    const auto waiting = source("tests/faults/kill.cpp", {"usleep(10);"});
    CHECK(broken_habits({waiting}, {}).size() == 1);
    CHECK(broken_habits({waiting}, {"tests/faults/kill.cpp"}).empty());
}

TEST_CASE("a tree on disk is read whole and its faults are found") {
    const fs::path tree = kartsaz::test::scratch_dir() / "tree";
    fs::create_directories(tree / "libcard/app/emrtd");
    fs::create_directories(tree / "docs");
    std::ofstream{tree / "libcard/app/emrtd/dg1.cpp"} << licence
                                                      << "\n#include \"libcard/app/pkcs15/odf.h\"\n";
    std::ofstream{tree / "docs/example.cpp"} << "not ours\n";
    const auto files = load_tree(tree);
    REQUIRE(files.size() == 1);
    CHECK(files.front().path == "libcard/app/emrtd/dg1.cpp");
    CHECK(forbidden_includes(files, shipped_table()) ==
          std::vector<std::string>{"libcard/app/emrtd/dg1.cpp:2: libcard/app/emrtd may not include "
                                   "libcard/app/pkcs15/odf.h"});
}
