// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tests/faults/station.h"

/// Tearing one card at one point, and completing it.
namespace kartsaz::faults {

/// One whole undisturbed call, as the card sees it.
struct Trip {
    perso::Permits permits;
    std::uint64_t looking = 0;        ///< APDUs before the first step
    std::vector<std::size_t> writes;  ///< per APDU: data bytes of an UPDATE BINARY, else 0
};
/// Makes the call on the body and tells what was exchanged.
Trip survey(const Station& station, sim::Body& body, perso::Permits permits);

struct Point {
    sim::Faults::Kind kind = sim::Faults::Kind::cut_before;
    std::uint64_t at = 0;
    std::uint32_t value = 0;
    std::string text() const;
};
/// Every APDU with cut before, cut after and response lost, and every UPDATE BINARY cut after some of its
/// bytes.
std::vector<Point> points_of(const Trip& trip);

/// A station's journal in a folder of its own; or none.
class Desk {
public:
    explicit Desk(bool with_journal) {
        if (with_journal) journal_.emplace(folder_.path());
    }
    perso::Journal* journal() { return journal_ ? &*journal_ : nullptr; }
    /// The entry of the one chip that this desk has seen.
    std::optional<perso::JournalEntry> entry() const;
    void put(const std::optional<perso::JournalEntry>& entry) const {
        if (journal_ && entry) journal_->save(*entry);
    }

private:
    Folder folder_;
    std::optional<perso::Journal> journal_;
};

/// The torn call. Empty when it ended as it must, else in words.
std::string tear(const Station& station, sim::Body& body, Desk& desk, const Trip& trip, const Point& point);
/// The torn call, the same call again, and everything that must be true of the card then.
std::string tear_and_resume(const Station& station, sim::Body& body, Desk& desk, const Trip& trip,
                            const Point& point);

struct Tally {
    std::size_t points = 0, passed = 0;
    std::string faults;  ///< the first few
    void add(const std::string& fault);
};

}  // namespace kartsaz::faults
