// SPDX-License-Identifier: Apache-2.0
#include "tools/ca_change.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <fstream>

#include "apdu/error.h"
#include "keys/certificate_request.h"
#include "keys/issuer.h"
#include "keys/local_ca.h"
#include "tools/options.h"

namespace kartsaz::tools {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr int key_compromise = 1, superseded = 4;

/// Which CA a ledger is of, by its first line; empty where that was torn: nothing was issued then.
std::string authority_in(const fs::path& file) {
    std::ifstream in{file, std::ios::binary};
    std::string line;
    if (!std::getline(in, line) || in.eof()) return {};
    try {
        return json::parse(line).at("ca").get<std::string>();
    } catch (const json::exception&) {
        throw Error{Errc::store_failed,
                    file.string() + ": line 1: not an event; restore the ledger from its copy"};
    }
}

std::string key_of(const keys::CertificateOrder& order) {
    return keys::authority_of(keys::parse_request(order.request).public_key);
}

/// The entry of exactly this certificate; null when the ledger's CA did not issue it.
const keys::LedgerEntry* entry_of(const keys::CaLedger::Turn& turn, ByteView certificate) {
    const auto* entry = turn.by_serial(keys::certificate_facts(certificate).serial);
    const bool same = entry != nullptr && std::ranges::equal(turn.certificate(*entry), certificate);
    return same ? entry : nullptr;
}

}  // namespace

OneCertificate::OneCertificate(keys::CertificateSource& source, fs::path folder, fs::path own,
                               std::shared_ptr<keys::CertificateMemory> memory)
    : source_{source}, folder_{std::move(folder)}, own_{std::move(own)}, memory_{std::move(memory)} {}

std::shared_ptr<keys::CertificateMemory> OneCertificate::earlier() {
    if (!memory_ && !earlier_ && fs::exists(folder_ / "certificates.jsonl")) {
        earlier_ = std::make_shared<keys::CertificateMemory>(folder_);
    }
    return earlier_;
}

/// Looked for each time: another station may have begun one meanwhile.
std::vector<std::shared_ptr<keys::CaLedger>> OneCertificate::ledgers() {
    std::vector<std::shared_ptr<keys::CaLedger>> out;
    for (const auto& entry : fs::directory_iterator{folder_}) {
        const auto file = entry.path();
        const auto name = file.filename().string();
        if (!name.starts_with("ledger-") || file.extension() != ".jsonl" || name == own_.filename()) continue;
        auto& known = ledgers_[file];
        if (!known) {
            const auto authority = authority_in(file);
            if (authority.empty()) continue;
            known = std::make_shared<keys::CaLedger>(authority, file);
        }
        out.push_back(known);
    }
    return out;
}

/// Asked before the CA is: a card that shows another card's key must not have that one's certificate revoked.
void OneCertificate::check_owner(const keys::CertificateOrder& order) {
    const auto key = key_of(order);
    const auto now = now_seconds();
    for (const auto& ledger : ledgers()) {
        const auto turn = ledger->turn();
        for (const auto* entry : turn.of_key(key)) {
            const bool bad = entry->revoked && entry->revoked->reason == key_compromise;
            const bool same = entry->chip == order.chip && entry->slot == order.slot;
            if (!bad && (same || !entry->valid_at(now))) continue;
            throw Error{
                Errc::card_refused,
                fmt::format(
                    "slot \"{}\" of chip {}: its key {} (certificate {})", order.slot, order.chip,
                    bad ? "was revoked as compromised"
                        : fmt::format("is certified for slot \"{}\" of chip {}", entry->slot, entry->chip),
                    entry->serial)};
        }
    }
    if (const auto memory = earlier()) (void)memory->find(order);  // throws for another chip's key
}

void OneCertificate::take_back(const keys::CertificateOrder& order, ByteView given) {
    const auto key = key_of(order);
    const auto now = now_seconds();
    for (const auto& ledger : ledgers()) {
        auto turn = ledger->turn();
        auto entries = turn.of_key(key);
        for (const auto* entry : turn.of_slot(order.chip, order.slot)) entries.push_back(entry);
        for (const auto* entry : entries) {
            if (!entry->valid_at(now) || std::ranges::equal(turn.certificate(*entry), given)) continue;
            turn.revoke(*entry, {now, superseded});
        }
    }
    if (const auto memory = earlier()) memory->replaced(order);
}

Bytes OneCertificate::certificate(const keys::CertificateOrder& order) {
    try {
        check_owner(order);
    } catch (const Error& error) {
        if (error.code() != Errc::input_invalid) throw;
        // a request that is not sound: the source says what is wrong with it
        return source_.certificate(order);
    }
    auto out = source_.certificate(order);
    if (!source_.stands(out)) {
        throw Error{
            Errc::keys_failed,
            fmt::format("slot \"{}\" of chip {}: the CA gave again the certificate {}, which another one "
                        "had replaced; it must issue a new one (of a spool folder the old answer is "
                        "removed first)",
                        order.slot, order.chip, keys::certificate_facts(out).serial)};
    }
    take_back(order, out);
    return out;
}

std::optional<std::size_t> OneCertificate::certificate_size(const keys::CertificateTemplate& content,
                                                            ByteView public_key) const {
    return source_.certificate_size(content, public_key);
}

Bytes OneCertificate::issuer_certificate() const {
    return source_.issuer_certificate();
}

bool OneCertificate::stands(ByteView certificate) {
    if (!source_.stands(certificate)) return false;
    for (const auto& ledger : ledgers()) {
        const auto turn = ledger->turn();
        const auto* entry = entry_of(turn, certificate);
        if (entry != nullptr && entry->revoked) return false;
    }
    const auto memory = earlier();
    return !memory || !memory->doomed(certificate);
}

bool OneCertificate::knows(ByteView public_key) {
    return source_.knows(public_key);
}

Bytes OneCertificate::late_answer(ByteView key_identifier) {
    return source_.late_answer(key_identifier);
}

/// The CA that issued it is told, not the one that is asked now.
void OneCertificate::revoke(ByteView certificate, int reason) {
    for (const auto& ledger : ledgers()) {
        auto turn = ledger->turn();
        if (const auto* entry = entry_of(turn, certificate)) {
            turn.revoke(*entry, {now_seconds(), reason});
            return;
        }
    }
    if (const auto memory = earlier()) {
        const auto all = memory->all();
        const auto same = [&](const auto& one) { return std::ranges::equal(one.certificate, certificate); };
        if (std::ranges::any_of(all, same)) return memory->doom(certificate, reason);
    }
    source_.revoke(certificate, reason);
}

}  // namespace kartsaz::tools
