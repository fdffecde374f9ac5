// SPDX-License-Identifier: Apache-2.0
#include "keys/x509_text.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <limits>
#include <string_view>

#include "apdu/error.h"
#include "keys/issuer.h"

namespace kartsaz::keys {
namespace {

struct BioFree {
    void operator()(BIO* bio) const noexcept { BIO_free_all(bio); }
};
using OwnedBio = std::unique_ptr<BIO, BioFree>;

OwnedBio reader(ByteView bytes) {
    return OwnedBio{
        openssl_made(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())), "memory reader")};
}

constexpr std::size_t most_bytes = 16U << 20U;

/// All objects of a PEM text, or of DER one after the other.
template <typename Object, typename ReadPem, typename ReadDer>
std::vector<Owned<Object>> parse_all(ByteView encoded, const std::string& what, const char* kind, ReadPem pem,
                                     ReadDer der) {
    if (encoded.size() > most_bytes) throw Error{Errc::input_invalid, what + ": larger than 16 MiB"};
    std::vector<Owned<Object>> out;
    const std::string_view text{reinterpret_cast<const char*>(encoded.data()), encoded.size()};
    if (text.find("-----BEGIN") != std::string_view::npos) {
        const auto bio = reader(encoded);
        while (auto* object = pem(bio.get(), nullptr, nullptr, nullptr)) out.emplace_back(object);
        const auto code = ERR_peek_last_error();
        const bool ended = ERR_GET_REASON(code) == PEM_R_NO_START_LINE;
        const auto reason = openssl_reason();
        if (!ended || out.empty()) {
            throw Error{Errc::input_invalid,
                        fmt::format("{}: {} {} of the PEM text cannot be read: {}", what, kind,
                                    out.size() + 1, ended ? "there is none" : reason)};
        }
        return out;
    }
    const auto* at = encoded.data();
    const auto* end = at + encoded.size();
    do {
        auto* object = der(nullptr, &at, end - at);
        if (object == nullptr) {
            throw Error{Errc::input_invalid, fmt::format("{}: offset {}: not a DER {}: {}", what,
                                                         at - encoded.data(), kind, openssl_reason())};
        }
        out.emplace_back(object);
    } while (at != end);
    return out;
}

}  // namespace

std::string one_line(const X509_name_st* name) {
    const OwnedBio bio{openssl_made(BIO_new(BIO_s_mem()), "memory writer")};
    constexpr unsigned long flags = (XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB & ~XN_FLAG_SEP_MASK) |
                                    XN_FLAG_SEP_CPLUS_SPC | ASN1_STRFLGS_ESC_CTRL;
    X509_NAME_print_ex(bio.get(), name, 0, flags);
    char* text = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &text);
    return size > 0 ? std::string(text, static_cast<std::size_t>(size)) : std::string{};
}

std::int64_t seconds(const asn1_string_st* time) {
    std::tm parts{};
    if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) {
        openssl_reason();
        return 0;
    }
    return timegm(&parts);
}

std::string utc_text(std::int64_t seconds) {
    const std::time_t time = seconds;
    std::tm parts{};
    if (gmtime_r(&time, &parts) == nullptr) return fmt::format("second {} since 1970", seconds);
    return fmt::format("{:%Y-%m-%d %H:%M:%S} UTC", parts);
}

Owned<x509_st> parse_certificate(ByteView der) {
    if (der.empty() || der.size() > most_bytes) return nullptr;
    const auto* at = der.data();
    Owned<x509_st> out{d2i_X509(nullptr, &at, static_cast<long>(der.size()))};
    if (out && at != der.data() + der.size()) out.reset();
    openssl_reason();
    return out;
}

Bytes to_der(x509_st* certificate) {
    const int size = i2d_X509(certificate, nullptr);
    if (size <= 0) openssl_failed("encode a certificate");
    Bytes out(static_cast<std::size_t>(size));
    auto* at = out.data();
    i2d_X509(certificate, &at);
    return out;
}

Bytes subject_public_key(const x509_st* certificate) {
    unsigned char* der = nullptr;
    const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
    if (size <= 0) openssl_failed("public key of a certificate");
    const Bytes out(der, der + size);
    OPENSSL_free(der);
    return out;
}

std::vector<Owned<x509_st>> parse_certificates(ByteView encoded, const std::string& what) {
    return parse_all<x509_st>(encoded, what, "certificate", PEM_read_bio_X509, d2i_X509);
}

std::vector<Owned<X509_crl_st>> parse_crls(ByteView encoded, const std::string& what) {
    return parse_all<X509_crl_st>(encoded, what, "CRL", PEM_read_bio_X509_CRL, d2i_X509_CRL);
}

}  // namespace kartsaz::keys
