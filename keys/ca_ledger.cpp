// SPDX-License-Identifier: Apache-2.0
#include "keys/ca_ledger.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <mutex>

#include "apdu/error.h"
#include "keys/line_file.h"

namespace kartsaz::keys {
namespace {

using nlohmann::json;

constexpr const char* format_name = "kartsaz-ca-ledger-1";

/// Where a certificate's line is, or the certificate itself in memory.
struct Place {
    std::uint64_t offset = 0;
    std::size_t size = 0;
    Bytes der;
};

json issued_json(const LedgerEntry& entry, ByteView certificate) {
    return {{"event", "issued"},
            {"serial", entry.serial},
            {"chip", entry.chip},
            {"slot", entry.slot},
            {"key", entry.key},
            {"content", entry.content},
            {"subject", entry.subject},
            {"not_before", entry.not_before},
            {"not_after", entry.not_after},
            {"time", entry.issued},
            {"certificate", to_hex(certificate)}};
}

json revoked_json(const std::string& serial, const Revocation& revocation) {
    return {
        {"event", "revoked"}, {"serial", serial}, {"reason", revocation.reason}, {"time", revocation.time}};
}

LedgerEntry entry_of(const json& event) {
    LedgerEntry out;
    out.serial = event.at("serial").get<std::string>();
    out.chip = event.at("chip").get<std::string>();
    out.slot = event.at("slot").get<std::string>();
    out.key = event.at("key").get<std::string>();
    out.content = event.at("content").get<std::string>();
    out.subject = event.at("subject").get<std::string>();
    out.not_before = event.at("not_before").get<std::int64_t>();
    out.not_after = event.at("not_after").get<std::int64_t>();
    out.issued = event.at("time").get<std::int64_t>();
    return out;
}

}  // namespace

struct CaLedger::Impl {
    std::string authority;
    std::unique_ptr<LineFile> file;
    std::mutex mutex;
    std::vector<LedgerEntry> entries;
    std::vector<Place> places;
    std::map<std::string, std::size_t, std::less<>> by_serial;
    std::multimap<std::string, std::size_t, std::less<>> by_key;
    std::multimap<std::pair<std::string, std::string>, std::size_t> by_slot;
    std::uint64_t crl = 0;
    std::int64_t crl_time = 0;
    bool headed = false;
    std::string fault;

    [[noreturn]] void broken(std::size_t line, const std::string& why) {
        fault = fmt::format("{}: line {}: {}; restore the ledger from its copy",
                            file ? file->path().string() : "ledger", line, why);
        throw Error{Errc::store_failed, fault};
    }

    void apply_issued(const json& event, Place place, std::size_t line) {
        auto entry = entry_of(event);
        if (!by_serial.emplace(entry.serial, entries.size()).second) {
            broken(line, "serial " + entry.serial + " was issued before");
        }
        by_key.emplace(entry.key, entries.size());
        by_slot.emplace(std::pair{entry.chip, entry.slot}, entries.size());
        entries.push_back(std::move(entry));
        places.push_back(std::move(place));
    }

    void apply_revoked(const json& event, std::size_t line) {
        const auto serial = event.at("serial").get<std::string>();
        const auto found = by_serial.find(serial);
        if (found == by_serial.end()) broken(line, "serial " + serial + " was never issued");
        auto& revoked = entries[found->second].revoked;
        if (!revoked)
            revoked = Revocation{event.at("time").get<std::int64_t>(), event.at("reason").get<int>()};
    }

    void apply_head(const json& event, std::size_t line) {
        if (headed) broken(line, "a second heading");
        if (event.at("format") != format_name) broken(line, "not of format " + std::string{format_name});
        if (event.at("ca").get<std::string>() != authority) broken(line, "the ledger is another CA's");
        headed = true;
    }

    void apply(const json& event, Place place, std::size_t line) {
        const auto name = event.at("event").get<std::string>();
        if (name != "ca" && !headed) broken(line, "no heading before it");
        if (name == "ca") {
            apply_head(event, line);
        } else if (name == "issued") {
            apply_issued(event, std::move(place), line);
        } else if (name == "revoked") {
            apply_revoked(event, line);
        } else if (name == "crl") {
            crl = std::max(crl, event.at("number").get<std::uint64_t>());
            crl_time = event.at("time").get<std::int64_t>();
        } else {
            broken(line, "an event of an unknown kind");
        }
    }

    /// What was read once is not read again, so a broken line stays an error for good.
    void catch_up() {
        if (!file) return;
        if (!fault.empty()) throw Error{Errc::store_failed, fault};
        for (auto& line : file->news()) {
            try {
                apply(json::parse(line.text), {line.offset, line.text.size(), {}}, line.number);
            } catch (const json::exception&) {
                broken(line.number, "not an event");
            }
        }
    }

