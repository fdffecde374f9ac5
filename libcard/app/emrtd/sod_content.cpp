// SPDX-License-Identifier: Apache-2.0
// The way to the content of a CMS SignedData (RFC 5652, 3 and 5.1): ContentInfo SEQUENCE { OID, [0] SEQUENCE
// { version, digestAlgorithms SET, SEQUENCE { eContentType OID, [0] OCTET STRING }, ... } }.
#include "libcard/app/emrtd/lds.h"
#include "libcard/app/emrtd/lds_support.h"

namespace kartsaz::app::emrtd {
namespace {

constexpr std::uint32_t explicit_tag = 0xA0;

}  // namespace

Bytes peek_lds_security_object(ByteView cms) {
    auto content_info = lds::open(cms, lds::sequence_tag, "EF.SOD: CMS");
    content_info.next(0x06);
    auto wrapped = content_info.enter(content_info.next(explicit_tag));
    auto signed_data = wrapped.enter(wrapped.next(lds::sequence_tag));
    signed_data.next(0x02);
    signed_data.next(0x31);
    auto encapsulated = signed_data.enter(signed_data.next(lds::sequence_tag));
    encapsulated.next(0x06);
    auto content = encapsulated.enter(encapsulated.next(explicit_tag));
    const apdu::Tlv octets = content.next(0x04);
    return Bytes(octets.value.begin(), octets.value.end());
}

}  // namespace kartsaz::app::emrtd
