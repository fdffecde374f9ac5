// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/emrtd/decoders.h"

#include <stdexcept>

#include "apdu/error.h"
#include "libcard/app/emrtd/lds.h"

namespace kartsaz::test {
namespace {
namespace lds = app::emrtd;

Bytes good_dg3() {
    return lds::encode_dg3({{Bytes(40, 0x5A), false, 0x09, 0}, {Bytes(300, 0xA5), true, 0x06, 0}});
}

Bytes good_dg13() {
    lds::Dg13 registry{"1234567890", "12-345678", "رضا", "1369-01-01", {}};
    registry.finger_records.push_back(lds::encode_finger_group({{Bytes(30, 0x77), false, 0x0A, 0}}));
    return lds::encode_dg13(registry);
}

}  // namespace

Bytes auth_vector(const std::string& id, const char* key) {
    for (const auto& vector : vectors("emrtd_auth")) {
        if (vector.id() == id) return vector.bytes(key);
    }
    throw std::runtime_error{"no vector " + id};
}

Bytes lds_file(const char* key) {
    return auth_vector("lds-files", key);
}

const std::vector<Decoder>& decoders() {
    static const std::vector<Decoder> all{
        {"EF.COM", lds_file("EF.COM"), [](ByteView f) { lds::decode_com(f); }},
        {"EF.DG1", lds_file("EF.DG1"), [](ByteView f) { lds::decode_dg1(f); }},
        {"EF.DG2", lds_file("EF.DG2"), [](ByteView f) { lds::decode_dg2(f); }},
        {"EF.DG3", good_dg3(), [](ByteView f) { lds::decode_dg3(f); }},
        {"EF.DG11", lds_file("EF.DG11"), [](ByteView f) { lds::decode_dg11(f); }},
        {"EF.DG12", lds_file("EF.DG12"), [](ByteView f) { lds::decode_dg12(f); }},
        {"EF.DG13", good_dg13(), [](ByteView f) { lds::decode_dg13(f); }},
        {"EF.DG14", lds_file("EF.DG14"), [](ByteView f) { lds::decode_dg14(f); }},
        {"EF.DG15", lds_file("EF.DG15"), [](ByteView f) { lds::decode_dg15(f); }},
        {"EF.SOD", auth_vector("sod-v1", "ef_sod"), [](ByteView f) { lds::decode_sod(f); }},
        {"CMS", lds::decode_sod(auth_vector("sod-v1", "ef_sod")),
         [](ByteView f) { lds::peek_lds_security_object(f); }},
        {"LDSSecurityObject", auth_vector("sod-v1", "lds_security_object"),
         [](ByteView f) { lds::decode_lds_security_object(f); }},
        {"EF.CardAccess", from_hex("31143012060A04007F0007020204020202010202010D"),
         [](ByteView f) { lds::decode_security_infos(f, "EF.CardAccess"); }},
    };
    return all;
}

const Decoder& decoder(const std::string& name) {
    for (const auto& one : decoders()) {
        if (one.name == name) return one;
    }
    throw std::runtime_error{"no decoder " + name};
}

std::string fault_of(const std::function<void()>& decode) {
    try {
        decode();
    } catch (const Error& error) {
        if (error.code() != Errc::input_invalid) throw;
        return error.what();
    }
    return {};
}

Bytes patched(Bytes good, std::size_t offset, std::size_t count, std::string_view hex) {
    const Bytes with = from_hex(hex);
    const auto at = good.begin() + static_cast<std::ptrdiff_t>(offset);
    good.erase(at, at + static_cast<std::ptrdiff_t>(count));
    good.insert(good.begin() + static_cast<std::ptrdiff_t>(offset), with.begin(), with.end());
    return good;
}

}  // namespace kartsaz::test
