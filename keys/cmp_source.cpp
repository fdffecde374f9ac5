// SPDX-License-Identifier: Apache-2.0
#include "keys/cmp_source.h"

#include <fmt/format.h>
#include <openssl/cmp.h>
#include <openssl/http.h>
#include <openssl/x509.h>

#include <algorithm>
#include <exception>

#include "apdu/error.h"
#include "keys/cmp_context.h"
#include "keys/issued_check.h"
#include "keys/x509_text.h"

namespace kartsaz::keys {
namespace {

constexpr int longest_wait = 24 * 3600;  // seconds

[[noreturn]] void bad_options(const std::string& rule) {
    throw Error{Errc::input_invalid, "CMP: " + rule};
}

/// What the confirmation callback needs, and what went wrong in it: nothing may be thrown through OpenSSL.
struct Confirmation {
    const CertificateOrder& order;
    const CmpSource::Keep& keep;
    const CmpOptions& options;
    std::exception_ptr fault{};
    bool kept = false;
};

int confirm(OSSL_CMP_CTX* context, X509* certificate, int fail_info, const char** text) {
    auto* wanted = static_cast<Confirmation*>(OSSL_CMP_CTX_get_certConf_cb_arg(context));
    if (fail_info != 0) return fail_info;
    try {
        const Bytes der = to_der(certificate);
        check_issued(wanted->order, der, wanted->options.trusted, "CMP: the CA's certificate");
        if (wanted->keep) {
            wanted->keep(wanted->order, der);
            wanted->kept = true;
        }
        return 0;
    } catch (const Error& error) {
        wanted->fault = std::make_exception_ptr(error);
    } catch (const std::exception& error) {
        wanted->fault = std::make_exception_ptr(Error{Errc::internal, error.what()});
    }
    *text = "not accepted by the station";
    return 1 << OSSL_CMP_PKIFAILUREINFO_incorrectData;
}

}  // namespace

CmpSource::CmpSource(CmpOptions options, Keep keep) : options_{std::move(options)}, keep_{std::move(keep)} {
    if (options_.server.empty()) bad_options("server: missing");
    if (options_.secret.empty() == (options_.ra.key == nullptr)) {
        bad_options("either reference and secret, or an RA identity, protects the messages");
    }
    if (!options_.secret.empty() && options_.reference.empty()) bad_options("reference: missing");
    if (options_.trusted.empty()) bad_options("trusted: no CA certificate, so no answer could be trusted");
    if (options_.message_seconds < 1 || options_.total_seconds < options_.message_seconds ||
        options_.total_seconds > longest_wait) {
        bad_options("message_seconds and total_seconds: 1 <= message_seconds <= total_seconds <= 86400");
    }
    CmpContext{options_};  // reads address and certificates
}

CmpSource::~CmpSource() = default;

Bytes CmpSource::certificate(const CertificateOrder& order) {
    CmpContext context{options_};
    const auto request = context.read_request(order.request);
    Confirmation confirmation{order, keep_, options_};
    openssl_done(OSSL_CMP_CTX_set1_p10CSR(context.get(), request.get()), "CMP: request");
    openssl_done(OSSL_CMP_CTX_set_certConf_cb(context.get(), &confirm), "CMP: confirmation");
    openssl_done(OSSL_CMP_CTX_set_certConf_cb_arg(context.get(), &confirmation), "CMP: confirmation");
    X509* certificate = OSSL_CMP_exec_P10CR_ses(context.get());
    if (confirmation.fault) std::rethrow_exception(confirmation.fault);
    if (certificate == nullptr) context.fail("certificate request", confirmation.kept);
    // owned by the context
    Bytes der = to_der(certificate);
    check_issued(order, der, options_.trusted, "CMP: the CA's certificate");
    return der;
}

std::optional<std::size_t> CmpSource::certificate_size(const CertificateTemplate& /*content*/,
                                                       ByteView /*public_key*/) const {
    return std::nullopt;
}

Bytes CmpSource::issuer_certificate() const {
    return options_.issuer;
}

void CmpSource::revoke(ByteView certificate, int reason) {
    CmpContext context{options_};
    const auto parsed = parse_certificate(certificate);
    if (!parsed) throw Error{Errc::input_invalid, "CMP: what is to be revoked is no certificate"};
    openssl_done(OSSL_CMP_CTX_set1_oldCert(context.get(), parsed.get()), "CMP: revocation");
    openssl_done(OSSL_CMP_CTX_set_option(context.get(), OSSL_CMP_OPT_REVOCATION_REASON, reason),
                 "CMP: revocation");
    if (OSSL_CMP_exec_RR_ses(context.get()) != 1) context.fail("revocation request");
}

}  // namespace kartsaz::keys
