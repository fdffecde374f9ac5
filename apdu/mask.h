// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "apdu/command.h"

/// What of an exchange may become text. Decided from the class of the command, before any text exists.
namespace kartsaz::apdu {

enum class Secrecy {
    open,      ///< may be shown
    personal,  ///< content of files: shown only when asked
    secret,    ///< keys, PINs, and what may hold them: never shown, there is no option
};

struct Sensitivity {
    Secrecy command = Secrecy::personal;   ///< of the command data
    Secrecy response = Secrecy::personal;  ///< of the response data
};

/// By instruction, parameters and, for STORE DATA, the groupings inside. Protected commands count as their
/// plain form does (a MAC alone hides nothing). An instruction that is not known counts as personal.
Sensitivity sensitivity(const CommandApdu& command);

struct MaskOptions {
    bool show_personal = false;
};

/// Wire form in hex with each byte that may not be shown as `??`: header, lengths and status word always
/// stand. The form of transcripts, see transcript.h.
std::string masked(const CommandApdu& command, const MaskOptions& options = {});
std::string masked(const ResponseApdu& response, const CommandApdu& command, const MaskOptions& options = {});

}  // namespace kartsaz::apdu
