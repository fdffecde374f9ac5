// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libcard/app/emrtd/lds.h"
#include "libcard/record/finger_template.h"
#include "libcard/record/photo.h"
#include "libcard/verify/decoded.h"
#include "libcard/verify/mrz.h"
#include "libcard/verify/observation_piv.h"
#include "libcard/verify/observation_pkcs15.h"
#include "libcard/verify/verify.h"

namespace kartsaz::verify {

/// EF.SOD taken apart.
struct Sod {
    std::size_t cms_offset = 0;
    keys::SignedObject signed_object;
    app::emrtd::LdsSecurityObject lds;
};

/// One finger template of a card, and the file that it stands in.
struct CardFinger {
    std::string object;
    std::size_t offset = 0;
    unsigned subtype = 0;  ///< of the biometric header
    std::string name;      ///< "finger 1"
    Bytes bytes;
    Decoded<record::FingerTemplate> parsed;
};

struct Observation {
    explicit Observation(const Context& seen);

    const Context& context;
    const app::DumpApplication* emrtd = nullptr;

    Decoded<app::emrtd::Com> com;
    Decoded<Sod> sod;
    Decoded<keys::CertificateFacts> signer;
    std::optional<keys::TrustAnchors::Answer> chain;
    bool crl_at_hand = false;  ///< a CRL of the document signer's issuer was among the trusted files
    Decoded<Mrz> mrz;
    Decoded<app::emrtd::Dg2> dg2;
    Decoded<record::Photo> photo;
    Decoded<std::vector<app::emrtd::Finger>> dg3;
    std::vector<CardFinger> fingers;  ///< of DG3 and DG13
    Decoded<app::emrtd::Dg11> dg11;
    Decoded<app::emrtd::Dg12> dg12;
    Decoded<app::emrtd::Dg13> dg13;
    Decoded<std::vector<app::emrtd::SecurityInfo>> dg14;
    Decoded<Bytes> dg15;
    std::optional<record::Date> birth_date;  ///< of DG11, else of DG1
    Signature signature;                     ///< the signature application
    Piv piv;                                 ///< the PIV application

    /// The file, when the dump has it and it could be read.
    const app::DumpFile* file(std::string_view name) const;
    /// Why it could not be read; empty when it could, or was never tried.
    std::string refused(std::string_view name) const;
    /// The card keeps this file, a finger or iris template, from those who may not read it. "Not found" is no
    /// such answer.
    bool guarded(unsigned dg) const;
    /// A fact of the emrtd application; empty when not there.
    std::string fact(std::string_view key) const;
    /// The signature over EF.SOD's content is right, so its hash list can be leaned on.
    bool sod_signed() const { return sod && sod->signed_object.signature_ok; }
    /// EF.SOD holds a hash of this data group.
    bool sod_covers(unsigned dg) const { return sod && sod->lds.find(dg) != nullptr; }
    /// The card refuses writing.
    bool locked() const;

private:
    void decode_sod();
    void decode_biometrics();
    void decode_texts();
    void add_fingers(const std::vector<app::emrtd::Finger>& fingers_in, const std::string& object,
                     std::optional<std::size_t> base);
};

/// Where two byte strings begin to differ; empty when they are equal.
std::optional<std::size_t> first_difference(ByteView a, ByteView b);
/// "41" for the byte there, "(end)" behind the last.
std::string byte_at(ByteView bytes, std::size_t offset);
/// Printable ASCII, other bytes as dots, cut to 60 characters.
std::string plain_text(std::string_view text);

/// The calendar day of a moment in seconds since 1970, for the text of a finding: "2026-11-21".
std::string day_of(std::int64_t seconds);

}  // namespace kartsaz::verify
