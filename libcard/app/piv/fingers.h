// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "libcard/record/finger_template.h"

/// Minutiae records between the two formats. They differ in the header (378 has a length of two bytes and the
/// owner and type of the product) and in the unit of the angle: 360/256 degrees in ISO/IEC 19794-2:2005, 2
/// degrees in INCITS 378-2004. Source: the two standards, 7 and 6; SP 800-76-2, table 6.
namespace kartsaz::app::piv {

/// Nearest angle in units of 2 degrees, 0..179; a tie goes to the smaller one. @param angle  0..255
unsigned incits_angle(unsigned angle);
/// Nearest angle in units of 360/256 degrees. @param angle  0..179. incits_angle() gives `angle` back.
unsigned iso_angle(unsigned angle);

/// Who made the template, as IBIA registers them.
struct Product {
    std::uint16_t owner = 0, type = 0;
};
/// The same record as INCITS 378, or as ISO/IEC 19794-2; one that is in that form already keeps its minutiae.
/// Extended data is left out (its angles have other units, and PIV allows none).
/// @throws Error{input_invalid} when it would be longer than 65,535 bytes
Bytes to_incits378(const record::FingerTemplate& finger, Product product);
Bytes to_iso19794_2(const record::FingerTemplate& finger);

/// What PIV wants on a card: one INCITS 378 record with the views of one or two fingers, one view each, at
/// 197 pixels per cm, 128 minutiae at most in a view (the best by quality stay, in their order).
/// @throws Error{input_invalid} for none or more than two fingers, a finger of unknown position or twice the
/// same, another resolution
Bytes piv_minutiae(const std::vector<record::FingerTemplate>& fingers, Product product);

}  // namespace kartsaz::app::piv
