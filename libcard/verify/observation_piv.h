// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "keys/path_check.h"
#include "libcard/app/piv/cbeff.h"
#include "libcard/app/piv/containers.h"
#include "libcard/app/piv/face.h"
#include "libcard/app/piv/objects.h"
#include "libcard/app/piv/signatures.h"
#include "libcard/record/finger_template.h"
#include "libcard/record/photo.h"
#include "libcard/verify/decoded.h"
#include "libcard/verify/verify.h"

/// The PIV application of an observed card, decoded once for all checks.
namespace kartsaz::verify {

/// The rules that a card is judged by. What is normal for an old generation is a note there and fatal
/// elsewhere.
enum class PivRules {
    piv,       ///< FIPS 201-2
    piv_old,   ///< FIPS 201-1: certificates carry no UUID of the card, the GUID is free
    piv_i,     ///< PIV-I: certificates carry the card's UUID, and no FASC-N
    piv_i_old  ///< the same with a GUID from before RFC 4122 was asked for
};
std::string_view name(PivRules rules);

/// A certificate of the card, or of a signer of its objects, with its path.
struct PivCertificate {
    const app::piv::Container* container = nullptr;  ///< null: a content signer's
    std::uint8_t key = 0;                            ///< 9A; 0: a content signer's
    std::string object;                              ///< name of the file
    std::string name;        ///< for people: "PIV authentication certificate (9A)", "content signer"
    std::size_t offset = 0;  ///< of the DER in the object, when it stands there as it is
    bool unpacked = false;   ///< the object holds it packed, so offsets of the DER say nothing of the object
    Decoded<Bytes> der;
    Decoded<keys::CertificateDetails> details;
    keys::PathAnswer path;

    bool retired() const { return key >= 0x82 && key <= 0x95; }
    /// Where a part of the certificate stands in the object.
    std::optional<std::size_t> at(const keys::DerRange& range) const;
    std::optional<std::size_t> at(std::string_view extension) const;
};

/// Face or fingerprints.
struct PivBiometric {
    app::piv::Biometric kind = app::piv::Biometric::face;
    std::string object;  ///< "face"
    Decoded<app::piv::BiometricObject> decoded;
    std::optional<app::piv::BiometricSignature> signature;
};

/// A signature over an object of the card.
struct PivSigned {
    std::string object;
    const keys::SignatureCheck* check = nullptr;
};

/// What an object says of whom it belongs to.
struct PivClaim {
    std::string object;
    std::string name;  ///< for people
    Bytes value;
    std::optional<std::size_t> offset;
    bool certificate = false;
    bool aside = false;  ///< an old generation's certificate that may differ
};
/// The identifier that the card's objects must agree in.
struct PivIdentity {
    std::vector<PivClaim> claims;
    Bytes chuid;      ///< what the CHUID says; empty: nothing
    Bytes reference;  ///< what the objects are compared with: the CHUID's, or the others' when it is odd
    bool chuid_odd = false;  ///< the CHUID is the one that differs
};

struct Piv {
    explicit Piv(const Context& context);
    Piv(const Piv&) = delete;
    Piv& operator=(const Piv&) = delete;

    const app::DumpApplication* application = nullptr;
    const Context* context = nullptr;
    /// This issuer's own card: receipt, profile or record demand the application, or it answers to the
    /// issuer's management key or transport PIN.
    bool own = false;
    PivRules rules = PivRules::piv;
    bool generation_told = false;          ///< a certificate of 9A or 9E could be read, and tells it
    std::string rules_why;                 ///< the signs that it was decided by
    std::vector<std::string> rules_doubt;  ///< signs that speak against it

    std::map<std::uint16_t, Bytes> contents;  ///< by container id; absent ones are not there
    Decoded<app::piv::Chuid> chuid;
    Decoded<app::piv::FascN> fascn;
    std::optional<record::Date> expiry;  ///< of the CHUID
    std::optional<keys::SignatureCheck> chuid_signature;
    Decoded<app::piv::SecurityObject> security;
    std::optional<keys::SignatureCheck> security_signature;
    Decoded<app::piv::LdsHashes> hashes;
    std::vector<app::piv::HashFinding> compared;
    PivBiometric face, fingers;
    Decoded<app::piv::FaceRecord> face_record;
    Decoded<record::Photo> photo;
    Decoded<record::FingerTemplate> finger_template;
    Decoded<app::piv::Ccc> ccc;
    Decoded<app::piv::PrintedInformation> printed;
    Decoded<app::piv::Discovery> discovery;
    Decoded<app::piv::KeyHistory> history;
    Decoded<std::vector<app::piv::BiometricTemplate>> bit_group;
    std::vector<PivCertificate> certificates;  ///< of keys, in the order of containers()
    std::vector<PivCertificate> signers;       ///< each once; object is the first that it signed
    PivIdentity fascns, uuids;

    bool old() const { return rules == PivRules::piv_old || rules == PivRules::piv_i_old; }
    bool interoperable() const { return rules == PivRules::piv_i || rules == PivRules::piv_i_old; }
    /// Null when it is not on the card.
    const Bytes* content(std::uint16_t id) const;
    const PivCertificate* certificate(std::uint8_t key) const;
    std::string fact(std::string_view key) const;
    /// "key.9A.signature" and the like.
    std::string key_fact(std::uint8_t key, std::string_view name) const;
    std::vector<const PivBiometric*> biometrics() const { return {&face, &fingers}; }
    std::vector<PivSigned> signed_objects() const;
    /// Why the object could not be read although it may be there; empty: it was read, or it is absent.
    std::string refused(const app::piv::Container& container) const;

private:
    void decode_chuid();
    void decode_biometric(PivBiometric& biometric, std::uint16_t id, ByteView signer);
    void decode_objects();
    void decode_security(ByteView signer);
    void add_certificates();
    void add_signer(const std::string& object, const keys::SignatureCheck& check);
    void decide_rules();
    void collect_identities();
};

/// The name of the container's file in a dump: "PIV-authentication-certificate".
std::string piv_file(std::uint16_t container);
/// "94E28C68-84DB-44DB-8A0E-F502D6689B14"
std::string uuid_text(ByteView uuid);

}  // namespace kartsaz::verify
