// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <openssl/x509v3.h>

#include <algorithm>

#include "keys/revocation_evidence.h"
#include "keys/x509_extension.h"
#include "keys/x509_text.h"

namespace kartsaz::keys {
namespace {

using Kind = RevocationFaultKind;

class Responder {
public:
    explicit Responder(const ResponderQuestion& asked) : asked_{asked} {}
    std::vector<RevocationFault> faults() {
        usage();
        dates();
        if (issued()) revoked();
        return std::move(faults_);
    }

private:
    void add(Kind kind, const std::string& text) {
        faults_.push_back({kind, asked_.what,
                           fmt::format("OCSP responder {}: {}", quoted_subject(asked_.responder), text)});
    }
    void usage();
    void dates();
    bool issued();
    void revoked();

    const ResponderQuestion& asked_;
    std::vector<RevocationFault> faults_;
};

void Responder::usage() {
    const auto usages = extension<EXTENDED_KEY_USAGE>(asked_.responder, NID_ext_key_usage);
    bool signs = false;
    for (int i = 0; i < sk_ASN1_OBJECT_num(usages.get()); ++i) {
        signs = signs || OBJ_obj2nid(sk_ASN1_OBJECT_value(usages.get(), i)) == NID_OCSP_sign;
    }
    if (!signs) add(Kind::ocsp_no_responder_usage, "extKeyUsage without OCSPSigning (RFC 6960, 4.2.2.2)");
    // all bits when there is no key usage
    if ((X509_get_key_usage(asked_.responder) & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)) == 0) {
        add(Kind::ocsp_no_responder_usage, "keyUsage without digitalSignature (RFC 5280, 4.2.1.12)");
    }
}

void Responder::dates() {
    const auto from = seconds(X509_get0_notBefore(asked_.responder)),
               until = seconds(X509_get0_notAfter(asked_.responder));
    const auto produced = asked_.produced;
    if (until < asked_.at.from) {
        add(Kind::ocsp_responder_expired,
            fmt::format("valid until {} (asked for {})", utc_text(until), utc_text(asked_.at.from)));
    } else if (produced && until < *produced) {
        add(Kind::ocsp_responder_expired,
            fmt::format("valid until {}, signed {}", utc_text(until), utc_text(*produced)));
    }
    if (from > asked_.at.to) {
        add(Kind::ocsp_responder_not_yet_valid,
            fmt::format("valid from {} (asked for {})", utc_text(from), utc_text(asked_.at.to)));
    } else if (produced && from > *produced) {
        add(Kind::ocsp_responder_not_yet_valid,
            fmt::format("valid from {}, signed {}", utc_text(from), utc_text(*produced)));
    }
}

/// By the key that signed the certificate that is asked about. RFC 6960, 4.2.2.2.
bool Responder::issued() {
    if (asked_.issuer == nullptr) {
        add(Kind::ocsp_not_authorized, fmt::format("its issuer \"{}\" is not at hand",
                                                   one_line(X509_get_issuer_name(asked_.responder))));
        return false;
    }
    const auto* name = X509_get_issuer_name(asked_.responder);
    if (X509_NAME_cmp(name, X509_get_subject_name(asked_.issuer)) != 0) {
        add(Kind::ocsp_not_authorized, fmt::format("issued by \"{}\", not by {} that issued the certificate",
                                                   one_line(name), quoted_subject(asked_.issuer)));
        return false;
    }
    if (signed_by(asked_.responder, asked_.issuer)) return true;
    const auto others = asked_.pool.named(name);
    const bool anothers = std::any_of(others.begin(), others.end(), [&](const auto* one) {
        return signed_by(asked_.responder, one->x509.get());
    });
    if (anothers) {
        add(Kind::ocsp_not_authorized,
            fmt::format("issued by another key of {} than the certificate", quoted_subject(asked_.issuer)));
    } else {
        add(Kind::ocsp_responder_signature,
            fmt::format("the key of {} did not sign its certificate", quoted_subject(asked_.issuer)));
    }
    return false;
}

void Responder::revoked() {
    const auto own = ask_crls({asked_.responder, asked_.issuer, asked_.pool, asked_.at});
    const bool no_check = has_no_check(asked_.responder);
    if (own.status == RevocationStatus::revoked && no_check) {
        add(Kind::ocsp_responder_revoked_nocheck,
            fmt::format("{}; its id-pkix-ocsp-nocheck has it trusted all the same (RFC 6960, 4.2.2.2.1)",
                        own.text));
    } else if (own.status == RevocationStatus::revoked) {
        add(Kind::ocsp_responder_revoked, own.text);
    } else if (own.status != RevocationStatus::good && !no_check) {
        add(Kind::ocsp_responder_unchecked,
            fmt::format(
                "has no id-pkix-ocsp-nocheck, and whether it was revoked is {}: {} (RFC 6960, 4.2.2.2.1)",
                name_of(own.status), own.text));
    }
    if (own.revoked_later) add(Kind::ocsp_responder_revoked_later, own.revoked_later->text);
}

}  // namespace

bool has_no_check(const X509* certificate) {
    return X509_get_ext_by_NID(certificate, NID_id_pkix_OCSP_noCheck, -1) >= 0;
}

std::vector<RevocationFault> responder_faults(const ResponderQuestion& question) {
    return Responder{question}.faults();
}

}  // namespace kartsaz::keys
