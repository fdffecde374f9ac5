// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "apdu/bytes.h"

namespace kartsaz::verify {

/// Demands that `bytes` are objects in DER down to the last one: definite minimal lengths, minimal integers
/// and object identifiers, sorted sets, padding bits of zero. Lax readers accept other forms as equal, so a
/// changed byte could hide in them. At most 24 levels. Source: ISO/IEC 8825-1, 10 and 11.
/// @param base offset of `bytes` in the file
/// @throws Error{input_invalid} with `what`, the offset and the rule
void demand_der(ByteView bytes, const std::string& what, std::size_t base);

/// Demands the one form that an EF.SOD may have, in every part that no signature covers: CMS and signer
/// versions, one digest algorithm, one certificate which is the signer's by the bytes of issuer and serial
/// number, algorithm identifiers that belong together, no further fields.
/// Source: ICAO Doc 9303-10, 4.6.2.2; RFC 5652, 5.1 and 5.3.
/// @param cms the SignedData with its ContentInfo  @param base its offset in the file
/// @throws Error{input_invalid} as above
void demand_sod_form(ByteView cms, const std::string& what, std::size_t base);

}  // namespace kartsaz::verify
