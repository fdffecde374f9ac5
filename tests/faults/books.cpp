// SPDX-License-Identifier: Apache-2.0
#include "tests/faults/books.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <stdexcept>

#include "keys/certificate_request.h"
#include "keys/citizen_certificate.h"
#include "keys/country_signer.h"
#include "keys/crypto.h"
#include "keys/issuer.h"
#include "keys/key_store.h"
#include "libcard/app/piv/objects.h"
#include "libcard/app/piv/read.h"
#include "libcard/app/pkcs15/objects.h"
#include "tests/faults/station.h"

namespace kartsaz::faults {
namespace {

namespace pkcs15 = app::pkcs15;
using Verdict = keys::TrustAnchors::Verdict;

keys::Identity citizen_ca() {
    static const auto store = keys::development_keys();
    return store->identity("citizen-ca");
}

std::unique_ptr<keys::CaLedger> new_ledger() {
    return std::make_unique<keys::CaLedger>(keys::authority_of(citizen_ca().key->public_key()));
}

std::unique_ptr<keys::CaLedger> copied(keys::CaLedger& from) {
    auto out = new_ledger();
    const auto there = from.turn();
    auto here = out->turn();
    for (const auto& entry : there.entries()) {
        auto fresh = entry;
        fresh.revoked.reset();
        here.issue(fresh, there.certificate(entry), {});
        if (entry.revoked) here.revoke(*here.by_serial(entry.serial), *entry.revoked);
    }
    return out;
}

/// That the key of the card's entry number `index` signed the challenge.
bool signed_by(const app::DumpApplication& card, std::size_t index, ByteView public_key) {
    const auto fact = [&](const char* name) {
        return from_hex(card.fact(fmt::format("key.{}.{}", index, name)));
    };
    return keys::verify_signature(public_key, fact("message"), fact("signature"));
}

}  // namespace

Books::Books(std::unique_ptr<keys::CaLedger> ledger)
    : ledger_{*ledger},
      authority_{std::make_unique<keys::LocalCa>(citizen_ca(), std::move(ledger),
                                                 keys::LocalCaOptions{.now = [] { return moment; }})} {}

Books::Books() : Books{new_ledger()} {}

Books::Books(const Books& other) : Books{copied(other.ledger_)} {}

Books::~Books() = default;

std::string Books::two_valid() const {
    return faults::two_valid(ledger_, moment);
}

std::string Books::faults_of(const app::CardDump& dump) const {
    return books_against(ledger_, citizen_ca(), dump, moment);
}

namespace {

/// Of the four keys of a PIV card; whether one that agrees has agreed is the checks' matter.
std::vector<Bytes> proved_piv_certificates(const app::DumpApplication& card) {
    std::vector<Bytes> out;
    for (const auto& container : app::piv::containers()) {
        const auto* file = card.file(app::piv::file_name(container));
        if (!container.key || file == nullptr || file->content.empty()) continue;
        const auto der = app::piv::certificate_of(
            app::piv::decode_certificate_object(file->content, container.name), container.name);
        const auto says = keys::read_citizen_certificate(der);
        if (!says) throw std::runtime_error{container.name + " cannot be read"};
        const auto fact = [&](const char* name) {
            return card.fact(fmt::format("key.{:02X}.{}", *container.key, name));
        };
        const bool agreed = !fact("agreement.secret").empty();
        if (!agreed && !keys::verify_signature(says->public_key, from_hex(fact("message")),
                                               from_hex(fact("signature")))) {
            throw std::runtime_error{container.name + ": the card's key is not the one that is certified"};
        }
        out.push_back(der);
    }
    return out;
}

}  // namespace

std::vector<Bytes> proved_certificates(const app::CardDump& dump) {
    std::vector<Bytes> out;
    if (const auto* piv = dump.application("piv")) return proved_piv_certificates(*piv);
    const auto* card = dump.application("pkcs15");
    if (card == nullptr) return out;
    const auto keys = pkcs15::decode_prkdf(card->file("EF.PrKDF")->content);
    const auto certificates = pkcs15::decode_cdf(card->file("EF.CDF")->content);
    if (keys.size() != certificates.size()) throw std::runtime_error{"not one certificate for each key"};
    for (std::size_t n = 0; n < keys.size(); ++n) {
        const auto one =
            std::ranges::find_if(certificates, [&](const auto& object) { return object.id == keys[n].id; });
        const auto name = fmt::format("key {} of the card", n);
        if (one == certificates.end()) throw std::runtime_error{name + " has no certificate"};
        const Bytes fid(one->path->path.end() - 2, one->path->path.end());
        const auto* file = card->file("EF." + to_hex(fid));
        const auto says = keys::read_citizen_certificate(file == nullptr ? Bytes{} : file->content);
        if (!says) throw std::runtime_error{name + ": its certificate cannot be read"};
        if (!signed_by(*card, n, says->public_key)) {
            throw std::runtime_error{name + " is not the one that is certified"};
        }
        out.push_back(file->content);
    }
    return out;
}

std::string two_valid(keys::CaLedger& ledger, std::int64_t at) {
    std::set<std::string> keys, slots;
    const auto turn = ledger.turn();
    for (const auto& entry : turn.entries()) {
        if (!entry.valid_at(at)) continue;
        if (!keys.insert(entry.key).second) return "two valid certificates for one key";
        if (!slots.insert(entry.chip + "/" + entry.slot).second) return "two valid certificates for one slot";
    }
    return {};
}

std::string books_against(keys::CaLedger& ledger, const keys::Identity& ca, const app::CardDump& dump,
                          std::int64_t at) {
    if (auto fault = two_valid(ledger, at); !fault.empty()) return fault;
    const auto on_card = proved_certificates(dump);
    keys::TrustAnchors trust;
    trust.add_certificate(ca.certificate, "CA");
    trust.add_crl(keys::make_crl(ca, ledger, at, 7), "CRL");
    const auto turn = ledger.turn();
    std::size_t valid = 0;
    for (const auto& entry : turn.entries()) {
        const auto der = turn.certificate(entry);
        const bool there = std::ranges::find(on_card, der) != on_card.end();
        const auto verdict = trust.check_holder(der, at, true).verdict;
        const auto name = fmt::format("the certificate {} of slot \"{}\"", entry.serial, entry.slot);
        if (there == entry.revoked.has_value()) {
            return name + (there ? " is on the card and revoked" : " is valid and not on the card");
        }
        if (verdict != (there ? Verdict::ok : Verdict::revoked)) {
            return name + (there ? " is on the card, and the CRL does not let it pass"
                                 : " is not on the card, and the CRL does not name it");
        }
        const auto key = keys::read_citizen_certificate(der)->public_key;
        if (entry.key != to_hex(keys::sha256(key))) return name + " is entered for another key";
        valid += there ? 1 : 0;
    }
    if (valid != on_card.size()) return "the card has a certificate that is not in the ledger";
    return {};
}

}  // namespace kartsaz::faults
