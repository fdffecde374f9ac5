// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "apdu/bytes.h"

/// The outside of a JPEG 2000 picture, checked before a decoder sees it. Inside of libcard/record only.
namespace kartsaz::record {

struct Jpeg2000Frame {
    bool boxed = false;  ///< JP2 file; otherwise a bare codestream
    unsigned width = 0, height = 0;
    std::size_t size_offset = 0;  ///< of the SIZ marker segment
};

/// True when the bytes begin as a JP2 file or a codestream does.
bool looks_like_jpeg2000(ByteView bytes);

/// Boxes fill the file to its last byte, the codestream starts with SOC and SIZ and ends with EOC, sizes are
/// those of a photo. Source: ISO/IEC 15444-1, A.5 and annex I.
/// @throws Error{input_invalid} naming `what`, offset and rule
Jpeg2000Frame check_jpeg2000_frame(ByteView bytes, const std::string& what);

}  // namespace kartsaz::record
