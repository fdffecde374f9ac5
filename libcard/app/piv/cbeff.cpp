// SPDX-License-Identifier: Apache-2.0
#include "libcard/app/piv/cbeff.h"

#include <fmt/format.h>

#include <algorithm>

#include "apdu/error.h"
#include "libcard/record/date.h"

namespace kartsaz::app::piv {
namespace {

constexpr std::size_t creator_size = 18, fascn_bytes = 25;
constexpr std::uint8_t zulu = 'Z';
constexpr std::int64_t day_seconds = 86'400;

struct StoredBiometric {
    Bytes content;
    Offsets offsets{};
};
const fields::Fields<StoredBiometric>& biometric_fields() {
    static const fields::Fields<StoredBiometric> all{
        {0xBC, "biometric data", cbeff_header_size, 65'535 + cbeff_header_size, &StoredBiometric::content}};
    return all;
}

struct HeaderValues {
    std::uint16_t format_type;
    std::uint32_t biometric_type;
    std::uint8_t data_type;
};
HeaderValues values_of(Biometric kind) {
    switch (kind) {
        case Biometric::fingerprints:
            return {0x0201, 0x000008, 0x80};
        case Biometric::face:
            return {0x0501, 0x000002, 0x20};
    }
    throw Error{Errc::internal, "unknown kind of biometric"};
}

CbeffTime time_at(ByteView header, std::size_t offset) {
    CbeffTime out{};
    std::copy_n(header.begin() + static_cast<std::ptrdiff_t>(offset), out.size(), out.begin());
    return out;
}

CbeffHeader read_cbeff_header(ByteView bytes) {
    const auto number = [&](std::size_t offset, std::size_t size) {
        return big_endian(bytes.subspan(offset, size));
    };
    CbeffHeader out;
    out.version = bytes[0];
    out.security = bytes[1];
    out.block_length = static_cast<std::uint32_t>(number(2, 4));
    out.signature_length = static_cast<std::uint16_t>(number(6, 2));
    out.format_owner = static_cast<std::uint16_t>(number(8, 2));
    out.format_type = static_cast<std::uint16_t>(number(10, 2));
    out.created = time_at(bytes, 12);
    out.valid_from = time_at(bytes, 20);
    out.valid_to = time_at(bytes, 28);
    out.biometric_type = static_cast<std::uint32_t>(number(36, 3));
    out.data_type = bytes[39];
    out.quality = static_cast<std::int8_t>(bytes[40]);
    const auto creator = bytes.subspan(41, creator_size);
    out.creator.assign(creator.begin(), creator.end());
    const auto fascn = bytes.subspan(59, fascn_bytes);
    out.fascn.assign(fascn.begin(), fascn.end());
    std::copy_n(bytes.begin() + 84, out.reserved.size(), out.reserved.begin());
    return out;
}

Bytes write_cbeff_header(const CbeffHeader& header) {
    if (header.creator.size() != creator_size || header.fascn.size() != fascn_bytes) {
        throw Error{Errc::input_invalid,
                    fmt::format("CBEFF header: creator of {} and FASC-N of {} bytes, 18 and "
                                "25 expected",
                                header.creator.size(), header.fascn.size())};
    }
    return concat({Bytes{header.version, header.security}, big_endian(header.block_length, 4),
                   big_endian(header.signature_length, 2), big_endian(header.format_owner, 2),
                   big_endian(header.format_type, 2), header.created, header.valid_from, header.valid_to,
                   big_endian(header.biometric_type, 3),
                   Bytes{header.data_type, static_cast<std::uint8_t>(header.quality)}, header.creator,
                   header.fascn, header.reserved});
}

}  // namespace

CbeffTime cbeff_time(std::int64_t seconds) {
    auto rest = seconds % day_seconds;
    if (rest < 0) rest += day_seconds;
    const auto date = record::from_unix(seconds - rest);
    const auto byte = [](std::int64_t value) { return static_cast<std::uint8_t>(value); };
    return {byte(date.year / 100), byte(date.year % 100), byte(date.month), byte(date.day),
            byte(rest / 3600),     byte(rest / 60 % 60),  byte(rest % 60),  zulu};
}

std::optional<std::int64_t> seconds_of(const CbeffTime& time) {
    if (time[0] > 99 || time[1] > 99 || time[4] > 23 || time[5] > 59 || time[6] > 59 || time[7] != zulu) {
        return std::nullopt;
    }
    const auto date = record::from_gregorian(time[0] * 100 + time[1], time[2], time[3]);
    if (!date) return std::nullopt;
    return record::to_unix(*date) + time[4] * 3600 + time[5] * 60 + time[6];
}

CbeffHeader make_cbeff_header(Biometric kind, std::string_view creator, ByteView fascn) {
    // the last byte stays 00, as the field is a text that ends with it
    if (creator.size() >= creator_size) {
        throw Error{Errc::input_invalid,
                    fmt::format("CBEFF header: creator of {} characters, 17 at most", creator.size())};
    }
    const auto values = values_of(kind);
    CbeffHeader out;
    out.format_type = values.format_type;
    out.biometric_type = values.biometric_type;
    out.data_type = values.data_type;
    std::copy(creator.begin(), creator.end(), out.creator.begin());
    out.fascn.assign(fascn.begin(), fascn.end());
    return out;
}

std::vector<HeaderFault> header_faults(const CbeffHeader& header, Biometric kind) {
    std::vector<HeaderFault> out;
    const auto demand = [&](std::size_t offset, const char* field, std::uint32_t got, std::uint32_t expected,
                            int digits) {
        if (got == expected) return;
        out.push_back(
            {offset, field, fmt::format("{:0{}X}", expected, digits), fmt::format("{:0{}X}", got, digits)});
    };
    const auto wanted = make_cbeff_header(kind, "", {});
    demand(0, "patron header version", header.version, wanted.version, 2);
    if (header.security != 0x0F) demand(1, "security options", header.security, wanted.security, 2);
    demand(8, "format owner", header.format_owner, wanted.format_owner, 4);
    demand(10, "format type", header.format_type, wanted.format_type, 4);
    const auto time = [&](std::size_t offset, const char* field, const CbeffTime& value) {
        if (!seconds_of(value)) out.push_back({offset, field, "CC YY MM DD hh mm ss 'Z'", to_hex(value)});
    };
    time(12, "creation date", header.created);
    time(20, "validity: not before", header.valid_from);
    time(28, "validity: not after", header.valid_to);
    demand(36, "biometric type", header.biometric_type, wanted.biometric_type, 6);
    demand(39, "biometric data type", header.data_type, wanted.data_type, 2);
    if (header.quality < -2 || header.quality > 100) {
        out.push_back({40, "quality", "-2 to 100", fmt::format("{}", header.quality)});
    }
    if (header.creator.back() != 0 ||
        std::any_of(header.creator.begin(), header.creator.end(), [](auto c) { return c > 0x7E; })) {
        out.push_back({41, "creator", "ASCII text that ends with 00", to_hex(header.creator)});
    }
    demand(84, "reserved", static_cast<std::uint32_t>(big_endian(header.reserved)), 0, 8);
    return out;
}

Bytes encode_biometric(const BiometricObject& object, std::string_view name) {
    auto header = object.header;
    if (object.signature.size() > 0xFFFF) {
        throw Error{Errc::input_invalid, fmt::format("{}: a signature block of more than 65535 bytes", name)};
    }
    header.block_length = static_cast<std::uint32_t>(object.block.size());
    header.signature_length = static_cast<std::uint16_t>(object.signature.size());
    StoredBiometric stored;
    stored.content = concat({write_cbeff_header(header), object.block, object.signature});
    return fields::encode(stored, biometric_fields(), name);
}

BiometricObject decode_biometric(ByteView value, std::string_view name) {
    const auto stored = fields::decode(value, biometric_fields(), name);
    const ByteView content = stored.content;
    BiometricObject out;
    out.header = read_cbeff_header(content);
    out.header_offset = stored.offsets.at(0xBC);
    const std::size_t rest = content.size() - cbeff_header_size;
    const std::size_t block = out.header.block_length;
    const std::size_t signature = out.header.signature_length;
    if (block > rest || rest - block != signature) {
        throw Error{
            Errc::input_invalid,
            fmt::format("{}: offset {}: the header tells a data block of {} and a signature block of {} "
                        "bytes, {} follow it",
                        name, out.header_offset + 2, block, signature, rest)};
    }
    out.block_offset = out.header_offset + cbeff_header_size;
    out.signature_offset = out.block_offset + block;
    const auto data = content.subspan(cbeff_header_size, block);
    const auto cms = content.last(signature);
    out.block.assign(data.begin(), data.end());
    out.signature.assign(cms.begin(), cms.end());
    return out;
}

Bytes signed_part_of_biometric(const BiometricObject& object) {
    return concat({write_cbeff_header(object.header), object.block});
}

}  // namespace kartsaz::app::piv
