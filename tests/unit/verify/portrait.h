// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "apdu/bytes.h"

namespace kartsaz::test {

/// A JPEG of a plain portrait (head and shoulders on a light ground), made by libjpeg.
Bytes sample_jpeg(unsigned width, unsigned height);

}  // namespace kartsaz::test
