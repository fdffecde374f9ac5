// SPDX-License-Identifier: Apache-2.0
#include "libcard/app/dump.h"

#include <algorithm>

namespace kartsaz::app {
namespace {

template <typename Named>
const Named* find_named(const std::vector<Named>& all, std::string_view name) {
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const Named& one) { return one.name == name; });
    return found == all.end() ? nullptr : &*found;
}

}  // namespace

const DumpFile* DumpApplication::file(std::string_view wanted) const {
    return find_named(files, wanted);
}

std::string DumpApplication::fact(std::string_view key) const {
    const auto found = facts.find(std::string{key});
    return found == facts.end() ? std::string{} : found->second;
}

const DumpApplication* CardDump::application(std::string_view wanted) const {
    return find_named(applications, wanted);
}

}  // namespace kartsaz::app
