// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <atomic>
#include <csignal>

#include "apdu/atr.h"
#include "apdu/error.h"
#include "libcard/reader/reader.h"
#include "tools/command.h"
#include "tools/console.h"
#include "tools/exit_codes.h"

namespace kartsaz::tools {
namespace {

using nlohmann::json;

std::atomic<bool> stopped{false};

std::string atr_in_words(const Bytes& atr) {
    if (atr.empty()) return "";
    try {
        return apdu::describe(apdu::parse_atr(atr));
    } catch (const Error& error) {
        return error.what();
    }
}

json status_json(const reader::ReaderStatus& status) {
    return {{"index", status.index},      {"name", status.name},       {"card", status.card_present},
            {"in_use", status.in_use},    {"atr", to_hex(status.atr)}, {"atr_text", atr_in_words(status.atr)},
            {"protocol", status.protocol}};
}

std::string_view word(reader::WatchEvent::Kind kind) {
    using Kind = reader::WatchEvent::Kind;
    switch (kind) {
        case Kind::reader_added:
            return "reader added";
        case Kind::reader_removed:
            return "reader removed";
        case Kind::card_inserted:
            return "card inserted";
        case Kind::card_removed:
            return "card removed";
        case Kind::service_lost:
            return "pcscd is gone";
        case Kind::service_back:
            return "pcscd is back";
    }
    return "";
}

int watch(bool as_json) {
    std::signal(SIGINT, [](int) { stopped = true; });
    std::signal(SIGTERM, [](int) { stopped = true; });
    if (!as_json) say("Watching readers; Ctrl-C ends.");
    reader::watch_pcsc_readers(
        [&](const reader::WatchEvent& event) {
            if (as_json) {
                json line = status_json(event.reader);
                line["event"] = word(event.kind);
                fmt::print("{}\n", line.dump());
            } else {
                say(fmt::format("{:<15} {} {}", word(event.kind), event.reader.name,
                                atr_in_words(event.reader.atr)),
                    16);
            }
            std::fflush(stdout);
            return !stopped.load();
        },
        [] { return !stopped.load(); });
    return exit_ok;
}

int list(bool as_json) {
    const auto readers = reader::list_pcsc_readers();
    if (as_json) {
        json document = json::array();
        for (const auto& status : readers) document.push_back(status_json(status));
        print_json({{"readers", document}});
        return exit_ok;
    }
    if (readers.empty()) say("No reader. `kartsaz doctor` looks for the cause.");
    for (const auto& status : readers) {
        say(fmt::format("{}: {}", status.index, status.name), 3);
        if (!status.card_present) {
            say("   no card");
            continue;
        }
        say(fmt::format("   card{}{}", status.in_use ? ", in use by another program" : "",
                        status.protocol.empty() ? "" : ", " + status.protocol));
        say("   ATR " + to_hex(status.atr), 7);
        say("   " + atr_in_words(status.atr), 3);
    }
    return exit_ok;
}

}  // namespace

void add_readers(CLI::App& program, Action& action) {
    auto* command = program.add_subcommand("readers", "List PC/SC readers and the cards in them");
    struct Options {
        bool watch = false;
        bool json = false;
    };
    auto options = std::make_shared<Options>();
    command->add_flag("--watch", options->watch, "Go on and tell each change");
    command->add_flag("--json", options->json, "One JSON document; with --watch one a line")->group("Output");
    command->callback([options, &action] {
        action = [options] { return options->watch ? watch(options->json) : list(options->json); };
    });
}

}  // namespace kartsaz::tools
