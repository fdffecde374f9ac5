// SPDX-License-Identifier: Apache-2.0
#include "keys/crl_shelf.h"

#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "keys/x509_text.h"

namespace kartsaz::keys {
namespace {

Bytes number_of(const X509_CRL* crl) {
    const std::unique_ptr<ASN1_INTEGER, decltype(&ASN1_INTEGER_free)> number{
        static_cast<ASN1_INTEGER*>(X509_CRL_get_ext_d2i(crl, NID_crl_number, nullptr, nullptr)),
        &ASN1_INTEGER_free};
    if (!number || ASN1_STRING_type(number.get()) != V_ASN1_INTEGER) return {};
    const auto* data = ASN1_STRING_get0_data(number.get());
    const Bytes all(data, data + ASN1_STRING_length(number.get()));
    return {std::find_if(all.begin(), all.end(), [](auto byte) { return byte != 0; }), all.end()};
}

Bytes scope_of(const X509_CRL* crl) {
    const int at = X509_CRL_get_ext_by_NID(crl, NID_issuing_distribution_point, -1);
    if (at < 0) return {};
    const auto* value = X509_EXTENSION_get_data(X509_CRL_get_ext(crl, at));
    const auto* data = ASN1_STRING_get0_data(value);
    return {data, data + ASN1_STRING_length(value)};
}

bool newer(const CrlShelf::Entry& one, const CrlShelf::Entry& other) {
    const auto rank = [](const auto& crl) { return std::tuple{crl.number.size(), crl.number, crl.issued}; };
    return rank(one) > rank(other);
}

std::optional<int> reason_of(const X509_REVOKED* entry) {
    const std::unique_ptr<ASN1_ENUMERATED, decltype(&ASN1_ENUMERATED_free)> reason{
        static_cast<ASN1_ENUMERATED*>(X509_REVOKED_get_ext_d2i(entry, NID_crl_reason, nullptr, nullptr)),
        &ASN1_ENUMERATED_free};
    if (reason == nullptr) return std::nullopt;
    return static_cast<int>(ASN1_ENUMERATED_get(reason.get()));
}

}  // namespace

void CrlShelf::FreeList::operator()(stack_st_X509_CRL* list) const noexcept {
    sk_X509_CRL_pop_free(list, X509_CRL_free);
}

void CrlShelf::add(Owned<X509_crl_st> crl, std::string what) {
    Entry entry{nullptr,
                std::move(what),
                number_of(crl.get()),
                seconds(X509_CRL_get0_lastUpdate(crl.get())),
                scope_of(crl.get()),
                X509_CRL_get_ext_by_NID(crl.get(), NID_delta_crl, -1) >= 0};
    entry.crl = std::move(crl);
    const auto place =
        std::find_if(entries_.begin(), entries_.end(), [&](const Entry& one) { return newer(entry, one); });
    entries_.insert(place, std::move(entry));
}

bool CrlShelf::has(const X509_NAME* issuer) const {
    return std::any_of(entries_.begin(), entries_.end(), [&](const Entry& one) {
        return X509_NAME_cmp(X509_CRL_get_issuer(one.crl.get()), issuer) == 0;
    });
}

CrlShelf::Entries CrlShelf::of(const X509_NAME* issuer) const {
    Entries out;
    for (const auto& one : entries_) {
        if (X509_NAME_cmp(X509_CRL_get_issuer(one.crl.get()), issuer) == 0) out.push_back(&one);
    }
    return out;
}

CrlShelf::Entries CrlShelf::signed_by(const X509_NAME* issuer, X509* by) const {
    EVP_PKEY* key = by == nullptr ? nullptr : X509_get0_pubkey(by);
    auto out = of(issuer);
    std::erase_if(
        out, [&](const Entry* one) { return key == nullptr || X509_CRL_verify(one->crl.get(), key) != 1; });
    openssl_reason();
    return out;
}

CrlShelf::Entries CrlShelf::newest(const Entries& all) {
    std::map<Bytes, const Entry*> chosen;  // the complete one of each scope
    for (const auto* one : all) {
        if (one->delta) continue;
        auto& best = chosen[one->scope];
        if (best == nullptr) {
            best = one;
        } else if (best->number.empty() != one->number.empty() && one->issued > best->issued) {
            best = one;
        }
    }
    Entries out;
    for (const auto* one : all) {
        const auto* base = chosen[one->scope];
        const bool newer_delta =
            one->delta &&
            (base == nullptr || (base->number.empty() ? one->issued >= base->issued : newer(*one, *base)));
        if (one == base || newer_delta) out.push_back(one);
    }
    return out;
}

CrlShelf::Entries CrlShelf::issued_by(const Entries& all, std::int64_t at) {
    Entries issued;
    std::copy_if(all.begin(), all.end(), std::back_inserter(issued),
                 [&](const Entry* one) { return one->issued <= at; });
    return issued.empty() ? all : issued;
}

CrlShelf::List CrlShelf::that_count(const X509_NAME* issuer, X509* by, std::int64_t at) const {
    auto all = signed_by(issuer, by);
    if (all.empty()) all = of(issuer);  // OpenSSL says what is wrong with them
    List out{openssl_made(sk_X509_CRL_new_null(), "list of CRLs")};
    for (const auto* one : newest(issued_by(all, at))) {
        if (one->delta) continue;
        if (sk_X509_CRL_push(out.get(), one->crl.get()) <= 0) openssl_failed("list of CRLs");
        openssl_done(X509_CRL_up_ref(one->crl.get()), "list of CRLs");
    }
    return out;
}

std::optional<CrlShelf::Revocation> CrlShelf::find(const Entries& authentic, X509* about, std::int64_t at) {
    constexpr int listed = 1, taken_off = 2;
    const auto holding = newest(issued_by(authentic, at)), last = newest(authentic);
    const auto in = [](const Entries& some, const Entry* one) {
        return std::find(some.begin(), some.end(), one) != some.end();
    };
    std::set<Bytes> free;  // scopes in which a newer delta takes it off its base
    for (const auto* one : authentic) {
        X509_REVOKED* entry = nullptr;
        const int found = X509_CRL_get0_by_cert(one->crl.get(), &entry, about);
        if (found == taken_off) free.insert(one->scope);
        if (found != listed) continue;
        const auto since = seconds(X509_REVOKED_get0_revocationDate(entry));
        if (since > at && one->issued > at) continue;
        const auto reason = reason_of(entry);
        const bool for_good = reason != CRL_REASON_CERTIFICATE_HOLD;
        const bool held = (in(holding, one) || in(last, one)) && !free.contains(one->scope);
        if (for_good || held) return Revocation{one, since, reason};
    }
    return std::nullopt;
}

bool CrlShelf::revoked(X509* about, X509* by, std::int64_t at) const {
    return find(signed_by(X509_get_issuer_name(about), by), about, at).has_value();
}

}  // namespace kartsaz::keys
