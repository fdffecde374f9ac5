// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "apdu/command.h"
#include "libcard/profile/profile.h"

/// Making an instance of an application whose package is on the card already. Applet code is not loaded.
/// Source: GlobalPlatform Card Specification 2.3.1, 11.5.
namespace kartsaz::app::globalplatform {

/// One instance that a profile wants.
struct InstallOption {
    Bytes package, module, instance;  ///< AIDs of 5 to 16 bytes
    Bytes privileges{0x00};           ///< 1 or 3 bytes
    Bytes parameters{};               ///< for the application itself, the value of C9

    friend bool operator==(const InstallOption&, const InstallOption&) = default;
};

/// The instances of a text: "PACKAGE/MODULE/INSTANCE[/PRIVILEGES[/PARAMETERS]]", hexadecimal, several with
/// blanks between. Empty text: none. @throws Error{input_invalid} naming the part and the rule
std::vector<InstallOption> parse_install(std::string_view text, const std::string& where);

/// INSTALL [for install and make selectable].
apdu::CommandApdu install_command(const InstallOption& wanted);

}  // namespace kartsaz::app::globalplatform
