// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "keys/keyset.h"

/// PINs and PUKs: made, and told to the holder on paper that only the mailer can print.
namespace kartsaz::keys {

/// A number of `digits` decimal digits, as ASCII, from the master of role "pin" or "puk": the same chip (or
/// document) gets the same number, so a torn card can be gone on with and no list of PINs is kept. Every
/// number is equally likely (rejection sampling) but those of one digit repeated or counting up or down,
/// which are never given. Source of the KDF: NIST SP 800-108, 5.1.
/// @param identity  what is numbered: "chip 4790-..." or "document ..."
/// @throws Error{keys_failed} when the keyset has no such role, Error{usage} below 4 or above 16 digits
SecretBytes derive_pin(const Keyset& keyset, std::string_view role, std::string_view identity,
                       std::size_t digits);

/// What is printed into a sealed letter.
struct PinLetter {
    std::string chip;         ///< for the file's name and the letter
    std::string holder_name;  ///< UTF-8
    std::string document_number;
    bool must_change = false;  ///< the PIN is a transport PIN
};

/// Writes letters for the mailing house: CMS EnvelopedData (RFC 5652, 6) to its certificate, a file per
/// chip; nobody else, this program included, can open them.
class PinMailer {
public:
    /// @param folder  made with the first letter, mode 0700  @param certificate PEM or DER of the mailer
    /// @throws Error{input_invalid} when the certificate cannot be encrypted to, Error{store_failed}
    PinMailer(std::filesystem::path folder, ByteView certificate);
    ~PinMailer();
    PinMailer(const PinMailer&) = delete;
    PinMailer& operator=(const PinMailer&) = delete;

    /// Durable when it returns; replaces an earlier letter of the chip. The letter is UTF-8 text, a line per
    /// field: "chip:", "name:", "document:", "pin:", "puk:", "note:". @throws Error{store_failed}
    std::filesystem::path write(const PinLetter& letter, const SecretBytes& pin,
                                const SecretBytes& puk) const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace kartsaz::keys
