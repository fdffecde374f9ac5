// SPDX-License-Identifier: Apache-2.0
#include "keys/x509_extension.h"

#include <openssl/objects.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

namespace kartsaz::keys {

void ExtensionFree::operator()(GENERAL_NAMES* names) const noexcept {
    GENERAL_NAMES_free(names);
}
void ExtensionFree::operator()(CERTIFICATEPOLICIES* policies) const noexcept {
    CERTIFICATEPOLICIES_free(policies);
}
void ExtensionFree::operator()(EXTENDED_KEY_USAGE* usages) const noexcept {
    EXTENDED_KEY_USAGE_free(usages);
}
void ExtensionFree::operator()(CRL_DIST_POINTS* points) const noexcept {
    CRL_DIST_POINTS_free(points);
}
void ExtensionFree::operator()(AUTHORITY_INFO_ACCESS* access) const noexcept {
    AUTHORITY_INFO_ACCESS_free(access);
}
void ExtensionFree::operator()(AUTHORITY_KEYID* identifier) const noexcept {
    AUTHORITY_KEYID_free(identifier);
}
void ExtensionFree::operator()(BASIC_CONSTRAINTS* constraints) const noexcept {
    BASIC_CONSTRAINTS_free(constraints);
}
void ExtensionFree::operator()(ASN1_BIT_STRING* bits) const noexcept {
    ASN1_BIT_STRING_free(bits);
}
void ExtensionFree::operator()(ISSUING_DIST_POINT* point) const noexcept {
    ISSUING_DIST_POINT_free(point);
}

void* decode_extension(const X509* certificate, int nid) {
    return X509_get_ext_d2i(certificate, nid, nullptr, nullptr);
}

std::string dotted(const ASN1_OBJECT* object) {
    std::string out(80, '\0');
    const int size = OBJ_obj2txt(out.data(), static_cast<int>(out.size()), object, 1);
    out.resize(size > 0 && size < 80 ? static_cast<std::size_t>(size) : 0);
    return out;
}

Bytes bytes_of(const ASN1_STRING* text) {
    if (text == nullptr) return {};
    const auto* data = ASN1_STRING_get0_data(text);
    return {data, data + ASN1_STRING_length(text)};
}

std::string ia5(const GENERAL_NAME* name, int type) {
    return name->type == type ? to_text(bytes_of(name->d.ia5)) : std::string{};
}

std::vector<std::string> urls_of(const CRL_DIST_POINTS* points) {
    std::vector<std::string> out;
    for (int i = 0; i < sk_DIST_POINT_num(points); ++i) {
        const auto* point = sk_DIST_POINT_value(points, i)->distpoint;
        if (point == nullptr || point->type != 0) continue;  // 0: fullName
        const auto* names = point->name.fullname;
        for (int j = 0; j < sk_GENERAL_NAME_num(names); ++j) {
            auto url = ia5(sk_GENERAL_NAME_value(names, j), GEN_URI);
            if (!url.empty()) out.push_back(std::move(url));
        }
    }
    return out;
}

}  // namespace kartsaz::keys
