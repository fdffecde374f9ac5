// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>

#include <algorithm>

#include "keys/crypto.h"
#include "keys/revocation_evidence.h"
#include "keys/x509_extension.h"
#include "keys/x509_text.h"

namespace kartsaz::keys {
namespace {

using Kind = RevocationFaultKind;
using Status = RevocationStatus;
using OwnedResponse = std::unique_ptr<OCSP_RESPONSE, decltype(&OCSP_RESPONSE_free)>;
using OwnedBasic = std::unique_ptr<OCSP_BASICRESP, decltype(&OCSP_BASICRESP_free)>;

/// What one response says of one certificate.
class OcspQuestion {
public:
    OcspQuestion(const std::string& what, const RevocationQuestion& asked) : asked_{asked} {
        out_.what = what;
        out_.source = "OCSP";
    }
    std::optional<RevocationAnswer> answer(ByteView response, bool told);

private:
    bool parse(ByteView response);
    OCSP_SINGLERESP* single() const;
    bool names(const OCSP_CERTID* id) const;
    /// The certificate that its identifier names, of those inside and at hand. Not owned.
    std::vector<X509*> responders() const;
    bool is_responder(X509* candidate) const;
    void judge_signature();
    void judge_dates(OCSP_SINGLERESP* single);
    void conclude(OCSP_SINGLERESP* single);
    void add(Kind kind, const std::string& text);
    bool has(std::initializer_list<Kind> kinds) const;

