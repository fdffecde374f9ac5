// SPDX-License-Identifier: Apache-2.0
#include "keys/remembering_source.h"

#include <fmt/format.h>

#include <algorithm>

#include "apdu/error.h"
#include "keys/certificate_request.h"
#include "keys/issuer.h"

namespace kartsaz::keys {

RememberingSource::RememberingSource(CertificateSource& source, std::shared_ptr<CertificateMemory> memory)
    : source_{source}, memory_{std::move(memory)} {}

Bytes RememberingSource::certificate(const CertificateOrder& order) {
    try {
        (void)parse_request(order.request);
    } catch (const Error& error) {
        if (error.code() != Errc::input_invalid) throw;
        throw Error{Errc::card_refused,
                    fmt::format("slot \"{}\" of chip {}: {}", order.slot, order.chip, error.what())};
    }
    if (auto known = memory_->find(order)) return *std::move(known);
    memory_->asked(order);
    auto out = source_.certificate(order);
    memory_->keep(order, out);
    (void)settle();  // what was superseded just now; where that fails, it stays listed
    return out;
}

std::optional<std::size_t> RememberingSource::certificate_size(const CertificateTemplate& content,
                                                               ByteView public_key) const {
    return source_.certificate_size(content, public_key);
}

Bytes RememberingSource::issuer_certificate() const {
    return source_.issuer_certificate();
}

void RememberingSource::revoke(ByteView certificate, int reason) {
    memory_->doom(certificate, reason);
    (void)settle();
}

bool RememberingSource::stands(ByteView certificate) {
    return !memory_->doomed(certificate);
}

bool RememberingSource::knows(ByteView public_key) {
    const auto all = memory_->all();
    return std::ranges::count(all, to_hex(sha256(public_key)), &RememberedCertificate::key) > 0;
}

std::vector<std::string> RememberingSource::settle() {
    for (const auto& order : memory_->pending()) {
        if (!order.abandoned || order.key_id.empty()) continue;
        const auto late = source_.late_answer(from_hex(order.key_id));
        if (!late.empty()) memory_->keep_late(order, late);
    }
    std::vector<std::string> left;
    for (const auto& entry : memory_->to_revoke()) {
        try {
            source_.revoke(entry.certificate, *entry.doomed);
            memory_->revoked(entry.certificate);
        } catch (const Error& error) {
            if (error.code() == Errc::store_failed) throw;
            left.push_back(fmt::format("certificate {} of slot \"{}\" of chip {}: {}",
                                       certificate_facts(entry.certificate).serial, entry.slot, entry.chip,
                                       error.what()));
        }
    }
    return left;
}

}  // namespace kartsaz::keys
