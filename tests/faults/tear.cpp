// SPDX-License-Identifier: Apache-2.0
#include "tests/faults/tear.h"

#include <fmt/format.h>

#include <algorithm>

#include "apdu/decorator.h"
#include "apdu/error.h"
#include "libcard/reader/sim_transport.h"

namespace kartsaz::faults {
namespace {

using Kind = sim::Faults::Kind;
constexpr std::uint8_t ins_update_binary = 0xD6, ins_put_object = 0xDB;

/// Notes which commands write.
class Tap final : public apdu::TransportDecorator {
public:
    Tap(apdu::Transport& below, std::vector<std::size_t>& writes)
        : TransportDecorator{below}, writes_{writes} {}
    apdu::ResponseApdu transmit(const apdu::CommandApdu& command) override {
        const bool writes = command.ins == ins_update_binary || command.ins == ins_put_object;
        writes_.push_back(writes ? command.data.size() : 0);
        return below().transmit(command);
    }

private:
    std::vector<std::size_t>& writes_;
};

std::string refusal_of(const std::string& doing, const Error& error) {
    return fmt::format("{}: {}", doing, error.what());
}

/// What must be true of a card that was torn and completed.
std::string wrong_with(const Station& station, sim::Body& body, const Desk& desk) {
    const auto faults = station.faults_of(body);
    if (!faults.empty()) return "does not verify: " + faults;
    if (!all_tries_left(body)) return "an authentication try was spent";
    if (!station.nothing_to_do(body)) return "one more call would write again";
    const auto entry = desk.entry();
    if (entry && entry->stage != "complete") return "the journal says \"" + entry->stage + "\"";
    return {};
}

}  // namespace

Trip survey(const Station& station, sim::Body& body, perso::Permits permits) {
    Trip trip;
    trip.permits = permits;
    const Bytes before = body.snapshot();
    trip.looking = station.looking(body, permits);
    body.restore(before);
    const auto start = body.apdu_count();
    const auto card = reader::sim_transport(body);
    trip.writes.resize(body.apdu_count() - start);  // learning the limits
    Tap tap{*card, trip.writes};
    perso::personalize(tap, station.run(nullptr, permits));
    if (trip.writes.size() != body.apdu_count() - start) throw Error{Errc::internal, "APDUs were miscounted"};
    return trip;
}

std::string Point::text() const {
    static constexpr const char* names[] = {"",         "cut before", "cut after",   "response lost",
                                            "bit flip", "answer",     "slow answer", "cut in write"};
    return fmt::format("{} APDU {}{}", names[static_cast<std::size_t>(kind)], at,
                       kind == Kind::cut_in_write ? fmt::format(" after {} bytes", value) : "");
}

std::vector<Point> points_of(const Trip& trip) {
    std::vector<Point> points;
    for (std::uint64_t n = 1; n <= trip.writes.size(); ++n) {
        for (const auto kind : {Kind::cut_before, Kind::cut_after, Kind::drop_response}) {
            points.push_back({kind, n, 0});
        }
        const auto size = static_cast<std::uint32_t>(trip.writes[n - 1]);
        if (size == 0) continue;
        for (const std::uint32_t bytes : {0U, 1U, size / 2, size - 1}) {
            points.push_back({Kind::cut_in_write, n, bytes});
        }
    }
    return points;
}

std::optional<perso::JournalEntry> Desk::entry() const {
    if (!journal_) return std::nullopt;
    for (const auto& file : std::filesystem::directory_iterator{folder_.path()}) {
        return journal_->find(file.path().stem().string());
    }
    return std::nullopt;
}

std::string tear(const Station& station, sim::Body& body, Desk& desk, const Trip& trip, const Point& point) {
    body.set_faults({{point.kind, point.at, point.value}});
    const bool looking = point.at <= trip.looking;
    try {
        station.personalize(body, desk.journal(), trip.permits);
    } catch (const Error& error) {
        body.set_faults({});
        const auto expected = looking ? Errc::card_removed : Errc::interrupted;
        if (error.code() != expected) return refusal_of("the torn call has the wrong code", error);
        if (!all_tries_left(body)) return "the torn call spent an authentication try";
        return desk.books().two_valid();
    }
    body.set_faults({});
    return "the torn call ended as if nothing had happened";
}

std::string resume(const Station& station, sim::Body& body, Desk& desk, const perso::Permits& permits) {
    try {
        const auto receipt = station.personalize(body, desk.journal(), permits);
        if (!receipt.complete) return "the receipt of the second call says that it is not complete";
        return wrong_with(station, body, desk);
    } catch (const Error& error) {
        return refusal_of("the second call", error);
    }
}

std::string tear_and_resume(const Station& station, sim::Body& body, Desk& desk, const Trip& trip,
                            const Point& point) {
    auto fault = tear(station, body, desk, trip, point);
    if (fault.empty()) fault = resume(station, body, desk, trip.permits);
    return fault.empty() ? "" : named(point, desk, fault);
}

std::string named(const Point& point, Desk& desk, const std::string& fault) {
    return fmt::format("{}{}: {}", point.text(), desk.journal() == nullptr ? ", no journal" : "", fault);
}

void Tally::add(const std::string& fault) {
    ++points;
    if (fault.empty()) {
        ++passed;
        return;
    }
    constexpr std::size_t enough = 4000;
    if (faults.size() < enough) faults += fault + "\n";
}

}  // namespace kartsaz::faults
