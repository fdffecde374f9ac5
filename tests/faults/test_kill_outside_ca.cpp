// SPDX-License-Identifier: Apache-2.0
// The station is killed by SIGKILL while an offline CA certifies: at every APDU and at every write to its
// disk, of the call that asks and of the call that comes back with the answer. The CA answers whatever lies
// in the spool folder between any two calls.
#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <signal.h>

#include <algorithm>
#include <fstream>
#include <map>

#include "keys/issuer.h"
#include "keys/x509_split.h"
#include "tests/faults/plugged_card.h"
#include "tests/faults/station.h"
#include "tests/support/offline_ca.h"

namespace kartsaz::faults {
namespace {

namespace fs = std::filesystem;

constexpr int done = 0, interrupted = 8;  // exit codes, tools/exit_codes.h

/// When a call dies: at an APDU, or before a write to the disk.
struct Point {
    Death death{};
    std::uint64_t write = 0;  ///< 0: it dies at the APDU
};

void put(const fs::path& file, const std::string& text) {
    std::ofstream out{file, std::ios::binary};
    out << text;
    if (!out.flush()) throw std::runtime_error{file.string() + " cannot be written"};
}

/// The document in an output with text around it.
nlohmann::json json_in(const std::string& output) {
    const auto from = output.find('{'), to = output.rfind('}');
    if (from == std::string::npos || to == std::string::npos) throw std::runtime_error{"no JSON: " + output};
    return nlohmann::json::parse(output.substr(from, to + 1 - from));
}

/// A station and one card, all in one folder, which may be copied between calls.
class Office {
public:
    Office(const test::OfflineCa& ca, fs::path folder) : ca_{ca}, folder_{std::move(folder)} {
        fs::create_directories(folder_);
        put(folder_ / "ca.pem", ca_.certificate_pem());
        fs::create_directories(folder_ / "trust" / "holders");
        put(folder_ / "trust" / "holders" / "ca.pem", ca_.certificate_pem());
        sim::NewBody options;
        options.kind = "isoapplet";
        options.seed = Bytes(32, 0x5A);
        options.serial = 0x00C0FFEE;
        sim::Body::create(folder_ / "card.body", options);
    }
    /// The same office and the same card once more.
    Office(const Office& other, fs::path folder) : ca_{other.ca_}, folder_{std::move(folder)} {
        fs::copy(other.folder_, folder_, fs::copy_options::recursive);
        issued_ = other.issued_;
    }

    Outcome call(const Point& point = {}) const {
        const PluggedCard card{name("card.body"), name("card.log")};
        std::vector<std::string> before;
        if (point.write != 0) {
            before = {"/usr/bin/env", "LD_PRELOAD=" KARTSAZ_DIE_AT_WRITE,
                      "ASAN_OPTIONS=verify_asan_link_order=0",
                      fmt::format("KARTSAZ_TEST_DIE_AT={}", point.write)};
        }
        return at_the_card(card,
                           {"personalize", demo_record().string(), "-p", "signature", "--journal",
                            name("journal"), "--spool", name("spool"), "--ca-certificate", name("ca.pem")},
                           name("station.log"), point.death, before);
    }
    /// The CA takes each request that lies there and answers it once.
    void answer() {
        for (const auto& id : test::spooled_requests(folder_ / "spool")) {
            if (issued_.contains(id)) continue;
            const auto pem = ca_.answer(folder_ / "spool", id);
            issued_[id] = keys::split_certificates(to_bytes(pem), id).at(0);
            put(folder_ / "spool" / (id + ".pem"), pem);
        }
    }
    /// Calls until the card is complete. Empty, or what went wrong.
    std::string to_the_end() {
        for (int calls = 0; calls < 3; ++calls) {
            answer();
            const auto code = call().end.code;
            if (code == done) return {};
            if (code != interrupted) return fmt::format("a later call ends with {}", code);
        }
        return "not complete after three more calls";
    }
    /// What is wrong with the finished card and with what the station remembers of the CA; empty: nothing.
    std::string faults() const {
        {
            const PluggedCard card{name("card.body"), name("card.log")};
            const auto read = at_the_card(
                card, {"read", "--record", demo_record().string(), "-o", name("dump")}, name("read.log"));
            if (read.end.code != done) return fmt::format("read ends with {}", read.end.code);
        }
        const auto verified = run({KARTSAZ_PROGRAM, "verify", "--from", name("dump"), "--expect",
                                   demo_record().string(), "--trust", name("trust")},
                                  name("verify.log"));
        if (verified.code != done) return "verify: " + text_of(name("verify.log"));
        const auto settled = run({KARTSAZ_PROGRAM, "ca", "pending", "--ca-folder", name("journal/ca"),
                                  "--spool", name("spool"), "--ca-certificate", name("ca.pem"), "--json"},
                                 name("pending.json"));
        if (settled.code != done) return fmt::format("ca pending ends with {}", settled.code);
        const auto open = json_in(text_of(name("pending.json")));
        for (const auto& order : open.at("waiting")) {
            if (!order.at("abandoned").get<bool>()) return "an order waits for ever";
        }
        if (!open.at("to_revoke").empty()) return "what is to be revoked is not told to the CA";
        return certificates_fault(proved_certificates(app::load_dump(name("dump"))));
    }
    std::size_t issued() const { return issued_.size(); }
    std::string log() const { return text_of(name("station.log")); }

private:
    std::string name(const std::string& file) const { return (folder_ / file).string(); }

