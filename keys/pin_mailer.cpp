// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/cms.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <limits>

#include "apdu/error.h"
#include "keys/crypto.h"
#include "keys/file_io.h"
#include "keys/openssl_handles.h"
#include "keys/pin.h"
#include "keys/x509_text.h"

namespace kartsaz::keys {
namespace {

namespace fs = std::filesystem;

struct BioFree {
    void operator()(BIO* bio) const noexcept { BIO_free_all(bio); }
};
using OwnedBio = std::unique_ptr<BIO, BioFree>;

[[noreturn]] void refuse(X509* certificate, const std::string& why) {
    throw Error{Errc::input_invalid, fmt::format("PIN mailer's certificate \"{}\": {}",
                                                 one_line(X509_get_subject_name(certificate)), why)};
}

/// What OpenSSL would only find when the first letter is written, or not at all.
void check(X509* certificate) {
    auto* key = X509_get0_pubkey(certificate);
    const bool rsa = key != nullptr && EVP_PKEY_is_a(key, "RSA") == 1;
    const bool ec = key != nullptr && EVP_PKEY_is_a(key, "EC") == 1;
    openssl_reason();
    if (!rsa && !ec) refuse(certificate, "its key is neither RSA nor EC");
    if (EVP_PKEY_get_bits(key) < (rsa ? 2048 : 256)) refuse(certificate, "its key is too short");
    const auto usage = X509_get_key_usage(certificate);
    if (usage != std::numeric_limits<std::uint32_t>::max() &&
        (usage & (rsa ? KU_KEY_ENCIPHERMENT : KU_KEY_AGREEMENT)) == 0) {
        refuse(certificate, fmt::format("its key usage is not {}", rsa ? "keyEncipherment" : "keyAgreement"));
    }
    if (X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0) {
        refuse(certificate,
               "it expired on " + utc_text(seconds(X509_get0_notAfter(certificate))) + "; ask for a new one");
    }
}

/// RSAES-OAEP with SHA-256 (RFC 8017, 7.1), or ECDH with the KDF of X9.63 over SHA-256 (RFC 5753).
void choose_algorithms(CMS_RecipientInfo* recipient) {
    auto* context = CMS_RecipientInfo_get0_pkey_ctx(recipient);
    if (CMS_RecipientInfo_type(recipient) == CMS_RECIPINFO_TRANS) {
        openssl_done(EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING), "OAEP");
        openssl_done(EVP_PKEY_CTX_set_rsa_oaep_md(context, EVP_sha256()), "OAEP");
        openssl_done(EVP_PKEY_CTX_set_rsa_mgf1_md(context, EVP_sha256()), "OAEP");
    } else {
        openssl_done(EVP_PKEY_CTX_set_ecdh_kdf_md(context, EVP_sha256()), "ECDH");
    }
}

/// EnvelopedData, DER. Filled piece by piece, because CMS_encrypt() copies what it encrypts through buffers
/// that it does not wipe.
Bytes envelop(X509* certificate, ByteView text) {
    const Owned<CMS_ContentInfo_st> cms{openssl_made(
        CMS_encrypt(nullptr, nullptr, EVP_aes_256_cbc(), CMS_BINARY | CMS_STREAM | CMS_PARTIAL), "envelope")};
    choose_algorithms(openssl_made(CMS_add1_recipient_cert(cms.get(), certificate, CMS_KEY_PARAM),
                                   "recipient of an envelope"));
    const OwnedBio content{openssl_made(CMS_dataInit(cms.get(), nullptr), "content of an envelope")};
    if (BIO_write(content.get(), text.data(), static_cast<int>(text.size())) !=
            static_cast<int>(text.size()) ||
        BIO_flush(content.get()) != 1) {
        openssl_failed("content of an envelope");
    }
    openssl_done(CMS_dataFinal(cms.get(), content.get()), "envelope");
    unsigned char* der = nullptr;
    const int size = i2d_CMS_ContentInfo(cms.get(), &der);
    if (size <= 0) openssl_failed("envelope");
    Bytes out(der, der + size);
    OPENSSL_free(der);
    return out;
}

/// A value never makes a line of its own.
void put(Botan::secure_vector<std::uint8_t>& letter, std::string_view name, ByteView value) {
    letter.insert(letter.end(), name.begin(), name.end());
    letter.push_back(':');
    letter.push_back(' ');
    for (const auto byte : value) letter.push_back(byte < 0x20 || byte == 0x7F ? ' ' : byte);
    letter.push_back('\n');
}

/// A name of its own for each chip, whatever its characters are.
std::string file_name(const std::string& chip) {
    std::string out = chip.substr(0, 100);
    for (auto& c : out) {
        const bool plain =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
        if (!plain) c = '_';
    }
    if (out != chip) out += "-" + to_hex(sha256(to_bytes(chip))).substr(0, 16);
    return out + ".p7m";
}

}  // namespace

struct PinMailer::Impl {
    fs::path folder;
    Owned<x509_st> certificate;
};

PinMailer::PinMailer(fs::path folder, ByteView certificate) : impl_{std::make_unique<Impl>()} {
    auto all = parse_certificates(certificate, "PIN mailer's certificate");
    if (all.size() != 1) {
        throw Error{Errc::input_invalid,
                    fmt::format("PIN mailer's certificate: {} of them, one expected", all.size())};
    }
    check(all[0].get());
    (void)envelop(all[0].get(), to_bytes("probe"));  // found now and not when a card is half written
    impl_->certificate = std::move(all[0]);
    impl_->folder = std::move(folder);
}

PinMailer::~PinMailer() = default;

fs::path PinMailer::write(const PinLetter& letter, const SecretBytes& pin, const SecretBytes& puk) const {
    Botan::secure_vector<std::uint8_t> text;
    text.reserve(1024);  // grown in one piece, so that nothing of it is left behind
    put(text, "chip", to_bytes(letter.chip));
    put(text, "name", to_bytes(letter.holder_name));
    put(text, "document", to_bytes(letter.document_number));
    pin.reveal([&](ByteView bytes) { put(text, "pin", bytes); });
    puk.reveal([&](ByteView bytes) { put(text, "puk", bytes); });
    put(text, "note", to_bytes(letter.must_change ? "this PIN must be changed before the first use" : ""));
    const auto envelope = envelop(impl_->certificate.get(), text);
    const auto file = impl_->folder / file_name(letter.chip);
    make_private_folder(impl_->folder);
    replace_private_file(file, to_text(envelope));
    return file;
}

}  // namespace kartsaz::keys
