// SPDX-License-Identifier: Apache-2.0
#include "keys/x509_extension.h"

namespace kartsaz::keys {

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
