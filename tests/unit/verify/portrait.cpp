// SPDX-License-Identifier: Apache-2.0
#include "portrait.h"

#include <jpeglib.h>

#include <cstddef>
#include <cstdio>
#include <cstdlib>

namespace kartsaz::test {
namespace {

struct Colour {
    double red, green, blue;
};

Colour colour_at(double x, double y) {  // both 0..1
    const auto inside = [&](double cx, double cy, double rx, double ry) {
        const double dx = (x - cx) / rx;
        const double dy = (y - cy) / ry;
        return dx * dx + dy * dy < 1;
    };
    if (inside(.5, .46, .19, .22) && y > .33) {
        if (inside(.42, .43, .025, .014) || inside(.58, .43, .025, .014)) return {40, 30, 28};
        if (inside(.5, .57, .06, .012)) return {170, 80, 80};
        return {224 - 40 * x, 182 - 40 * x, 152 - 30 * x};
    }
    if (inside(.5, .43, .25, .29)) return {52, 60 + 30 * y, 96 + 30 * y};
    if (inside(.5, 1.02, .42, .34)) return {60, 70, 104 + 40 * x};
    return {226 - 20 * y, 232 - 16 * y, 238 - 10 * y};
}

}  // namespace

Bytes sample_jpeg(unsigned width, unsigned height) {
    jpeg_compress_struct jpeg{};
    jpeg_error_mgr errors{};
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    unsigned char* out = nullptr;
    unsigned long size = 0;
    jpeg_mem_dest(&jpeg, &out, &size);
    jpeg.image_width = width;
    jpeg.image_height = height;
    jpeg.input_components = 3;
    jpeg.in_color_space = JCS_RGB;
    jpeg_set_defaults(&jpeg);
    jpeg_set_quality(&jpeg, 75, TRUE);
    jpeg_start_compress(&jpeg, TRUE);
    std::vector<JSAMPLE> row(std::size_t{width} * 3);
    for (unsigned y = 0; y < height; ++y) {
        for (unsigned x = 0; x < width; ++x) {
            const Colour c = colour_at((x + .5) / width, (y + .5) / height);
            row[x * 3] = static_cast<JSAMPLE>(c.red);
            row[x * 3 + 1] = static_cast<JSAMPLE>(c.green);
            row[x * 3 + 2] = static_cast<JSAMPLE>(c.blue);
        }
        JSAMPROW rows[] = {row.data()};
        jpeg_write_scanlines(&jpeg, rows, 1);
    }
    jpeg_finish_compress(&jpeg);
    Bytes result(out, out + size);
    std::free(out);
    jpeg_destroy_compress(&jpeg);
    return result;
}

}  // namespace kartsaz::test
