// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <limits>

#include "apdu/error.h"
#include "keys/crl_shelf.h"
#include "keys/issuer.h"
#include "keys/openssl_handles.h"
#include "keys/x509_text.h"

namespace kartsaz::keys {
namespace {

using Verdict = TrustAnchors::Verdict;

Verdict verdict_of(int error) {
    switch (error) {
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
        case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
            return Verdict::unknown_issuer;
        case X509_V_ERR_CERT_SIGNATURE_FAILURE:
        case X509_V_ERR_UNABLE_TO_DECRYPT_CERT_SIGNATURE:
        case X509_V_ERR_UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY:
            return Verdict::bad_signature;
        case X509_V_ERR_CERT_HAS_EXPIRED:
            return Verdict::expired;
        case X509_V_ERR_CERT_NOT_YET_VALID:
            return Verdict::not_yet_valid;
        case X509_V_ERR_CERT_REVOKED:
            return Verdict::revoked;
        case X509_V_ERR_UNABLE_TO_GET_CRL:
        case X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER:
            return Verdict::crl_missing;
        case X509_V_ERR_CRL_HAS_EXPIRED:
        case X509_V_ERR_CRL_NOT_YET_VALID:
            return Verdict::crl_stale;
        default:
            return Verdict::not_allowed;
    }
}

/// What the two ends of a path are called.
struct Words {
    std::string_view leaf, issuer;
};
constexpr Words of_documents{"document signer", "country signer"};
constexpr Words of_holders{"certificate", "CA"};

/// What OpenSSL found wrong, with the certificate that it is about.
std::string text_of(X509_STORE_CTX* context, std::int64_t at, const Words& words) {
    const int error = X509_STORE_CTX_get_error(context);
    const int depth = X509_STORE_CTX_get_error_depth(context);
    auto* about = X509_STORE_CTX_get_current_cert(context);
    std::string text{depth == 0 ? words.leaf : words.issuer};
    if (about != nullptr) text += fmt::format(" \"{}\"", one_line(X509_get_subject_name(about)));
    text += fmt::format(": {}", X509_verify_cert_error_string(error));
    if (about != nullptr && error == X509_V_ERR_CERT_HAS_EXPIRED) {
        text += fmt::format(" (valid until {}, asked for {})", utc_text(seconds(X509_get0_notAfter(about))),
                            utc_text(at));
    } else if (about != nullptr && error == X509_V_ERR_CERT_NOT_YET_VALID) {
        text += fmt::format(" (valid from {}, asked for {})", utc_text(seconds(X509_get0_notBefore(about))),
                            utc_text(at));
    } else if (about != nullptr && verdict_of(error) == Verdict::unknown_issuer) {
        text += fmt::format(" (its issuer is \"{}\")", one_line(X509_get_issuer_name(about)));
    }
    return text;
}

bool may_sign(X509* certificate) {
    const auto usage = X509_get_key_usage(certificate);
    return usage != std::numeric_limits<std::uint32_t>::max() && (usage & KU_DIGITAL_SIGNATURE) != 0;
}

constexpr unsigned long crls_of_all_levels = X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL;

}  // namespace

struct TrustAnchors::Impl {
    Owned<x509_store_st> store{openssl_made(X509_STORE_new(), "certificate store")};
    CrlShelf crls;
    std::size_t certificates = 0;

    /// What one path check looks for; OpenSSL hands it to the callbacks.
    struct Question {
        const Impl& self;
        When at;
    };
    static const Question& question(const X509_STORE_CTX* context) {
        return *static_cast<const Question*>(X509_STORE_CTX_get_app_data(context));
    }

    /// The path to an anchor; the verdict is ok when there is one. On each level a CRL is asked for where one
    /// of that issuer is here. @param flags  of X509_VERIFY_PARAM
    Answer path(X509* leaf, When at, unsigned long flags, const Words& words) const {
        const Owned<x509_store_ctx_st> context{openssl_made(X509_STORE_CTX_new(), "path check")};
        openssl_done(X509_STORE_CTX_init(context.get(), store.get(), leaf, nullptr), "path check");
        auto* parameters = X509_STORE_CTX_get0_param(context.get());
        X509_VERIFY_PARAM_set_time(parameters, at.to);
        openssl_done(X509_VERIFY_PARAM_set_flags(parameters, flags), "path check");
        Question asked{*this, at};
        X509_STORE_CTX_set_app_data(context.get(), &asked);
        X509_STORE_CTX_set_verify_cb(context.get(), excuse);
        const int result = X509_verify_cert(context.get());
        openssl_reason();
        const auto verdict = result == 1 ? Verdict::ok : verdict_of(X509_STORE_CTX_get_error(context.get()));
        // before the day an older list is good for, a newer one may be here already
        const bool revocable = verdict == Verdict::ok || verdict == Verdict::crl_stale;
        if (revocable && (flags & X509_V_FLAG_CRL_CHECK) != 0) {
            if (const auto* about = revoked_in(X509_STORE_CTX_get0_chain(context.get()), at)) {
                return {Verdict::revoked,
                        fmt::format("\"{}\": certificate revoked", one_line(X509_get_subject_name(about)))};
            }
        }
        if (verdict == Verdict::ok) return {Verdict::ok, {}};
        return {verdict, text_of(context.get(), at.to, words)};
    }

