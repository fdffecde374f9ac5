// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <openjpeg.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "libcard/record/jpeg2000_frame.h"
#include "libcard/record/pixels.h"

namespace kartsaz::record {
namespace {

struct Source {
    ByteView bytes;
    std::size_t at = 0;
};

OPJ_SIZE_T on_read(void* buffer, OPJ_SIZE_T size, void* user) {
    auto& source = *static_cast<Source*>(user);
    const std::size_t n = std::min<std::size_t>(size, source.bytes.size() - source.at);
    if (n == 0) return static_cast<OPJ_SIZE_T>(-1);
    std::copy_n(source.bytes.begin() + static_cast<std::ptrdiff_t>(source.at), n,
                static_cast<std::uint8_t*>(buffer));
    source.at += n;
    return n;
}

OPJ_OFF_T on_skip(OPJ_OFF_T count, void* user) {
    auto& source = *static_cast<Source*>(user);
    const std::size_t left = source.bytes.size() - source.at;
    if (count < 0 || static_cast<std::uint64_t>(count) > left) return -1;
    source.at += static_cast<std::size_t>(count);
    return count;
}

OPJ_BOOL on_seek(OPJ_OFF_T to, void* user) {
    auto& source = *static_cast<Source*>(user);
    if (to < 0 || static_cast<std::uint64_t>(to) > source.bytes.size()) return OPJ_FALSE;
    source.at = static_cast<std::size_t>(to);
    return OPJ_TRUE;
}

/// The first complaint of the decoder. Warnings count: it would go on with made-up data.
void on_complaint(const char* text, void* user) {
    auto& first = *static_cast<std::optional<std::string>*>(user);
    if (first) return;
    std::string line{text};
    line.erase(std::min(line.find('\n'), line.size()));
    first = line;
}

using Stream = std::unique_ptr<opj_stream_t, decltype(&opj_stream_destroy)>;
using Codec = std::unique_ptr<opj_codec_t, decltype(&opj_destroy_codec)>;
using Image = std::unique_ptr<opj_image_t, decltype(&opj_image_destroy)>;

Stream open(Source& source) {
    Stream stream{opj_stream_default_create(OPJ_TRUE), &opj_stream_destroy};
    if (!stream) return stream;
    opj_stream_set_read_function(stream.get(), on_read);
    opj_stream_set_skip_function(stream.get(), on_skip);
    opj_stream_set_seek_function(stream.get(), on_seek);
    opj_stream_set_user_data(stream.get(), &source, nullptr);
    opj_stream_set_user_data_length(stream.get(), source.bytes.size());
    return stream;
}

Image decode(Source& source, bool boxed, const std::string& what) {
    std::optional<std::string> complaint;
    const Stream stream = open(source);
    const Codec codec{opj_create_decompress(boxed ? OPJ_CODEC_JP2 : OPJ_CODEC_J2K), &opj_destroy_codec};
    const auto fail = [&] {
        photo_fault(what, source.at, "JPEG 2000: " + complaint.value_or("it cannot be decoded"));
    };
    if (!stream || !codec) fail();
    opj_set_warning_handler(codec.get(), on_complaint, &complaint);
    opj_set_error_handler(codec.get(), on_complaint, &complaint);
    opj_dparameters_t parameters;
    opj_set_default_decoder_parameters(&parameters);
    if (!opj_setup_decoder(codec.get(), &parameters) || !opj_decoder_set_strict_mode(codec.get(), OPJ_TRUE))
        fail();
    opj_image_t* raw = nullptr;
    const bool header = opj_read_header(stream.get(), codec.get(), &raw);
    Image image{raw, &opj_image_destroy};
    if (!header || complaint) fail();
    if (!opj_decode(codec.get(), stream.get(), image.get()) || complaint) fail();
    if (!opj_end_decompress(codec.get(), stream.get()) || complaint) fail();
    return image;
}

std::uint8_t clamped(double value) {
    return static_cast<std::uint8_t>(std::clamp(value, 0.0, 255.0));
}

/// Component `c` at a pixel of the picture, whatever its own sampling.
std::uint8_t sample(const opj_image_t& image, unsigned c, unsigned x, unsigned y) {
    const opj_image_comp_t& component = image.comps[c];
    const std::size_t column = std::min(x / component.dx, component.w - 1);
    const std::size_t row = std::min(y / component.dy, component.h - 1);
    return clamped(component.data[row * component.w + column]);
}

void to_rgb(std::uint8_t* pixel) {
    const double y = pixel[0];
    const double cb = pixel[1] - 128.0;
    const double cr = pixel[2] - 128.0;
    pixel[0] = clamped(y + 1.402 * cr);
    pixel[1] = clamped(y - 0.344136 * cb - 0.714136 * cr);
    pixel[2] = clamped(y + 1.772 * cb);
}

void fill(Pixels& out, const opj_image_t& image) {
    out.samples.resize(std::size_t{out.width} * out.height * out.channels);
    std::uint8_t* pixel = out.samples.data();
    for (unsigned y = 0; y < out.height; ++y) {
        for (unsigned x = 0; x < out.width; ++x, pixel += out.channels) {
            for (unsigned c = 0; c < out.channels; ++c) pixel[c] = sample(image, c, x, y);
            if (out.channels == 3 && image.color_space == OPJ_CLRSPC_SYCC) to_rgb(pixel);
        }
    }
}

}  // namespace

Pixels decode_jpeg2000(ByteView bytes, const std::string& what, bool keep) {
    const Jpeg2000Frame frame = check_jpeg2000_frame(bytes, what);
    Source source{bytes};
    const Image image = decode(source, frame.boxed, what);
    Pixels out{frame.width, frame.height, image->numcomps, {}};
    check_dimensions(what, frame.size_offset, bytes.size(), out.width, out.height, out.channels);
    for (unsigned c = 0; c < image->numcomps; ++c) {
        const opj_image_comp_t& component = image->comps[c];
        if (component.data == nullptr || component.w == 0 || component.h == 0 || component.prec != 8 ||
            component.sgnd != 0) {
            photo_fault(what, frame.size_offset, "JPEG 2000: 8 bits a component, unsigned, are needed");
        }
    }
    if (keep) fill(out, *image);
    return out;
}

}  // namespace kartsaz::record
