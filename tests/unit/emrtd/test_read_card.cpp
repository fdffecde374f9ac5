// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "apdu/error.h"
#include "keys/active_authentication.h"
#include "libcard/app/emrtd/lds.h"
#include "libcard/app/emrtd/read.h"
#include "libcard/reader/sim_transport.h"
#include "tests/unit/emrtd/decoders.h"
#include "tests/unit/emrtd/personal_card.h"

using namespace kartsaz;
using namespace kartsaz::app;
using namespace kartsaz::app::emrtd;
using namespace kartsaz::test;

namespace {

ReadOptions by_mrz(const PersonalCard& person) {
    ReadOptions options;
    options.mrz_information = person.mrz_information;
    return options;
}

DumpApplication read_by(PersonalCard& person, const ReadOptions& options) {
    const auto card = reader::sim_transport(*person.body);
    return read_application(*card, options);
}

/// Every file of the person but those in `but` was read, as it was written.
void check_files(const PersonalCard& person, const DumpApplication& read, const std::string& but = {}) {
    CHECK(read.files.size() == person.files.size());
    for (const auto& [name, content] : person.files) {
        INFO(name);
        const DumpFile* file = read.file(name);
        REQUIRE(file != nullptr);
        if (name == but) continue;
        CHECK(file->refused.empty());
        CHECK(file->content == content);
        CHECK(file->fid == find_file(name)->fid);
    }
}

void check_chip_proved(const PersonalCard& person, const DumpApplication& read) {
    CHECK(read.fact("aa.sw") == "9000");
    CHECK(read.fact("aa.challenge").size() == 16);
    CHECK(keys::check_active_authentication(person.public_key, from_hex(read.fact("aa.challenge")),
                                            from_hex(read.fact("aa.response"))) == "");
}

Errc code_of(PersonalCard& person, const ReadOptions& options, std::string* words = nullptr) {
    try {
        read_by(person, options);
    } catch (const Error& error) {
        if (words != nullptr) *words = error.what();
        return error.code();
    }
    return Errc::internal;
}

}  // namespace

TEST_CASE("a locked card with PACE is read by PACE and every proof is made") {
    auto person = personal_card("kartsaz");
    const auto read = read_by(person, by_mrz(person));
    CHECK(read.name == "emrtd");
    check_files(person, read, "EF.DG3");
    CHECK(read.file("EF.DG3")->content.empty());
    CHECK(read.file("EF.DG3")->refused.substr(0, 4) == "6982");
    CHECK(read.file("EF.DG2")->access == "PACE");
    CHECK(read.fact("selectable") == "yes");
    CHECK(read.fact("access") == "PACE");
    CHECK(read.fact("pace") == "ok");
    CHECK(read.fact("bac") == "ok");
    CHECK(read.fact("plain-read.sw") == "6982");
    CHECK(read.fact("plain-read-dg1.sw") == "6982");
    CHECK(read.fact("write.sw") == "6985");
    CHECK(read.fact("write-plain.sw") == "6982");
    CHECK(read.fact("scp03").empty());
    CHECK(decode_security_infos(from_hex(read.fact("card-access")), "EF.CardAccess").size() == 1);
    check_chip_proved(person, read);
}

TEST_CASE("a locked card with BAC only is read by BAC and every proof is made") {
    auto person = personal_card("jmrtd");
    const auto read = read_by(person, by_mrz(person));
    check_files(person, read);
    CHECK(read.fact("access") == "BAC");
    CHECK(read.fact("pace") == "not offered");
    CHECK(read.fact("bac") == "ok");
    CHECK(read.fact("card-access").size() == 4);
    CHECK(read.fact("plain-read.sw") == "6982");
    CHECK(read.fact("write.sw") == "6985");
    check_chip_proved(person, read);
}

TEST_CASE("files are in the order of the table, whatever they were read in") {
    auto person = personal_card("jmrtd");
    const auto read = read_by(person, by_mrz(person));
    REQUIRE(read.files.size() == 8);
    CHECK(read.files.front().name == "EF.COM");
    CHECK(read.files[1].name == "EF.DG1");
    CHECK(read.files[3].name == "EF.DG11");
    CHECK(read.files.back().name == "EF.SOD");
}

TEST_CASE("a card that is not locked says so") {
    for (const char* kind : {"kartsaz", "jmrtd"}) {
        auto person = personal_card(kind, false);
        const auto read = read_by(person, by_mrz(person));
        INFO(kind);
        CHECK(read.fact("write.sw") == "9000");
        check_files(person, read, "EF.DG3");
    }
}

TEST_CASE("fingers that the MRZ does not open are read by SCP03") {
    auto person = personal_card("kartsaz");
    const OneKeyset transport{"transport", published_key}, issuer{"issuer", published_key};
    for (const OneKeyset* store : {&transport, &issuer}) {
        auto options = by_mrz(person);
        options.keys = store;
        const auto read = read_by(person, options);
        check_files(person, read);
        CHECK(read.fact("access") == "PACE");
        CHECK(read.file("EF.DG3")->access == "SCP03");
        CHECK(read.fact("EF.DG3.refused") == "6982");
        CHECK(read.fact("scp03") == (store == &issuer ? "issuer keys" : "transport keys"));
        CHECK(read.fact("bac") == "ok");
    }
}

