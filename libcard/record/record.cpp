// SPDX-License-Identifier: Apache-2.0
#include "libcard/record/record.h"

#include <nlohmann/json.hpp>

#include "libcard/record/fields.h"
#include "libcard/record/invalid_record.h"
#include "libcard/record/json_source.h"
#include "libcard/record/record_files.h"
#include "libcard/record/record_parser.h"

namespace kartsaz::record {
namespace {

Loaded parse_named(std::string_view text, const std::filesystem::path& folder, const LoadOptions& options,
                   const std::string& source) {
    std::vector<Fault> faults;
    if (text.size() > limit::json) faults.push_back({"/", "the record has more than 262144 bytes"});
    if (!faults.empty()) throw InvalidRecord{source, std::move(faults)};
    const nlohmann::json root = parse_json(text, faults);
    // a key that stands twice makes it doubtful which value is meant: the rest is not looked at
    if (!faults.empty()) throw InvalidRecord{source, std::move(faults)};
    return RecordParser{root, folder, options}.run(source);
}

}  // namespace

Loaded parse(std::string_view text, const std::filesystem::path& folder, const LoadOptions& options) {
    return parse_named(text, folder, options, "record");
}

Loaded load(const std::filesystem::path& file, const LoadOptions& options) {
    const std::string text = read_record_text(file, limit::json);
    return parse_named(text, file.parent_path(), options, file.filename().string());
}

}  // namespace kartsaz::record
