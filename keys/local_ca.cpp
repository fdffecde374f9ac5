// SPDX-License-Identifier: Apache-2.0
#include "keys/local_ca.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "apdu/error.h"
#include "keys/certificate_writer.h"
#include "keys/crl_of_ledger.h"
#include "keys/openssl_handles.h"
#include "keys/renewal.h"
#include "keys/template_content.h"
#include "keys/x509_der.h"
#include "keys/x509_text.h"

namespace kartsaz::keys {
namespace {

constexpr const char* who = "citizens' CA";
constexpr int key_compromise = 1;

[[noreturn]] void refuse(const CertificateOrder& order, const std::string& why) {
    throw Error{Errc::card_refused,
                fmt::format("{}: the certificate for slot \"{}\" of chip {} is refused: {}", who, order.slot,
                            order.chip, why)};
}

/// A point of its curve; a modulus that is odd, of full length, without small factors and composite.
bool sound(ByteView public_key) {
    const auto* at = public_key.data();
    const Owned<evp_pkey_st> key{d2i_PUBKEY(nullptr, &at, static_cast<long>(public_key.size()))};
    const Owned<evp_pkey_ctx_st> context{key ? EVP_PKEY_CTX_new(key.get(), nullptr) : nullptr};
    const bool out = context && EVP_PKEY_public_check(context.get()) == 1;
    openssl_reason();
    return out;
}

/// Upper-case hexadecimal, as in the ledger; empty when the bytes are no certificate.
std::optional<std::string> serial_of(ByteView certificate) {
    const auto parsed = parse_certificate(certificate);
    openssl_reason();
    if (!parsed) return std::nullopt;
    const auto* serial = X509_get0_serialNumber(parsed.get());
    return to_hex({ASN1_STRING_get0_data(serial), static_cast<std::size_t>(ASN1_STRING_length(serial))});
}

std::int64_t system_now() {
    return std::chrono::duration_cast<std::chrono::seconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

}  // namespace

std::string authority_of(ByteView public_key) {
    return to_hex(sha256(public_key));
}

struct LocalCa::Impl {
    Issuer issuer;
    std::unique_ptr<CaLedger> ledger;
    LocalCaOptions options;

    std::int64_t now() const { return options.now ? options.now() : system_now(); }

    /// @param serial  16 bytes
    CertificateParts parts(const CertificateTemplate& content, ByteView public_key, Bytes serial) const {
        CertificateParts out;
        out.serial = std::move(serial);
        out.issuer = issuer.name;
        out.subject = encode_name(content.subject);
        out.not_before = content.not_before;
        out.not_after = std::min(content.not_after, issuer.not_after);
        if (content.not_before < issuer.not_before || content.not_before >= issuer.not_after) {
            throw Error{Errc::keys_failed,
                        fmt::format("{}: \"{}\" is valid from {} to {}, the certificate would begin {}", who,
                                    issuer.subject, utc_text(issuer.not_before), utc_text(issuer.not_after),
                                    utc_text(content.not_before))};
        }
        out.public_key.assign(public_key.begin(), public_key.end());
        ExtensionWriter identifiers;
        identifiers.authority_key_identifier(issuer.key_identifier);
        identifiers.subject_key_identifier(key_identifier(public_key));
        out.extensions = concat({template_extensions(content), identifiers.bytes()});
        return out;
    }

    Bytes requested_key(const CertificateOrder& order) const {
        ParsedRequest request;
        try {
            request = parse_request(order.request);
        } catch (const Error& error) {
            if (error.code() != Errc::input_invalid) throw;
            refuse(order, error.what());
        }
        const auto algorithm = algorithm_of(request.public_key);
        if (!algorithm) refuse(order, "its key is of no kind that is certified");
        if (std::find(options.allowed.begin(), options.allowed.end(), *algorithm) == options.allowed.end()) {
            refuse(order, fmt::format("keys of kind {} are not allowed", name(*algorithm)));
        }
        if (!sound(request.public_key)) refuse(order, "its key is weak or no point of its curve");
        return request.public_key;
    }

