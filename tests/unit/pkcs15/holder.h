// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "libcard/sim/body.h"
#include "tests/support/bureau.h"

/// What the holder of a card, who knows its PIN, can do to it with other software.
namespace kartsaz::test {

/// SubjectPublicKeyInfo, hexadecimal, of the pair whose private key is 1.
extern const std::string planted;

/// A body that takes private keys from outside.
std::unique_ptr<sim::Body> open_body();
/// The holder, who has the delivered PIN still, gives it; DF 5015 is selected.
void enter(sim::Body& body, const Bureau& bureau);
/// The pair of `planted`. @param reference  two hexadecimal digits
void import_key(sim::Body& body, const std::string& reference);
/// Makes the file. @param content  hexadecimal
void write_file(sim::Body& body, const std::string& fid, const std::string& content);
void overwrite(sim::Body& body, const std::string& fid, const Bytes& content);

}  // namespace kartsaz::test
