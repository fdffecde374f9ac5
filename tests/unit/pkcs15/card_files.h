// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "apdu/bytes.h"

/// The files of the vectors, written and read by OpenSC, and every decoder over them.
namespace kartsaz::test {

struct CardFile {
    std::string name;  ///< vector and file
    Bytes content;     ///< padded as on the card
    std::size_t size = 0;
    /// encode(decode(file))
    std::function<Bytes(ByteView)> again;
    /// The file has parts that decoding leaves out, so encoding does not give them back.
    bool has_more = false;
    Bytes good() const { return {content.begin(), content.begin() + static_cast<std::ptrdiff_t>(size)}; }
};
/// Every object directory, EF.DIR, EF.ODF and EF.TokenInfo of pkcs15.json and isoapplet_trace.json.
const std::vector<CardFile>& card_files();

/// encode(decode()) of the file with this FID; empty function when it is no file of objects.
std::function<Bytes(ByteView)> codec(std::uint16_t fid);

/// What() of the Error{input_invalid} that `decode` throws; empty when it throws none. Any other exception
/// goes through.
std::string fault_of(const std::function<void()>& decode);

/// The content of a vector of pkcs15.json or isoapplet_trace.json.
Bytes file_of_vector(const std::string& id);

}  // namespace kartsaz::test
