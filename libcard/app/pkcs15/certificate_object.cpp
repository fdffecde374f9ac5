// SPDX-License-Identifier: Apache-2.0
// EF.CDF: X.509 as SEQUENCE { common, { iD, [authority], ... }, [1] { { value, ... } } }; other kinds of
// certificate are passed over.
#include "libcard/app/pkcs15/fields.h"

namespace kartsaz::app::pkcs15 {
namespace {

CertificateObject certificate(const apdu::TlvReader& in, const apdu::Tlv& object) {
    const fields::Parts parts = fields::parts(in, object);
    CertificateObject out;
    out.common = fields::common(in, parts.common);
    auto body = in.enter(parts.class_attributes);
    out.id = fields::octets(body.next(fields::octet_string));
    if (const auto authority = body.maybe(fields::boolean)) out.authority = fields::truth(body, *authority);
    auto type = in.enter(parts.type);
    auto inside = type.enter(type.next(fields::sequence));
    fields::value(inside, out.path, out.direct);
    return out;
}

}  // namespace

Bytes encode_cdf(const std::vector<CertificateObject>& objects) {
    apdu::TlvWriter out;
    for (const auto& one : objects) {
        out.nest(fields::sequence, [&](apdu::TlvWriter& in) {
            fields::put_common(in, one.common);
            in.nest(fields::sequence, [&](apdu::TlvWriter& body) {
                body.put(fields::octet_string, one.id);
                if (one.authority) body.put(fields::boolean, Bytes{0xFF});
            });
            in.nest(fields::type_attributes, [&](apdu::TlvWriter& type) {
                type.nest(fields::sequence,
                          [&](apdu::TlvWriter& body) { fields::put_value(body, one.path, one.direct); });
            });
        });
    }
    return std::move(out).take();
}

std::vector<CertificateObject> decode_cdf(ByteView file) {
    std::vector<CertificateObject> out;
    fields::each_object(file, "EF.CDF", [&](const apdu::TlvReader& in, const apdu::Tlv& object) {
        if (object.tag == fields::sequence) out.push_back(certificate(in, object));
    });
    return out;
}

}  // namespace kartsaz::app::pkcs15
