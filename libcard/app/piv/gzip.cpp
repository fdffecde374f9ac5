// SPDX-License-Identifier: Apache-2.0
#include "libcard/app/piv/gzip.h"

#include <fmt/format.h>
#include <zlib.h>

#include "apdu/error.h"

namespace kartsaz::app::piv {
namespace {

constexpr int gzip_window = 15 + 16;  // zlib: 16 more asks for gzip's header and no other

/// zlib's input pointer is not const where ZLIB_CONST is not defined; it is only read.
Bytef* as_input(ByteView bytes) {
    return const_cast<Bytef*>(bytes.data());
}

struct Inflating {
    z_stream stream{};
    Inflating() {
        if (inflateInit2(&stream, gzip_window) != Z_OK) throw Error{Errc::internal, "zlib: inflate set-up"};
    }
    Inflating(const Inflating&) = delete;
    Inflating& operator=(const Inflating&) = delete;
    ~Inflating() { inflateEnd(&stream); }
};

}  // namespace

Bytes gzip(ByteView plain) {
    z_stream stream{};
    if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, gzip_window, 9, Z_DEFAULT_STRATEGY) != Z_OK) {
        throw Error{Errc::internal, "zlib: deflate set-up"};
    }
    Bytes out(deflateBound(&stream, plain.size()));
    stream.next_in = as_input(plain);
    stream.avail_in = static_cast<uInt>(plain.size());
    stream.next_out = out.data();
    stream.avail_out = static_cast<uInt>(out.size());
    const int result = deflate(&stream, Z_FINISH);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    if (result != Z_STREAM_END) throw Error{Errc::internal, "zlib: deflate did not end"};
    return out;
}

Bytes gunzip(ByteView packed, std::size_t most, std::string_view what) {
    Inflating work;
    auto& stream = work.stream;
    Bytes out(most + 1);  // one more, to see that there is more
    stream.next_in = as_input(packed);
    stream.avail_in = static_cast<uInt>(packed.size());
    stream.next_out = out.data();
    stream.avail_out = static_cast<uInt>(out.size());
    const int result = inflate(&stream, Z_FINISH);
    const auto refuse = [&](const std::string& rule) {
        throw Error{Errc::input_invalid, fmt::format("{}: gzip: offset {}: {}", what, stream.total_in, rule)};
    };
    if (stream.avail_out == 0) refuse(fmt::format("more than {} bytes come out", most));
    if (result != Z_STREAM_END) {
        refuse(stream.msg != nullptr ? std::string{stream.msg} : "the data ends inside of it");
    }
    if (stream.avail_in != 0) refuse(fmt::format("{} bytes follow its end", stream.avail_in));
    out.resize(stream.total_out);
    return out;
}

}  // namespace kartsaz::app::piv
