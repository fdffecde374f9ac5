// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "keys/certificate_request.h"
#include "libcard/app/piv/fascn.h"
#include "libcard/profile/profile.h"
#include "libcard/record/record.h"

namespace kartsaz::app::piv {

/// A key pair with its certificate: one name of the option `keys`, with the table [piv.NAME].
struct Slot {
    std::string name;             ///< "authentication", "signature", "management", "card"
    std::uint8_t reference = 0;   ///< 9A, 9C, 9D, 9E
    std::uint16_t container = 0;  ///< of its certificate
    keys::KeyAlgorithm algorithm = keys::KeyAlgorithm::ec_p256;
    std::string policy;                        ///< dotted OID of certificatePolicies; empty: none
    std::vector<std::string> extended_usages;  ///< dotted OIDs

    /// How the issuer's books name it: apart from a signature application's keys on the same chip.
    std::string book_name() const { return "piv-" + name; }
    bool names_holder() const { return reference != 0x9E; }
    bool wants_pin_each_time() const { return reference == 0x9C; }
    bool wants_pin() const { return reference != 0x9E; }
};

/// What is the same in all certificates: table [piv.certificate].
struct CertificateRules {
    std::string country;
    std::string organization;
    bool national_id = true;  ///< as serialNumber of the subject
    bool email = false;       ///< in the signature certificate's subjectAltName, where the record has one
    std::string crl_url;
    std::int64_t validity_days = 0;      ///< never beyond the document's expiry
    std::int64_t renew_before_days = 0;  ///< a certificate that ends within so many days is renewed
    bool compress = false;               ///< gzip
};

/// Table [piv.pin].
struct PinRules {
    std::string keyset;      ///< with the roles "pin" and "puk"
    std::size_t digits = 6;  ///< of the PIN that the card is delivered with
    bool transport = true;   ///< the letter says that it must be changed first
};

/// Table [piv.fascn]: the parts that are the same on all cards, and what the others come from.
struct NumberRules {
    FascN issuer;                       ///< without credential and person
    bool person_from_document = false;  ///< else from the national ID
};

/// Table [piv.printed].
struct PrintedRules {
    std::string affiliation;
    std::string issuer;
    std::optional<std::string> organization;
};

/// Options of the profile table [piv]; see docs/profiles.md.
struct Options {
    std::set<std::uint16_t> objects;   ///< container ids of data objects that are wanted
    std::set<std::uint16_t> required;  ///< those that may not be left out
    bool shrink_face = true;           ///< the photo may be made smaller for a card with less room
    bool sign = true;                  ///< false: CHUID unsigned, and nothing that must be signed
    std::string content_signer;        ///< identity of the key store
    std::string creator;               ///< of the biometric headers
    std::string management_keyset;
    /// Algorithm of the management key; empty: by what the card tells.
    std::optional<std::uint8_t> management_algorithm;
    std::size_t max_command = 0;  ///< largest command data; 0: what card and reader take
    Bytes card_manager;           ///< asked who the chip is; empty: not asked
    std::vector<Slot> slots;
    CertificateRules certificate;
    PinRules pin;
    NumberRules number;
    PrintedRules printed;

    bool wants(std::uint16_t container) const { return objects.contains(container); }
};
/// @throws Error{input_invalid}
Options read_options(const profile::Profile& profile);

/// The card's FASC-N for this record: credential number from the last six digits of the document number,
/// person from the national ID (or the document number's last ten digits). @throws Error{input_invalid}
FascN number_of(const NumberRules& rules, const record::Record& record);

}  // namespace kartsaz::app::piv
