// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/emrtd/reading.h"

using namespace kartsaz;
using namespace kartsaz::app;
using namespace kartsaz::app::emrtd;
using namespace kartsaz::test;

TEST_CASE("without proofs only what is needed is sent") {
    auto person = personal_card("kartsaz");
    const auto card = reader::sim_transport(*person.body);
    Meddler counted{*card};
    auto options = by_mrz(person);
    options.prove = false;
    const auto read = read_application(counted, options);
    check_files(person, read, "EF.DG3");
    CHECK(read.fact("pace") == "ok");
    CHECK(read.fact("aa.sw").empty());
    CHECK(read.fact("write.sw").empty());
    CHECK(read.fact("plain-read.sw").empty());
    CHECK(counted.resets == 0);
    // EF.CardAccess 2, PACE 5, SELECT 1, two for each file, one more for each further 8 KB
    CHECK(counted.count == 2 + 5 + 1 + 2 * 10 + 1);
}

TEST_CASE("each file is reported while it is read") {
    auto person = personal_card("jmrtd");
    auto options = by_mrz(person);
    std::map<std::string, std::size_t> totals, done, calls;
    options.progress = [&](std::string_view file, std::size_t now, std::size_t total) {
        CHECK(now <= total);
        totals[std::string{file}] = total;
        done[std::string{file}] = now;
        ++calls[std::string{file}];
    };
    read_by(person, options);
    for (const auto& [name, content] : person.files) {
        INFO(name);
        CHECK(totals[name] == content.size());
        CHECK(done[name] == content.size());
    }
    CHECK(calls["EF.DG2"] > 30);
}

TEST_CASE("a broken EF.COM does not hide what EF.SOD names") {
    auto person = personal_card("kartsaz");
    person.body->flip(0x011E, 3, 0x20);
    const auto read = read_by(person, by_mrz(person));
    CHECK(read.file("EF.COM")->content != person.files.at("EF.COM"));
    person.files["EF.COM"] = read.file("EF.COM")->content;
    check_files(person, read, "EF.DG3");
}

TEST_CASE("a file whose length byte was changed is given as far as it goes") {
    for (const char* kind : {"kartsaz", "jmrtd"}) {
        for (const std::uint8_t mask : {std::uint8_t{0x20}, std::uint8_t{0x01}, std::uint8_t{0x80}}) {
            auto person = personal_card(kind);
            person.body->flip(0x0101, 1, mask);
            const auto read = read_by(person, by_mrz(person));
            INFO(kind << " mask " << int{mask});
            const auto& damaged = read.file("EF.DG1")->content;
            CHECK(damaged.size() >= 92);
            CHECK(damaged.size() <= 95);
            CHECK_FALSE(fault_of([&] { decode_dg1(damaged); }).empty());
            person.files["EF.DG1"] = damaged;
            check_files(person, read, "EF.DG3");
        }
    }
}

TEST_CASE("a response that was changed on the way costs that file, not the others") {
    auto person = personal_card("kartsaz");
    const auto card = reader::sim_transport(*person.body);
    Meddler meddler{*card};
    std::size_t reads = 0;
    meddler.change = [&](const apdu::CommandApdu& command, apdu::ResponseApdu& response) {
        if (command.cla == 0x0C && command.ins == 0xB0 && ++reads == 4) response.data[5] ^= 1U;
    };
    const auto read = read_application(meddler, by_mrz(person));
    CHECK(read.file("EF.COM")->content == person.files.at("EF.COM"));
    CHECK(read.file("EF.DG15")->content == person.files.at("EF.DG15"));
    std::size_t refused = 0;
    for (const auto& file : read.files) refused += file.name != "EF.DG3" && !file.refused.empty() ? 1 : 0;
    CHECK(refused == 1);
    CHECK(read.fact("aa.sw") == "9000");
}

TEST_CASE("a card that refuses extended length without protection is read by short commands") {
    auto person = personal_card("jmrtd");
    const auto card = reader::sim_transport(*person.body);
    Meddler meddler{*card};
    meddler.claims = apdu::BlockLimits{65535, 65536};
    const auto read = read_application(meddler, by_mrz(person));
    check_files(person, read);
    CHECK(read.fact("access") == "BAC");
    CHECK_FALSE(meddler.limits().extended());
}

TEST_CASE("a card that is pulled is an error of its own, at any command") {
    auto person = personal_card("kartsaz");
    const auto whole = [&] {
        const auto card = reader::sim_transport(*person.body);
        Meddler counted{*card};
        read_application(counted, by_mrz(person));
        return counted.count;
    }();
    REQUIRE(whole > 30);
    for (std::size_t at = 0; at < whole; ++at) {
        const auto card = reader::sim_transport(*person.body);
        Meddler counted{*card};
        counted.change = [&](const apdu::CommandApdu&, apdu::ResponseApdu&) {
            if (counted.count == at + 1) throw Error{Errc::card_removed, "gone"};
        };
        try {
            read_application(counted, by_mrz(person));
            FAIL("nothing was thrown at " << at);
        } catch (const Error& error) {
            CHECK(error.code() == Errc::card_removed);
        }
    }
}
