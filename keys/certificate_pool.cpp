// SPDX-License-Identifier: Apache-2.0
#include "keys/certificate_pool.h"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>
#include <string_view>

#include "apdu/error.h"
#include "keys/crypto.h"
#include "keys/pool_contents.h"
#include "keys/x509_text.h"

namespace kartsaz::keys {
namespace {

using Counts = CertificatePool::Counts;
using Trust = CertificatePool::Trust;

constexpr std::size_t most_bytes = 16U << 20U;
constexpr std::string_view certificate_signs[] = {PEM_STRING_X509, PEM_STRING_X509_OLD,
                                                  PEM_STRING_X509_TRUSTED};

[[noreturn]] void refuse(const std::string& what, const std::string& rule) {
    const auto reason = openssl_reason();
    throw Error{Errc::input_invalid,
                fmt::format("{}: {}{}{}", what, rule, reason.empty() ? "" : ": ", reason)};
}

/// Takes what is read into a pool.
class Reader {
public:
    Reader(CertificatePool::Contents& pool, const std::string& what, Trust trust)
        : pool_{pool}, what_{what}, trust_{trust} {}

    void pem(ByteView text);
    void der(ByteView bytes);
    const Counts& counts() const { return counts_; }

private:
    void block(std::string_view label, ByteView bytes);
    /// The object that stands first; its size.
    std::size_t object(ByteView bytes, std::size_t offset);
    void add(Owned<x509_st> certificate);
    void add(Owned<X509_crl_st> crl);
    void signed_data(CMS_ContentInfo* cms);
    std::size_t response(ByteView bytes, std::size_t offset);
    /// Nothing of these bytes was there before.
    bool fresh(ByteView bytes);

