// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "keys/keyset.h"

/// The three ways in which the field computes key check values. kcv() of keyset.h is the first.
namespace kartsaz::keys {

enum class CheckMethod {
    globalplatform,  ///< AES of sixteen 01 bytes; triple DES of zeros (Card Specification 2.3.1, B.6)
    cmac,            ///< AES-CMAC of a block of zeros, as HSMs show AES keys (ANSI X9.24-1)
    zeros            ///< encryption of a block of zeros
};
/// "gp", "cmac", "zeros", as the command line says it.
std::string_view name(CheckMethod method);

/// The first five bytes; three of them are what is usually printed. Triple DES has one way only.
Bytes check_value(const SecretBytes& key, KeyType type, CheckMethod method);

}  // namespace kartsaz::keys
