// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apdu/command.h"
#include "apdu/transport.h"
#include "keys/secret.h"
#include "libcard/app/piv/containers.h"

/// The commands of a PIV application, and what its answers say; those that use keys are in key_commands.h.
/// Pure builders: nothing is sent here. Source: NIST SP 800-73-4 part 2, 3; INS F7 to FF are extensions of
/// YubiKeys that other PIV applications have, too.
namespace kartsaz::app::piv {

extern const Bytes application_aid;  ///< A000000308 00001000 0100, with the version
extern const Bytes truncated_aid;    ///< without the version: the form that every implementation takes

constexpr std::uint8_t pin_reference = 0x80, puk_reference = 0x81, management_reference = 0x9B;
constexpr std::size_t shortest_pin = 6, stored_pin_length = 8;  ///< PIN and PUK; filled with FF

/// @param aid  application_aid or truncated_aid
apdu::CommandApdu select_application(ByteView aid = application_aid);

/// What SELECT answers: the application property template, 61. Parts that it has not are empty.
struct PropertyTemplate {
    Bytes aid;  ///< 4F: some tell it whole, others from the PIX on
    std::string label, url;
    std::vector<std::uint8_t> algorithms;  ///< 80 in each AC
    /// 7F66: largest command data and response data of this application. ISO/IEC 7816-4, 12.7.1.
    std::optional<apdu::BlockLimits> lengths;
    bool announces(std::uint8_t algorithm) const;
};
/// Empty when the answer is no such template.
std::optional<PropertyTemplate> parse_property_template(ByteView answer);

/// GET DATA of one object. @param ne  1..65536; a card with more to say announces it by 61xx
apdu::CommandApdu get_data(std::uint32_t tag, std::uint32_t ne = 256);
/// The container's value in an answer to it: what stands under 53; discovery object and BIT group with their
/// own tag. Empty where the object has no content (53 00). @throws Error{input_invalid} with the offset
Bytes value_in(const Container& container, ByteView answer);

/// The data field of PUT DATA: 5C tag, 53 value; an object that is its own tag stands alone.
/// @param value  as value_in() gives it; empty: the object is removed
Bytes put_data_field(const Container& container, ByteView value);
/// PUT DATA in one command where its data field fits into `block`, else chained: parts of exactly `block`
/// bytes and a last one of 1 to `block`. @param block  1..65535; above 255 extended length is used
std::vector<apdu::CommandApdu> put_data(const Container& container, ByteView value, std::size_t block = 255);

/// Empty VERIFY: 9000 it is verified, 63Cx tries left, 6983 blocked.
apdu::CommandApdu pin_status(std::uint8_t reference = pin_reference);
/// VERIFY with P1 = FF: the PIN is to be given anew. SP 800-73-4 part 2, 3.2.1.
apdu::CommandApdu drop_pin();
/// Headers of commands whose data is a secret: a PIN, old PIN or PUK and new one, PUK and new PIN; each
/// padded_pin().
apdu::CommandApdu verify_header();
apdu::CommandApdu change_reference_header(std::uint8_t reference);
apdu::CommandApdu reset_retry_header();

/// The rule that a PIN or PUK breaks, in words; empty when it may be sent: "the PIN has 6 to 8 digits".
/// @param digits_only  SP 800-73-4 part 2, 2.4.3 has digits for the PIN; a PUK may be of any bytes
std::string fault_of_pin(const keys::SecretBytes& pin, bool digits_only = true);
/// As it is sent, 8 bytes. @throws Error{usage} by fault_of_pin(); nothing was sent then
keys::SecretBytes padded_pin(const keys::SecretBytes& pin, bool digits_only = true);
/// What makers of PIV applications leave: 123456, 12345678.
keys::SecretBytes factory_pin();
keys::SecretBytes factory_puk();

/// GET METADATA (F7) of 80, 81, 9B or a key.
apdu::CommandApdu metadata(std::uint8_t reference);
/// Parts that the card does not tell are empty.
struct Metadata {
    std::optional<std::uint8_t> algorithm;               ///< 01; FF of PIN and PUK
    std::optional<std::uint8_t> pin_policy, touch;       ///< 02: 1 never, 2 once, 3 always
    std::optional<std::uint8_t> origin;                  ///< 03, as it is told; see is_imported()
    Bytes public_key;                                    ///< 04: 81 modulus 82 exponent, or 86 point
    std::optional<bool> factory;                         ///< 05: still as the maker set it
    std::optional<std::uint8_t> full_tries, tries_left;  ///< 06
};
/// @throws Error{input_invalid} with the offset
Metadata parse_metadata(ByteView answer);

apdu::CommandApdu get_version();  ///< FD: three bytes
/// "5.4.0"; empty when it is no such answer.
std::string parse_version(ByteView answer);
apdu::CommandApdu get_serial();  ///< F8: four bytes
/// What a chip is called that tells no more than this number: "PIV-00C0FFEE"; empty when it is none.
std::string chip_name_of_serial(ByteView answer);

}  // namespace kartsaz::app::piv
