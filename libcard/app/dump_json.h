// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "libcard/app/dump.h"

/// The form of card.json (docs/formats.md, "card.json"). Only the sources of this folder include it.
namespace kartsaz::app::dump {

/// Where a file's bytes stand, relative to the folder of card.json: "raw/emrtd/EF.DG1.bin".
std::string raw_path(const DumpApplication& application, const DumpFile& file);

std::string to_json(const CardDump& dump);
/// Reads card.json and the files that it names beside it. @throws as load_dump
CardDump from_json(std::string_view text, const std::filesystem::path& folder);

/// The whole file. @throws Error{store_failed}
Bytes read_whole(const std::filesystem::path& path);

}  // namespace kartsaz::app::dump
