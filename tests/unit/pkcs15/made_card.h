// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "apdu/error.h"
#include "keys/pin.h"
#include "libcard/app/pkcs15/read.h"
#include "libcard/sim/body.h"
#include "tests/support/bureau.h"

/// Signature cards made by a bureau: whole, torn, refused; looked at by the code that reads and not by the
/// one that writes.
namespace kartsaz::test {

/// Path of a profile with this application alone. @param keys  the option of that name
/// @param more  further options of [pkcs15], a line each
std::string signature_profile(const std::string& algorithm, const std::string& keys = "signature",
                              const std::string& more = "");

/// @param seed  of its random numbers: another one, other keys
std::unique_ptr<sim::Body> signature_body(const std::string& kind = "isoapplet", std::uint8_t seed = 0x17);

perso::Receipt personalize(sim::Body& body, const Bureau& bureau, perso::Journal* journal = nullptr,
                           perso::Permits permits = {});
/// The plan for the body as it is.
perso::Plan plan_for(sim::Body& body, const Bureau& bureau, perso::Permits permits = {});
/// "DF 5015: create | PUK: set | ..."
std::string labels(const perso::Plan& plan);
/// The text of the error that personalize() ends with. @param[out] code  its kind
std::string refusal(sim::Body& body, const Bureau& bureau, Errc* code = nullptr, perso::Permits permits = {});

/// A wire command, as the holder's software sends it. @returns the status word
unsigned send(sim::Body& body, const std::string& hex);
/// Power on, and the application selected.
void select(sim::Body& body);

/// Read back by app::pkcs15::read_application().
/// @param chip  the chip's name; empty: the PIN is of the document
app::DumpApplication read_back(sim::Body& body, const Bureau& bureau, const std::string& chip = "",
                               const keys::SecretBytes* pin = nullptr);

/// Everything that must be true of a finished card, and what is not; empty when all is well: directories name
/// each key once, each key signs a challenge and nothing else signs, its certificate is the one valid
/// certificate that the authority has for it and for its slot, nothing is left to be done.
std::string faults_of(sim::Body& body, Bureau& bureau, std::size_t keys = 1, const std::string& chip = "");

}  // namespace kartsaz::test
