// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <functional>
#include <random>

#include "apdu/decorator.h"
#include "apdu/error.h"
#include "libcard/app/pkcs15/commands.h"
#include "libcard/verify/verify.h"
#include "tests/unit/pkcs15/isoapplet_card.h"

using namespace kartsaz;
using namespace kartsaz::test;
namespace p15 = app::pkcs15;

namespace {

using Answer = std::function<void(const apdu::CommandApdu&, apdu::ResponseApdu&)>;

/// A good card whose answers are changed on the way.
class Changed final : public apdu::TransportDecorator {
public:
    Changed(apdu::Transport& below, Answer change) : TransportDecorator{below}, change_{std::move(change)} {}
    std::size_t count = 0;
    apdu::ResponseApdu transmit(const apdu::CommandApdu& command) override {
        ++count;
        auto response = below().transmit(command);
        change_(command, response);
        return response;
    }

private:
    Answer change_;
};

/// A card that answers whatever it likes.
class Liar final : public apdu::Transport {
public:
    std::function<apdu::ResponseApdu(const apdu::CommandApdu&)> answer;
    apdu::BlockLimits link{255, 256};
    std::size_t count = 0;
    apdu::ResponseApdu transmit(const apdu::CommandApdu& command) override {
        ++count;
        return answer(command);
    }
    Bytes reset() override { return {}; }
    Bytes atr() const override { return {}; }
    apdu::BlockLimits limits() const override { return link; }
    void refuse_extended() override { link = {255, 256}; }
};

const apdu::StatusWord ok{0x9000}, not_found{0x6A82}, wrong_p1p2{0x6A86};

FinishedCard& good() {
    static FinishedCard made = finished_card({});
    return made;
}

app::DumpApplication read_changed(const Answer& change) {
    good().card.card().reset();
    Changed card{good().card.card(), change};
    const auto holder = secret("483920");
    p15::ReadOptions options;
    options.pin = &holder;
    auto read = p15::read_application(card, options);
    REQUIRE(read);
    CHECK(card.count < 5000);
    return std::move(*read);
}

void judge_survives(const app::DumpApplication& read) {
    app::CardDump dump;
    dump.applications.push_back(read);
    const keys::TrustAnchors nobody;
    CHECK_FALSE(verify::judge({.dump = dump, .trust = nobody, .at = time_of_tests}).results.empty());
}

bool selects_by_path(const apdu::CommandApdu& command) {
    return command.ins == 0xA4 && command.p1 == 0x08;
}

}  // namespace

TEST_CASE("cards that do not select by path are followed step by step, or by the last step alone") {
    const auto whole = read_changed([](const auto&, auto&) {});
    const auto steps = read_changed([](const auto& command, auto& response) {
        if (selects_by_path(command)) response = {{}, wrong_p1p2};
    });
    bool below_mf = false;
    const auto last = read_changed([&](const auto& command, auto& response) {
        if (selects_by_path(command)) response = {{}, wrong_p1p2};
        const bool mf = command.ins == 0xA4 && command.p1 == 0x00 && command.data == from_hex("3F00");
        below_mf = below_mf || mf;
        if (mf) response = {{}, not_found};  // the application's DF is all there is
    });
    CHECK(below_mf);
    for (const auto* read : {&steps, &last}) {
        REQUIRE(read->files.size() == whole.files.size());
        for (const auto& file : whole.files) {
            INFO(file.name);
            REQUIRE(read->file(file.name) != nullptr);
            CHECK(read->file(file.name)->content == file.content);
        }
        CHECK_FALSE(read->fact("key.0.signature").empty());
    }
}

TEST_CASE("a card that is found by the PKCS#15 AID only is read") {
    bool other = false;
    good().card.card().reset();
    Changed card{good().card.card(), [&](const apdu::CommandApdu& command, apdu::ResponseApdu& response) {
                     if (command.ins != 0xA4 || command.p1 != 0x04) return;
                     const bool applet = command.data == p15::applet_aid;
                     other = other || command.data == p15::pkcs15_aid;
                     response = {{}, applet ? not_found : ok};
                 }};
    // the card below must be selected all the same
    good().card.restart();
    const auto read = p15::read_application(card, {});
    REQUIRE(read);
    CHECK(other);
    CHECK(read->fact("aid") == to_hex(p15::pkcs15_aid));
    CHECK(read->fact("version").empty());
    CHECK(read->file("EF.3400")->content == good().certificate);
}

TEST_CASE("cards that tell no size, give little at a time or warn are read whole") {
    const auto same = [](const app::DumpApplication& read) {
        REQUIRE(read.file("EF.3400") != nullptr);
        CHECK(read.file("EF.3400")->content == good().certificate);
        CHECK_FALSE(read.fact("key.0.signature").empty());
    };
    same(read_changed([](const auto& command, auto& response) {
        if (command.ins == 0xA4) response.data.clear();
    }));
    same(read_changed([](const auto& command, auto& response) {
        if (command.ins == 0xB0 && response.data.size() > 9) response.data.resize(9);
    }));
}

