// SPDX-License-Identifier: Apache-2.0
// libjpeg reports errors by a callback that must not return. It is C: an exception must not pass through it,
// so it jumps, and between setjmp and longjmp stand only plain structures without destructors.
#include <algorithm>
#include <csetjmp>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "apdu/error.h"
#include "libcard/record/pixels.h"

// clang-format off
#include <cstdio>  // jpeglib.h needs FILE and size_t and includes nothing
#include <jpeglib.h>
#include <jerror.h>
// clang-format on

namespace kartsaz::record {
namespace {

/// More scans than any encoder writes; each one costs a pass over the whole picture.
constexpr int most_scans = 100;

struct Trouble {
    jpeg_error_mgr manager;  // first: libjpeg knows a pointer to this
    std::jmp_buf back;
    char text[JMSG_LENGTH_MAX];
};

[[noreturn]] void jump(j_common_ptr info) {
    auto* trouble = reinterpret_cast<Trouble*>(info->err);
    info->err->format_message(info, trouble->text);
    std::longjmp(trouble->back, 1);
}

/// Level -1 is a warning: libjpeg would go on with made-up data.
void on_message(j_common_ptr info, int level) {
    if (level < 0) jump(info);
}

void ignore(j_common_ptr) {}

void prepare(Trouble& trouble) {
    jpeg_std_error(&trouble.manager);
    trouble.manager.error_exit = [](j_common_ptr info) { jump(info); };
    trouble.manager.emit_message = on_message;
    trouble.manager.output_message = ignore;
    trouble.text[0] = '\0';
}

void say(Trouble& trouble, const char* text) {
    std::strncpy(trouble.text, text, sizeof trouble.text - 1);
    trouble.text[sizeof trouble.text - 1] = '\0';
}

struct Decoder {
    jpeg_decompress_struct info;
    Trouble trouble;
    jpeg_progress_mgr progress;
    std::uint8_t* samples;  ///< the whole picture, or one row when nothing is kept
};

void on_progress(j_common_ptr info) {
    auto* decompress = reinterpret_cast<j_decompress_ptr>(info);
    if (decompress->input_scan_number <= most_scans) return;
    auto* trouble = reinterpret_cast<Trouble*>(info->err);
    say(*trouble, "more than 100 scans");
    std::longjmp(trouble->back, 1);
}

bool read_header(Decoder& decoder, ByteView bytes) {
    if (setjmp(decoder.trouble.back) != 0) return false;
    jpeg_create_decompress(&decoder.info);
    decoder.progress.progress_monitor = on_progress;
    decoder.info.progress = &decoder.progress;
    jpeg_mem_src(&decoder.info, bytes.data(), bytes.size());
    jpeg_read_header(&decoder.info, TRUE);
    return true;
}

bool read_rows(Decoder& decoder, std::size_t row_size, bool keep) {
    if (setjmp(decoder.trouble.back) != 0) return false;
    jpeg_start_decompress(&decoder.info);
    while (decoder.info.output_scanline < decoder.info.output_height) {
        JSAMPROW row = decoder.samples + (keep ? row_size * decoder.info.output_scanline : 0);
        jpeg_read_scanlines(&decoder.info, &row, 1);
    }
    jpeg_finish_decompress(&decoder.info);  // reads on to the end marker
    return true;
}

struct Destroy {
    void operator()(Decoder* decoder) const {
        jpeg_destroy_decompress(&decoder->info);
        delete decoder;
    }
};

struct Encoder {
    jpeg_compress_struct info;
    Trouble trouble;
    unsigned char* out;
    unsigned long size;
};

bool write_all(Encoder& encoder, const Pixels& pixels, int quality) {
    if (setjmp(encoder.trouble.back) != 0) return false;
    jpeg_create_compress(&encoder.info);
    jpeg_mem_dest(&encoder.info, &encoder.out, &encoder.size);
    encoder.info.image_width = pixels.width;
    encoder.info.image_height = pixels.height;
    encoder.info.input_components = static_cast<int>(pixels.channels);
    encoder.info.in_color_space = pixels.channels == 3 ? JCS_RGB : JCS_GRAYSCALE;
    jpeg_set_defaults(&encoder.info);
    jpeg_set_quality(&encoder.info, quality, TRUE);
    encoder.info.optimize_coding = TRUE;
    jpeg_start_compress(&encoder.info, TRUE);
    const std::size_t row_size = std::size_t{pixels.width} * pixels.channels;
    while (encoder.info.next_scanline < encoder.info.image_height) {
        // libjpeg's interface is without const; it does not write to the row
        JSAMPROW row = const_cast<JSAMPROW>(pixels.samples.data() + row_size * encoder.info.next_scanline);
        jpeg_write_scanlines(&encoder.info, &row, 1);
    }
    jpeg_finish_compress(&encoder.info);
    return true;
}

}  // namespace

Pixels decode_jpeg(ByteView bytes, const std::string& what, bool keep) {
    const std::unique_ptr<Decoder, Destroy> decoder{new Decoder{}};
    prepare(decoder->trouble);
    decoder->info.err = &decoder->trouble.manager;
    const auto offset = [&] {
        return decoder->info.src == nullptr
                   ? 0
                   : bytes.size() - std::min(bytes.size(), decoder->info.src->bytes_in_buffer);
    };
    const auto fail = [&] {
        // the source has been emptied by then, but libjpeg keeps its own idea of what was consumed
        const bool ended = decoder->trouble.manager.msg_code == JWRN_JPEG_EOF;
        photo_fault(what, ended ? bytes.size() : offset(), std::string{"JPEG: "} + decoder->trouble.text);
    };
    if (!read_header(*decoder, bytes)) fail();
    auto& info = decoder->info;
    if (info.data_precision != 8) photo_fault(what, offset(), "JPEG: 8 bits a component are needed");
    check_dimensions(what, offset(), bytes.size(), info.image_width, info.image_height,
                     static_cast<unsigned>(info.num_components));

    Pixels out{info.image_width, info.image_height, static_cast<unsigned>(info.num_components), {}};
    if (keep) {
        info.out_color_space = out.channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    } else {  // nobody sees the samples: no colour conversion, no smoothing
        info.out_color_space = info.jpeg_color_space;
        info.do_fancy_upsampling = FALSE;
    }
    const std::size_t row_size = std::size_t{out.width} * out.channels;
    out.samples.resize(keep ? row_size * out.height : row_size);
    decoder->samples = out.samples.data();
    if (!read_rows(*decoder, row_size, keep)) fail();
    const std::size_t left = info.src->bytes_in_buffer;
    if (left != 0) photo_fault(what, bytes.size() - left, "JPEG: bytes follow the end of the picture");
    if (!keep) out.samples.clear();
    return out;
}

Bytes encode_jpeg(const Pixels& pixels, int quality, const std::string& what) {
    const std::unique_ptr<Encoder> encoder{new Encoder{}};
    prepare(encoder->trouble);
    encoder->info.err = &encoder->trouble.manager;
    const bool done = write_all(*encoder, pixels, quality);
    jpeg_destroy_compress(&encoder->info);
    const std::unique_ptr<unsigned char, decltype(&std::free)> owner{encoder->out, &std::free};
    if (!done)
        throw Error{Errc::input_invalid, what + ": cannot be encoded as JPEG: " + encoder->trouble.text};
    return Bytes(encoder->out, encoder->out + encoder->size);
}

}  // namespace kartsaz::record
