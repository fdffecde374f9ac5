// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "keys/certificate_request.h"
#include "keys/scp03.h"
#include "libcard/profile/profile.h"

namespace kartsaz::app::pkcs15 {

/// What a key is for, which decides what its certificate says. Source: RFC 5280, 4.2.1.3.
enum class Purpose { signature, authentication };

/// A key pair with its certificate: one name of the option `keys`, with the table [pkcs15.NAME].
struct Slot {
    std::string name;  ///< "signature"
    std::string label;
    keys::KeyAlgorithm algorithm = keys::KeyAlgorithm::ec_p256;
    Purpose purpose = Purpose::signature;
    std::uint8_t reference = 0;  ///< the card's number of the key; decides the files, too
    std::string policy;          ///< dotted OID of certificatePolicies; empty: none

    std::uint16_t public_key_fid() const;
    /// The files that its certificate may be in, those of choice first. A renewed certificate goes beside the
    /// old one; two more are for cards where the holder put something of his own into one of the first.
    std::array<std::uint16_t, 4> certificate_fids() const;
    bool has_certificate_file(std::uint16_t fid) const;
};

/// What is the same in all certificates: table [pkcs15.certificate].
struct CertificateRules {
    std::string country;
    std::string organization;
    bool national_id = true;  ///< as serialNumber of the subject
    bool email = false;       ///< as subjectAltName, where the record has one
    std::string crl_url;
    std::int64_t validity_days = 0;      ///< never beyond the document's expiry
    std::int64_t renew_before_days = 0;  ///< a certificate that ends within so many days is renewed
};

/// Table [pkcs15.pin].
struct PinRules {
    std::string keyset;             ///< with the roles "pin" and "puk"
    std::size_t digits = 6;         ///< of the PIN that the card is delivered with
    std::size_t min = 4, max = 16;  ///< of the holder's own, told to readers
    bool transport = true;          ///< the letter says that it must be changed first
};

/// Options of the profile table [pkcs15]; see docs/profiles.md.
struct Options {
    Bytes aid;
    bool required = true;  ///< a card without the application is refused; else it does without
    bool scp03 = false;    ///< written under the card manager's secure channel
    keys::ScpLevel level = keys::ScpLevel::c_mac_c_dec;
    std::string label;         ///< of the token
    std::string manufacturer;  ///< of the token
    std::size_t max_command = 0;
    std::vector<Slot> slots;
    CertificateRules certificate;
    PinRules pin;
};
/// @throws Error{input_invalid}
Options read_options(const profile::Profile& profile);

}  // namespace kartsaz::app::pkcs15
