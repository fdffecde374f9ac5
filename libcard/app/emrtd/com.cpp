// SPDX-License-Identifier: Apache-2.0
// EF.COM: 60 { 5F01 LDS version "aabb", 5F36 Unicode version "aabbcc", 5C tags of the data groups }.
#include <fmt/format.h>

#include "apdu/error.h"
#include "libcard/app/emrtd/lds.h"
#include "libcard/app/emrtd/lds_support.h"

namespace kartsaz::app::emrtd {
namespace {

bool is_data_group(std::uint32_t tag) {
    const EfDef* file = file_of_tag(tag);
    return file != nullptr && file->dg != 0;
}

}  // namespace

Bytes encode_com(const Com& com) {
    if (com.lds_version.empty() || com.unicode_version.empty()) {
        throw Error{Errc::input_invalid, "EF.COM: the LDS and Unicode versions are needed"};
    }
    lds::require_digits(com.lds_version, 4, "EF.COM: LDS version");
    lds::require_digits(com.unicode_version, 6, "EF.COM: Unicode version");
    Bytes list;
    for (const auto tag : com.tags) {
        if (!is_data_group(tag)) {
            throw Error{Errc::input_invalid, fmt::format("EF.COM: {:02X} is no tag of a data group", tag)};
        }
        list.push_back(static_cast<std::uint8_t>(tag));
    }
    return apdu::TlvWriter{}
        .nest(0x60,
              [&](apdu::TlvWriter& out) {
                  out.put(0x5F01, std::string_view{com.lds_version});
                  out.put(0x5F36, std::string_view{com.unicode_version});
                  out.put(0x5C, ByteView{list});
              })
        .bytes();
}

Com decode_com(ByteView file) {
    auto in = lds::open(file, 0x60, "EF.COM");
    Com com;
    com.lds_version = lds::digits(in, in.next(0x5F01), 4);
    com.unicode_version = lds::digits(in, in.next(0x5F36), 6);
    const apdu::Tlv list = in.next(0x5C);
    in.finish();
    com.tags = lds::read_tag_list(in, list);
    for (std::size_t i = 0; i < com.tags.size(); ++i) {
        if (!is_data_group(com.tags[i])) {
            in.fail(list.value_offset + i, fmt::format("{:02X} is no tag of a data group", com.tags[i]));
        }
    }
    return com;
}

}  // namespace kartsaz::app::emrtd
