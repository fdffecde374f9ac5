// SPDX-License-Identifier: Apache-2.0
#include "libcard/verify/der.h"

#include <algorithm>

#include "apdu/tlv.h"

namespace kartsaz::verify {
namespace {

using apdu::Tlv;
using apdu::TlvReader;

constexpr int deepest = 24;

std::size_t minimal_header(const Tlv& tlv) {
    const std::size_t size = tlv.value.size();
    if (size < 0x80) return 2;
    if (size <= 0xFF) return 3;
    if (size <= 0xFFFF) return 4;
    return size <= 0xFFFFFF ? 5 : 6;
}

void demand_integer(const TlvReader& in, const Tlv& tlv) {
    if (tlv.value.empty()) in.fail(tlv.offset, "an INTEGER has at least one byte");
    if (tlv.value.size() < 2) return;
    const bool high = (tlv.value[1] & 0x80U) != 0;
    if ((tlv.value[0] == 0x00 && !high) || (tlv.value[0] == 0xFF && high)) {
        in.fail(tlv.value_offset, "an INTEGER has no needless leading byte");
    }
}

void demand_bit_string(const TlvReader& in, const Tlv& tlv) {
    if (tlv.value.empty() || tlv.value[0] > 7 || (tlv.value.size() == 1 && tlv.value[0] != 0)) {
        in.fail(tlv.offset, "a BIT STRING begins with its count of unused bits, 0 to 7");
    }
    const unsigned unused = (1U << tlv.value[0]) - 1U;
    if ((tlv.value.back() & unused) != 0 && tlv.value.size() > 1) {
        in.fail(tlv.value_offset + tlv.value.size() - 1, "unused bits of a BIT STRING are zero");
    }
}

void demand_oid(const TlvReader& in, const Tlv& tlv) {
    bool first = true;
    for (std::size_t i = 0; i < tlv.value.size(); ++i) {
        if (first && tlv.value[i] == 0x80)
            in.fail(tlv.value_offset + i, "an OID has no needless leading byte");
        first = (tlv.value[i] & 0x80U) == 0;
    }
    if (tlv.value.empty() || !first) in.fail(tlv.offset, "an OID ends inside one of its numbers");
}

void demand_primitive(const TlvReader& in, const Tlv& tlv) {
    switch (tlv.tag) {
        case 0x01:
            if (tlv.value.size() != 1 || (tlv.value[0] != 0x00 && tlv.value[0] != 0xFF)) {
                in.fail(tlv.offset, "a BOOLEAN is one byte, 00 or FF");
            }
            break;
        case 0x02:
            demand_integer(in, tlv);
            break;
        case 0x03:
            demand_bit_string(in, tlv);
            break;
        case 0x05:
            if (!tlv.value.empty()) in.fail(tlv.offset, "a NULL is empty");
            break;
        case 0x06:
            demand_oid(in, tlv);
            break;
        case 0x10:
        case 0x11:
            in.fail(tlv.offset, "a SEQUENCE or SET is constructed");
        default:
            break;
    }
}

void walk(TlvReader in, bool sorted, int depth) {
    ByteView before;
    while (!in.done()) {
        const Tlv tlv = in.next();
        if (tlv.tag > 0xFF) in.fail(tlv.offset, "no tag of more than one byte belongs here");
        if (tlv.value_offset - tlv.offset != minimal_header(tlv))
            in.fail(tlv.offset + 1, "the length is not minimal");
        if (sorted &&
            std::lexicographical_compare(tlv.whole.begin(), tlv.whole.end(), before.begin(), before.end())) {
            in.fail(tlv.offset, "the members of a SET are sorted");
        }
        before = tlv.whole;
        if (!tlv.constructed()) {
            demand_primitive(in, tlv);
            continue;
        }
        const bool universal = (tlv.tag & 0xC0U) == 0;
        if (universal && tlv.tag != 0x30 && tlv.tag != 0x31)
            in.fail(tlv.offset, "this type is never constructed in DER");
        if (depth == deepest) in.fail(tlv.offset, "nested too deep");
        walk(in.enter(tlv), tlv.tag == 0x31, depth + 1);
    }
}

}  // namespace

void demand_der(ByteView bytes, const std::string& what, std::size_t base) {
    walk(TlvReader{bytes, what, base}, false, 0);
}

}  // namespace kartsaz::verify