TEST_CASE("without the MRZ everything is read by SCP03, and DG1 opens the other accesses") {
    auto person = personal_card("kartsaz");
    const OneKeyset issuer{"issuer", published_key};
    ReadOptions options;
    options.keys = &issuer;
    const auto read = read_by(person, options);
    check_files(person, read);
    CHECK(read.fact("access") == "SCP03");
    CHECK(read.fact("scp03") == "issuer keys");
    CHECK(read.fact("pace") == "ok");
    CHECK(read.fact("bac") == "ok");
    CHECK(read.fact("write.sw") == "6985");
    check_chip_proved(person, read);
}

TEST_CASE("keys that are not the card's are found out without an EXTERNAL AUTHENTICATE") {
    auto person = personal_card("kartsaz");
    const OneKeyset wrong{"issuer", "00112233445566778899AABBCCDDEEFF"};
    const auto card = reader::sim_transport(*person.body);
    Meddler counted{*card};
    ReadOptions options;
    options.keys = &wrong;
    try {
        read_application(counted, options);
        FAIL("nothing was thrown");
    } catch (const Error& error) {
        CHECK(error.code() == Errc::keys_failed);
        CHECK(std::string{error.what()}.find("none of the keys at hand") != std::string::npos);
        CHECK(std::string{error.what()}.find("no MRZ is known") != std::string::npos);
    }
    CHECK(counted.by_ins[0x50] == 1);
    CHECK(counted.by_ins[0x82] == 0);
}

TEST_CASE("an application without SCP03 says so when its issuer's keys are all that is known") {
    auto person = personal_card("jmrtd");
    const OneKeyset issuer{"issuer", published_key};
    ReadOptions options;
    options.keys = &issuer;
    std::string words;
    CHECK(code_of(person, options, &words) == Errc::keys_failed);
    CHECK(words.find("SCP03: none") != std::string::npos);
}

TEST_CASE("the MRZ of another card opens nothing, and the error says what was tried") {
    for (const char* kind : {"kartsaz", "jmrtd"}) {
        auto person = personal_card(kind);
        ReadOptions options;
        options.mrz_information = "L898902C<369080619406236";
        std::string words;
        INFO(kind);
        CHECK(code_of(person, options, &words) == Errc::keys_failed);
        CHECK(words.find("PACE: ") != std::string::npos);
        CHECK(words.find("BAC: ") != std::string::npos);
        CHECK(words.find("L898902C") == std::string::npos);
        CHECK(code_of(person, ReadOptions{}) == Errc::keys_failed);
    }
}

TEST_CASE("a wrong MRZ with the issuer's keys is read by SCP03") {
    auto person = personal_card("kartsaz");
    const OneKeyset issuer{"issuer", published_key};
    ReadOptions options;
    options.mrz_information = "L898902C<369080619406236";
    options.keys = &issuer;
    const auto read = read_by(person, options);
    CHECK(read.fact("access") == "SCP03");
    CHECK(read.fact("pace") != "ok");
    CHECK(read.fact("bac") != "ok");
    check_files(person, read);
}

TEST_CASE("an application that is not there is refused with its status word") {
    auto person = personal_card("kartsaz");
    auto options = by_mrz(person);
    options.aid = from_hex("A0000002471099");
    for (const bool prove : {true, false}) {
        options.prove = prove;
        std::string words;
        CHECK(code_of(person, options, &words) == Errc::card_refused);
        CHECK(words.find("6A82") != std::string::npos);
    }
}

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
    // EF.CardAccess 2, PACE 5, SELECT 1, two for each file, one more for each further 4 KB
    CHECK(counted.count == 2 + 5 + 1 + 2 * 10 + 2);
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

TEST_CASE("what is for people is written beside the raw files") {
    auto person = personal_card("kartsaz");
    const OneKeyset issuer{"issuer", published_key};
    auto options = by_mrz(person);
    options.keys = &issuer;
    const auto read = read_by(person, options);
    const auto folder = scratch_dir() / "people";
    const auto written = save_for_people(read, folder);
    std::vector<std::string> names;
    for (const auto& path : written) names.push_back(path.filename().string());
    CHECK(names == std::vector<std::string>{"photo.jpg", "finger-1.fmr", "finger-2.fmr", "finger-3.fmr",
                                            "document-signer.cer"});
    CHECK(read_bytes(folder / "photo.jpg") == Bytes(9'000, 0x21));
    CHECK(read_bytes(folder / "finger-1.fmr") == Bytes(40, 0x5A));
    CHECK(read_bytes(folder / "finger-3.fmr") == Bytes(30, 0x77));
    CHECK(read_bytes(folder / "document-signer.cer").front() == 0x30);

    DumpApplication broken = read;
    for (auto& file : broken.files) file.content.resize(file.content.size() / 2);
    CHECK(save_for_people(broken, scratch_dir() / "broken").empty());
}