TEST_CASE("garbage in every kind of answer ends in a reading or a reading with its fault told", "[fuzz]") {
    std::mt19937 random{0x1515U};
    for (int run = 0; run < 150; ++run) {
        const auto rate = 2 + random() % 30;
        const auto read = read_changed([&](const apdu::CommandApdu& command, apdu::ResponseApdu& response) {
            if (command.ins == 0xA4 && command.p1 == 0x04) return;
            if (random() % rate != 0) return;
            switch (random() % 4) {
                case 0:
                    for (auto& byte : response.data) byte = static_cast<std::uint8_t>(random());
                    break;
                case 1:
                    response.data.resize(random() % 300);
                    break;
                case 2:
                    if (!response.data.empty())
                        response.data[random() % response.data.size()] = static_cast<std::uint8_t>(random());
                    break;
                default:
                    response.sw = apdu::StatusWord{static_cast<std::uint16_t>(0x6000 + random() % 0x4000)};
            }
        });
        judge_survives(read);
        good().card.restart();
        good().card.verify("483920");  // a mangled VERIFY may have cost a try
    }
}

TEST_CASE("a card without end is left after a bounded count of commands, and the fault is told") {
    // EF.ODF names a hundred directories, each as long as a file can be, one byte at a time
    const Bytes entry = p15::encode_odf({{p15::Directory::certificates, {from_hex("3F0050154404"), {}, {}}}});
    Liar card;
    card.answer = [&](const apdu::CommandApdu& command) -> apdu::ResponseApdu {
        if (command.ins == 0xA4) return {{}, ok};
        if (command.ins == 0xB0) {
            const auto offset = static_cast<std::size_t>(command.p1 << 8U | command.p2);
            return {{entry[offset % entry.size()]}, ok};
        }
        return {{}, ok};
    };
    const auto read = p15::read_application(card, {});
    REQUIRE(read);
    CHECK(card.count < 5'000);
    CHECK_FALSE(read->fact("fault").empty());
    judge_survives(*read);

    // more data than a card holds
    Liar full;
    full.link = {65535, 65536};
    full.answer = [&](const apdu::CommandApdu& command) -> apdu::ResponseApdu {
        if (command.ins == 0xA4) return {{}, ok};
        Bytes flood;
        for (int i = 0; i < 90; ++i) append(flood, entry);
        flood.resize(65'000, 0x00);
        return {flood, ok};
    };
    const auto flooded = p15::read_application(full, {});
    REQUIRE(flooded);
    CHECK(full.count < 5'000);
    CHECK_FALSE(flooded->fact("fault").empty());
    std::size_t kept = 0;
    for (const auto& file : flooded->files) kept += file.content.size();
    CHECK(kept < std::size_t{2} << 20U);

    // 61xx for ever
    Liar announcing;
    announcing.answer = [&](const apdu::CommandApdu& command) -> apdu::ResponseApdu {
        if (command.ins == 0xA4) return {{}, ok};
        return {{0x30}, apdu::StatusWord{0x6110}};
    };
    const auto announced = p15::read_application(announcing, {});
    REQUIRE(announced);
    CHECK(announcing.count < 5'000);
    CHECK_FALSE(announced->fact("fault").empty());
}

TEST_CASE("EF.ODF that leads to itself, and paths that lead nowhere, are read once") {
    const auto read = read_changed([](const apdu::CommandApdu& command, apdu::ResponseApdu& response) {
        static bool odf = false;
        if (command.ins == 0xA4)
            odf = response.data.size() > 4 && to_hex(response.data).find("83025031") != std::string::npos;
        if (command.ins != 0xB0 || !odf) return;
        response.data = p15::encode_odf({{p15::Directory::certificates, {from_hex("3F0050155031"), {}, {}}},
                                         {p15::Directory::private_keys, {from_hex("3F00501599"), {}, {}}},
                                         {p15::Directory::public_keys, {{}, {}, {}}}});
        if (command.p1 != 0 || command.p2 != 0) response.data.clear();
        response.sw = ok;
    });
    REQUIRE(read.file("EF.CDF") != nullptr);
    CHECK(read.file("EF.PrKDF")->refused.starts_with("6A80"));
    CHECK(read.file("EF.PuKDF")->refused.starts_with("6A80"));
    judge_survives(read);
}

TEST_CASE("a reader that fails is no fault of the card's") {
    good().card.card().reset();
    std::size_t count = 0;
    Changed card{good().card.card(), [&](const apdu::CommandApdu&, apdu::ResponseApdu&) {
                     if (++count == 9) throw Error{Errc::card_removed, "the card was removed"};
                 }};
    CHECK_THROWS_AS(p15::read_application(card, {}), Error);
    good().card.restart();
}
