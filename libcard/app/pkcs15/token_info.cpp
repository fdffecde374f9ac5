// SPDX-License-Identifier: Apache-2.0
// EF.TokenInfo: SEQUENCE { version, serial, [manufacturer], [label], flags, ..., [lastUpdate], ... }
#include "libcard/app/pkcs15/fields.h"

namespace kartsaz::app::pkcs15 {
namespace {

constexpr const char* what = "EF.TokenInfo";
constexpr std::uint32_t tag_token_label = 0x80, tag_last_update = 0xA5, tag_last_update_primitive = 0x85;

std::string last_update(const apdu::TlvReader& in, const apdu::Tlv& field) {
    if (field.tag == tag_last_update_primitive) return to_text(field.value);
    // a ReferencedValue may stand here instead of the time; it is left out
    auto inside = in.enter(field);
    const auto time = inside.maybe(fields::generalized_time);
    return time ? to_text(time->value) : std::string{};
}

}  // namespace

Bytes encode_token_info(const TokenInfo& info) {
    return apdu::TlvWriter{}
        .nest(fields::sequence,
              [&](apdu::TlvWriter& in) {
                  fields::put_integer(in, fields::integer, info.version);
                  in.put(fields::octet_string, info.serial);
                  if (!info.manufacturer.empty()) in.put(fields::utf8, info.manufacturer);
                  if (!info.label.empty()) in.put(tag_token_label, info.label);
                  fields::put_bits(in, info.flags);
                  if (!info.last_update.empty()) {
                      in.nest(tag_last_update, [&](apdu::TlvWriter& time) {
                          time.put(fields::generalized_time, info.last_update);
                      });
                  }
              })
        .bytes();
}

TokenInfo decode_token_info(ByteView file) {
    apdu::TlvReader in{file, what};
    auto inside = in.enter(in.next(fields::sequence));
    TokenInfo out;
    out.version = fields::small_integer(inside, inside.next(fields::integer));
    out.serial = fields::octets(inside.next(fields::octet_string));
    if (const auto name = inside.maybe(fields::utf8)) out.manufacturer = to_text(name->value);
    if (const auto label = inside.maybe(tag_token_label)) out.label = to_text(label->value);
    out.flags = fields::bits(inside, inside.next(fields::bit_string));
    while (!inside.done()) {
        const apdu::Tlv field = inside.next();
        if (field.tag == tag_last_update || field.tag == tag_last_update_primitive)
            out.last_update = last_update(inside, field);
    }
    return out;
}

Bytes without_padding(ByteView file, const char* name) {
    apdu::TlvReader in{file, name};
    const apdu::Tlv object = in.next();
    return {object.whole.begin(), object.whole.end()};
}

}  // namespace kartsaz::app::pkcs15
