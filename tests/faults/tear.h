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
    std::vector<std::size_t> writes;  ///< per APDU: data bytes of an UPDATE BINARY or PUT DATA, else 0
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

/// What a station remembers: its journal in a folder of its own, or none, and the CA's books.
class Desk {
public:
    /// Nothing yet. @param station  asks the CA of this desk, until another desk is made for it
    Desk(Station& station, bool with_journal) : Desk{station, with_journal, Books{}} {}
    /// The books of before.
    Desk(Station& station, bool with_journal, const Books& books) : books_{books} {
        station.use(books_);
        if (with_journal) journal_.emplace(folder_.path());
    }
    const Books& books() const { return books_; }
    perso::Journal* journal() { return journal_ ? &*journal_ : nullptr; }
    /// The entry of the one chip that this desk has seen.
    std::optional<perso::JournalEntry> entry() const;
    void put(const std::optional<perso::JournalEntry>& entry) const {
        if (journal_ && entry) journal_->save(*entry);
    }

private:
    Books books_;
    Folder folder_;
    std::optional<perso::Journal> journal_;
};

/// The torn call. Empty when it ended as it must, else in words.
std::string tear(const Station& station, sim::Body& body, Desk& desk, const Trip& trip, const Point& point);
/// The next call, and everything that must be true of the card then.
std::string resume(const Station& station, sim::Body& body, Desk& desk, const perso::Permits& permits);
/// A fault with its point, for people.
std::string named(const Point& point, Desk& desk, const std::string& fault);
/// The torn call, the same call again, and everything that must be true of the card then.
std::string tear_and_resume(const Station& station, sim::Body& body, Desk& desk, const Trip& trip,
                            const Point& point);

struct Tally {
    std::size_t points = 0, passed = 0;
    std::string faults;  ///< the first few
    void add(const std::string& fault);
};

}  // namespace kartsaz::faults
