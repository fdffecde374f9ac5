// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <limits>

#include "keys/revocation_evidence.h"
#include "keys/x509_extension.h"
#include "keys/x509_text.h"

namespace kartsaz::keys {
namespace {

using Kind = RevocationFaultKind;
using Entry = CrlShelf::Entry;
using Entries = CrlShelf::Entries;

template <typename Extension>
OwnedExtension<Extension> crl_extension(const X509_CRL* crl, int nid) {
    return OwnedExtension<Extension>{
        static_cast<Extension*>(X509_CRL_get_ext_d2i(crl, nid, nullptr, nullptr))};
}

std::optional<std::int64_t> next_update(const Entry& entry) {
    const auto* next = X509_CRL_get0_nextUpdate(entry.crl.get());
    if (next == nullptr) return std::nullopt;
    return seconds(next);
}

class CrlQuestion {
public:
    explicit CrlQuestion(const RevocationQuestion& asked) : asked_{asked} {}
    RevocationAnswer answer();

private:
    /// Those that count; the others are faults.
    Entries authentic();
    /// It claims to be this issuer's, and not that of another key of the same name.
    bool claimed(const Entry& entry) const;
    void revoked(const CrlShelf::Revocation& found);
    void weigh(const Entries& lists);
    bool covers(const Entry& entry) const;
    bool names_its_point(const DIST_POINT_NAME* point) const;
    void fault(Kind kind, const Entry& entry, const std::string& text);
    std::string issuer() const { return quoted_subject(asked_.issuer); }

