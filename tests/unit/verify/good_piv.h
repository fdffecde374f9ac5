// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "keys/content_signer.h"
#include "libcard/app/piv/cbeff.h"
#include "libcard/app/piv/containers.h"
#include "libcard/app/piv/face.h"
#include "libcard/app/piv/objects.h"
#include "libcard/app/piv/signatures.h"
#include "libcard/verify/verify.h"
#include "piv_pki.h"

/// A PIV card of FIPS 201-2 as it ought to be, made in memory with CAs, CRLs and content signer, and ways to
/// spoil it at each step of its making.
namespace kartsaz::test {

/// How an object is signed.
struct PivSeal {
    std::string content_type;                ///< another than the object's; empty: that of the object
    bool other_name = false;                 ///< pivSigner-DN names somebody else
    bool no_name = false;                    ///< no pivSigner-DN
    bool certificate = false;                ///< inside, where the object has none
    bool sha1 = false;                       ///< the CHUID's signature, or the list of hashes, over SHA-1
    std::shared_ptr<const PivParty> signer;  ///< null: the card's
};

class GoodPiv {
public:
    GoodPiv();

    static constexpr std::int64_t day = 86'400;
    static constexpr std::int64_t at = 1'795'262'400;  ///< 2026-11-21 12:00 UTC
    std::int64_t ends;                                 ///< of the card
    Bytes fascn, guid;                                 ///< what all objects say
    PivParty root, ca, expired_ca, stranger;
    std::shared_ptr<const PivParty> signer;
    std::shared_ptr<const PivParty> other_ca;  ///< of mutants

    // 1. what is to be made
    app::piv::Chuid chuid;
    std::string raw_expiry;  ///< 8 characters that no encoder would write; empty: those of `chuid`
    app::piv::CbeffHeader face_header, fingers_header;
    app::piv::FaceRecord face;
    Bytes face_block, fingers_block;  ///< made of `face` when empty
    std::optional<Bytes> face_uuid, fingers_uuid;
    app::piv::Ccc ccc;
    app::piv::PrintedInformation printed;
    app::piv::Discovery discovery;
    std::optional<app::piv::KeyHistory> history;
    std::map<std::uint8_t, PivWish> wishes;  ///< certificates by key reference
    std::map<std::uint8_t, const PivParty*> issuers;
    PivSeal chuid_seal, face_seal, fingers_seal, security_seal;
    void identify(const Bytes& fascn, const Bytes& guid);  ///< all objects as another card's

    // 2. the objects, by container id; 3. the security object over them
    std::map<std::uint16_t, Bytes> objects;
    std::set<std::uint16_t> left_out;  ///< of the security object
    void make();
    void seal();

    // 4. what the card tells while it is read
    std::map<std::string, std::string> facts;
    void prove();

    // 5. what it is judged by
    std::vector<std::string> revoked;  ///< serials on the CA's list
    std::vector<Bytes> at_hand;        ///< more certificates, CRLs, OCSP responses
    std::optional<app::CardDump> registered;
    std::optional<record::Record> expected;
    /// Judged by the record of its holder, whose national ID it has as an issuer of ours writes it.
    void give_record();
    bool demanded = false, demand_crl = false, trusted = true;
    app::CardDump dump() const;
    verify::Report judge() const;

    /// Keys that PIV does not allow.
    static constexpr std::uint8_t weak_rsa = 0x01, rsa_e3 = 0x03, curve_p521 = 0x04, curve_k1 = 0x05;
    /// The private key behind a reference.
    static const PivParty& key(std::uint8_t reference);
    PivWish signer_wish() const;
    std::shared_ptr<const PivParty> make_signer(const PivWish& wish, const PivParty& issuer) const;
    /// A responder of `issuer`; wishes as `change` has them.
    PivParty responder(const PivParty& issuer, const std::function<void(PivWish&)>& change) const;
    /// The certificate on the card, DER.
    Bytes certificate(std::uint8_t key) const;
    void put_certificate(std::uint8_t key, ByteView der);
    Bytes sign(const PivSeal& seal, std::string_view type, ByteView content, bool detached, bool inside,
               std::vector<keys::ContentToSign::Attribute> attributes) const;
    Bytes signed_biometric(app::piv::CbeffHeader header, ByteView block, const std::optional<Bytes>& uuid,
                           const PivSeal& seal, std::string_view name) const;
};

/// No finding at all where all is right: makes, seals, proves and judges.
verify::Report judge_good_piv(GoodPiv& card);

}  // namespace kartsaz::test
