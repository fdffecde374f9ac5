// SPDX-License-Identifier: Apache-2.0
#include "libcard/sim/signature_state.h"

#include <algorithm>

#include "libcard/sim/fields.h"

namespace kartsaz::sim {
namespace {

constexpr std::size_t file_head = 2 + 2 + 1 + 2;

void put_reference(Bytes& out, char name, const Reference& reference) {
    put_field(out, name, concat({Bytes{reference.tries}, reference.value}));
}

void put_file(Bytes& out, const SignatureFile& file) {
    out.push_back('f');
    append(out, big_endian(file_head + file.fcp.size() + file.content.size(), 4));
    append(out, big_endian(file.fid, 2));
    append(out, big_endian(file.parent, 2));
    out.push_back(static_cast<std::uint8_t>(file.type));
    append(out, big_endian(file.fcp.size(), 2));
    append(out, file.fcp);
    append(out, file.content);
}

std::string take_reference(ByteView value, Reference& reference) {
    if (value.size() != 1 + reference_length) return "a PIN or PUK has 17 bytes";
    reference.tries = value[0];
    reference.value.assign(value.begin() + 1, value.end());
    return {};
}

std::string take_file(ByteView value, SignatureState& state) {
    if (value.size() < file_head) return "a file of the signature application has at least 7 bytes";
    SignatureFile file;
    file.fid = static_cast<std::uint16_t>(big_endian(value.first(2)));
    file.parent = static_cast<std::uint16_t>(big_endian(value.subspan(2, 2)));
    const std::uint8_t type = value[4];
    if (type != 0x01 && type != 0x02 && type != 0x38) return "a file's type is 01, 02 or 38";
    file.type = static_cast<SignatureFile::Type>(type);
    const std::size_t fcp = big_endian(value.subspan(5, 2));
    if (fcp < 2 || value.size() - file_head < fcp) return "a file ends inside its control parameters";
    const ByteView content = value.subspan(file_head + fcp);
    if (content.size() > largest_file) return "a file has at most 32767 bytes";
    file.fcp.assign(value.begin() + file_head, value.begin() + static_cast<std::ptrdiff_t>(file_head + fcp));
    file.content.assign(content.begin(), content.end());
    const SignatureFile* parent = state.file(file.parent);
    const bool placed =
        file.parent == signature_master || (parent != nullptr && parent->type == SignatureFile::Type::df);
    if (!placed) return "a file stands in a directory that was not before it";
    if (file.fid == signature_master || state.file(file.fid) != nullptr)
        return "a file identifier is there twice";
    state.files.push_back(std::move(file));
    return {};
}

std::string take_key(ByteView value, SignatureState& state) {
    if (value.size() < 4 || value[0] >= signature_key_slots) return "a key has a slot below 16 and a value";
    state.keys.at(value[0]) = {
        .rsa = value[1] != 0, .imported = value[2] != 0, .pkcs8 = Bytes{value.begin() + 3, value.end()}};
    return {};
}

std::string take_field(char name, ByteView value, SignatureState& state) {
    switch (name) {
        case 's':
            if (value.size() != 1) return "the state has one byte";
            state.life = value[0];
            return {};
        case 'i':
            if (value.size() != 1) return "import has one byte";
            state.import_allowed = value[0] != 0;
            return {};
        case 'p':
            return take_reference(value, state.pin);
        case 'u':
            state.puk.emplace();
            return take_reference(value, *state.puk);
        case 'f':
            return take_file(value, state);
        case 'k':
            return take_key(value, state);
        default:
            return "a field of the signature application has an unknown name";
    }
}

}  // namespace

SignatureFile* SignatureState::file(std::uint16_t fid) {
    const auto found =
        std::find_if(files.begin(), files.end(), [fid](const auto& f) { return f.fid == fid; });
    return found == files.end() ? nullptr : &*found;
}

const SignatureFile* SignatureState::file(std::uint16_t fid) const {
    const auto found =
        std::find_if(files.begin(), files.end(), [fid](const auto& f) { return f.fid == fid; });
    return found == files.end() ? nullptr : &*found;
}

std::string_view signature_file_name(std::uint16_t fid) {
    switch (fid) {
        case 0x2F00:
            return "EF.DIR";
        case 0x5015:
            return "DF.PKCS15";
        case 0x5031:
            return "EF.ODF";
        case 0x5032:
            return "EF.TokenInfo";
        case 0x5033:
            return "EF.UnusedSpace";
        case 0x4401:
            return "EF.AODF";
        case 0x4402:
            return "EF.PrKDF";
        case 0x4403:
            return "EF.PuKDF";
        case 0x4404:
            return "EF.CDF";
        case 0x4405:
            return "EF.DODF";
        default:
            return {};
    }
}

Bytes encode_signature(const SignatureState& state) {
    Bytes out;
    put_field(out, 's', Bytes{state.life});
    put_field(out, 'i', Bytes{static_cast<std::uint8_t>(state.import_allowed)});
    put_reference(out, 'p', state.pin);
    if (state.puk) put_reference(out, 'u', *state.puk);
    for (const SignatureFile& file : state.files) put_file(out, file);
    for (std::size_t slot = 0; slot < state.keys.size(); ++slot) {
        const SignatureKey& key = state.keys.at(slot);
        if (key.pkcs8.empty()) continue;
        const Bytes head{static_cast<std::uint8_t>(slot), static_cast<std::uint8_t>(key.rsa),
                         static_cast<std::uint8_t>(key.imported)};
        put_field(out, 'k', concat({head, key.pkcs8}));
    }
    return out;
}

std::string decode_signature(ByteView value, SignatureState& state) {
    while (!value.empty()) {
        if (value.size() < field_head) return "a field of the signature application needs five bytes";
        const std::size_t length = big_endian(value.subspan(1, 4));
        if (value.size() - field_head < length) return "a field of the signature application is too long";
        const std::string rule =
            take_field(static_cast<char>(value[0]), value.subspan(field_head, length), state);
        if (!rule.empty()) return rule;
        value = value.subspan(field_head + length);
    }
    return {};
}

}  // namespace kartsaz::sim
