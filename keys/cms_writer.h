// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <vector>

#include "keys/openssl_handles.h"
#include "keys/signature_form.h"

/// Writing CMS SignedData of one signer. For the sources of keys/ only. The structure is written here and not
/// by CMS_sign(): OpenSSL 3.0 puts the clock's signingTime into every signature (so no two would have a
/// predictable content), and fetches and encodes everything anew each time. What is written is checked by
/// OpenSSL's own CMS code in the tests and by `openssl cms -verify` in the interop tests.
namespace kartsaz::keys {

struct CmsAttribute {
    Bytes oid;    ///< value bytes
    Bytes value;  ///< whole DER of its one value
};
struct CmsForm {
    Bytes content_type;  ///< value bytes of the eContentType OID
    ByteView content;
    bool detached = false;
    ByteView certificate;                  ///< put inside unless empty
    std::vector<CmsAttribute> attributes;  ///< signed, beside contentType and messageDigest
};

/// A key with what its signatures say of it.
struct CmsSigner {
    Identity identity;
    Bytes identifier;  ///< issuerAndSerialNumber, DER
    Bytes subject;     ///< Name, DER
    SignatureForm form;
};
/// @param who  begins error texts  @throws Error{keys_failed} when key and certificate do not belong together
CmsSigner cms_signer(const Identity& identity, const std::string& who);

/// ContentInfo with SignedData version 3, SignerInfo version 1. Source: RFC 5652, 5.
/// @param sign  gives the signature over the signed attributes as a SET OF (5.4)
Bytes write_signed_data(const CmsForm& form, const CmsSigner& signer,
                        const std::function<Bytes(ByteView)>& sign);

}  // namespace kartsaz::keys
