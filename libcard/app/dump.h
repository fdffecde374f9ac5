// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "apdu/bytes.h"

/// What was read from a card, and what was proved while it was powered. The one thing that verification
/// works from, so that a card and a folder written by `kartsaz read -o` are judged alike.
namespace kartsaz::app {

struct DumpFile {
    std::string name;  ///< "EF.DG1"
    std::uint16_t fid = 0;
    Bytes content;        ///< exactly the file's object: tag, length, value
    std::string access;   ///< how it was reached: "PACE", "BAC", "SCP03", "plain"
    std::string refused;  ///< status word in words when it could not be read; content is then empty
};

/// One application's part. Facts are named strings, each documented by the application that writes it.
struct DumpApplication {
    std::string name;  ///< "emrtd"
    std::vector<DumpFile> files;
    std::map<std::string, std::string> facts;  ///< "aa.challenge" -> hex, "plain-read.sw" -> "6982", ...

    const DumpFile* file(std::string_view name) const;
    /// Empty when there is no such fact.
    std::string fact(std::string_view key) const;
};

struct CardDump {
    Bytes atr;
    std::string reader;
    std::string read_at;  ///< UTC, ISO 8601
    std::string chip;     ///< chip identity in words, as in a receipt; empty when not known
    std::vector<DumpApplication> applications;
    /// Names of applications that are there and that nobody has begun to write: "pkcs15".
    std::vector<std::string> blank{};

    const DumpApplication* application(std::string_view name) const;
};

/// Writes raw/<application>/<file>.bin and then card.json (docs/formats.md, "card.json") into `folder`, which
/// is made; each file atomically. What is for people (photo, templates) each application writes itself.
/// @throws Error{store_failed}
void save(const CardDump& dump, const std::filesystem::path& folder);
/// Reads it back: sizes and hashes must be as card.json says, and no path may leave the folder. A folder
/// without card.json is taken as a folder of objects: EF.DG1.bin, EF_DG1.bin or DG1.bin are EF.DG1 of
/// "emrtd", with no facts and fid 0. @throws Error{input_invalid} naming file and rule, Error{store_failed}
CardDump load_dump(const std::filesystem::path& folder);

/// Writes a file by way of a temporary one beside it, so that it is there whole or not at all.
/// @throws Error{store_failed}
void write_atomically(const std::filesystem::path& path, ByteView content);

}  // namespace kartsaz::app
