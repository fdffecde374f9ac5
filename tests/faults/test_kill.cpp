// SPDX-License-Identifier: Apache-2.0
// The station is killed by SIGKILL at every APDU while the card lives on in a process of its own. This
// program stands between the two: it is the reader to the card and the card to the station.
#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <signal.h>

#include <ctime>
#include <string>

#include "tests/faults/process.h"
#include "tests/faults/station.h"
#include "tests/faults/wire.h"

namespace kartsaz::faults {
namespace {

constexpr std::uint8_t control_off = 0, control_atr = 4;

/// When the station dies: before its command number `at` reaches the card, or when the card has answered it.
struct Death {
    std::uint64_t at = 0;  ///< 0: it lives
    bool answered = false;
};

/// A card in its own process, and the line to it.
class PluggedCard {
public:
    explicit PluggedCard(const Folder& folder) {
        const std::string file = folder / "card.body";
        std::filesystem::remove(file);
        sim::NewBody options;
        options.seed = Bytes(32, 0x5A);
        options.serial = 0x00C0FFEE;
        sim::Body::create(std::filesystem::path{file}, options);
        process_.emplace(std::vector<std::string>{KARTSAZ_PROGRAM, "sim", "plug", file, "--port",
                                                  std::to_string(listener_.port()), "--once"},
                         folder / "card.log");
        line_ = listener_.accept();
    }
    const Socket& line() const { return line_; }

private:
    Listener listener_;
    std::optional<Process> process_;
    Socket line_;
};

/// Carries messages between a station and the card until the station hangs up or dies. Returns the APDUs
/// seen.
std::uint64_t carry(const Socket& card, const Socket& station, Process& process, Death death) {
    std::uint64_t count = 0;
    Bytes message;
    while (receive_message(station, message)) {
        const bool control = message.size() == 1;
        if (!control) ++count;
        const bool last = !control && count == death.at;
        if (last && !death.answered) break;
        if (!send_message(card, message)) throw std::runtime_error{"the card hung up"};
        if (control && message[0] != control_atr) continue;
        if (!receive_message(card, message)) throw std::runtime_error{"the card hung up"};
        if (last) break;
        send_message(station, message);
    }
    if (death.at != 0 && count == death.at) process.kill_now();
    // what a reader does when its owner is gone
    send_message(card, Bytes{control_off});
    return count;
}

struct Outcome {
    End end;
    std::uint64_t apdus = 0;
};

Outcome at_the_card(const PluggedCard& card, std::vector<std::string> command, const std::string& log,
                    Death death = {}) {
    const auto port = free_port();
    command.insert(command.begin(), KARTSAZ_PROGRAM);
    command.insert(command.end(), {"-r", fmt::format("vpcd:{}", port)});
    Process process{command, log};
    const auto station = connect_to(port, [&] { return process.ended(); });
    const auto apdus = carry(card.line(), station, process, death);
    return {process.wait(), apdus};
}

/// The books of the station's own CA, as they are on its disk.
keys::CaLedger ledger_in(const std::string& folder, const keys::Identity& ca) {
    const auto authority = keys::authority_of(ca.key->public_key());
    return keys::CaLedger{
        authority, std::filesystem::path{folder} / fmt::format("ledger-{}.jsonl", authority.substr(0, 16))};
}

/// What `kartsaz read` put down, held against the books.
std::string books_faults(const std::string& books, const std::string& read) {
    static const auto store = keys::development_keys();
    const auto ca = store->identity("citizen-ca");
    auto ledger = ledger_in(books, ca);
    return books_against(ledger, ca, app::load_dump(read), std::time(nullptr));
}

/// Empty when the card that the dead station left is completed by the next call and verifies clean, and the
/// CA's books have one valid certificate, which is on the card.
std::string kill_at(const Folder& folder, Death death) {
    const auto name = fmt::format("{}-{}", death.at, death.answered);
    const std::string journal = folder / ("journal-" + name), books = folder / ("ca-" + name);
    const std::string log = folder / "station.log";
    const std::string record = demo_record().string();
    const std::vector<std::string> personalize{"personalize", record,        "--journal",
                                               journal,       "--ca-folder", books};
    const PluggedCard card{folder};
    const auto killed = at_the_card(card, personalize, log, death);
    if (killed.end.signal != SIGKILL) return "the station was not killed";
    const auto second = at_the_card(card, personalize, log);
    if (second.end.code != 0) return fmt::format("the second call ends with {}", second.end.code);
    const auto verified = at_the_card(card, {"verify", "--expect", record}, log);
    if (verified.end.code != 0) return fmt::format("verify ends with {}", verified.end.code);
    const std::string dump = folder / ("dump-" + name);
    const auto read = at_the_card(card, {"read", "--record", record, "-o", dump}, log);
    if (read.end.code != 0) return fmt::format("read ends with {}", read.end.code);
    return books_faults(books, dump);
}

}  // namespace

TEST_CASE("A station killed at any APDU leaves a card that the next call completes", "[kill]") {
    const Folder folder;
    std::uint64_t apdus = 0;
    {
        const PluggedCard card{folder};
        const auto whole = at_the_card(card,
                                       {"personalize", demo_record().string(), "--journal",
                                        folder / "journal", "--ca-folder", folder / "ca"},
                                       folder / "whole.log");
        INFO(text_of(folder / "whole.log"));
        REQUIRE(whole.end.code == 0);
        apdus = whole.apdus;
    }
    REQUIRE(apdus > 30);
    std::size_t points = 0, passed = 0;
    for (std::uint64_t n = 1; n <= apdus; ++n) {
        for (const bool answered : {false, true}) {
            const auto fault = kill_at(folder, {n, answered});
            ++points;
            if (fault.empty()) ++passed;
            INFO(fmt::format("killed {} APDU {}", answered ? "after" : "before", n));
            CHECK(fault == "");
        }
    }
    fmt::print("kill: {} APDUs, {} points, {} passed, none skipped\n", apdus, points, passed);
    CHECK(points == 2 * apdus);
    CHECK(passed == points);
}

}  // namespace kartsaz::faults
