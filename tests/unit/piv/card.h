// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "apdu/exchanger.h"
#include "libcard/app/piv/folder.h"
#include "libcard/app/piv/read.h"
#include "libcard/reader/sim_transport.h"
#include "libcard/sim/body.h"

/// A simulated PIV card that a test writes command by command, as any tool would.
namespace kartsaz::test {

class PivCard {
public:
    explicit PivCard(const std::string& kind = "kartsaz-piv");

    apdu::Transport& transport() { return *transport_; }
    sim::Body& body() { return *body_; }
    /// After a fault that took its power.
    void power_up();
    /// Selects, and opens the administration with the maker's key.
    void administer();
    /// SW of the last part.
    std::uint16_t put(std::uint16_t id, ByteView value);
    /// SW of the last part. @param pem  PKCS#8
    std::uint16_t import(std::uint8_t reference, const keys::SecretBytes& pem);
    /// Every object and key of it; what the card refused is thrown.
    void load(const app::piv::ObjectFolder& folder);

    /// @param pin  empty: none is given
    app::DumpApplication read(const std::string& pin = "123456");
    /// The same through another transport, made from this one.
    app::DumpApplication read_through(apdu::Transport& transport, const std::string& pin = "123456");

private:
    std::shared_ptr<sim::Body> body_;
    std::unique_ptr<apdu::Transport> transport_;
};

}  // namespace kartsaz::test
