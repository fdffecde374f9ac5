// SPDX-License-Identifier: Apache-2.0
// Planted keys are used by everything at the highest verbosity, all output is kept, and the keys are searched
// for in it.
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <fstream>

#include "tests/faults/process.h"
#include "tests/faults/secrets.h"
#include "tests/faults/station.h"
#include "tests/faults/wire.h"

namespace kartsaz::faults {
namespace {

namespace fs = std::filesystem;

/// A station whose every output ends in one folder; keys and chips are kept in another.
class Bureau {
public:
    Bureau() {
        fs::create_directory(out());
        plant(in_.path());
        fs::copy(demo_record().parent_path(), in_ / "record");
        auto text = text_of(in_ / "record/record.json");
        std::ofstream{in_ / "record/moved.json"}
            << replaced(std::move(text), "\"1234567890\"", "\"1987654321\"");
        fs::create_directories(in_ / "trust/holders");
        fs::copy(in_ / "citizen-ca.pem", in_ / "trust/holders/citizen-ca.pem");
        fs::copy(fs::path{KARTSAZ_SOURCE_DIR} / "tests/data/pki/csca.pem", in_ / "trust/csca.pem");
    }
    std::string in(const std::string& name) const { return in_ / name; }
    fs::path out() const { return out_.path() / "out"; }
    std::string out(const std::string& name) const { return (out() / name).string(); }

    /// Runs the program; "@keys" and "@card" stand for the options that name them. All it says is kept.
    int operator()(const std::string& name, const std::string& arguments, bool talk = true) {
        std::vector<std::string> command{KARTSAZ_PROGRAM};
        std::string word;
        for (const char c : arguments + " ") {
            if (c != ' ') {
                word.push_back(c);
                continue;
            }
            add(command, std::exchange(word, {}));
        }
        if (talk) {
            const auto trace = {std::string{"-vvv"}, std::string{"--show-personal"}, std::string{"--trace"},
                                out(name + ".trace")};
            command.insert(command.end(), trace);
        }
        return run(command, out(name + ".log")).code;
    }

private:
    void add(std::vector<std::string>& command, const std::string& word) const {
        if (word == "@keys") {
            const auto keys = {std::string{"--keys"}, in("keys.json"), std::string{"--passphrase-file"},
                               in("pass")};
            command.insert(command.end(), keys);
        } else if (word == "@card") {
            command.insert(command.end(), {"-r", "sim:" + in("card.body")});
        } else if (!word.empty()) {
            command.push_back(word);
        }
    }

