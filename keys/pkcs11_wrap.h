// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "keys/pkcs11_session.h"

namespace kartsaz::keys {

/// Makes a secret key object of these bytes: unwrapped under an RSA key pair that lives in this session only,
/// or created where the token cannot unwrap so. In a session for writing. For the sources of keys/ only.
/// @return its handle
CK_OBJECT_HANDLE bring_in(const Session& session, Template wanted, const SecretBytes& key);

}  // namespace kartsaz::keys