    CertificatePool::Contents& pool_;
    const std::string& what_;
    Trust trust_;
    Counts counts_;
    bool something_ = false;  ///< an empty p7c is read, and adds nothing
};

bool Reader::fresh(ByteView bytes) {
    return pool_.seen.insert(sha256(bytes)).second;
}

void Reader::add(Owned<x509_st> certificate) {
    const bool anchor =
        trust_ == Trust::all || (trust_ == Trust::self_signed && X509_self_signed(certificate.get(), 1) == 1);
    openssl_reason();
    something_ = true;
    ++(anchor ? counts_.anchors : counts_.others);
    auto der = to_der(certificate.get());
    if (auto* old = pool_.find(der)) {
        if (anchor && !old->anchor) {
            old->anchor = true;
            --pool_.counts.others;
            ++pool_.counts.anchors;
        }
        return;
    }
    ++(anchor ? pool_.counts.anchors : pool_.counts.others);
    pool_.certificates.push_back({std::move(certificate), std::move(der), what_, anchor});
}

void Reader::add(Owned<X509_crl_st> crl) {
    something_ = true;
    ++counts_.crls;
    unsigned char* data = nullptr;
    const int size = i2d_X509_CRL(crl.get(), &data);
    if (size <= 0) openssl_failed("encode a CRL");
    const bool is_new = fresh({data, static_cast<std::size_t>(size)});
    OPENSSL_free(data);
    if (!is_new) return;
    ++pool_.counts.crls;
    pool_.crls.add(std::move(crl), what_);
}

void Reader::signed_data(CMS_ContentInfo* cms) {
    if (OBJ_obj2nid(CMS_get0_type(cms)) != NID_pkcs7_signed)
        refuse(what_, "a PKCS#7 file without certificates");
    something_ = true;
    auto* certificates = CMS_get1_certs(cms);
    while (auto* one = sk_X509_shift(certificates)) add(Owned<x509_st>{one});
    sk_X509_free(certificates);
    auto* crls = CMS_get1_crls(cms);
    while (auto* one = sk_X509_CRL_shift(crls)) add(Owned<X509_crl_st>{one});
    sk_X509_CRL_free(crls);
}

std::size_t Reader::response(ByteView bytes, std::size_t offset) {
    const auto* at = bytes.data();
    const std::unique_ptr<OCSP_RESPONSE, decltype(&OCSP_RESPONSE_free)> parsed{
        d2i_OCSP_RESPONSE(nullptr, &at, static_cast<long>(bytes.size())), &OCSP_RESPONSE_free};
    if (parsed == nullptr) refuse(what_, fmt::format("offset {}: not an OCSP response", offset));
    const int status = OCSP_response_status(parsed.get());
    if (status != OCSP_RESPONSE_STATUS_SUCCESSFUL) {
        refuse(what_, fmt::format("offset {}: an OCSP response that answers nothing: its status is \"{}\"",
                                  offset, OCSP_response_status_str(status)));
    }
    const std::unique_ptr<OCSP_BASICRESP, decltype(&OCSP_BASICRESP_free)> basic{
        OCSP_response_get1_basic(parsed.get()), &OCSP_BASICRESP_free};
    if (basic == nullptr) refuse(what_, fmt::format("offset {}: not a basic OCSP response", offset));
    const auto size = static_cast<std::size_t>(at - bytes.data());
    something_ = true;
    ++counts_.ocsp;
    if (fresh(bytes.first(size))) {
        ++pool_.counts.ocsp;
        pool_.responses.push_back(
            {Bytes(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)), what_});
    }
    return size;
}

/// The tag of the first child of the SEQUENCE that stands first tells the kinds apart: a response begins with
/// its status, PKCS#7 with the type of its content, a certificate and a CRL with what is signed.
std::uint8_t first_child(ByteView bytes) {
    if (bytes.size() < 3 || bytes[0] != 0x30) return 0;
    const std::size_t header = bytes[1] > 0x80 ? 2U + (bytes[1] & 0x7FU) : 2U;
    return header < bytes.size() ? bytes[header] : std::uint8_t{0};
}

std::size_t Reader::object(ByteView bytes, std::size_t offset) {
    constexpr std::uint8_t enumerated = 0x0A, oid = 0x06;
    const auto size = static_cast<long>(bytes.size());
    const auto* at = bytes.data();
    const auto taken = [&] { return static_cast<std::size_t>(at - bytes.data()); };
    switch (first_child(bytes)) {
        case enumerated:
            return response(bytes, offset);
        case oid: {
            const Owned<CMS_ContentInfo_st> cms{d2i_CMS_ContentInfo(nullptr, &at, size)};
            if (!cms) refuse(what_, fmt::format("offset {}: not a PKCS#7 file", offset));
            signed_data(cms.get());
            return taken();
        }
        default:
            break;
    }
    if (Owned<x509_st> certificate{d2i_X509(nullptr, &at, size)}) {
        add(std::move(certificate));
        return taken();
    }
    const auto reason = openssl_reason();
    at = bytes.data();
    if (Owned<X509_crl_st> crl{d2i_X509_CRL(nullptr, &at, size)}) {
        add(std::move(crl));
        return taken();
    }
    refuse(what_, fmt::format("offset {}: neither a certificate ({}) nor a CRL, an OCSP response or PKCS#7",
                              offset, reason));
}

void Reader::der(ByteView bytes) {
    std::size_t offset = 0;
    do {
        offset += object(bytes.subspan(offset), offset);
    } while (offset < bytes.size());
}

void Reader::block(std::string_view label, ByteView bytes) {
    const auto size = static_cast<long>(bytes.size());
    const auto* at = bytes.data();
    if (std::find(std::begin(certificate_signs), std::end(certificate_signs), label) !=
        std::end(certificate_signs)) {
        Owned<x509_st> certificate{label == PEM_STRING_X509_TRUSTED ? d2i_X509_AUX(nullptr, &at, size)
                                                                    : d2i_X509(nullptr, &at, size)};
        if (!certificate) refuse(what_, "a certificate of the PEM text cannot be read");
        add(std::move(certificate));
    } else if (label == PEM_STRING_X509_CRL) {
        Owned<X509_crl_st> crl{d2i_X509_CRL(nullptr, &at, size)};
        if (!crl) refuse(what_, "a CRL of the PEM text cannot be read");
        add(std::move(crl));
    } else if (label == PEM_STRING_PKCS7 || label == PEM_STRING_PKCS7_SIGNED || label == PEM_STRING_CMS) {
        const Owned<CMS_ContentInfo_st> cms{d2i_CMS_ContentInfo(nullptr, &at, size)};
        if (!cms) refuse(what_, "PKCS#7 of the PEM text cannot be read");
        signed_data(cms.get());
    } else if (label == "OCSP RESPONSE") {
        response(bytes, 0);
    }
}

void Reader::pem(ByteView text) {
    const std::unique_ptr<BIO, decltype(&BIO_free_all)> bio{
        openssl_made(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), "memory reader"),
        &BIO_free_all};
    char* label = nullptr;
    char* header = nullptr;
    unsigned char* data = nullptr;
    long size = 0;
    while (PEM_read_bio(bio.get(), &label, &header, &data, &size) == 1) {
        const auto free_all = [&] {
            OPENSSL_free(label);
            OPENSSL_free(header);
            OPENSSL_clear_free(data, static_cast<std::size_t>(size));  // it may be a private key
        };
        try {
            block(label, {data, static_cast<std::size_t>(size)});
        } catch (...) {
            free_all();
            throw;
        }
        free_all();
    }
    const bool ended = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    if (!ended) refuse(what_, "the PEM text cannot be read");
    openssl_reason();
    if (!something_) refuse(what_, "PEM with neither a certificate nor a CRL, an OCSP response or PKCS#7");
}

}  // namespace

