// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "apdu/error.h"
#include "libcard/app/piv/read.h"
#include "libcard/sim/body.h"
#include "tests/support/bureau.h"

/// PIV cards made by a bureau: whole, torn, refused; looked at by the code that reads and not by the one that
/// writes.
namespace kartsaz::test {

using Changes = std::vector<std::pair<std::string, std::string>>;
/// Path of the shipped profile with texts replaced.
std::string piv_profile(const Changes& changes = {});

/// @param seed  of its random numbers: another one, other keys
std::unique_ptr<sim::Body> piv_body(const std::string& kind = "kartsaz-piv", std::uint8_t seed = 0x17);

perso::Receipt make_piv(sim::Body& body, const Bureau& bureau, perso::Journal* journal = nullptr,
                        perso::Permits permits = {});
/// What would be done to the body as it is; nothing is changed.
perso::Prepared prepare_piv(sim::Body& body, const Bureau& bureau, perso::Permits permits = {});
/// "PUK: set in place of the maker's | ..."
std::string labels_of(const perso::Plan& plan);
/// The text of the error that make_piv() ends with. @param[out] code  its kind
std::string piv_refusal(sim::Body& body, const Bureau& bureau, Errc* code = nullptr,
                        perso::Permits permits = {});

/// Read back by app::piv::read_application(). @param pin  the holder's; null: the derived one
app::DumpApplication read_piv(sim::Body& body, const Bureau& bureau, const keys::SecretBytes* pin = nullptr);

/// A wire command, as the holder's software sends it. @returns the status word
unsigned send_piv(sim::Body& body, const std::string& hex);
/// Power on, and the application selected.
void select_piv(sim::Body& body);

/// Everything that must be true of a finished card, and what is not; empty when all is well: signed objects
/// whose signatures are right, hashes that agree, each key with the one valid certificate that the authority
/// has for it and for its slot, the issuer's management key, the derived PIN with all its tries, nothing left
/// to be done.
std::string faults_of_piv(sim::Body& body, Bureau& bureau);

}  // namespace kartsaz::test
