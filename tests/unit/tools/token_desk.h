// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <sys/stat.h>

#include <sstream>

#include "tests/support/token/soft_token.h"
#include "tests/unit/tools/program.h"

namespace kartsaz::test {

inline void write_private(const Desk& desk, const std::string& name, const std::string& text) {
    desk.write(name, text);
    ::chmod((desk / name).c_str(), 0600);
}

/// Words with one blank between them: what is told is wrapped at 80 columns.
inline std::string unwrapped(const std::string& text) {
    std::istringstream in{text};
    std::string out;
    for (std::string word; in >> word;) out += out.empty() ? word : " " + word;
    return out;
}

/// A desk with a token: the PIN in the file "pin", a wrong one in "wrong".
struct TokenDesk {
    SoftToken soft{"kartsaz-hsm"};
    Desk desk;
    std::string module = SoftToken::module();

    TokenDesk() {
        const auto pin = SoftToken::pin().reveal([](ByteView bytes) { return to_text(bytes); });
        write_private(desk, "pin", pin + "\n");
        write_private(desk, "wrong", "wrong-2222\n");
    }
    std::string uri() const { return "pkcs11:token=kartsaz-hsm?module-path=" + module; }
    Outcome run(const std::string& command, const std::string& options = "--token-pin-file pin") const {
        return desk.run(fmt::format("{} --token {} {}", command, uri(), options));
    }
    /// Every key of an issuer, made in the token; the authorities' books in the folder "ca".
    void fill() const {
        REQUIRE(run("token init-keys --published-transport").code == 0);
        REQUIRE(run("ca init ca --algorithm ec-p256").code == 0);
    }
};

}  // namespace kartsaz::test
