// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <filesystem>

#include "libcard/record/field_reader.h"
#include "libcard/record/record.h"

namespace kartsaz::record {

/// Makes a record of a JSON tree and the files beside it; every field is looked at, whatever else is wrong.
class RecordParser {
public:
    RecordParser(const nlohmann::json& root, std::filesystem::path folder, const LoadOptions& options);

    /// @throws InvalidRecord with every fault. @param source  what the record is called in the message
    Loaded run(const std::string& source);

private:
    void take_identity();
    void take_names();
    void take_dates();
    void take_address();
    void take_document();
    void take_photo();
    void take_fingers();
    void take_finger(std::size_t index);
    unsigned take_position(const std::string& path);
    void check_full_name();
    void transliterate(const std::string& path, const std::string& from, std::string& to);
    /// The bytes of the file that `path` names; empty after a fault.
    Bytes take_file(const std::string& path, std::size_t largest, std::string& name);

    FieldReader in_;
    std::filesystem::path folder_;
    LoadOptions options_;
    Record out_;
};

}  // namespace kartsaz::record
