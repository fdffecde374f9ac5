// SPDX-License-Identifier: Apache-2.0
#include "keys/certificate_memory.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <mutex>

#include "apdu/error.h"
#include "keys/certificate_request.h"
#include "keys/crypto.h"
#include "keys/issuer.h"
#include "keys/line_file.h"
#include "keys/renewal.h"
#include "keys/template_content.h"

namespace kartsaz::keys {
namespace {

using nlohmann::json;

constexpr int superseded = 4;

std::string key_of(const CertificateOrder& order) {
    return to_hex(sha256(parse_request(order.request).public_key));
}

std::string id_of(ByteView certificate) {
    return to_hex(sha256(certificate));
}

json asked_json(const CertificateOrder& order, const std::string& key) {
    const auto public_key = parse_request(order.request).public_key;
    return {{"event", "asked"},
            {"key_id", to_hex(key_identifier(public_key))},
            {"chip", order.chip},
            {"slot", order.slot},
            {"key", key},
            {"content", template_digest(order.content)},
            {"until", order.content.not_after}};
}

json doomed_json(ByteView certificate, int reason) {
    return {{"event", "doomed"}, {"certificate", to_hex(certificate)}, {"reason", reason}};
}

}  // namespace

struct CertificateMemory::Impl {
    explicit Impl(const std::filesystem::path& folder) : file{folder / "certificates.jsonl"} {}

    LineFile file;
    std::mutex mutex;
    std::vector<RememberedCertificate> entries;
    std::multimap<std::string, std::size_t> by_key;
    std::multimap<std::pair<std::string, std::string>, std::size_t> by_slot;
    std::map<std::string, std::size_t> by_id;
    std::string fault;

    void add(RememberedCertificate entry) {
        by_key.emplace(entry.key, entries.size());
        by_slot.emplace(std::pair{entry.chip, entry.slot}, entries.size());
        if (!entry.certificate.empty()) by_id[id_of(entry.certificate)] = entries.size();
        entries.push_back(std::move(entry));
    }

    /// The order that a certificate answers, when it is open.
    RememberedCertificate* open_order(const std::string& key) {
        const auto [from, until] = by_key.equal_range(key);
        for (auto at = from; at != until; ++at) {
            if (entries[at->second].certificate.empty()) return &entries[at->second];
        }
        return nullptr;
    }

    RememberedCertificate& known(const Bytes& certificate) {
        const auto id = id_of(certificate);
        if (!by_id.contains(id)) {
            RememberedCertificate unknown;
            unknown.certificate = certificate;
            add(std::move(unknown));
        }
        return entries[by_id.at(id)];
    }

    void apply(const json& event) {
        const auto kind = event.at("event").get<std::string>();
        if (kind == "asked" || kind == "received") {
            const auto key = event.at("key").get<std::string>();
            auto* open = open_order(key);
            if (open == nullptr) {
                RememberedCertificate fresh;
                fresh.key = key;
                fresh.chip = event.at("chip").get<std::string>();
                fresh.slot = event.at("slot").get<std::string>();
                add(std::move(fresh));
                open = open_order(key);
            }
            open->key_id = event.value("key_id", "");
            open->content = event.at("content").get<std::string>();
            open->until = event.at("until").get<std::int64_t>();
            if (kind == "asked") {
                open->abandoned = false;
                return;
            }
            open->certificate = from_hex(event.at("certificate").get<std::string>());
            by_id[id_of(open->certificate)] = static_cast<std::size_t>(open - entries.data());
        } else if (kind == "abandoned") {
            if (auto* open = open_order(event.at("key").get<std::string>())) open->abandoned = true;
        } else if (kind == "doomed") {
            auto& entry = known(from_hex(event.at("certificate").get<std::string>()));
            if (!entry.doomed) entry.doomed = event.at("reason").get<int>();
        } else if (kind == "revoked") {
            known(from_hex(event.at("certificate").get<std::string>())).revoked = true;
        } else {
            throw Error{Errc::input_invalid, "an event of an unknown kind"};
        }
    }

    void catch_up() {
        if (!fault.empty()) throw Error{Errc::store_failed, fault};
        for (const auto& line : file.news()) {
            try {
                apply(json::parse(line.text));
            } catch (const std::exception& error) {
                fault = fmt::format("{}: line {}: not an event; restore the file from its copy",
                                    file.path().string(), line.number);
                throw Error{Errc::store_failed, fault};
            }
        }
    }

    void write(const std::vector<json>& events) {
        if (events.empty()) return;
        std::string lines;
        for (const auto& event : events) {
            lines += event.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
        }
        file.append(lines);
        catch_up();
    }

    /// Everything under the lock, with what other processes wrote.
    template <typename Work>
    auto locked(Work&& work) {
        const std::lock_guard threads{mutex};
        const auto processes = file.lock();
        catch_up();
        return work();
    }

