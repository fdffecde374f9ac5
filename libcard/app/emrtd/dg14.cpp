// SPDX-License-Identifier: Apache-2.0
// EF.DG14: 6E { SET OF SecurityInfo }; EF.CardAccess is the bare set.
// SecurityInfo ::= SEQUENCE { protocol OBJECT IDENTIFIER, requiredData ANY, optionalData ANY OPTIONAL }
#include <algorithm>
#include <functional>

#include "apdu/error.h"
#include "libcard/app/emrtd/lds.h"
#include "libcard/app/emrtd/lds_support.h"

namespace kartsaz::app::emrtd {
namespace {

constexpr std::uint32_t set_tag = 0x31;

SecurityInfo read_security_info(const apdu::TlvReader& parent, const apdu::Tlv& object) {
    auto in = parent.enter(object);
    const apdu::Tlv oid = in.next(lds::oid_tag);
    if (oid.value.empty()) in.fail(oid.offset, "an empty object identifier");
    in.next();
    if (!in.done()) in.next();
    in.finish();
    return {Bytes(oid.value.begin(), oid.value.end()), Bytes(object.whole.begin(), object.whole.end())};
}

std::vector<SecurityInfo> read_set(const apdu::TlvReader& parent, const apdu::Tlv& set) {
    auto in = parent.enter(set);
    if (in.done()) in.fail(set.offset, "an empty SET OF SecurityInfo");
    std::vector<SecurityInfo> infos;
    while (!in.done()) infos.push_back(read_security_info(in, in.next(lds::sequence_tag)));
    return infos;
}

/// The order of the elements of a SET OF in DER: X.690, 11.6.
bool der_before(const Bytes& a, const Bytes& b) {
    return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(), std::less<unsigned>{});
}

Bytes security_info(ByteView oid, unsigned version, std::uint32_t tag, ByteView value) {
    return apdu::TlvWriter{}
        .nest(lds::sequence_tag,
              [&](apdu::TlvWriter& out) {
                  out.put(lds::oid_tag, oid);
                  out.put(0x02, ByteView{Bytes{static_cast<std::uint8_t>(version)}});
                  out.put(tag, value);
              })
        .bytes();
}

}  // namespace

Bytes encode_dg14(const std::vector<Bytes>& security_infos) {
    if (security_infos.empty()) throw Error{Errc::input_invalid, "EF.DG14: no SecurityInfo"};
    std::vector<Bytes> sorted = security_infos;
    for (const auto& one : sorted) {
        read_security_info(apdu::TlvReader{one, "EF.DG14: SecurityInfo"},
                           lds::only(one, lds::sequence_tag, "EF.DG14: SecurityInfo"));
    }
    std::sort(sorted.begin(), sorted.end(), der_before);
    return apdu::TlvWriter{}
        .nest(0x6E,
              [&](apdu::TlvWriter& file) {
                  file.nest(set_tag, [&](apdu::TlvWriter& set) {
                      for (const auto& one : sorted) set.raw(one);
                  });
              })
        .bytes();
}

std::vector<SecurityInfo> decode_dg14(ByteView file) {
    auto in = lds::open(file, 0x6E, "EF.DG14");
    const apdu::Tlv set = in.next(set_tag);
    in.finish();
    return read_set(in, set);
}

std::vector<SecurityInfo> decode_security_infos(ByteView set, const std::string& what) {
    return read_set(apdu::TlvReader{set, what}, lds::only(set, set_tag, what));
}

Bytes active_authentication_info_ecdsa_sha256() {
    static const Bytes oid = from_hex("678108010105");                         // 2.23.136.1.1.5
    static const Bytes ecdsa_plain_sha256 = from_hex("04007F00070101040103");  // 0.4.0.127.0.7.1.1.4.1.3
    return security_info(oid, 1, lds::oid_tag, ecdsa_plain_sha256);
}

Bytes pace_info_ecdh_gm_aes128(unsigned parameter_id) {
    static const Bytes oid = from_hex("04007F00070202040202");  // 0.4.0.127.0.7.2.2.4.2.2
    if (parameter_id > 31) throw Error{Errc::usage, "standard domain parameters have numbers 0 to 31"};
    return security_info(oid, 2, 0x02, Bytes{static_cast<std::uint8_t>(parameter_id)});
}

}  // namespace kartsaz::app::emrtd