    const RevocationQuestion& asked_;
    RevocationAnswer out_;
};

void CrlQuestion::fault(Kind kind, const Entry& entry, const std::string& text) {
    out_.faults.push_back({kind, entry.what, fmt::format("CRL of {}: {}", issuer(), text)});
}

bool CrlQuestion::claimed(const Entry& entry) const {
    const auto key = crl_extension<AUTHORITY_KEYID>(entry.crl.get(), NID_authority_key_identifier);
    const auto named = key == nullptr ? Bytes{} : bytes_of(key->keyid);
    const auto own = bytes_of(X509_get0_subject_key_id(asked_.issuer));
    if (!named.empty() && !own.empty() && named != own) return false;
    const auto others = asked_.pool.named(X509_get_subject_name(asked_.issuer));
    const bool anothers = std::any_of(others.begin(), others.end(), [&](const auto* one) {
        auto* other = X509_get0_pubkey(one->x509.get());
        return other != nullptr && X509_CRL_verify(entry.crl.get(), other) == 1;
    });
    openssl_reason();
    return !anothers;
}

/// A critical extension that is not among those that are looked at here.
bool has_unknown_critical(const X509_CRL* crl) {
    for (int i = 0; i < X509_CRL_get_ext_count(crl); ++i) {
        auto* one = X509_CRL_get_ext(crl, i);
        const int nid = OBJ_obj2nid(X509_EXTENSION_get_object(one));
        const bool known = nid == NID_issuing_distribution_point || nid == NID_delta_crl ||
                           nid == NID_authority_key_identifier || nid == NID_crl_number;
        if (X509_EXTENSION_get_critical(one) != 0 && !known) return true;
    }
    const bool has_point = X509_CRL_get_ext_by_NID(crl, NID_issuing_distribution_point, -1) >= 0;
    return has_point && crl_extension<ISSUING_DIST_POINT>(crl, NID_issuing_distribution_point) == nullptr;
}

Entries CrlQuestion::authentic() {
    const auto* name = X509_get_subject_name(asked_.issuer);
    auto right = asked_.pool.crls.signed_by(name, asked_.issuer);
    for (const auto* one : asked_.pool.crls.of(name)) {
        const bool is_right = std::find(right.begin(), right.end(), one) != right.end();
        if (!is_right && claimed(*one))
            fault(Kind::crl_bad_signature, *one, "the issuer's key did not sign it");
    }
    if ((X509_get_key_usage(asked_.issuer) & KU_CRL_SIGN) == 0) {
        for (const auto* one : right) {
            fault(Kind::crl_not_allowed, *one,
                  "the key usage of its issuer has no cRLSign (RFC 5280, 6.3.3 (f))");
        }
        right.clear();
    }
    std::erase_if(right, [&](const Entry* one) {
        const bool unknown = has_unknown_critical(one->crl.get());
        if (unknown)
            fault(Kind::crl_extension, *one, "a critical extension that cannot be processed (RFC 5280, 5.2)");
        return unknown;
    });
    return right;
}

/// One of the certificate's distribution points has a name of this one.
bool CrlQuestion::names_its_point(const DIST_POINT_NAME* point) const {
    if (point->type != 0) return false;  // 0: fullName
    const auto points = extension<CRL_DIST_POINTS>(asked_.about, NID_crl_distribution_points);
    for (int i = 0; i < sk_DIST_POINT_num(points.get()); ++i) {
        const auto* own = sk_DIST_POINT_value(points.get(), i)->distpoint;
        if (own == nullptr || own->type != 0) continue;
        for (int j = 0; j < sk_GENERAL_NAME_num(own->name.fullname); ++j) {
            for (int k = 0; k < sk_GENERAL_NAME_num(point->name.fullname); ++k) {
                if (GENERAL_NAME_cmp(sk_GENERAL_NAME_value(own->name.fullname, j),
                                     sk_GENERAL_NAME_value(point->name.fullname, k)) == 0) {
                    return true;
                }
            }
        }
    }
    return false;
}

/// A certificate that is not on it is not revoked, for any reason. RFC 5280, 6.3.3 (b).
bool CrlQuestion::covers(const Entry& entry) const {
    if (entry.delta) return false;
    const auto point = crl_extension<ISSUING_DIST_POINT>(entry.crl.get(), NID_issuing_distribution_point);
    if (point == nullptr) return true;
    const bool ca = X509_check_ca(asked_.about) == 1;
    if (point->onlyattr > 0 || (point->onlyuser > 0 && ca) || (point->onlyCA > 0 && !ca)) return false;
    if (point->onlysomereasons != nullptr) return false;
    return point->distpoint == nullptr || names_its_point(point->distpoint);
}

void CrlQuestion::revoked(const CrlShelf::Revocation& found) {
    out_.status = RevocationStatus::revoked;
    out_.source = "CRL";
    out_.what = found.list->what;
    out_.since = found.since;
    out_.this_update = found.list->issued;
    out_.next_update = next_update(*found.list);
    if (found.reason) out_.reason = reason_text(*found.reason);
    out_.text = fmt::format("{}: revoked {}{} by the CRL of {} of {}", quoted_subject(asked_.about),
                            utc_text(found.since), out_.reason.empty() ? "" : " (" + out_.reason + ")",
                            issuer(), utc_text(found.list->issued));
}

/// Whether what is not listed is good, by the newest lists.
void CrlQuestion::weigh(const Entries& lists) {
    Entries covering;
    std::copy_if(lists.begin(), lists.end(), std::back_inserter(covering),
                 [&](const Entry* one) { return covers(*one); });
    if (covering.empty()) {
        out_.text = out_.faults.empty() ? fmt::format("no CRL of {} is at hand that covers {}", issuer(),
                                                      quoted_subject(asked_.about))
                                        : out_.faults.front().text;
        return;
    }
    for (const auto* one : CrlShelf::newest(CrlShelf::issued_by(covering, asked_.at.to))) {
        const auto next = next_update(*one);
        const bool early = one->issued > asked_.at.to, late = out_of_date(one->issued, next, asked_.at);
        const auto dates = fmt::format("of {}, next one due {}", utc_text(one->issued),
                                       next ? utc_text(*next) : "at any time (no nextUpdate)");
        if (out_.status == RevocationStatus::good) break;
        out_.source = "CRL";
        out_.what = one->what;
        out_.this_update = one->issued;
        out_.next_update = next;
        if (early) fault(Kind::crl_not_yet_issued, *one, dates + ": not issued yet");
        if (late) fault(Kind::crl_stale, *one, dates + ": out of date");
        out_.status = early || late ? RevocationStatus::stale : RevocationStatus::good;
        out_.text = early || late ? out_.faults.back().text
                                  : fmt::format("{}: not on the CRL of {} {}", quoted_subject(asked_.about),
                                                issuer(), dates);
    }
}

RevocationAnswer CrlQuestion::answer() {
    const auto lists = authentic();
    if (const auto found = CrlShelf::find(lists, asked_.about, asked_.at.to)) {
        revoked(*found);
        return std::move(out_);
    }
    weigh(lists);
    if (const auto later = CrlShelf::find(lists, asked_.about, std::numeric_limits<std::int64_t>::max())) {
        out_.revoked_later = {later->since,
                              later_text(asked_, later->since,
                                         fmt::format("CRL of {} of {} ({})", issuer(),
                                                     utc_text(later->list->issued), later->list->what))};
    }
    return std::move(out_);
}

}  // namespace

RevocationAnswer ask_crls(const RevocationQuestion& question) {
    return CrlQuestion{question}.answer();
}

}  // namespace kartsaz::keys