    std::vector<RememberedCertificate> select(bool (*wanted)(const RememberedCertificate&)) {
        return locked([&] {
            std::vector<RememberedCertificate> out;
            std::copy_if(entries.begin(), entries.end(), std::back_inserter(out), wanted);
            return out;
        });
    }
};

CertificateMemory::CertificateMemory(const std::filesystem::path& folder)
    : impl_{std::make_unique<Impl>(folder)} {
    impl_->locked([] {});
}

CertificateMemory::~CertificateMemory() = default;

std::optional<Bytes> CertificateMemory::find(const CertificateOrder& order) {
    const auto key = key_of(order);
    const auto content = template_digest(order.content);
    return impl_->locked([&]() -> std::optional<Bytes> {
        const auto [from, until] = impl_->by_key.equal_range(key);
        for (auto at = from; at != until; ++at) {
            const auto& entry = impl_->entries[at->second];
            if (!entry.holds()) continue;
            if (entry.chip != order.chip || entry.slot != order.slot) {
                throw Error{
                    Errc::card_refused,
                    fmt::format("slot \"{}\" of chip {} has the key of slot \"{}\" of chip {}; two chips or "
                                "slots with one key are a fault or a fraud",
                                order.slot, order.chip, entry.slot, entry.chip)};
            }
            const bool valid = certificate_facts(entry.certificate).not_after > order.content.not_before;
            const bool outlives = entry.until > order.content.not_after;
            if (valid && !outlives && entry.content == content && !renewal_due(entry.until, order.content)) {
                return entry.certificate;
            }
        }
        return std::nullopt;
    });
}

void CertificateMemory::asked(const CertificateOrder& order) {
    const auto key = key_of(order);
    impl_->locked([&] {
        std::vector<json> events;
        const auto [from, until] = impl_->by_slot.equal_range({order.chip, order.slot});
        for (auto at = from; at != until; ++at) {
            const auto& entry = impl_->entries[at->second];
            if (entry.key != key && entry.certificate.empty() && !entry.abandoned) {
                events.push_back({{"event", "abandoned"}, {"key", entry.key}});
            }
        }
        const auto* open = impl_->open_order(key);
        auto event = asked_json(order, key);
        if (open == nullptr || open->abandoned || open->content != event.at("content"))
            events.push_back(std::move(event));
        impl_->write(events);
    });
}

void CertificateMemory::keep(const CertificateOrder& order, ByteView certificate) {
    const auto key = key_of(order);
    const auto id = id_of(certificate);
    impl_->locked([&] {
        if (impl_->by_id.contains(id)) return;
        auto received = asked_json(order, key);
        received["event"] = "received";
        received["certificate"] = to_hex(certificate);
        std::vector<json> events{std::move(received)};
        const auto doom_all = [&](auto range) {
            for (auto at = range.first; at != range.second; ++at) {
                const auto& entry = impl_->entries[at->second];
                if (entry.holds()) events.push_back(doomed_json(entry.certificate, superseded));
            }
        };
        doom_all(impl_->by_key.equal_range(key));
        doom_all(impl_->by_slot.equal_range({order.chip, order.slot}));
        impl_->write(events);
    });
}

void CertificateMemory::keep_late(const RememberedCertificate& order, ByteView certificate) {
    impl_->locked([&] {
        if (impl_->by_id.contains(id_of(certificate))) return;
        json received = {{"event", "received"},    {"chip", order.chip},
                         {"slot", order.slot},     {"key", order.key},
                         {"key_id", order.key_id}, {"content", order.content},
                         {"until", order.until},   {"certificate", to_hex(certificate)}};
        impl_->write({std::move(received), doomed_json(certificate, superseded)});
    });
}

void CertificateMemory::replaced(const CertificateOrder& order) {
    const auto key = key_of(order);
    impl_->locked([&] {
        std::vector<json> events;
        for (const auto& entry : impl_->entries) {
            if (entry.key != key && (entry.chip != order.chip || entry.slot != order.slot)) continue;
            if (entry.holds()) events.push_back(doomed_json(entry.certificate, superseded));
            if (entry.certificate.empty() && !entry.abandoned) {
                events.push_back({{"event", "abandoned"}, {"key", entry.key}});
            }
        }
        impl_->write(events);
    });
}

void CertificateMemory::doom(ByteView certificate, int reason) {
    impl_->locked([&] {
        const auto found = impl_->by_id.find(id_of(certificate));
        if (found != impl_->by_id.end() && impl_->entries[found->second].doomed) return;
        impl_->write({doomed_json(certificate, reason)});
    });
}

bool CertificateMemory::doomed(ByteView certificate) {
    return impl_->locked([&] {
        const auto found = impl_->by_id.find(id_of(certificate));
        return found != impl_->by_id.end() && impl_->entries[found->second].doomed.has_value();
    });
}

void CertificateMemory::revoked(ByteView certificate) {
    impl_->locked([&] {
        json event = {{"event", "revoked"}, {"certificate", to_hex(certificate)}};
        impl_->write({std::move(event)});
    });
}

std::vector<RememberedCertificate> CertificateMemory::all() {
    return impl_->select([](const RememberedCertificate&) { return true; });
}

std::vector<RememberedCertificate> CertificateMemory::to_revoke() {
    return impl_->select([](const RememberedCertificate& e) { return e.doomed && !e.revoked; });
}

std::vector<RememberedCertificate> CertificateMemory::pending() {
    return impl_->select([](const RememberedCertificate& e) { return e.certificate.empty(); });
}

}  // namespace kartsaz::keys
