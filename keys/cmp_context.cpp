// SPDX-License-Identifier: Apache-2.0
#include "keys/cmp_context.h"

#include <fmt/format.h>
#include <openssl/cmp.h>
#include <openssl/err.h>
#include <openssl/http.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <array>

#include "apdu/error.h"
#include "keys/x509_text.h"

namespace kartsaz::keys {
namespace {

[[noreturn]] void bad(const std::string& rule) {
    throw Error{Errc::input_invalid, "CMP: " + rule};
}

/// "/C=IR/O=Example/CN=CA" as a name. Source: the form of OpenSSL's own tools.
X509_NAME* parse_name(const std::string& text) {
    if (text.empty() || text.front() != '/') bad("recipient: begins with \"/\", as /C=IR/CN=CA");
    X509_NAME* name = openssl_made(X509_NAME_new(), "name");
    std::size_t at = 1;
    while (at < text.size()) {
        const auto end = std::min(text.find('/', at), text.size());
        const auto part = text.substr(at, end - at);
        const auto equals = part.find('=');
        const auto value = equals == std::string::npos ? std::string{} : part.substr(equals + 1);
        const bool done =
            !value.empty() && X509_NAME_add_entry_by_txt(name, part.substr(0, equals).c_str(), MBSTRING_UTF8,
                                                         reinterpret_cast<const unsigned char*>(value.data()),
                                                         static_cast<int>(value.size()), -1, 0) == 1;
        if (!done) {
            X509_NAME_free(name);
            openssl_reason();
            bad(fmt::format("recipient: \"{}\" at offset {} is not TYPE=value", part, at));
        }
        at = end + 1;
    }
    return name;
}

Owned<x509_st> certificate(ByteView der, const char* what) {
    auto out = parse_certificate(der);
    if (!out) bad(fmt::format("{}: no certificate in DER", what));
    return out;
}

/// Everything on OpenSSL's error queue, oldest first, in its words.
struct Reasons {
    std::string text;
    bool refused = false, waiting = false, unreachable = false;
};

Reasons take_reasons() {
    Reasons out;
    const char* data = nullptr;
    int flags = 0;
    while (const unsigned long code = ERR_get_error_all(nullptr, nullptr, nullptr, &data, &flags)) {
        const int library = ERR_GET_LIB(code);
        const int reason = ERR_GET_REASON(code);
        if (library == ERR_LIB_CMP) {
            out.refused =
                out.refused || reason == CMP_R_RECEIVED_ERROR || reason == CMP_R_REQUEST_REJECTED_BY_SERVER;
            out.waiting = out.waiting || reason == CMP_R_TOTAL_TIMEOUT;
        }
        out.unreachable =
            out.unreachable || library == ERR_LIB_SYS || library == ERR_LIB_BIO || library == ERR_LIB_HTTP;
        const char* words = ERR_reason_error_string(code);
        std::string line = words != nullptr ? words : "unknown reason";
        if ((flags & ERR_TXT_STRING) != 0 && data != nullptr && *data != '\0')
            line += fmt::format(" ({})", data);
        if (out.text.size() + line.size() < 600) out.text += (out.text.empty() ? "" : "; ") + line;
    }
    return out;
}

}  // namespace

CmpContext::CmpContext(const CmpOptions& options)
    : context_{openssl_made(OSSL_CMP_CTX_new(nullptr, nullptr), "CMP context")},
      server_{options.server},
      total_seconds_{options.total_seconds} {
    try {
        OSSL_CMP_CTX_set_log_verbosity(context_, OSSL_CMP_LOG_EMERG);  // faults are told by fail() alone
        set_server(options);
        set_protection(options);
        set_trust(options);
    } catch (...) {
        OSSL_CMP_CTX_free(context_);
        throw;
    }
}

CmpContext::~CmpContext() {
    OSSL_CMP_CTX_free(context_);
}

void CmpContext::set_server(const CmpOptions& options) {
    char* host = nullptr;
    char* path = nullptr;
    int port = 0;
    int tls = 0;
    const int parsed = OSSL_HTTP_parse_url(options.server.c_str(), &tls, nullptr, &host, nullptr, &port,
                                           &path, nullptr, nullptr);
    openssl_reason();
    if (parsed != 1) bad("server: \"" + options.server + "\" is no http://host:port/path");
    const bool done = tls == 0 && OSSL_CMP_CTX_set1_server(context_, host) == 1 &&
                      OSSL_CMP_CTX_set_serverPort(context_, port) == 1 &&
                      OSSL_CMP_CTX_set1_serverPath(context_, path) == 1;
    OPENSSL_free(host);
    OPENSSL_free(path);
    if (tls != 0) bad("server: https is not offered; CMP protects its messages itself (RFC 6712, 3.1)");
    if (!done) openssl_failed("CMP: server");
    openssl_done(OSSL_CMP_CTX_set_option(context_, OSSL_CMP_OPT_MSG_TIMEOUT, options.message_seconds),
                 "CMP: time");
    openssl_done(OSSL_CMP_CTX_set_option(context_, OSSL_CMP_OPT_TOTAL_TIMEOUT, options.total_seconds),
                 "CMP: time");
}

void CmpContext::set_protection(const CmpOptions& options) {
    if (!options.secret.empty()) {
        options.secret.reveal([&](ByteView secret) {
            openssl_done(
                OSSL_CMP_CTX_set1_secretValue(context_, secret.data(), static_cast<int>(secret.size())),
                "CMP: secret");
        });
        const auto reference = to_bytes(options.reference);
        openssl_done(
            OSSL_CMP_CTX_set1_referenceValue(context_, reference.data(), static_cast<int>(reference.size())),
            "CMP: reference");
        return;
    }
    const auto owner = certificate(options.ra.certificate, "RA certificate");
    const auto key = openssl_key(options.ra.key);
    openssl_done(OSSL_CMP_CTX_set1_cert(context_, owner.get()), "CMP: RA certificate");
    openssl_done(OSSL_CMP_CTX_set1_pkey(context_, key.get()), "CMP: RA key");
}

void CmpContext::set_trust(const CmpOptions& options) {
    X509_STORE* store = openssl_made(X509_STORE_new(), "trust store");
    openssl_done(OSSL_CMP_CTX_set0_trustedStore(context_, store), "CMP: trust");  // owned from here on
    for (const auto& der : options.trusted) {
        openssl_done(X509_STORE_add_cert(store, certificate(der, "trusted").get()), "CMP: trust");
    }
    X509_NAME* recipient = nullptr;
    Owned<x509_st> issuer;
    if (!options.issuer.empty()) issuer = certificate(options.issuer, "issuer");
    if (!options.recipient.empty()) {
        recipient = parse_name(options.recipient);
    } else if (issuer) {
        recipient = X509_NAME_dup(X509_get_subject_name(issuer.get()));
    }
    if (recipient == nullptr) bad("recipient: neither a name nor the issuer's certificate is given");
    const int done = OSSL_CMP_CTX_set1_recipient(context_, recipient);
    X509_NAME_free(recipient);
    openssl_done(done, "CMP: recipient");
}

void CmpContext::FreeRequest::operator()(X509_req_st* request) const noexcept {
    X509_REQ_free(request);
}

CmpContext::Request CmpContext::read_request(ByteView der) {
    const unsigned char* at = der.data();
    Request request{d2i_X509_REQ(nullptr, &at, static_cast<long>(der.size()))};
    openssl_reason();
    if (!request || at != der.data() + der.size()) bad("the request is no PKCS#10 in DER");
    return request;
}

void CmpContext::fail(const std::string& doing, bool kept) const {
    std::array<char, 512> words{};
    const bool answered = OSSL_CMP_CTX_get_status(context_) >= 0;
    const char* status = OSSL_CMP_CTX_snprint_PKIStatus(context_, words.data(), words.size());
    const bool waiting = OSSL_CMP_CTX_get_status(context_) == OSSL_CMP_PKISTATUS_waiting;
    const auto reasons = take_reasons();
    const std::string head = fmt::format("CMP, {} to {}: ", doing, server_);
    if (waiting) {
        throw Error{Errc::interrupted,
                    fmt::format("{}the CA has not decided within {} s; the same call with the same card asks "
                                "again",
                                head, total_seconds_)};
    }
    // the status alone does not tell: OpenSSL's client sets "rejection" for an answer that it will not take
    if (reasons.refused) {
        throw Error{
            Errc::keys_failed,
            fmt::format("{}the CA refused: {}; when its reason is removed, the same call with the same "
                        "card goes on ({})",
                        head, answered && status != nullptr ? status : "no status", reasons.text)};
    }
    if (kept) {
        throw Error{Errc::interrupted,
                    fmt::format("{}the certificate was taken and is kept, but its confirmation has no usable "
                                "answer ({}); the same call with the same card goes on with it",
                                head, reasons.text)};
    }
    if (!answered && (reasons.unreachable || reasons.waiting)) {
        throw Error{Errc::interrupted,
                    fmt::format("{}no usable answer ({}); the same call with the same card asks again", head,
                                reasons.text)};
    }
    throw Error{Errc::keys_failed,
                fmt::format("{}the answer cannot be trusted or understood ({}); nothing was taken from it",
                            head, reasons.text)};
}

}  // namespace kartsaz::keys
