// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
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

    struct Entry {
        Owned<X509_crl_st> crl;
        std::string what;  ///< the file
        Bytes number;      ///< cRLNumber, big endian without leading zeros; empty: none
        std::int64_t issued = 0;
        Bytes scope;  ///< issuingDistributionPoint, as encoded; empty: all certificates of the issuer
        bool delta = false;
    };
    using Entries = std::vector<const Entry*>;

    void add(Owned<X509_crl_st> crl, std::string what = {});
    /// Any of this issuer is here.
    bool has(const X509_name_st* issuer) const;
    /// All of this name, by whatever key, newest first.
    Entries of(const X509_name_st* issuer) const;
    /// Those of them that `by` signed.
    Entries signed_by(const X509_name_st* issuer, x509_st* by) const;
    /// Without those that a newer complete one of the same scope replaces. The higher cRLNumber is the newer
    /// one; beside one without a number, the later thisUpdate.
    static Entries newest(const Entries& all);
    /// Those issued by `at`; all, when none was.
    static Entries issued_by(const Entries& all, std::int64_t at);

    /// The complete CRLs of `issuer` to ask at `at` (seconds since 1970): of each scope the newest one that
    /// was issued by then, else the newest. Those that `by` did not sign count only where it signed none.
    List that_count(const X509_name_st* issuer, x509_st* by, std::int64_t at) const;

    /// What a list says of a certificate that it names.
    struct Revocation {
        const Entry* list = nullptr;
        std::int64_t since = 0;     ///< revocationDate
        std::optional<int> reason;  ///< RFC 5280, 5.3.1
    };
    /// The entry that revokes `about` at `at`, of lists that its issuer signed. Who is on a list issued by
    /// `at` is revoked whatever the revocationDate (RFC 5280, 6.3.3 compares no dates); a later list revokes
    /// by a revocationDate not after `at`. Revocation is for good: an entry that a newer list lacks counts
    /// all the same; but a hold only when the newest list has it. RFC 5280, 3.3 and 5.3.1.
    static std::optional<Revocation> find(const Entries& authentic, x509_st* about, std::int64_t at);
    /// A CRL that `by` signed says so of `about`.
    bool revoked(x509_st* about, x509_st* by, std::int64_t at) const;

private:
    std::vector<Entry> entries_;  // newest first
};

}  // namespace kartsaz::keys
