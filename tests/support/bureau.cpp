// SPDX-License-Identifier: Apache-2.0
#include "tests/support/bureau.h"

#include "libcard/app/registry.h"

namespace kartsaz::test {
namespace {

std::unique_ptr<keys::CaLedger> ledger_of(const keys::Identity& identity) {
    return std::make_unique<keys::CaLedger>(keys::authority_of(identity.key->public_key()));
}

}  // namespace

std::filesystem::path Bureau::demo_record() {
    return std::filesystem::path{KARTSAZ_SOURCE_DIR} / "tools" / "demo" / "record.json";
}

Bureau::Bureau(const std::string& profile, const std::filesystem::path& record)
    : profile_{profile::load(profile)},
      keys_{keys::development_keys()},
      signer_{keys_->blob("document-signer")},
      authority_{keys_->identity("citizen-ca"),
                 ledger_of(keys_->identity("citizen-ca")),
                 {.now = [this] { return order_.now; }}},
      record_{record::load(record).record},
      applications_{perso::select_applications(profile_, app::registry())},
      order_{record_, profile_, *keys_, &signer_, moment, perso::keyset_names(profile_)} {
    order_.certificates = &authority_;
}

perso::Run Bureau::run(perso::Journal* journal, perso::Permits permits) const {
    return perso::Run{order_, applications_, permits, journal};
}

}  // namespace kartsaz::test
