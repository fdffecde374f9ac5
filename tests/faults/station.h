// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "libcard/app/dump.h"
#include "libcard/perso/personalize.h"
#include "libcard/sim/body.h"
#include "libcard/verify/verify.h"
#include "tests/faults/books.h"

/// What the tests of this folder share: a station with record, keys and signer ready, and bodies to feed it.
namespace kartsaz::faults {

/// The day that everything happens on, whatever the clock says: within the demo record's validity.
inline constexpr std::int64_t moment = 1'763'700'000;  // 2025-11-21

std::filesystem::path demo_record();
/// Text of a shipped profile.
std::string shipped_profile(const std::string& name);
/// `text` with `from`, which must be there, replaced by `to`.
std::string replaced(std::string text, const std::string& from, const std::string& to);

class Station {
public:
    /// @param profile  text of a profile
    explicit Station(const std::string& profile);

    /// The same call for blank, torn and complete cards; a fresh transport each time, as a reader gives.
    perso::Receipt personalize(sim::Body& body, perso::Journal* journal, perso::Permits permits = {}) const;
    /// How many APDUs are exchanged before the first step: learning the limits and looking at the card.
    std::uint64_t looking(sim::Body& body, perso::Permits permits = {}) const;
    bool nothing_to_do(sim::Body& body) const;

    app::CardDump read(sim::Body& body) const;
    /// @param expected  the record that the card must hold; null: none is known
    /// @param registered  what the card was when it was finished; null: that is not known
    verify::Report judge(const app::CardDump& dump, const record::Record* expected,
                         const app::CardDump* registered = nullptr) const;
    /// Reads and judges, and holds the issuer's books against the card: empty when all is good, else
    /// everything that was found.
    std::string faults_of(sim::Body& body) const;
    /// Certificates come from this CA, which may not go away before the station; at first the station has its
    /// own.
    void use(const Books& books);
    /// Certificates come from somewhere else, and there are no books.
    void use(keys::CertificateSource& source);
    const Books& books() const { return *books_; }

    perso::Run run(perso::Journal* journal, perso::Permits permits = {}) const;
    record::Record& record() { return record_; }

private:
    profile::Profile profile_;
    std::unique_ptr<keys::KeyStore> keys_;
    keys::DocumentSigner signer_;
    Books own_books_;
    const Books* books_ = &own_books_;
    record::Record record_;
    perso::Applications applications_;
    perso::Order order_;
    keys::TrustAnchors trust_, holder_trust_;
    keys::CertificatePool pool_;  ///< for PIV cards
};

/// A body whose randoms are the same in every run.
std::unique_ptr<sim::Body> seeded_body(const std::string& kind, const std::string& link = "contact",
                                       std::uint8_t scp_i = 0x70);
/// True when no keyset of the body has lost an authentication try.
bool all_tries_left(const sim::Body& body);

/// A folder of its own that goes away with the object.
class Folder {
public:
    Folder();
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder();
    const std::filesystem::path& path() const { return path_; }
    std::string operator/(const std::string& name) const { return (path_ / name).string(); }

private:
    std::filesystem::path path_;
};

}  // namespace kartsaz::faults
