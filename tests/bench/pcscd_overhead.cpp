// SPDX-License-Identifier: Apache-2.0
// Wall time of personalize through pcscd and the virtual reader over the wall time of a bare replay of the
// very same commands to the very same body, alternating in one run. tests/bench/run starts pcscd where none
// runs.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "apdu/command.h"
#include "apdu/decorator.h"
#include "apdu/error.h"
#include "libcard/reader/reader.h"
#include "libcard/sim/body.h"
#include "tests/bench/bare_pcsc.h"
#include "tests/bench/figure.h"
#include "tests/bench/plugged.h"
#include "tests/support/bureau.h"

namespace kartsaz::bench {
namespace {

using test::Bureau;

using Clock = std::chrono::steady_clock;
namespace fs = std::filesystem;

double seconds(Clock::time_point begin) {
    return std::chrono::duration<double>(Clock::now() - begin).count();
}

/// Keeps wire forms, so that the replay sends the same bytes.
class Recorder final : public apdu::TransportDecorator {
public:
    using TransportDecorator::TransportDecorator;
    apdu::ResponseApdu transmit(const apdu::CommandApdu& command) override {
        auto response = below().transmit(command);
        exchanges.push_back({apdu::encode(command), apdu::encode(response)});
        return response;
    }
    std::vector<WireExchange> exchanges;
};

struct Round {
    double personalize = 0;
    double replay = 0;
    std::size_t commands = 0;
};

Round one_round(const Bureau& bureau, sim::Body& body, const Bytes& blank, const fs::path& journal_folder) {
    Round round;
    std::vector<WireExchange> exchanges;
    {
        fs::remove_all(journal_folder);
        body.restore(blank);
        const Plugged plugged{body};
        const auto begin = Clock::now();
        perso::Journal journal{journal_folder};
        const auto card = reader::open_card(std::string{"pcsc:"} + virtual_reader);
        Recorder recorder{*card};
        perso::personalize(recorder, bureau.run(&journal));
        round.personalize = seconds(begin);
        exchanges = std::move(recorder.exchanges);
    }
    {
        body.restore(blank);
        const Plugged plugged{body};
        const auto begin = Clock::now();
        bare_replay(virtual_reader, exchanges);
        round.replay = seconds(begin);
    }
    round.commands = exchanges.size();
    return round;
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

struct Medians {
    double personalize = 0;
    double replay = 0;
    std::size_t commands = 0;
    double ratio() const { return personalize / replay; }
};

/// Alternating rounds on one body. @param real_time  the card takes the time that a card on its link takes
Medians measure_rounds(int rounds, bool real_time, const fs::path& folder) {
    const Bureau bureau{"national-eid"};
    sim::NewBody wanted;
    wanted.seed = Bytes(32, 0x42);
    wanted.link = "contactless-848";  // the fastest link there is
    const auto body = sim::Body::create(folder / (real_time ? "real.body" : "instant.body"), wanted);
    body->sleep_for_time(real_time);
    const Bytes blank = body->snapshot();
    one_round(bureau, *body, blank, folder / "journal");  // warm-up
    std::vector<double> personalize, replay;
    Medians medians;
    for (int i = 0; i < rounds; ++i) {
        const auto round = one_round(bureau, *body, blank, folder / "journal");
        personalize.push_back(round.personalize);
        replay.push_back(round.replay);
        medians.commands = round.commands;
    }
    medians.personalize = median(personalize);
    medians.replay = median(replay);
    return medians;
}

Outcome measure(const Options& options) {
    Outcome outcome;
    if (!virtual_reader_is_there()) {
        outcome.skipped.push_back(
            {"pcscd_overhead", "no pcscd with a reader \"Virtual PCD 00 00\" (vsmartcard-vpcd)"});
        return outcome;
    }
    const fs::path folder = fs::temp_directory_path() / fmt::format("kartsaz-bench-{}", ::getpid());
    fs::create_directories(folder);
    const int rounds = options.brief ? 3 : 9;
    const auto real = measure_rounds(rounds, true, folder);
    const int instant_rounds = options.brief ? 5 : 25;
    const auto instant = measure_rounds(instant_rounds, false, folder);
    fs::remove_all(folder);
    const auto beside = [](const char* name, double value, const char* unit, std::string note = "") {
        return Result{name, value, unit, Bound::none, 0, std::move(note)};
    };
    outcome.results = {
        {"pcscd_overhead", real.ratio(), "ratio", Bound::at_most, 1.10,
         fmt::format("a card as fast as contactless 848 kbit/s, medians of {} rounds{}", rounds,
                     options.brief ? ", short form" : "")},
        beside("  personalize", 1000 * real.personalize, "ms"),
        beside("  bare_replay", 1000 * real.replay, "ms"),
        beside("  commands", static_cast<double>(real.commands), ""),
        beside("  instant_card_ratio", instant.ratio(), "ratio",
               fmt::format("a card that takes no time at all, medians of {} rounds", instant_rounds)),
        beside("  instant_personalize", 1000 * instant.personalize, "ms"),
        beside("  instant_bare_replay", 1000 * instant.replay, "ms"),
    };
    return outcome;
}

}  // namespace

Figure pcscd_overhead() {
    return {"pcscd_overhead", "through pcscd: wall time of personalize over a bare SCardTransmit replay",
            measure};
}

}  // namespace kartsaz::bench
