// SPDX-License-Identifier: Apache-2.0
#include "libcard/app/piv/chuid.h"

#include <fmt/format.h>

#include <algorithm>

#include "apdu/error.h"
#include "libcard/app/piv/containers.h"

namespace kartsaz::app::piv {
namespace {

constexpr std::uint32_t expiry_tag = 0x35, signature_tag = 0x3E;
/// SP 800-73-4 promises room for a CHUID of 2,916 bytes; longer certificates are read all the same.
constexpr std::size_t largest_signature = 16'384;

const std::string& chuid_name() {
    return container_of_id(id_chuid)->name;
}

const fields::Fields<Chuid>& chuid_fields() {
    static const fields::Fields<Chuid> all{
        {0xEE, "buffer length", 2, 2, &Chuid::buffer_length},
        {0x30, "FASC-N", 25, 25, &Chuid::fascn},
        {0x31, "agency code", 4, 4, &Chuid::agency},
        {0x32, "organization identifier", 4, 4, &Chuid::organization},
        {0x33, "DUNS", 9, 9, &Chuid::duns},
        {0x34, "GUID", 16, 16, &Chuid::guid},
        {expiry_tag, "expiration date", 8, 8, &Chuid::expiry},
        {0x36, "cardholder UUID", 16, 16, &Chuid::cardholder_uuid},
        {0x3D, "authentication key map", 0, 512, &Chuid::authentication_map},
        {signature_tag, "issuer signature", 0, largest_signature, &Chuid::signature}};
    return all;
}

}  // namespace

Bytes encode_chuid(const Chuid& chuid) {
    expiry_of(chuid);
    return fields::encode(chuid, chuid_fields(), chuid_name());
}

Chuid decode_chuid(ByteView value) {
    return fields::decode(value, chuid_fields(), chuid_name());
}

record::Date expiry_of(const Chuid& chuid) {
    const auto& text = chuid.expiry;
    std::optional<record::Date> out;
    if (text.size() == 8 && text.find_first_not_of("0123456789") == std::string::npos) {
        out = record::from_gregorian(std::stoi(text.substr(0, 4)), std::stoi(text.substr(4, 2)),
                                     std::stoi(text.substr(6)));
    }
    if (out) return *out;
    const auto offset = chuid.offsets.find(expiry_tag);
    throw Error{Errc::input_invalid,
                fmt::format("{}: offset {}: expiration date (35): YYYYMMDD expected", chuid_name(),
                            offset == chuid.offsets.end() ? 0 : offset->second)};
}

Bytes signed_part_of_chuid(ByteView value) {
    Bytes out;
    for (apdu::TlvReader in{value, chuid_name()}; !in.done();) {
        const auto object = in.next();
        if (object.tag != signature_tag) append(out, object.whole);
    }
    return out;
}

}  // namespace kartsaz::app::piv