    const RevocationQuestion& asked_;
    OwnedBasic basic_{nullptr, &OCSP_BASICRESP_free};
    std::int64_t produced_ = 0;
    RevocationAnswer out_;
};

void OcspQuestion::add(Kind kind, const std::string& text) {
    out_.faults.push_back({kind, out_.what, "OCSP response: " + text});
}

bool OcspQuestion::has(std::initializer_list<Kind> kinds) const {
    return std::any_of(kinds.begin(), kinds.end(), [&](Kind kind) { return out_.has(kind); });
}

bool OcspQuestion::parse(ByteView response) {
    const auto* at = response.data();
    const OwnedResponse parsed{d2i_OCSP_RESPONSE(nullptr, &at, static_cast<long>(response.size())),
                               &OCSP_RESPONSE_free};
    if (parsed == nullptr || at != response.data() + response.size()) {
        add(Kind::ocsp_structure, "not an OCSP response: " + openssl_reason());
        return false;
    }
    const int status = OCSP_response_status(parsed.get());
    if (status != OCSP_RESPONSE_STATUS_SUCCESSFUL) {
        add(Kind::ocsp_structure, fmt::format("its status is \"{}\"", OCSP_response_status_str(status)));
        return false;
    }
    basic_.reset(OCSP_response_get1_basic(parsed.get()));
    if (basic_ == nullptr) {
        add(Kind::ocsp_structure, "no basic response: " + openssl_reason());
        return false;
    }
    produced_ = seconds(OCSP_resp_get0_produced_at(basic_.get()));
    return true;
}

/// The identifier is of this certificate and of this key of its issuer. RFC 6960, 4.1.1.
bool OcspQuestion::names(const OCSP_CERTID* id) const {
    ASN1_OCTET_STRING* name_hash = nullptr;
    ASN1_OCTET_STRING* key_hash = nullptr;
    ASN1_OBJECT* algorithm = nullptr;
    ASN1_INTEGER* serial = nullptr;
    OCSP_id_get0_info(&name_hash, &algorithm, &key_hash, &serial,
                      const_cast<OCSP_CERTID*>(id));  // NOLINT: it only reads
    if (ASN1_INTEGER_cmp(serial, X509_get0_serialNumber(asked_.about)) != 0) return false;
    const auto* digest = EVP_get_digestbyobj(algorithm);
    if (digest == nullptr) return false;
    unsigned char value[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    if (X509_NAME_digest(X509_get_subject_name(asked_.issuer), digest, value, &size) != 1) return false;
    if (bytes_of(name_hash) != Bytes(value, value + size)) return false;
    if (X509_pubkey_digest(asked_.issuer, digest, value, &size) != 1) return false;
    return bytes_of(key_hash) == Bytes(value, value + size);
}

OCSP_SINGLERESP* OcspQuestion::single() const {
    for (int i = 0; i < OCSP_resp_count(basic_.get()); ++i) {
        auto* one = OCSP_resp_get0(basic_.get(), i);
        if (names(OCSP_SINGLERESP_get0_id(one))) return one;
    }
    openssl_reason();
    return nullptr;
}

bool OcspQuestion::is_responder(X509* candidate) const {
    const ASN1_OCTET_STRING* key = nullptr;
    const X509_NAME* name = nullptr;
    OCSP_resp_get0_id(basic_.get(), &key, &name);
    if (name != nullptr) return X509_NAME_cmp(name, X509_get_subject_name(candidate)) == 0;
    unsigned char value[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    if (X509_pubkey_digest(candidate, EVP_sha1(), value, &size) != 1) return false;
    return bytes_of(key) == Bytes(value, value + size);
}

std::vector<X509*> OcspQuestion::responders() const {
    std::vector<X509*> all{asked_.issuer};
    const auto* inside = OCSP_resp_get0_certs(basic_.get());
    for (int i = 0; i < sk_X509_num(inside); ++i) all.push_back(sk_X509_value(inside, i));
    for (const auto& one : asked_.pool.certificates) all.push_back(one.x509.get());
    std::erase_if(all, [&](X509* one) { return !is_responder(one); });
    return all;
}

void OcspQuestion::judge_signature() {
    const auto candidates = responders();
    if (candidates.empty())
        return add(Kind::ocsp_unknown_responder, "its responder's certificate is not at hand");
    const auto signs = [&](X509* one) {
        auto* key = X509_get0_pubkey(one);
        return key != nullptr &&
               ASN1_item_verify(ASN1_ITEM_rptr(OCSP_RESPDATA), OCSP_resp_get0_tbs_sigalg(basic_.get()),
                                OCSP_resp_get0_signature(basic_.get()),
                                const_cast<OCSP_RESPDATA*>(OCSP_resp_get0_respdata(basic_.get())),  // NOLINT
                                key) == 1;
    };
    const auto right = std::find_if(candidates.begin(), candidates.end(), signs);
    auto* responder = right == candidates.end() ? candidates.front() : *right;
    openssl_reason();
    if (right == candidates.end()) {
        add(Kind::ocsp_bad_signature,
            fmt::format("the key of {} did not sign it", quoted_subject(responder)));
    }
    if (X509_cmp(responder, asked_.issuer) == 0) return;  // the issuer answers for itself
    auto faults = responder_faults({responder, asked_.issuer, produced_, out_.what, asked_.pool, asked_.at});
    std::move(faults.begin(), faults.end(), std::back_inserter(out_.faults));
}

void OcspQuestion::judge_dates(OCSP_SINGLERESP* single) {
    ASN1_GENERALIZEDTIME* revoked = nullptr;
    ASN1_GENERALIZEDTIME* this_update = nullptr;
    ASN1_GENERALIZEDTIME* next_update = nullptr;
    OCSP_single_get0_status(single, nullptr, &revoked, &this_update, &next_update);
    const auto issued = seconds(this_update);
    out_.this_update = issued;
    if (next_update != nullptr) out_.next_update = seconds(next_update);
    const auto latest = std::max(issued, produced_);
    if (latest > asked_.at.to) {
        add(Kind::ocsp_not_yet_issued,
            fmt::format("of {}: not issued yet (asked for {})", utc_text(latest), utc_text(asked_.at.to)));
    }
    if (out_of_date(issued, out_.next_update, asked_.at)) {
        add(Kind::ocsp_stale, fmt::format("of {}, next one due {}: out of date", utc_text(issued),
                                          next_update != nullptr ? utc_text(*out_.next_update)
                                                                 : "at any time (no nextUpdate)"));
    }
}

/// What may be believed of what it says.
void OcspQuestion::conclude(OCSP_SINGLERESP* single) {
    int reason = -1;
    ASN1_GENERALIZEDTIME* when = nullptr;
    const int said = OCSP_single_get0_status(single, &reason, &when, nullptr, nullptr);
    const bool believed =
        !has({Kind::ocsp_bad_signature, Kind::ocsp_unknown_responder, Kind::ocsp_not_authorized,
              Kind::ocsp_no_responder_usage, Kind::ocsp_responder_signature, Kind::ocsp_responder_expired,
              Kind::ocsp_responder_not_yet_valid, Kind::ocsp_responder_revoked});
    const auto who = quoted_subject(asked_.about);
    if (said == V_OCSP_CERTSTATUS_UNKNOWN) {
        add(Kind::ocsp_status_unknown, fmt::format("the responder does not know {}", who));
    }
    const bool listed = believed && said == V_OCSP_CERTSTATUS_REVOKED;
    const auto since = listed && when != nullptr ? seconds(when) : 0;
    // what was known by `at` revokes whatever date it gives, as on a CRL
    if (listed && std::min(since, *out_.this_update) <= asked_.at.to) {
        out_.status = Status::revoked;
        out_.since = since;
        if (reason >= 0) out_.reason = reason_text(reason);
        out_.text = fmt::format("{}: revoked {}{} by the OCSP response of {}", who, utc_text(since),
                                out_.reason.empty() ? "" : " (" + out_.reason + ")", utc_text(produced_));
        return;
    }
    if (listed) {
        const auto by = fmt::format("OCSP response of {} ({})", utc_text(produced_), out_.what);
        out_.revoked_later = {since, later_text(asked_, since, by)};
    }
    const bool open =
        !believed || said == V_OCSP_CERTSTATUS_UNKNOWN || out_.has(Kind::ocsp_responder_unchecked);
    if (!open) {
        out_.status = has({Kind::ocsp_stale, Kind::ocsp_not_yet_issued}) ? Status::stale : Status::good;
    }
    out_.text = out_.status == Status::good
                    ? fmt::format("{}: good by the OCSP response of {}", who, utc_text(produced_))
                    : out_.faults.front().text;
}

std::optional<RevocationAnswer> OcspQuestion::answer(ByteView response, bool told) {
    if (!parse(response)) {
        out_.text = out_.faults.front().text;
        return std::move(out_);
    }
    auto* of_this = single();
    if (of_this == nullptr) {
        if (!told) return std::nullopt;
        add(Kind::ocsp_wrong_certificate,
            fmt::format("answers for other certificates than {}", quoted_subject(asked_.about)));
    }
    judge_signature();
    if (of_this == nullptr) {
        out_.text = out_.faults.front().text;
        return std::move(out_);
    }
    judge_dates(of_this);
    conclude(of_this);
    return std::move(out_);
}

}  // namespace

std::optional<RevocationAnswer> ask_ocsp(ByteView response, const std::string& what,
                                         const RevocationQuestion& question, bool told) {
    return OcspQuestion{what, question}.answer(response, told);
}

}  // namespace kartsaz::keys
