// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "keys/signing_key.h"

/// Signing objects of a card whose signed attributes say more than the hash of the content.
namespace kartsaz::keys {

struct ContentToSign {
    std::string content_type;  ///< dotted OID
    ByteView content;
    bool detached = true;       ///< the content stands outside of the signature
    bool certificate = true;    ///< the signer's certificate goes inside
    std::int64_t signing_time;  ///< seconds since 1970: the order's time, never the clock's
    std::string signer_name;    ///< dotted OID of an attribute with the signer's Name; empty: none
    struct Attribute {
        std::string oid;  ///< dotted
        Bytes value;      ///< whole DER of its one value
    };
    std::vector<Attribute> attributes;  ///< more signed attributes
};

/// Signs such objects; the private key stays inside. The same input gives the same bytes (but for ECDSA by a
/// token, see SigningKey::sign_digest_again).
class ContentSigner {
public:
    /// @throws Error{keys_failed} when key and certificate do not belong together
    explicit ContentSigner(const Identity& identity);
    ~ContentSigner();
    ContentSigner(ContentSigner&&) noexcept;

    const Bytes& certificate() const;  ///< DER
    /// CMS SignedData, version 3, with the signed attributes contentType, messageDigest, signingTime and
    /// those of `what`. Source: RFC 5652. @throws Error{keys_failed}, Error{input_invalid} for a time after
    /// 9999
    Bytes sign(const ContentToSign& what) const;
    /// Bytes that sign() gives for this, whatever the content is. Nothing is signed.
    std::size_t size(const ContentToSign& what) const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace kartsaz::keys
