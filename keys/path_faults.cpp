// SPDX-License-Identifier: Apache-2.0
#include "keys/path_faults.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <algorithm>

#include "keys/openssl_handles.h"
#include "keys/x509_extension.h"
#include "keys/x509_text.h"

namespace kartsaz::keys {
namespace {

using Kind = PathFaultKind;
using Chain = std::vector<X509*>;

std::string quoted(const X509* certificate) {
    return fmt::format("\"{}\"", one_line(X509_get_subject_name(certificate)));
}

/// One run over a chain; OpenSSL tells each fault to the callback and goes on.
class Run {
public:
    Run(const Chain& chain, TrustAnchors::When at) : chain_{chain}, at_{at} {}
    void openssl();
    void key_identifiers();
    void policies(bool demanded);
    void weak_keys();
    std::vector<PathFault> take();

private:
    static int told(int good, X509_STORE_CTX* context);
    static int issued(X509_STORE_CTX* context, X509* subject, X509* issuer);
    void openssl_fault(int error, std::size_t element);
    void time_fault(Kind kind, std::size_t element);
    void issuer_fault(std::size_t element, int error);
    void add(Kind kind, std::size_t element, const std::string& rule, std::string expected, std::string got,
             std::string clause);

    const Chain& chain_;
    TrustAnchors::When at_;
    std::vector<PathFault> faults_;
};

void Run::add(Kind kind, std::size_t element, const std::string& rule, std::string expected, std::string got,
              std::string clause) {
    const bool there = std::any_of(faults_.begin(), faults_.end(), [&](const auto& fault) {
        return fault.kind == kind && fault.element == element;
    });
    if (there) return;
    faults_.push_back({kind, element, fmt::format("{}: {}", quoted(chain_[element]), rule),
                       std::move(expected), std::move(got), std::move(clause)});
}

/// The chain is as it was found: nothing else is an issuer, so that OpenSSL judges this path and no other.
int Run::issued(X509_STORE_CTX* context, X509* subject, X509* issuer) {
    const auto& chain = static_cast<const Run*>(X509_STORE_CTX_get_app_data(context))->chain_;
    for (std::size_t i = 0; i < chain.size(); ++i) {
        if (X509_cmp(chain[i], subject) != 0) continue;
        if (i + 1 < chain.size() && X509_cmp(chain[i + 1], issuer) == 0) return 1;
    }
    return 0;
}

int Run::told(int good, X509_STORE_CTX* context) try {
    if (good == 1) return 1;
    auto& self = *static_cast<Run*>(X509_STORE_CTX_get_app_data(context));
    const auto depth = static_cast<std::size_t>(std::max(X509_STORE_CTX_get_error_depth(context), 0));
    self.openssl_fault(X509_STORE_CTX_get_error(context), std::min(depth, self.chain_.size() - 1));
    X509_STORE_CTX_set_error(context, X509_V_OK);
    return 1;
} catch (...) {
    return 0;  // no memory; nothing is thrown through OpenSSL
}

void Run::openssl() {
    const Owned<x509_store_st> store{openssl_made(X509_STORE_new(), "certificate store")};
    openssl_done(X509_STORE_add_cert(store.get(), chain_.back()), "add a trusted certificate");
    X509_STORE_set_check_issued(store.get(), issued);
    const std::unique_ptr<STACK_OF(X509), void (*)(STACK_OF(X509)*)> others{
        openssl_made(sk_X509_new_null(), "list of certificates"),
        [](STACK_OF(X509) * list) { sk_X509_free(list); }};
    for (auto* one : chain_) {
        if (sk_X509_push(others.get(), one) <= 0) openssl_failed("list of certificates");
    }
    const Owned<x509_store_ctx_st> context{openssl_made(X509_STORE_CTX_new(), "path check")};
    openssl_done(X509_STORE_CTX_init(context.get(), store.get(), chain_.front(), others.get()), "path check");
    auto* parameters = X509_STORE_CTX_get0_param(context.get());
    X509_VERIFY_PARAM_set_time(parameters, at_.to);
    openssl_done(X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_PARTIAL_CHAIN), "path check");
    X509_STORE_CTX_set_app_data(context.get(), this);
    X509_STORE_CTX_set_verify_cb(context.get(), told);
    const int result = X509_verify_cert(context.get());
    const auto reason = openssl_reason();
    // what stops OpenSSL before it has judged all must never pass for a path without faults
    const auto* judged = X509_STORE_CTX_get0_chain(context.get());
    const bool whole = static_cast<std::size_t>(std::max(sk_X509_num(judged), 0)) == chain_.size();
    if ((result != 1 || !whole) && faults_.empty()) {
        add(Kind::other, 0, fmt::format("the path cannot be judged: {}", reason), "a path", reason,
            "RFC 5280, 6.1");
    }
}

void Run::time_fault(Kind kind, std::size_t element) {
    const bool begin = kind == Kind::not_yet_valid;
    const auto* certificate = chain_[element];
    const auto limit = seconds(begin ? X509_get0_notBefore(certificate) : X509_get0_notAfter(certificate));
    if (!begin && limit >= at_.from) return;  // what ends on the day that is asked for has not ended
    add(kind, element,
        fmt::format("{} {} (asked for {})", begin ? "valid from" : "valid until", utc_text(limit),
                    utc_text(begin ? at_.to : at_.from)),
        fmt::format("{} {}", begin ? "not before" : "not after", utc_text(limit)),
        utc_text(begin ? at_.to : at_.from), "RFC 5280, 6.1.3 (a)(2)");
}

/// What basicConstraints and keyUsage of one that issued another say; OpenSSL has one word for both.
void Run::issuer_fault(std::size_t element, int error) {
    auto* certificate = chain_[element];
    const auto constraints = extension<BASIC_CONSTRAINTS>(certificate, NID_basic_constraints);
    const bool ca = constraints != nullptr && constraints->ca != 0;
    if (!ca) {
        add(Kind::not_a_ca, element, "issued a certificate and is no CA", "basicConstraints, cA TRUE",
            constraints == nullptr ? "no basicConstraints" : "cA FALSE", "RFC 5280, 6.1.4 (k)");
    }
    const auto usage = X509_get_key_usage(certificate);  // all bits when there is none
    if ((usage & KU_KEY_CERT_SIGN) == 0) {
        add(Kind::key_usage, element, "issued a certificate and may not", "keyCertSign",
            "keyUsage without it", "RFC 5280, 6.1.4 (n)");
    }
    if (ca && (usage & KU_KEY_CERT_SIGN) != 0) {
        add(Kind::other, element, X509_verify_cert_error_string(error), "a CA's certificate", "another one",
            "RFC 5280, 6.1.4");
    }
}

void Run::openssl_fault(int error, std::size_t element) {
    const std::string words = X509_verify_cert_error_string(error);
    switch (error) {
        case X509_V_ERR_CERT_NOT_YET_VALID:
            return time_fault(Kind::not_yet_valid, element);
        case X509_V_ERR_CERT_HAS_EXPIRED:
            return time_fault(Kind::expired, element);
        case X509_V_ERR_ERROR_IN_CERT_NOT_BEFORE_FIELD:
        case X509_V_ERR_ERROR_IN_CERT_NOT_AFTER_FIELD:
        case X509_V_ERR_INVALID_EXTENSION:
        case X509_V_ERR_UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY:
            return add(Kind::structure, element, words, "parts that can be read", words, "RFC 5280, 4.1");
        case X509_V_ERR_CERT_SIGNATURE_FAILURE:
        case X509_V_ERR_UNABLE_TO_DECRYPT_CERT_SIGNATURE: {
            const auto issuer = element + 1 < chain_.size() ? quoted(chain_[element + 1]) : "its issuer";
            return add(Kind::bad_signature, element, fmt::format("the key of {} did not sign it", issuer),
                       "a signature by the issuer's key", "another one", "RFC 5280, 6.1.3 (a)(1)");
        }
        case X509_V_ERR_PATH_LENGTH_EXCEEDED:
            return add(Kind::path_length, element, "more CAs stand below it than it allows",
                       "pathLenConstraint is kept", fmt::format("{} below it", element - 1),
                       "RFC 5280, 6.1.4 (l), (m)");
        case X509_V_ERR_INVALID_CA:
        case X509_V_ERR_KEYUSAGE_NO_CERTSIGN:
            return issuer_fault(element, error);
        case X509_V_ERR_PERMITTED_VIOLATION:
        case X509_V_ERR_EXCLUDED_VIOLATION:
        case X509_V_ERR_SUBTREE_MINMAX:
        case X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE:
        case X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX:
        case X509_V_ERR_UNSUPPORTED_NAME_SYNTAX:
            return add(Kind::name_constraint, element, words, "names that all CAs above allow", words,
                       "RFC 5280, 6.1.3 (b), (c)");
        case X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION:
            return add(Kind::unhandled_critical_extension, element, words,
                       "critical extensions that are known", words, "RFC 5280, 6.1.4 (o), 6.1.5 (f)");
        default:
            return add(Kind::other, element, words, "a path without faults", words, "RFC 5280, 6.1");
    }
}

void Run::key_identifiers() {
    for (std::size_t i = 0; i + 1 < chain_.size(); ++i) {
        const auto named = bytes_of(X509_get0_authority_key_id(chain_[i]));
        const auto has = bytes_of(X509_get0_subject_key_id(chain_[i + 1]));
        if (named.empty() || has.empty() || named == has) continue;
        add(Kind::key_identifier, i,
            fmt::format("authorityKeyIdentifier names another certificate than that of {}",
                        quoted(chain_[i + 1])),
            to_hex(has), to_hex(named), "RFC 5280, 4.2.1.1");
    }
    openssl_reason();
}

void Run::policies(bool demanded) {
    if (const auto element = policy_fault(chain_, demanded)) {
        add(Kind::policy, *element, "a policy is demanded, and none is valid from the anchor to here",
            "a policy that is valid on the whole path", "none", "RFC 5280, 6.1.3 (f), 6.1.5 (g)");
    }
}

void Run::weak_keys() {
    constexpr int least_rsa = 2048, least_curve = 256;
    for (std::size_t i = 0; i < chain_.size(); ++i) {
        const auto* key = X509_get0_pubkey(chain_[i]);
        if (key == nullptr) {
            add(Kind::structure, i, "its public key cannot be read", "a key", "none", "RFC 5280, 4.1.2.7");
            continue;
        }
        const bool rsa = EVP_PKEY_is_a(key, "RSA") == 1 || EVP_PKEY_is_a(key, "RSA-PSS") == 1;
        const int least = rsa ? least_rsa : least_curve, bits = EVP_PKEY_get_bits(key);
        const bool edwards = EVP_PKEY_is_a(key, "ED25519") == 1;  // 253 bits, as it is meant to be
        if (bits < least && !edwards) {
            add(Kind::weak_key, i, fmt::format("its key has {} bits", bits), fmt::format("{} bits", least),
                fmt::format("{} bits", bits), "NIST SP 800-131A, 3");
        }
        int digest = NID_undef;
        X509_get_signature_info(chain_[i], &digest, nullptr, nullptr, nullptr);
        const bool broken = digest == NID_sha1 || digest == NID_md5 || digest == NID_md5_sha1;
        if (broken && i + 1 < chain_.size()) {
            add(Kind::weak_key, i, fmt::format("was signed over {}", OBJ_nid2sn(digest)), "SHA-256 or more",
                OBJ_nid2sn(digest), "NIST SP 800-131A, 9");
        }
    }
    openssl_reason();
}

std::vector<PathFault> Run::take() {
    std::stable_sort(faults_.begin(), faults_.end(),
                     [](const auto& a, const auto& b) { return a.element < b.element; });
    return std::move(faults_);
}

}  // namespace

std::vector<PathFault> chain_faults(const std::vector<x509_st*>& chain, TrustAnchors::When at,
                                    const PathOptions& options) {
    Run run{chain, at};
    run.openssl();
    run.key_identifiers();
    run.policies(options.explicit_policy);
    if (options.weak_keys) run.weak_keys();
    return run.take();
}

}  // namespace kartsaz::keys
