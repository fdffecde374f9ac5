// SPDX-License-Identifier: Apache-2.0
// EF.SOD: 77 { CMS SignedData }, its content an LDSSecurityObject (keys/lds_security_object.h).
#include "libcard/app/emrtd/lds.h"
#include "libcard/app/emrtd/lds_support.h"

namespace kartsaz::app::emrtd {

Bytes encode_sod(ByteView cms) {
    lds::only(cms, lds::sequence_tag, "EF.SOD: CMS");
    return apdu::TlvWriter{}.put(0x77, cms).bytes();
}

Bytes decode_sod(ByteView file, std::size_t* offset) {
    auto in = lds::open(file, 0x77, "EF.SOD");
    const apdu::Tlv cms = in.next(lds::sequence_tag);
    in.finish();
    if (offset != nullptr) *offset = cms.offset;
    return Bytes(cms.whole.begin(), cms.whole.end());
}

}  // namespace kartsaz::app::emrtd
