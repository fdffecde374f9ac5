// SPDX-License-Identifier: Apache-2.0
// EF.DODF: opaque data as SEQUENCE { common, { [applicationName], [applicationOID] }, [1] { path } }; other
// kinds of data object are passed over, and so is data that stands in the entry itself.
#include "libcard/app/pkcs15/fields.h"

namespace kartsaz::app::pkcs15 {
namespace {

bool data(const apdu::TlvReader& in, const apdu::Tlv& object, DataObject& out) {
    const fields::Parts parts = fields::parts(in, object);
    out.common = fields::common(in, parts.common);
    auto body = in.enter(parts.class_attributes);
    if (const auto name = body.maybe(fields::utf8)) out.application = to_text(name->value);
    if (const auto oid = body.maybe(fields::oid)) out.oid = fields::octets(*oid);
    auto type = in.enter(parts.type);
    if (type.peek() != fields::sequence) return false;
    out.path = fields::path(type, type.next());
    return true;
}

}  // namespace

Bytes encode_dodf(const std::vector<DataObject>& objects) {
    apdu::TlvWriter out;
    for (const auto& one : objects) {
        out.nest(fields::sequence, [&](apdu::TlvWriter& in) {
            fields::put_common(in, one.common);
            in.nest(fields::sequence, [&](apdu::TlvWriter& body) {
                if (!one.application.empty()) body.put(fields::utf8, one.application);
                if (!one.oid.empty()) body.put(fields::oid, one.oid);
            });
            in.nest(fields::type_attributes,
                    [&](apdu::TlvWriter& type) { fields::put_path(type, one.path); });
        });
    }
    return std::move(out).take();
}

std::vector<DataObject> decode_dodf(ByteView file) {
    std::vector<DataObject> out;
    fields::each_object(file, "EF.DODF", [&](const apdu::TlvReader& in, const apdu::Tlv& object) {
        DataObject one;
        if (object.tag == fields::sequence && data(in, object, one)) out.push_back(std::move(one));
    });
    return out;
}

}  // namespace kartsaz::app::pkcs15
