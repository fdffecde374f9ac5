// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/pkcs15/card_files.h"

#include <algorithm>
#include <set>

#include "apdu/error.h"
#include "libcard/app/pkcs15/objects.h"
#include "tests/support/vectors.h"

namespace kartsaz::test {
namespace {

namespace p15 = app::pkcs15;

/// The two forms that the vector files use; the trace leaves zeros at the end out, also those of the content.
CardFile card_file(const Vector& vector) {
    CardFile out;
    out.name = vector.id();
    if (vector.has("content")) {
        out.content = vector.bytes("content");
    } else {
        out.content = vector.bytes("content_without_trailing_zero");
        out.content.resize(vector.data.at("allocated").get<std::size_t>(), 0x00);
    }
    return out;
}

std::size_t content_size(const Bytes& file, const std::function<Bytes(ByteView)>& again) {
    for (std::size_t size = 2; size <= file.size(); ++size) {
        if (size < file.size() && file[size] != 0x00) continue;
        try {
            again(ByteView{file}.first(size));
            return size;
        } catch (const Error&) {
        }
    }
    return file.size();
}

}  // namespace

std::function<Bytes(ByteView)> codec(std::uint16_t fid) {
    using namespace p15;
    switch (fid) {
        case fid_dir:
            return [](ByteView file) { return encode_dir(decode_dir(file)); };
        case fid_odf:
            return [](ByteView file) { return encode_odf(decode_odf(file)); };
        case fid_token_info:
            return [](ByteView file) { return encode_token_info(decode_token_info(file)); };
        case fid_aodf:
            return [](ByteView file) { return encode_aodf(decode_aodf(file)); };
        case fid_prkdf:
            return [](ByteView file) { return encode_prkdf(decode_prkdf(file)); };
        case fid_pukdf:
            return [](ByteView file) { return encode_pukdf(decode_pukdf(file)); };
        case fid_cdf:
            return [](ByteView file) { return encode_cdf(decode_cdf(file)); };
        case fid_dodf:
            return [](ByteView file) { return encode_dodf(decode_dodf(file)); };
        default:
            return {};
    }
}

const std::vector<CardFile>& card_files() {
    static const std::vector<CardFile> all = [] {
        std::vector<CardFile> files;
        std::set<std::string> seen;  // the shared folder may hold the same vectors again
        for (const char* set : {"pkcs15", "isoapplet_trace"}) {
            for (const auto& vector : vectors(set, "pkcs15-file")) {
                const auto fid = static_cast<std::uint16_t>(big_endian(vector.bytes("file_id")));
                auto again = codec(fid);
                if (!again || !seen.insert(set + vector.id()).second) continue;
                CardFile file = card_file(vector);
                file.name = std::string{set} + " " + file.name;
                file.size = content_size(file.content, again);
                file.again = std::move(again);
                // OpenSC writes the certificate's subject into an entry of EF.PrKDF
                file.has_more = set == std::string_view{"isoapplet_trace"} && fid == p15::fid_prkdf;
                files.push_back(std::move(file));
            }
        }
        return files;
    }();
    return all;
}

std::string fault_of(const std::function<void()>& decode) {
    try {
        decode();
        return {};
    } catch (const Error& error) {
        if (error.code() != Errc::input_invalid) throw;
        return error.what();
    }
}

Bytes file_of_vector(const std::string& id) {
    for (const char* set : {"pkcs15", "isoapplet_trace"}) {
        for (const auto& vector : vectors(set, "pkcs15-file")) {
            if (vector.id() == id) return card_file(vector).content;
        }
    }
    throw Error{Errc::usage, "no vector " + id};
}

}  // namespace kartsaz::test