    /// The certificate of the path that its issuer's newest lists revoke; null: none.
    const X509* revoked_in(const STACK_OF(X509) * chain, When at) const {
        for (int i = 0; i + 1 < sk_X509_num(chain); ++i) {
            X509* about = sk_X509_value(chain, i);
            if (crls.revoked(about, sk_X509_value(chain, i + 1), at.to)) return about;
        }
        return nullptr;
    }

    /// A CRL that is missing is no fault where no CRL of that issuer is here at all, and what ends on the day
    /// that is asked for has not ended.
    static int excuse(int good, X509_STORE_CTX* context) {
        if (good == 1) return good;
        const auto& asked = question(context);
        const auto* about = X509_STORE_CTX_get_current_cert(context);
        const auto* crl = X509_STORE_CTX_get0_current_crl(context);
        bool excused = false;
        switch (X509_STORE_CTX_get_error(context)) {
            case X509_V_ERR_UNABLE_TO_GET_CRL:
                excused = about != nullptr && !asked.self.crls.has(X509_get_issuer_name(about));
                break;
            case X509_V_ERR_CERT_HAS_EXPIRED:
                excused = about != nullptr && seconds(X509_get0_notAfter(about)) >= asked.at.from;
                break;
            case X509_V_ERR_CRL_HAS_EXPIRED:
                excused = crl != nullptr && seconds(X509_CRL_get0_nextUpdate(crl)) >= asked.at.from;
                break;
            default:
                break;
        }
        if (excused) X509_STORE_CTX_set_error(context, X509_V_OK);
        return excused ? 1 : 0;
    }

    /// OpenSSL asks for the CRLs of an issuer, for the certificate that it is at. Null: none.
    static STACK_OF(X509_CRL) * look_up(const X509_STORE_CTX* context, const X509_NAME* issuer) try {
        const auto* chain = X509_STORE_CTX_get0_chain(context);
        const int above = X509_STORE_CTX_get_error_depth(context) + 1;
        X509* by = sk_X509_value(chain, std::min(above, sk_X509_num(chain) - 1));
        const auto& asked = question(context);
        return asked.self.crls.that_count(issuer, by, asked.at.to).release();
    } catch (...) {
        return nullptr;  // no memory; nothing is thrown through OpenSSL
    }
};

TrustAnchors::TrustAnchors() : impl_{std::make_unique<Impl>()} {
    X509_STORE_set_lookup_crls(impl_->store.get(), Impl::look_up);
}
TrustAnchors::~TrustAnchors() = default;
TrustAnchors::TrustAnchors(TrustAnchors&&) noexcept = default;

void TrustAnchors::add_certificate(ByteView encoded, const std::string& what) {
    for (const auto& certificate : parse_certificates(encoded, what)) {
        openssl_done(X509_STORE_add_cert(impl_->store.get(), certificate.get()), "add a trusted certificate");
        ++impl_->certificates;
    }
}

void TrustAnchors::add_crl(ByteView encoded, const std::string& what) {
    for (auto& crl : parse_crls(encoded, what)) impl_->crls.add(std::move(crl));
}

std::size_t TrustAnchors::size() const {
    return impl_->certificates;
}

TrustAnchors::Answer TrustAnchors::check(ByteView certificate, When at, bool demand_crl) const {
    const auto leaf = parse_certificate(certificate);
    if (!leaf) return {Verdict::not_allowed, "the document signer's certificate is not an X.509 certificate"};
    const bool with_crl = impl_->crls.has(X509_get_issuer_name(leaf.get()));
    auto answer = impl_->path(leaf.get(), at, crls_of_all_levels, of_documents);
    if (answer.verdict != Verdict::ok) return answer;

    const auto subject = one_line(X509_get_subject_name(leaf.get()));
    if (!may_sign(leaf.get())) {
        return {Verdict::not_allowed,
                fmt::format("document signer \"{}\": its key usage is not digitalSignature", subject)};
    }
    const auto issuer = one_line(X509_get_issuer_name(leaf.get()));
    if (demand_crl && !with_crl) {
        return {Verdict::crl_missing, fmt::format("no CRL of country signer \"{}\" is here", issuer)};
    }
    return {Verdict::ok, fmt::format("document signer \"{}\" was issued by trusted country signer \"{}\"{}",
                                     subject, issuer, with_crl ? " and is not on its CRL" : "")};
}

TrustAnchors::Answer TrustAnchors::check_holder(ByteView certificate, When at, bool demand_crl,
                                                bool ask_crl) const {
    const auto leaf = parse_certificate(certificate);
    if (!leaf) return {Verdict::not_allowed, "not an X.509 certificate"};
    const auto issuer = one_line(X509_get_issuer_name(leaf.get()));
    const bool with_crl = ask_crl && impl_->crls.has(X509_get_issuer_name(leaf.get()));
    const unsigned long crl = ask_crl ? crls_of_all_levels : 0;
    // the whole path first, so that a root's CRL is asked about the CA below it
    auto answer = impl_->path(leaf.get(), at, crl, of_holders);
    if (answer.verdict == Verdict::unknown_issuer) {
        answer = impl_->path(leaf.get(), at, X509_V_FLAG_PARTIAL_CHAIN | crl, of_holders);
    }
    if (answer.verdict != Verdict::ok) return answer;
    if (demand_crl && !with_crl) {
        return {Verdict::crl_missing, fmt::format("no CRL of CA \"{}\" is here", issuer)};
    }
    return {Verdict::ok,
            fmt::format("issued by trusted \"{}\"{}", issuer, with_crl ? " and not on its CRL" : "")};
}

}  // namespace kartsaz::keys