    void write(const std::vector<json>& events, ByteView certificate) {
        if (!file) {
            for (const auto& event : events)
                apply(event, {0, 0, {certificate.begin(), certificate.end()}}, 0);
            return;
        }
        std::string lines;
        for (const auto& event : events)
            lines += event.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
        file->append(lines);
        catch_up();
    }

    void head() {
        if (headed || (file && file->use() == LineFile::Use::read)) return;
        json heading = {{"event", "ca"}, {"format", format_name}, {"ca", authority}};
        write({std::move(heading)}, {});
    }
};

struct CaLedger::Turn::Held {
    std::unique_lock<std::mutex> threads;
    std::optional<LineFile::Lock> processes;
};

CaLedger::CaLedger(std::string authority) : impl_{std::make_unique<Impl>()} {
    impl_->authority = std::move(authority);
    impl_->head();
}

CaLedger::CaLedger(std::string authority, const std::filesystem::path& file, Use use)
    : impl_{std::make_unique<Impl>()} {
    impl_->authority = std::move(authority);
    impl_->file =
        std::make_unique<LineFile>(file, use == Use::read ? LineFile::Use::read : LineFile::Use::write);
    (void)turn();  // read now, so that a broken ledger is found before a card is
}

CaLedger::~CaLedger() = default;

CaLedger::Turn::Turn(CaLedger& ledger) : ledger_{ledger}, held_{std::make_unique<Held>()} {
    auto& impl = *ledger_.impl_;
    held_->threads = std::unique_lock{impl.mutex};
    if (!impl.file) return;
    held_->processes.emplace(*impl.file);
    impl.catch_up();
    impl.head();
}

CaLedger::Turn::~Turn() = default;

const std::vector<LedgerEntry>& CaLedger::Turn::entries() const {
    return ledger_.impl_->entries;
}

const LedgerEntry* CaLedger::Turn::by_serial(const std::string& serial) const {
    const auto& impl = *ledger_.impl_;
    const auto found = impl.by_serial.find(serial);
    return found == impl.by_serial.end() ? nullptr : &impl.entries[found->second];
}

std::vector<const LedgerEntry*> CaLedger::Turn::of_key(const std::string& key) const {
    const auto& impl = *ledger_.impl_;
    std::vector<const LedgerEntry*> out;
    const auto [from, until] = impl.by_key.equal_range(key);
    for (auto at = from; at != until; ++at) out.push_back(&impl.entries[at->second]);
    return out;
}

std::vector<const LedgerEntry*> CaLedger::Turn::of_slot(const std::string& chip,
                                                        const std::string& slot) const {
    const auto& impl = *ledger_.impl_;
    std::vector<const LedgerEntry*> out;
    const auto [from, until] = impl.by_slot.equal_range({chip, slot});
    for (auto at = from; at != until; ++at) out.push_back(&impl.entries[at->second]);
    return out;
}

Bytes CaLedger::Turn::certificate(const LedgerEntry& entry) const {
    const auto& impl = *ledger_.impl_;
    const auto& place = impl.places[impl.by_serial.at(entry.serial)];
    if (!impl.file) return place.der;
    return from_hex(
        json::parse(impl.file->read(place.offset, place.size)).at("certificate").get<std::string>());
}

std::uint64_t CaLedger::Turn::last_crl() const {
    return ledger_.impl_->crl;
}

std::int64_t CaLedger::Turn::last_crl_time() const {
    return ledger_.impl_->crl_time;
}

void CaLedger::Turn::issue(const LedgerEntry& entry, ByteView certificate,
                           const std::vector<const LedgerEntry*>& superseded) {
    constexpr int reason_superseded = 4;
    std::vector<json> events;
    for (const auto* old : superseded) {
        events.push_back(revoked_json(old->serial, {entry.issued, reason_superseded}));
    }
    events.push_back(issued_json(entry, certificate));
    ledger_.impl_->write(events, certificate);
}

void CaLedger::Turn::revoke(const LedgerEntry& entry, const Revocation& revocation) {
    if (entry.revoked) return;
    ledger_.impl_->write({revoked_json(entry.serial, revocation)}, {});
}

std::uint64_t CaLedger::Turn::number_crl(std::int64_t time) {
    const auto number = last_crl() + 1;
    json event = {{"event", "crl"}, {"number", number}, {"time", time}};
    ledger_.impl_->write({std::move(event)}, {});
    return number;
}

}  // namespace kartsaz::keys