    /// One certificate is on the card, and each other one that was issued is named to be revoked.
    std::string certificates_fault(const std::vector<Bytes>& on_card) const {
        if (on_card.size() != 1) return fmt::format("{} certificates on the card", on_card.size());
        bool found = false;
        for (const auto& [id, der] : issued_) {
            auto serial = keys::certificate_facts(der).serial;
            std::ranges::transform(serial, serial.begin(),
                                   [](char c) { return static_cast<char>(std::tolower(c)); });
            const bool revoked = fs::exists(folder_ / "spool" / fmt::format("{}.revoke-{}.json", id, serial));
            const bool there = der == on_card.front();
            found = found || there;
            if (there == revoked) {
                return there ? "the card's certificate is to be revoked" : "a certificate is forgotten";
            }
        }
        return found ? "" : "the card's certificate was not issued by the CA";
    }

    const test::OfflineCa& ca_;
    fs::path folder_;
    std::map<std::string, Bytes> issued_;  ///< by request
};

/// The two calls that an undisturbed card takes, and the office before each.
struct Plan {
    const test::OfflineCa ca;
    const Folder folder;
    Office blank{ca, folder / "blank"};
    std::optional<Office> answered;
    std::uint64_t apdus[2] = {};

    Plan() {
        Office first{blank, folder / "first"};
        const auto asks = first.call();
        INFO(first.log());
        REQUIRE(asks.end.code == interrupted);
        first.answer();
        REQUIRE(first.issued() == 1);
        answered.emplace(first, folder / "answered");
        const auto goes_on = first.call();
        REQUIRE(goes_on.end.code == done);
        REQUIRE(first.faults() == "");
        apdus[0] = asks.apdus;
        apdus[1] = goes_on.apdus;
        REQUIRE(apdus[0] > 10);
        REQUIRE(apdus[1] > 10);
    }
    const Office& before(int call) const { return call == 0 ? blank : *answered; }
};

struct Count {
    std::size_t points = 0, passed = 0;
};

/// False when the call ended before the point. @param[out] fault  what is wrong after the kill and the next
/// calls
bool kill_at(const Plan& plan, int call, const Point& point, std::string& fault) {
    const fs::path folder = plan.folder / "point";
    fs::remove_all(folder);
    Office office{plan.before(call), folder};
    const auto killed = office.call(point);
    if (killed.end.signal != SIGKILL) return false;
    fault = office.to_the_end();
    if (fault.empty()) fault = office.faults();
    return true;
}

void kill_at_apdus(const Plan& plan, bool answered, Count& count) {
    for (int call = 0; call < 2; ++call) {
        for (std::uint64_t n = 1; n <= plan.apdus[call]; ++n) {
            std::string fault;
            INFO(fmt::format("call {}, killed {} APDU {}", call + 1, answered ? "after" : "before", n));
            REQUIRE(kill_at(plan, call, {{n, answered}, 0}, fault));
            CHECK(fault == "");
            ++count.points;
            count.passed += fault.empty() ? 1 : 0;
        }
    }
    CHECK(count.points == plan.apdus[0] + plan.apdus[1]);
}

void kill_at_writes(const Plan& plan, Count& count) {
    for (int call = 0; call < 2; ++call) {
        std::string fault;
        for (std::uint64_t n = 1; kill_at(plan, call, {{}, n}, fault); ++n) {
            INFO(fmt::format("call {}, killed before write {} to the disk", call + 1, n));
            CHECK(fault == "");
            ++count.points;
            count.passed += fault.empty() ? 1 : 0;
        }
    }
}

void report(const std::string& what, const Plan& plan, const Count& count) {
    fmt::print("kill, with an offline CA: {} and {} APDUs, {}: {} points, {} passed\n", plan.apdus[0],
               plan.apdus[1], what, count.points, count.passed);
    CHECK(count.passed == count.points);
}

}  // namespace

TEST_CASE("A station killed after any APDU while an offline CA certifies forgets no certificate", "[kill]") {
    const Plan plan;
    Count count;
    kill_at_apdus(plan, true, count);
    report("after each", plan, count);
}

TEST_CASE("A station killed before a write to its disk while an offline CA certifies forgets no certificate",
          "[kill]") {
    const Plan plan;
    Count count;
    kill_at_writes(plan, count);
    report("before each write to the disk", plan, count);
    CHECK(count.points > 20);
}

TEST_CASE("A station killed before any APDU while an offline CA certifies forgets no certificate",
          "[.][full]") {
    const Plan plan;
    Count count;
    kill_at_apdus(plan, false, count);
    report("before each", plan, count);
}

}  // namespace kartsaz::faults
