// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "apdu/bytes.h"

namespace kartsaz::record {

enum class PhotoFormat { jpeg, jpeg2000 };

struct Photo {
    Bytes bytes;
    PhotoFormat format = PhotoFormat::jpeg;
    unsigned width = 0;  ///< pixels
    unsigned height = 0;
    bool colour = true;  ///< three components; otherwise gray
};

/// Decodes a photo to its last row, to prove that it is whole, and gives its facts.
/// JPEG by libjpeg-turbo, JPEG 2000 (JP2 file or bare codestream) by OpenJPEG.
/// Accepted: 8 bits a component, 1 or 3 components, 48..4096 pixels a side; warnings of the decoder
/// (premature end, corrupt data, bytes after the end) are faults.
/// @throws Error{input_invalid} naming `what`, the offset where known, and the rule
Photo parse_photo(ByteView bytes, const std::string& what);

/// The photo as a JPEG of at most `budget` bytes: quality first, then size. @throws Error{input_invalid}
/// when it does not fit even at 120 pixels wide.
Photo reencode_photo(const Photo& photo, std::size_t budget, const std::string& what);

}  // namespace kartsaz::record