std::vector<const CertificatePool::Contents::Certificate*> CertificatePool::Contents::named(
    const X509_NAME* subject) const {
    std::vector<const Certificate*> out;
    for (const auto& one : certificates) {
        if (X509_NAME_cmp(X509_get_subject_name(one.x509.get()), subject) == 0) out.push_back(&one);
    }
    std::stable_partition(out.begin(), out.end(), [](const auto* one) { return one->anchor; });
    return out;
}

const CertificatePool::Contents::Certificate* CertificatePool::Contents::find(ByteView der) const {
    const auto found = std::find_if(certificates.begin(), certificates.end(), [&](const auto& one) {
        return std::equal(one.der.begin(), one.der.end(), der.begin(), der.end());
    });
    return found == certificates.end() ? nullptr : &*found;
}

CertificatePool::Contents::Certificate* CertificatePool::Contents::find(ByteView der) {
    return const_cast<Certificate*>(std::as_const(*this).find(der));  // NOLINT: it is not const
}

bool signed_by(X509* certificate, X509* issuer) {
    EVP_PKEY* key = X509_get0_pubkey(issuer);
    const bool right = key != nullptr && X509_verify(certificate, key) == 1;
    openssl_reason();
    return right;
}

CertificatePool::CertificatePool() : contents_{std::make_unique<Contents>()} {}
CertificatePool::~CertificatePool() = default;
CertificatePool::CertificatePool(CertificatePool&&) noexcept = default;
CertificatePool& CertificatePool::operator=(CertificatePool&&) noexcept = default;

CertificatePool::Counts CertificatePool::add(ByteView content, const std::string& what, Trust trust) {
    if (content.empty()) throw Error{Errc::input_invalid, what + ": is empty"};
    if (content.size() > most_bytes) throw Error{Errc::input_invalid, what + ": larger than 16 MiB"};
    Reader reader{*contents_, what, trust};
    const std::string_view text{reinterpret_cast<const char*>(content.data()), content.size()};
    if (content[0] != 0x30 && text.find("-----BEGIN ") != std::string_view::npos)
        reader.pem(content);
    else
        reader.der(content);
    return reader.counts();
}

const CertificatePool::Counts& CertificatePool::counts() const {
    return contents_->counts;
}

std::vector<Bytes> CertificatePool::anchors() const {
    std::vector<Bytes> out;
    for (const auto& one : contents_->certificates) {
        if (one.anchor) out.push_back(one.der);
    }
    return out;
}

const std::vector<std::string>& CertificatePool::notes() const {
    return contents_->notes;
}

void CertificatePool::add_note(std::string note) {
    contents_->notes.push_back(std::move(note));
}

}  // namespace kartsaz::keys
