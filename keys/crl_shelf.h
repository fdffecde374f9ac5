// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "apdu/bytes.h"
#include "keys/openssl_handles.h"

struct stack_st_X509_CRL;
struct X509_name_st;

/// CRLs at hand, and which of them count. Only the sources of this folder include it.
namespace kartsaz::keys {

class CrlShelf {
public:
    struct FreeList {
        void operator()(stack_st_X509_CRL* list) const noexcept;  ///< with what is on it
    };
    using List = std::unique_ptr<stack_st_X509_CRL, FreeList>;

    void add(Owned<X509_crl_st> crl);
    /// Any of this issuer is here.
    bool has(const X509_name_st* issuer) const;
    /// The complete CRLs of `issuer` to ask at `at` (seconds since 1970): of each scope the newest one that
    /// was issued by then, else the newest. Those that `by` did not sign count only where it signed none.
    List that_count(const X509_name_st* issuer, x509_st* by, std::int64_t at) const;
    /// A CRL that `by` signed, and that no newer one replaced, says that `about` was revoked by `at`.
    bool revoked(x509_st* about, x509_st* by, std::int64_t at) const;

private:
    struct Entry {
        Owned<X509_crl_st> crl;
        Bytes number;  ///< cRLNumber, big endian without leading zeros; empty: none
        std::int64_t issued = 0;
        Bytes scope;  ///< issuingDistributionPoint, as encoded; empty: all certificates of the issuer
        bool delta = false;
    };
    using Entries = std::vector<const Entry*>;
    /// Newest first, without those that a newer complete one of the same scope replaces.
    static Entries newest(const Entries& signed_ones);
    Entries signed_by(const X509_name_st* issuer, x509_st* by) const;

    std::vector<Entry> entries_;  // newest first
};

}  // namespace kartsaz::keys
