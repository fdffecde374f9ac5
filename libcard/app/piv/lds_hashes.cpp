// SPDX-License-Identifier: Apache-2.0
#include "apdu/tlv.h"
#include "libcard/app/piv/security_object.h"

namespace kartsaz::app::piv {

Bytes encode_lds_hashes(const LdsHashes& hashes) {
    auto object = hashes;
    object.version = 0;
    object.null_parameters = true;
    return keys::encode_lds_security_object(object);
}

LdsHashes decode_lds_hashes(ByteView der) {
    auto out = keys::decode_lds_security_object(der);
    if (out.version == 0) return out;
    apdu::TlvReader outer{der, "LDSSecurityObject"};
    const auto in = outer.enter(outer.next());
    in.fail(in.offset(), "version 0 expected");
}

}  // namespace kartsaz::app::piv
