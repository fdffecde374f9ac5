// SPDX-License-Identifier: Apache-2.0
// 70 certificate, 71 CertInfo, [72 MSCUID], [7F21 intermediate CVC], FE. Source: SP 800-73-4 part 1, tables
// 10 to 15, 20 to 38 and 41.
#include "apdu/error.h"
#include "libcard/app/piv/containers.h"
#include "libcard/app/piv/gzip.h"
#include "libcard/app/piv/objects.h"

namespace kartsaz::app::piv {
namespace {

/// More than any card holds. Cards are known whose certificates are larger than SP 800-73 promises room for.
constexpr std::size_t largest_certificate = 65'535;

fields::Fields<CertificateObject> certificate_fields(std::string_view name) {
    fields::Fields<CertificateObject> all{
        {0x70, "certificate", 1, largest_certificate, &CertificateObject::stored},
        {0x71, "CertInfo", 1, 1, &CertificateObject::info},
        {0x72, "MSCUID", 0, 38, &CertificateObject::mscuid}};
    if (name == container_of_id(id_sm_signer)->name) {
        all.push_back(
            {0x7F21, "intermediate CVC", 1, largest_certificate, &CertificateObject::intermediate_cvc});
    }
    return all;
}

}  // namespace

Bytes encode_certificate_object(const CertificateObject& object, std::string_view name) {
    const auto all = certificate_fields(name);
    if (object.intermediate_cvc && all.size() == 3) {
        throw Error{Errc::usage, std::string{name} + ": an intermediate CVC does not belong here"};
    }
    return fields::encode(object, all, name);
}

CertificateObject decode_certificate_object(ByteView value, std::string_view name) {
    return fields::decode(value, certificate_fields(name), name);
}

CertificateObject make_certificate_object(ByteView certificate, bool compress) {
    CertificateObject out;
    out.stored = compress ? gzip(certificate) : Bytes(certificate.begin(), certificate.end());
    out.info = {static_cast<std::uint8_t>(compress ? 0x01 : 0x00)};
    return out;
}

Bytes certificate_of(const CertificateObject& object, std::string_view name) {
    return object.compressed() ? gunzip(object.stored, largest_certificate, name) : object.stored;
}

}  // namespace kartsaz::app::piv
