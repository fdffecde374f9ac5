// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "keys/certificate_source.h"

/// For the sources of keys/ only.
namespace kartsaz::keys {

/// The extensions that a template decides: keyUsage, basicConstraints, policy, CRL address, extendedKeyUsage,
/// subjectAltName. @throws Error{input_invalid} naming the part that cannot be written
Bytes template_extensions(const CertificateTemplate& content);

/// Equal for templates that say the same, whatever their dates are. Hexadecimal. @throws Error{input_invalid}
std::string template_digest(const CertificateTemplate& content);

}  // namespace kartsaz::keys
