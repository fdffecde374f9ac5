// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/emrtd/reading.h"

using namespace kartsaz;
using namespace kartsaz::app;
using namespace kartsaz::app::emrtd;
using namespace kartsaz::test;

namespace {

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
