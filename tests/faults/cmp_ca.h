// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <vector>

#include "keys/certificate_source.h"
#include "keys/cmp_source.h"
#include "keys/signing_key.h"
#include "tests/support/http_service.h"

struct ossl_cmp_srv_ctx_st;

/// A CA that is asked by CMP, in this process: the messages are OpenSSL's server's, the certificates are made
/// here, a new one for each request, as a CA without a memory makes them.
namespace kartsaz::faults {

class CmpCa {
public:
    /// What becomes of the first request, or of the first confirmation; those after it go well.
    enum class Mood {
        answers,
        refuses,
        delays,              ///< "waiting", for longer than the station waits
        loses_certificate,   ///< the line breaks when the certificate is on its way
        loses_confirmation,  ///< the line breaks when the CA has taken the confirmation
    };
    /// @param identity  the CA
    CmpCa(const keys::Identity& identity, Mood mood);
    ~CmpCa();
    CmpCa(const CmpCa&) = delete;
    CmpCa& operator=(const CmpCa&) = delete;

    /// How a station asks it.
    keys::CmpOptions options() const;
    /// What the CA's registry knows: what a key's certificate shall say.
    void enroll(const keys::CertificateOrder& order);
    /// Certificates that the station took: what it did not confirm is void.
    std::set<Bytes> confirmed() const;
    /// Of these, those that it had revoked.
    std::set<Bytes> revoked() const;
    /// Whether the mood has shown.
    bool shown() const;

private:
    struct Callbacks;
    std::string answer(const std::string& request);
    Bytes certify(const Bytes& public_key);

    keys::Identity identity_;
    Mood mood_;
    mutable std::mutex mutex_;
    bool shown_ = false;
    std::map<Bytes, keys::CertificateOrder> registry_;  ///< by public key
    std::optional<Bytes> unconfirmed_;
    std::set<Bytes> confirmed_, revoked_;
    std::unique_ptr<ossl_cmp_srv_ctx_st, void (*)(ossl_cmp_srv_ctx_st*)> server_;
    std::unique_ptr<test::HttpService> service_;  // the last: it uses the others
};

}  // namespace kartsaz::faults
