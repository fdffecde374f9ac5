// SPDX-License-Identifier: Apache-2.0
#include "keys/crl_shelf.h"

#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
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

}  // namespace

void CrlShelf::FreeList::operator()(stack_st_X509_CRL* list) const noexcept {
    sk_X509_CRL_pop_free(list, X509_CRL_free);
}

void CrlShelf::add(Owned<X509_crl_st> crl) {
    Entry entry{nullptr, number_of(crl.get()), seconds(X509_CRL_get0_lastUpdate(crl.get())),
                scope_of(crl.get()), X509_CRL_get_ext_by_NID(crl.get(), NID_delta_crl, -1) >= 0};
    entry.crl = std::move(crl);
    const auto rank = [](const Entry& one) { return std::tuple{one.number.size(), one.number, one.issued}; };
    const auto place = std::find_if(entries_.begin(), entries_.end(),
                                    [&](const Entry& one) { return rank(one) < rank(entry); });
    entries_.insert(place, std::move(entry));
}

bool CrlShelf::has(const X509_NAME* issuer) const {
    return std::any_of(entries_.begin(), entries_.end(), [&](const Entry& one) {
        return X509_NAME_cmp(X509_CRL_get_issuer(one.crl.get()), issuer) == 0;
    });
}

CrlShelf::Entries CrlShelf::signed_by(const X509_NAME* issuer, X509* by) const {
    Entries out;
    EVP_PKEY* key = by == nullptr ? nullptr : X509_get0_pubkey(by);
    for (const auto& one : entries_) {
        if (X509_NAME_cmp(X509_CRL_get_issuer(one.crl.get()), issuer) != 0) continue;
        if (key != nullptr && X509_CRL_verify(one.crl.get(), key) == 1) out.push_back(&one);
    }
    openssl_reason();
    return out;
}

CrlShelf::Entries CrlShelf::newest(const Entries& signed_ones) {
    Entries out;
    std::set<Bytes> settled;
    for (const auto* one : signed_ones) {
        if (settled.contains(one->scope)) continue;
        out.push_back(one);
        if (!one->delta) settled.insert(one->scope);
    }
    return out;
}

CrlShelf::List CrlShelf::that_count(const X509_NAME* issuer, X509* by, std::int64_t at) const {
    auto all = signed_by(issuer, by);
    if (all.empty()) {
        // OpenSSL says what is wrong with them
        for (const auto& one : entries_) {
            if (X509_NAME_cmp(X509_CRL_get_issuer(one.crl.get()), issuer) == 0) all.push_back(&one);
        }
    }
    Entries issued;
    std::copy_if(all.begin(), all.end(), std::back_inserter(issued),
                 [&](const Entry* one) { return one->issued <= at; });
    List out{openssl_made(sk_X509_CRL_new_null(), "list of CRLs")};
    for (const auto* one : newest(issued.empty() ? all : issued)) {
        if (one->delta) continue;
        if (sk_X509_CRL_push(out.get(), one->crl.get()) <= 0) openssl_failed("list of CRLs");
        openssl_done(X509_CRL_up_ref(one->crl.get()), "list of CRLs");
    }
    return out;
}

bool CrlShelf::revoked(X509* about, X509* by, std::int64_t at) const {
    constexpr int listed = 1, taken_off = 2;
    std::set<Bytes> free;  // scopes in which a newer delta takes it off its base
    for (const auto* one : newest(signed_by(X509_get_issuer_name(about), by))) {
        X509_REVOKED* entry = nullptr;
        const int found = X509_CRL_get0_by_cert(one->crl.get(), &entry, about);
        if (found == taken_off) free.insert(one->scope);
        if (found != listed || free.contains(one->scope)) continue;
        if (seconds(X509_REVOKED_get0_revocationDate(entry)) <= at) return true;
    }
    return false;
}

}  // namespace kartsaz::keys