    void check_owner(const CertificateOrder& order, const LedgerEntry& entry, std::int64_t time) const {
        if (entry.revoked && entry.revoked->reason == key_compromise) {
            refuse(order, fmt::format("its key was revoked as compromised (certificate {})", entry.serial));
        }
        if (!entry.valid_at(time) || (entry.chip == order.chip && entry.slot == order.slot)) return;
        refuse(order,
               fmt::format("its key is certified for slot \"{}\" of chip {} (certificate {}); two chips or "
                           "slots with one key are a fault or a fraud",
                           entry.slot, entry.chip, entry.serial));
    }
};

LocalCa::LocalCa(const Identity& identity, std::unique_ptr<CaLedger> ledger, LocalCaOptions options)
    : impl_{std::make_unique<Impl>()} {
    impl_->issuer = read_issuer(identity, who);
    impl_->ledger = std::move(ledger);
    impl_->options = std::move(options);
}

LocalCa::~LocalCa() = default;

Bytes LocalCa::certificate(const CertificateOrder& order) {
    const auto& issuer = impl_->issuer;
    const auto public_key = impl_->requested_key(order);
    const auto key = authority_of(public_key);
    const auto now = impl_->now();

    auto turn = impl_->ledger->turn();
    auto serial = random_serial();
    while (turn.by_serial(to_hex(serial)) != nullptr) serial = random_serial();
    const auto parts = impl_->parts(order.content, public_key, serial);
    const auto content = template_digest(order.content);

    std::vector<const LedgerEntry*> superseded;
    for (const auto* entry : turn.of_key(key)) {
        impl_->check_owner(order, *entry, now);
        if (!entry->valid_at(now)) continue;
        // one that outlives what is asked for (a shorter document) is another certificate
        if (entry->content == content && entry->not_after > order.content.not_before &&
            entry->not_after <= parts.not_after &&
            !renewal_due(entry->not_after, order.content, issuer.not_after)) {
            return turn.certificate(*entry);
        }
        superseded.push_back(entry);
    }
    for (const auto* entry : turn.of_slot(order.chip, order.slot)) {
        if (entry->key != key && entry->valid_at(now)) superseded.push_back(entry);
    }

    // signed before anything is written: when the key cannot be reached, the old certificate stays good
    auto out = sign_certificate(certificate_body(parts, issuer.form), *issuer.identity.key, issuer.form, who);
    LedgerEntry entry;
    entry.serial = to_hex(serial);
    entry.chip = order.chip;
    entry.slot = order.slot;
    entry.key = key;
    entry.content = content;
    entry.subject = order.content.subject.common_name;
    entry.not_before = parts.not_before;
    entry.not_after = parts.not_after;
    entry.issued = now;
    turn.issue(entry, out, superseded);
    return out;
}

std::optional<std::size_t> LocalCa::certificate_size(const CertificateTemplate& content,
                                                     ByteView public_key) const {
    const auto parts = impl_->parts(content, public_key, Bytes(16, 0x40));
    return signed_size(certificate_body(parts, impl_->issuer.form), impl_->issuer.form);
}

Bytes LocalCa::issuer_certificate() const {
    return impl_->issuer.identity.certificate;
}

bool LocalCa::stands(ByteView certificate) {
    const auto serial = serial_of(certificate);
    if (!serial) return true;
    auto turn = impl_->ledger->turn();
    const auto* entry = turn.by_serial(*serial);
    return entry == nullptr || !entry->revoked || !std::ranges::equal(turn.certificate(*entry), certificate);
}

bool LocalCa::knows(ByteView public_key) {
    const auto all = entries();
    return std::ranges::count(all, authority_of(public_key), &LedgerEntry::key) > 0;
}

void LocalCa::revoke(ByteView certificate, int reason) {
    const auto serial = serial_of(certificate);
    if (!serial) throw Error{Errc::input_invalid, "what is to be revoked is not an X.509 certificate"};
    {
        auto turn = impl_->ledger->turn();
        const auto* entry = turn.by_serial(*serial);
        const auto known = entry == nullptr ? Bytes{} : turn.certificate(*entry);
        if (!std::equal(known.begin(), known.end(), certificate.begin(), certificate.end())) {
            throw Error{Errc::keys_failed, fmt::format("{}: \"{}\" did not issue the certificate {}", who,
                                                       impl_->issuer.subject, *serial)};
        }
    }
    revoke_serial(*serial, reason);
}

void LocalCa::revoke_serial(const std::string& serial, int reason) {
    constexpr std::array allowed{0, 1, 3, 4, 5, 9};
    if (std::find(allowed.begin(), allowed.end(), reason) == allowed.end()) {
        throw Error{Errc::usage,
                    fmt::format("{} is no reason to revoke a citizen's certificate: 0, 1, 3, 4, 5 "
                                "and 9 of RFC 5280, 5.3.1 are",
                                reason)};
    }
    auto turn = impl_->ledger->turn();
    const auto* entry = turn.by_serial(serial);
    if (entry == nullptr) {
        throw Error{Errc::keys_failed, fmt::format("{}: no certificate {} was issued", who, serial)};
    }
    turn.revoke(*entry, {impl_->now(), reason});
}

Bytes LocalCa::crl(std::int64_t now, int days) {
    return crl_of_ledger(impl_->issuer, *impl_->ledger, now, days, who);
}

std::vector<LedgerEntry> LocalCa::entries() {
    return impl_->ledger->turn().entries();
}

}  // namespace kartsaz::keys
