// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "apdu/error.h"
#include "libcard/record/record.h"

namespace kartsaz::record {

/// what() lists every fault, one a line.
class InvalidRecord : public Error {
public:
    InvalidRecord(const std::string& source, std::vector<Fault> faults);
    const std::vector<Fault>& faults() const noexcept { return faults_; }

private:
    std::vector<Fault> faults_;
};

}  // namespace kartsaz::record
