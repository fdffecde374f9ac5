// SPDX-License-Identifier: Apache-2.0
// EF.DG15: 6F { SubjectPublicKeyInfo }.
// SubjectPublicKeyInfo ::= SEQUENCE { SEQUENCE { OBJECT IDENTIFIER, parameters ANY OPTIONAL }, BIT STRING }
#include "libcard/app/emrtd/lds.h"
#include "libcard/app/emrtd/lds_support.h"

namespace kartsaz::app::emrtd {
namespace {

void check_public_key(const apdu::TlvReader& parent, const apdu::Tlv& key) {
    auto in = parent.enter(key);
    const apdu::Tlv algorithm = in.next(0x30);
    const apdu::Tlv bits = in.next(0x03);
    in.finish();
    auto inside = in.enter(algorithm);
    if (inside.next(0x06).value.empty()) in.fail(algorithm.offset, "an empty object identifier");
    if (!inside.done()) inside.next();
    inside.finish();
    if (bits.value.size() < 2 || bits.value[0] != 0)
        in.fail(bits.offset, "a BIT STRING of whole bytes was expected");
}

}  // namespace

Bytes encode_dg15(ByteView subject_public_key_info) {
    static constexpr std::string_view what = "EF.DG15: public key";
    check_public_key(apdu::TlvReader{subject_public_key_info, std::string{what}},
                     lds::only(subject_public_key_info, 0x30, what));
    return apdu::TlvWriter{}.put(0x6F, subject_public_key_info).bytes();
}

Bytes decode_dg15(ByteView file) {
    auto in = lds::open(file, 0x6F, "EF.DG15");
    const apdu::Tlv key = in.next(0x30);
    in.finish();
    check_public_key(in, key);
    return Bytes(key.whole.begin(), key.whole.end());
}

}  // namespace kartsaz::app::emrtd
