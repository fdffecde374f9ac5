// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "apdu/bytes.h"
#include "keys/crypto.h"
#include "libcard/verify/observation.h"

namespace kartsaz::verify {

/// Where a file departs from what was signed, and who says so.
struct Place {
    std::size_t offset = 0;
    std::string expected, got;  ///< the bytes there, hexadecimal
    std::string witness;        ///< "the registered card"
    std::size_t differing = 0;  ///< count of differing bytes
};

/// Looks for the place by copies of the file whose digest is the signed one (so that they are proved to be
/// the original): the registered card's, then one encoded from the expected record. When there is none, by
/// the one byte whose change makes the digest right: single bits, then whole bytes, within `search_budget`
/// hashed bytes.
std::optional<Place> find_place(const Observation& seen, unsigned dg, ByteView file,
                                keys::HashAlgorithm algorithm, ByteView signed_digest);

/// The file of this data group as the expected record would give it, in each form that a writer may choose.
/// Empty for a group that does not follow from the record alone.
std::vector<Bytes> expected_files(const record::Record& record, unsigned dg);

}  // namespace kartsaz::verify