    Folder in_;
    Folder out_;
};

/// Profile and folder of the books.
std::string signing(const Bureau& run) {
    return " -p " + run.in("long-pin.toml") + " --ca-folder " + run.out("ca");
}

/// The books of the citizens' CA, and an outside one that has not answered.
void issue(Bureau& run) {
    const auto books = " --ca-folder " + run.out("ca") + " @keys";
    REQUIRE(run("ca-list", "ca list --json" + books, false) == 0);
    REQUIRE(run("ca-crl", "ca crl --out " + run.out("ca.crl") + books, false) == 0);
    const auto body = run.in("offline.body");
    REQUIRE(run("offline-new", "sim new " + body, false) == 0);
    const auto spool = " --spool " + run.out("spool") + " --ca-certificate " + run.in("citizen-ca.pem");
    CHECK(run("offline", "personalize " + run.in("record/record.json") + " @keys -r sim:" + body +
                             " --journal " + run.out("journal-offline") + signing(run) + spool) == 8);
    REQUIRE(run("ca-pending", "ca pending --json" + books + spool, false) == 0);
}

/// Everything that goes well, with planted keys.
void work(Bureau& run) {
    const auto record = run.in("record/record.json"), moved = run.in("record/moved.json");
    const auto journal = " --journal " + run.out("journal");
    const auto plain =
        signing(run) + " --pin-letters " + run.out("letters") + " --mailer " + run.in("mailer.pem");
    REQUIRE(run("inspect", "inspect @card @keys") == 0);
    REQUIRE(run("inspect-json", "inspect @card @keys --json") == 0);
    REQUIRE(run("dry-run", "personalize " + record + " @card @keys --dry-run" + plain) == 0);
    REQUIRE(run("dry-run-json", "personalize " + record + " @card @keys --dry-run --json" + plain) == 0);
    REQUIRE(run("personalize", "personalize " + record + " @card @keys --json --receipt " +
                                   run.out("receipt.json") + journal + plain) == 0);
    REQUIRE(run("read", "read @card @keys --record " + record + " -o " + run.out("card")) == 0);
    REQUIRE(run("read-json", "read @card @keys --json --record " + record + " -o " + run.out("card-json")) ==
            0);
    const auto judged = " --trust " + run.in("trust");
    REQUIRE(run("verify", "verify @card @keys --all --expect " + record + judged + " --receipt " +
                              run.out("receipt.json") + " --report " + run.out("report.html") + " --junit " +
                              run.out("junit.xml")) == 0);
    REQUIRE(run("verify-json", "verify @card @keys --json --expect " + record + judged) == 0);
    REQUIRE(run("update", "update " + moved + " @card @keys --receipt " + run.out("update.json") + journal +
                              plain) == 0);
    REQUIRE(run("verify-moved", "verify @card @keys --expect " + moved + judged) == 0);
    issue(run);
    REQUIRE(run("show", "sim show " + run.in("card.body"), false) == 0);
    REQUIRE(run("doctor", "doctor", false) >= 0);
    REQUIRE(run("demo", "demo " + run.out("demo"), false) == 0);
    fs::remove(run.out("demo/card.body"));  // the chip itself is made of secrets
}

/// Everything that ends in an error while keys are in use.
void mistakes(Bureau& run) {
    const auto record = run.in("record/record.json");
    const auto with = [&](const char* keys, const char* pass) {
        return fmt::format("personalize {} @card --keys {} --passphrase-file {} --journal {}", record,
                           run.in(keys), run.in(pass), run.out("journal"));
    };
    CHECK(run("wrong-passphrase", with("keys.json", "wrong-pass")) == 6);
    CHECK(run("damaged-keys", with("damaged.json", "pass")) == 3);
    CHECK(run("passphrase-as-keys", with("pass", "pass")) == 3);
    CHECK(run("keys-missing", with("absent.json", "pass")) != 0);
    CHECK(run("not-these-keys", "personalize " + record + " @card --journal " + run.out("journal-2")) != 0);
    CHECK(run("keys-as-record", fmt::format("personalize {} @card @keys", run.in("keys.json"))) == 3);
    CHECK(run("keys-as-profile",
              fmt::format("personalize {} @card @keys -p {}", record, run.in("keys.json"))) != 0);
    CHECK(run("changed-file", "sim flip " + run.in("card.body") + " EF.DG2 500", false) == 0);
    CHECK(run("verify-changed",
              "verify @card @keys --expect " + record + " --report " + run.out("bad.html")) == 1);
    fs::permissions(run.in("pass"), fs::perms::others_read, fs::perm_options::add);
    CHECK(run("passphrase-open-to-all", with("keys.json", "pass")) == 6);
    fs::permissions(run.in("pass"), fs::perms::others_read, fs::perm_options::remove);
}

/// Cards that refuse or vanish somewhere on the way. Returns how many calls failed.
/// @param[out] secrets  those of each card are added
std::size_t faulty_cards(Bureau& run, std::vector<Secret>& secrets) {
    std::size_t failed = 0;
    const std::string body = run.in("faulty.body");
    for (int n = 4; n <= 46; n += 3) {
        for (const char* fault : {"answer-sw:{}:6300", "cut-after:{}"}) {
            const auto named = fmt::format(fmt::runtime(fault), n);
            REQUIRE(run("faulty-new", "sim new --force " + body, false) == 0);
            for (const auto& one : chip_secrets(body)) secrets.push_back(one);
            const auto port = std::to_string(free_port());
            Process plug{{KARTSAZ_PROGRAM, "sim", "plug", body, "--fault", named, "--port", port, "--once"},
                         run.out("faulty-plug.log")};
            const int code = run("faulty-" + named, "personalize " + run.in("record/record.json") +
                                                        " @keys -r vpcd:" + port + " --journal " +
                                                        run.out("journal-" + named) + signing(run));
            failed += code != 0 ? 1 : 0;
            plug.wait();
        }
    }
    return failed;
}

std::size_t files_in(const fs::path& folder) {
    std::size_t count = 0;
    for (const auto& file : fs::recursive_directory_iterator{folder}) count += file.is_regular_file() ? 1 : 0;
    return count;
}

}  // namespace

TEST_CASE("No planted secret is in any output, trace, journal, receipt or report", "[secrets]") {
    Bureau run;
    REQUIRE(run("new", "sim new " + run.in("card.body"), false) == 0);
    auto secrets = planted();
    for (const auto& more : {chip_secrets(run.in("card.body")), access_secrets(), development_secrets()}) {
        secrets.insert(secrets.end(), more.begin(), more.end());
    }
    work(run);
    mistakes(run);
    CHECK(faulty_cards(run, secrets) > 20);
    // what was searched is what it was meant to be
    CHECK(text_of(run.out("personalize.log")).find("PUT KEY") != std::string::npos);
    CHECK(text_of(run.out("personalize.trace")).size() > 10'000);
    CHECK(text_of(run.out("receipt.json")).find("issuer v31") != std::string::npos);
    for (const char* name : {"journal", "report.html", "junit.xml", "bad.html", "card/card.json",
                             "demo/report.html", "letters", "ca", "ca.crl", "spool"}) {
        CHECK(fs::exists(run.out(name)));
    }
    const auto found = search(run.out(), secrets);
    fmt::print("secrets: {} secrets in {} forms searched in {} files, {} found\n", secrets.size(),
               forms_of(secrets.front()).size(), files_in(run.out()), found.size());
    for (const auto& line : found) UNSCOPED_INFO(line);
    CHECK(found.empty());
}

TEST_CASE("The search for secrets finds every secret in every form", "[secrets]") {
    const Folder folder;
    auto secrets = planted();
    for (const auto& more : {access_secrets(), development_secrets()}) {
        secrets.insert(secrets.end(), more.begin(), more.end());
    }
    REQUIRE(search(folder.path(), secrets).empty());
    for (const auto& secret : secrets) {
        for (const auto& [form, needle] : forms_of(secret)) {
            INFO(secret.name << " as " << form);
            REQUIRE(needle.size() >= 15);
            std::ofstream{folder / "planted", std::ios::binary} << "some text before, " << needle
                                                                << " and after\n";
            CHECK_FALSE(search(folder.path(), {secret}).empty());
        }
    }
}

}  // namespace kartsaz::faults
