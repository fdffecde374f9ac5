// SPDX-License-Identifier: Apache-2.0
#include "libcard/reader/watch.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <thread>

#include "apdu/error.h"
#include "libcard/reader/pcsc.h"

namespace kartsaz::reader {
namespace {

using Kind = WatchEvent::Kind;
using std::chrono::milliseconds;

/// How long one wait for an event lasts at most, because `keep_going` must be asked between.
constexpr milliseconds event_wait{500};
/// There is no event for pcscd's return: it is asked again, more and more seldom up to this.
constexpr milliseconds longest_pause{1000};
constexpr milliseconds shortest_pause{50};

const ReaderStatus* find(const std::vector<ReaderStatus>& list, const std::string& name) {
    const auto found = std::find_if(list.begin(), list.end(), [&](const auto& r) { return r.name == name; });
    return found == list.end() ? nullptr : &*found;
}

void card_changes(const ReaderStatus& before, const ReaderStatus& after, std::vector<WatchEvent>& out) {
    const bool same = before.card_present == after.card_present && before.atr == after.atr;
    if (same) return;
    if (before.card_present) out.push_back({Kind::card_removed, before});
    if (after.card_present) out.push_back({Kind::card_inserted, after});
}

/// Feeds the caller's function and remembers that it wants no more.
class Watcher {
public:
    explicit Watcher(const std::function<bool(const WatchEvent&)>& event) : event_{event} {}

    bool wants_more() const { return wants_more_; }
    void list(std::vector<ReaderStatus> now) {
        if (!service_) tell({Kind::service_back, {}});
        service_ = true;
        changes(std::move(now));
    }
    void no_service() {
        changes({});
        if (service_) tell({Kind::service_lost, {}});
        service_ = false;
    }

private:
    void tell(const WatchEvent& event) {
        if (wants_more_) wants_more_ = event_(event);
    }
    void changes(std::vector<ReaderStatus> now) {
        for (const auto& event : reader_changes(known_, now)) tell(event);
        known_ = std::move(now);
    }

    const std::function<bool(const WatchEvent&)>& event_;
    std::vector<ReaderStatus> known_{};
    bool service_ = true;
    bool wants_more_ = true;
};

/// Empty when pcscd does not answer.
std::optional<std::vector<ReaderStatus>> readers_if_any(PcscMonitor& monitor) {
    try {
        return monitor.readers();
    } catch (const Error&) {
        return std::nullopt;
    }
}

}  // namespace

std::vector<WatchEvent> reader_changes(const std::vector<ReaderStatus>& before,
                                       const std::vector<ReaderStatus>& after) {
    std::vector<WatchEvent> out;
    for (const auto& old : before) {
        if (find(after, old.name) != nullptr) continue;
        if (old.card_present) out.push_back({Kind::card_removed, old});
        out.push_back({Kind::reader_removed, old});
    }
    for (const auto& now : after) {
        const auto* old = find(before, now.name);
        if (old == nullptr) {
            out.push_back({Kind::reader_added, now});
            if (now.card_present) out.push_back({Kind::card_inserted, now});
        } else {
            card_changes(*old, now, out);
        }
    }
    return out;
}

void watch_pcsc_readers(const std::function<bool(const WatchEvent&)>& event,
                        const std::function<bool()>& keep_going) {
    PcscMonitor monitor;
    Watcher watcher{event};
    milliseconds pause = shortest_pause;
    while (watcher.wants_more() && keep_going()) {
        if (auto now = readers_if_any(monitor)) {
            watcher.list(std::move(*now));
            pause = shortest_pause;
            if (watcher.wants_more()) monitor.wait(event_wait);
        } else {
            watcher.no_service();
            if (watcher.wants_more()) std::this_thread::sleep_for(pause);
            pause = std::min(pause * 2, longest_pause);
        }
    }
}

std::vector<ReaderStatus> list_pcsc_readers() {
    return PcscMonitor{}.readers();
}

}  // namespace kartsaz::reader
