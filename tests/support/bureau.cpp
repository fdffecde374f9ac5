// SPDX-License-Identifier: Apache-2.0
#include "tests/support/bureau.h"

#include "libcard/app/registry.h"

namespace kartsaz::test {
namespace {

constexpr std::int64_t moment =
    1'763'700'000;  // 2025-11-21: within the demo record's validity, whatever the clock says

}  // namespace

std::filesystem::path Bureau::demo_record() {
    return std::filesystem::path{KARTSAZ_SOURCE_DIR} / "tools" / "demo" / "record.json";
}

Bureau::Bureau(const std::string& profile, const std::filesystem::path& record)
    : profile_{profile::load(profile)},
      keys_{keys::development_keys()},
      signer_{keys_->blob("document-signer")},
      record_{record::load(record).record},
      applications_{perso::select_applications(profile_, app::registry())},
      order_{record_, profile_, *keys_, &signer_, moment, perso::keyset_names(profile_)} {}

perso::Run Bureau::run(perso::Journal* journal, perso::Permits permits) const {
    return perso::Run{order_, applications_, permits, journal};
}

}  // namespace kartsaz::test
