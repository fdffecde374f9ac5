// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "keys/pkcs11_uri.h"
#include "tests/faults/process.h"
#include "tests/support/token/soft_token.h"

namespace kartsaz::test {

/// SoftHSM in processes of its own, which can be killed: p11-kit's server, reached through p11-kit's client
/// module. Where the client finds it stands in the environment, so there is one at a time.
class ModuleServer {
public:
    /// False, with a word on standard error, where p11-kit or SoftHSM is not installed.
    static bool available();

    explicit ModuleServer(const SoftToken& token);
    ModuleServer(const ModuleServer&) = delete;
    ModuleServer& operator=(const ModuleServer&) = delete;
    ~ModuleServer();

    /// SIGKILL for the server and for each process that serves a connection; returns when nobody answers.
    void kill();
    /// Anew, after kill(); returns when it answers.
    void start();

    static std::string client();  ///< path of the client module
    std::string uri() const;      ///< of the token, through the client

private:
    std::string folder_, label_;
    std::unique_ptr<faults::Process> process_;
};

}  // namespace kartsaz::test
