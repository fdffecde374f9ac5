// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "libcard/app/piv/cbeff.h"
#include "libcard/app/piv/chuid.h"
#include "libcard/app/piv/face.h"
#include "libcard/app/piv/objects.h"
#include "libcard/app/piv/security_object.h"
#include "libcard/record/finger_template.h"
#include "tests/support/vectors.h"

/// Small objects of every kind, and ways to look at how a decoder fails.
namespace kartsaz::test {

Vector piv_vector(const std::string& id, const std::string& file = "piv");

app::piv::Chuid small_chuid();
app::piv::BiometricObject small_biometric();
app::piv::FaceRecord small_face();
app::piv::SecurityObject small_security_object();
/// One view with minutiae of falling quality, as ISO/IEC 19794-2:2005.
record::FingerTemplate small_finger(unsigned position, unsigned minutiae = 2, unsigned resolution = 197);

struct PivDecoder {
    std::string name;
    Bytes good;
    std::function<Bytes(ByteView)> again;  ///< decoded and encoded
};
const std::vector<PivDecoder>& piv_decoders();

/// What() of the Error{input_invalid} that `decode` throws; empty when it throws none. Any other exception
/// goes through.
std::string fault_of(const std::function<void()>& decode);

}  // namespace kartsaz::test
