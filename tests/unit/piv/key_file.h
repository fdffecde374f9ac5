// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "apdu/bytes.h"

namespace kartsaz::test {

/// A PKCS#12 file with one new P-256 key and no certificate, encrypted as the newer ICAM cards' are.
Bytes key_file(const char* password = "");
/// An empty folder of its own.
std::filesystem::path new_object_folder();

}  // namespace kartsaz::test
