// SPDX-License-Identifier: Apache-2.0
#include "tests/faults/cmp_ca.h"

#include <openssl/cmp.h>
#include <openssl/x509.h>

#include <stdexcept>

#include "keys/certificate_request.h"
#include "keys/issuer.h"
#include "keys/local_ca.h"

namespace kartsaz::faults {
namespace {

// message bodies, RFC 4210, 5.1.2
constexpr int p10cr = 4, certificate_confirm = 24;
constexpr int accepted = OSSL_CMP_PKISTATUS_accepted;

struct Free {
    void operator()(BIO* bio) const { BIO_free(bio); }
    void operator()(BIGNUM* number) const { BN_free(number); }
    void operator()(OSSL_CMP_MSG* message) const { OSSL_CMP_MSG_free(message); }
};

Bytes public_key_of(const X509_REQ* request) {
    unsigned char* der = nullptr;
    const int size = i2d_X509_PUBKEY(X509_REQ_get_X509_PUBKEY(const_cast<X509_REQ*>(request)), &der);
    Bytes out(der, der + std::max(size, 0));
    OPENSSL_free(der);
    return out;
}

std::string serial_text(const ASN1_INTEGER* serial) {
    const std::unique_ptr<BIGNUM, Free> number{ASN1_INTEGER_to_BN(serial, nullptr)};
    char* text = BN_bn2hex(number.get());
    std::string out{text};
    OPENSSL_free(text);
    return out;
}

}  // namespace

/// What OpenSSL's server asks while it answers; the mutex is held.
struct CmpCa::Callbacks {
    static CmpCa& of(OSSL_CMP_SRV_CTX* server) {
        return *static_cast<CmpCa*>(OSSL_CMP_SRV_CTX_get0_custom_ctx(server));
    }
    static OSSL_CMP_PKISI* request(OSSL_CMP_SRV_CTX* server, const OSSL_CMP_MSG* /*message*/, int /*id*/,
                                   const OSSL_CRMF_MSG* /*crmf*/, const X509_REQ* p10, X509** certificate,
                                   STACK_OF(X509) * * /*chain*/, STACK_OF(X509) * * /*ca*/) {
        auto& ca = of(server);
        if (!ca.shown_ && ca.mood_ == Mood::refuses) {
            ca.shown_ = true;
            return OSSL_CMP_STATUSINFO_new(OSSL_CMP_PKISTATUS_rejection,
                                           1 << OSSL_CMP_PKIFAILUREINFO_badRequest, "not today");
        }
        if (!ca.shown_ && ca.mood_ == Mood::delays) {
            ca.shown_ = true;
            return OSSL_CMP_STATUSINFO_new(OSSL_CMP_PKISTATUS_waiting, 0, nullptr);
        }
        const auto der = ca.certify(public_key_of(p10));
        ca.unconfirmed_ = der;
        const auto* at = der.data();
        *certificate = d2i_X509(nullptr, &at, static_cast<long>(der.size()));
        return OSSL_CMP_STATUSINFO_new(accepted, 0, nullptr);
    }
    static int confirmation(OSSL_CMP_SRV_CTX* server, const OSSL_CMP_MSG* /*message*/, int /*id*/,
                            const ASN1_OCTET_STRING* /*hash*/, const OSSL_CMP_PKISI* status) {
        auto& ca = of(server);
        char words[256] = {};
        OSSL_CMP_snprint_PKIStatusInfo(status, words, sizeof words);
        const bool taken = std::string_view{words}.find("PKIStatus: accepted") == 0;
        if (taken && ca.unconfirmed_) ca.confirmed_.insert(*ca.unconfirmed_);
        ca.unconfirmed_.reset();
        return 1;
    }
    static OSSL_CMP_PKISI* revocation(OSSL_CMP_SRV_CTX* server, const OSSL_CMP_MSG* /*message*/,
                                      const X509_NAME* /*issuer*/, const ASN1_INTEGER* serial) {
        auto& ca = of(server);
        for (const auto& der : ca.confirmed_) {
            if (serial_text(serial).ends_with(keys::certificate_facts(der).serial)) ca.revoked_.insert(der);
        }
        return OSSL_CMP_STATUSINFO_new(accepted, 0, nullptr);
    }
    static void error(OSSL_CMP_SRV_CTX* /*server*/, const OSSL_CMP_MSG* /*message*/,
                      const OSSL_CMP_PKISI* /*status*/, const ASN1_INTEGER* /*code*/,
                      const OSSL_CMP_PKIFREETEXT* /*details*/) {}
    static int poll(OSSL_CMP_SRV_CTX* /*server*/, const OSSL_CMP_MSG* /*message*/, int /*id*/,
                    OSSL_CMP_MSG** request, std::int64_t* after) {
        constexpr int seconds = 60;
        *request = nullptr;
        *after = seconds;
        return 1;
    }
};

CmpCa::CmpCa(const keys::Identity& identity, Mood mood)
    : identity_{identity},
      mood_{mood},
      server_{OSSL_CMP_SRV_CTX_new(nullptr, nullptr), &OSSL_CMP_SRV_CTX_free} {
    auto* context = OSSL_CMP_SRV_CTX_get0_cmp_ctx(server_.get());
    const Bytes name = to_bytes("kartsaz"), secret = to_bytes("hello");
    if (OSSL_CMP_SRV_CTX_init(server_.get(), this, &Callbacks::request, &Callbacks::revocation, nullptr,
                              &Callbacks::error, &Callbacks::confirmation, &Callbacks::poll) != 1 ||
        OSSL_CMP_CTX_set1_referenceValue(context, name.data(), static_cast<int>(name.size())) != 1 ||
        OSSL_CMP_CTX_set1_secretValue(context, secret.data(), static_cast<int>(secret.size())) != 1) {
        throw std::runtime_error{"OpenSSL's CMP server cannot be made"};
    }
    service_ =
        std::make_unique<test::HttpService>([this](const std::string& request) { return answer(request); });
}

CmpCa::~CmpCa() {
    service_.reset();
}

keys::CmpOptions CmpCa::options() const {
    keys::CmpOptions out;
    out.server = service_->url("pkix/");
    out.reference = "kartsaz";
    out.secret = keys::SecretBytes{to_bytes("hello")};
    out.trusted = {identity_.certificate};
    out.issuer = identity_.certificate;
    out.message_seconds = out.total_seconds = 3;
    return out;
}

void CmpCa::enroll(const keys::CertificateOrder& order) {
    const std::lock_guard guard{mutex_};
    registry_[keys::parse_request(order.request).public_key] = order;
}

std::set<Bytes> CmpCa::confirmed() const {
    const std::lock_guard guard{mutex_};
    return confirmed_;
}

std::set<Bytes> CmpCa::revoked() const {
    const std::lock_guard guard{mutex_};
    return revoked_;
}

bool CmpCa::shown() const {
    const std::lock_guard guard{mutex_};
    return shown_;
}

Bytes CmpCa::certify(const Bytes& public_key) {
    const auto& order = registry_.at(public_key);
    // books of this one certificate: the next request for the key gets another
    keys::LocalCa ca{identity_, std::make_unique<keys::CaLedger>("by CMP"), {.now = [&order] {
                         return order.content.not_before;
                     }}};
    return ca.certificate(order);
}

std::string CmpCa::answer(const std::string& request) {
    const std::lock_guard guard{mutex_};
    const auto body = request.substr(request.find("\r\n\r\n") + 4);
    const std::unique_ptr<BIO, Free> in{BIO_new_mem_buf(body.data(), static_cast<int>(body.size()))};
    const std::unique_ptr<OSSL_CMP_MSG, Free> message{d2i_OSSL_CMP_MSG_bio(in.get(), nullptr)};
    if (!message) return {};
    const int kind = OSSL_CMP_MSG_get_bodytype(message.get());
    const std::unique_ptr<OSSL_CMP_MSG, Free> reply{
        OSSL_CMP_SRV_process_request(server_.get(), message.get())};
    const std::unique_ptr<BIO, Free> out{BIO_new(BIO_s_mem())};
    if (!reply || i2d_OSSL_CMP_MSG_bio(out.get(), reply.get()) != 1) return {};
    const bool lost = (mood_ == Mood::loses_certificate && kind == p10cr) ||
                      (mood_ == Mood::loses_confirmation && kind == certificate_confirm);
    if (lost && !std::exchange(shown_, true)) return {};
    char* data = nullptr;
    const auto size = static_cast<std::size_t>(BIO_get_mem_data(out.get(), &data));
    return "HTTP/1.0 200 OK\r\nContent-Type: application/pkixcmp\r\nContent-Length: " + std::to_string(size) +
           "\r\n\r\n" + std::string(data, size);
}

}  // namespace kartsaz::faults
