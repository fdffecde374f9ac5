// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "terminal.h"

/// Bodies in the states that the passport tests start from.
namespace kartsaz::sim::test {

/// The kinds that have the passport application.
std::vector<BodyKind> passport_kinds();
/// New and powered. @param open  writable without SCP03 (kind "kartsaz")
std::unique_ptr<Body> blank(const std::string& kind = "kartsaz", bool open = false);
/// Personalized and powered anew.
std::unique_ptr<Body> ready(const std::string& kind = "kartsaz");
/// Locks the passport application, then powers anew.
void lock(Body& body);
/// Replaces the transport keys by `fresh`, version 01, then powers anew.
void put_issuer_keys(Body& body, const Bytes& fresh);

}  // namespace kartsaz::sim::test
