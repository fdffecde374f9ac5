// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <catch2/catch.hpp>

#include "apdu/error.h"
#include "keys/active_authentication.h"
#include "libcard/app/emrtd/lds.h"
#include "libcard/app/emrtd/read.h"
#include "libcard/reader/sim_transport.h"
#include "tests/unit/emrtd/decoders.h"
#include "tests/unit/emrtd/personal_card.h"

/// Reading a personal card and looking at what came of it.
namespace kartsaz::test {

inline app::emrtd::ReadOptions by_mrz(const PersonalCard& person) {
    app::emrtd::ReadOptions options;
    options.mrz_information = person.mrz_information;
    return options;
}

inline app::DumpApplication read_by(PersonalCard& person, const app::emrtd::ReadOptions& options) {
    const auto card = reader::sim_transport(*person.body);
    return app::emrtd::read_application(*card, options);
}

/// Every file of the person but `but` was read, as it was written.
inline void check_files(const PersonalCard& person, const app::DumpApplication& read,
                        const std::string& but = {}) {
    CHECK(read.files.size() == person.files.size());
    for (const auto& [name, content] : person.files) {
        INFO(name);
        const app::DumpFile* file = read.file(name);
        REQUIRE(file != nullptr);
        if (name == but) continue;
        CHECK(file->refused.empty());
        CHECK(file->content == content);
        CHECK(file->fid == app::emrtd::find_file(name)->fid);
    }
}

inline void check_chip_proved(const PersonalCard& person, const app::DumpApplication& read) {
    CHECK(read.fact("aa.sw") == "9000");
    CHECK(read.fact("aa.challenge").size() == 16);
    CHECK(keys::check_active_authentication(person.public_key, from_hex(read.fact("aa.challenge")),
                                            from_hex(read.fact("aa.response"))) == "");
}

}  // namespace kartsaz::test
