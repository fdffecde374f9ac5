// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "apdu/error.h"
#include "apdu/transcript.h"
#include "libcard/reader/limits.h"
#include "libcard/reader/pcsc.h"
#include "libcard/reader/reader.h"
#include "libcard/reader/selector.h"
#include "libcard/reader/sim_transport.h"
#include "libcard/reader/vpcd_transport.h"

namespace kartsaz::reader {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

std::unique_ptr<apdu::Transport> open_replay(const std::string& file) {
    std::ifstream in{file, std::ios::binary};
    if (!in) throw Error{Errc::input_invalid, fmt::format("transcript {} cannot be read", file)};
    const std::string text{std::istreambuf_iterator<char>{in}, {}};
    return std::make_unique<apdu::ReplayTransport>(text, file);
}

/// The reader's name once it is there with a card; what is in the way at the moment in `fault` otherwise.
std::optional<std::string> ready_reader(const Selector& selector, const std::vector<ReaderStatus>& readers,
                                        std::optional<Error>& fault) {
    try {
        const auto& reader = choose_reader(selector, readers);
        if (reader.card_present) return reader.name;
        fault = Error{Errc::reader_failed, fmt::format("reader '{}': there is no card in it", reader.name)};
    } catch (const Error& error) {
        if (error.code() != Errc::reader_failed) throw;
        fault = error;
    }
    return std::nullopt;
}

std::unique_ptr<apdu::Transport> connect(const std::string& name) {
    auto card = connect_pcsc(name);
    return with_limits(std::move(card.transport), name, card.max_data);
}

/// Nothing, with the fault, while another program holds the card.
std::unique_ptr<apdu::Transport> connect_if_free(const std::string& name, std::optional<Error>& fault) {
    try {
        return connect(name);
    } catch (const CardBusy& busy) {
        fault = busy;
        return nullptr;
    }
}

/// A reader that is named exactly needs no list, unless something is in the way and must be told in words.
std::unique_ptr<apdu::Transport> try_exact(const Selector& selector) {
    if (selector.kind != Selector::Kind::pcsc_name) return nullptr;
    try {
        return connect(selector.value);
    } catch (const Error&) {
        return nullptr;
    }
}

std::unique_ptr<apdu::Transport> open_pcsc(const Selector& selector, milliseconds wait) {
    if (auto card = try_exact(selector)) return card;
    const auto end = Clock::now() + wait;
    PcscMonitor monitor;
    while (true) {
        std::optional<Error> fault;
        if (const auto name = ready_reader(selector, monitor.readers(), fault)) {
            if (auto card = connect_if_free(*name, fault)) return card;
        }
        const auto left = std::chrono::ceil<milliseconds>(end - Clock::now());
        if (left.count() <= 0) throw Error{*fault};
        // A reader that comes, or a card that is let go, between list and wait is not reported as an event,
        // so no wait is too long.
        monitor.wait(std::min(left, milliseconds{500}));
    }
}

}  // namespace

std::unique_ptr<apdu::Transport> open_card(const std::string& text, milliseconds wait) {
    const Selector selector = parse_selector(text);
    switch (selector.kind) {
        case Selector::Kind::sim:
            return sim_transport(std::filesystem::path{selector.value});
        case Selector::Kind::replay:
            return open_replay(selector.value);
        case Selector::Kind::vpcd:
            return vpcd_transport(static_cast<std::uint16_t>(selector.number), wait);
        case Selector::Kind::pcsc_name:
        case Selector::Kind::pcsc_number:
        case Selector::Kind::pcsc_part:
        case Selector::Kind::only_card:
            break;
    }
    return open_pcsc(selector, wait);
}

}  // namespace kartsaz::reader
