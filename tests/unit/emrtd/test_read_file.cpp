// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <algorithm>

#include "apdu/command.h"
#include "apdu/error.h"
#include "libcard/app/emrtd/read.h"
#include "tests/unit/emrtd/decoders.h"

using namespace kartsaz;
using app::emrtd::read_file;

namespace {

/// A card that holds one file and answers as it is told.
class FileCard final : public apdu::Transport {
public:
    Bytes content;
    apdu::BlockLimits link{255, 256};
    std::size_t most = 65536;       ///< bytes in one answer, whatever is asked
    bool extended_refused = false;  ///< 6700 to an extended command
    bool exact_le = false;          ///< 6Cxx when more is asked than there is
    bool ignores_le = false;        ///< gives `most` bytes, whatever is asked
    std::uint16_t end_sw = 0x6B00;  ///< at the end of the file
    bool warns = false;             ///< 6282 with a last short answer
    std::uint16_t select_sw = 0x9000;
    std::size_t reads = 0;
    std::size_t farthest = 0;  ///< largest offset asked for

    apdu::ResponseApdu transmit(const apdu::CommandApdu& command) override {
        if (apdu::is_extended(command) && extended_refused) return {{}, apdu::StatusWord{0x6700}};
        if (command.ins == 0xA4) return {{}, apdu::StatusWord{select_sw}};
        if (command.ins == 0xB0)
            return read(static_cast<std::size_t>(command.p1 << 8U | command.p2), *command.ne);
        if (command.ins != 0xB1) return {{}, apdu::StatusWord{0x6D00}};
        REQUIRE(command.data.size() == 5);
        auto answer = read(big_endian(ByteView{command.data}.subspan(2)), *command.ne - 5);
        const auto size = static_cast<std::uint8_t>(answer.data.size());
        REQUIRE(answer.data.size() < 0x80);
        answer.data.insert(answer.data.begin(), {0x53, size});
        return answer;
    }
    Bytes reset() override { return {}; }
    Bytes atr() const override { return {}; }
    apdu::BlockLimits limits() const override { return link; }
    void refuse_extended() override { link = {255, 256}; }

private:
    apdu::ResponseApdu read(std::size_t offset, std::size_t ne) {
        ++reads;
        farthest = std::max(farthest, offset);
        if (offset >= content.size()) return {{}, apdu::StatusWord{end_sw}};
        const std::size_t left = content.size() - offset;
        if (exact_le && ne > left)
            return {{}, apdu::StatusWord(static_cast<std::uint16_t>(0x6C00 + left % 256))};
        const std::size_t count = std::min({ignores_le ? most : ne, most, left});
        const auto first = content.begin() + static_cast<std::ptrdiff_t>(offset);
        const bool warn = warns && count < ne;
        return {Bytes(first, first + static_cast<std::ptrdiff_t>(count)),
                apdu::StatusWord(warn ? 0x6282 : 0x9000)};
    }
};

/// 75 object of `size` bytes in all, and `padding` bytes after it.
Bytes file_of(std::size_t size, std::size_t padding = 0) {
    Bytes out{0x75, 0x83};
    append(out, big_endian(size - 5, 3));
    for (std::size_t i = 5; i < size; ++i) out.push_back(static_cast<std::uint8_t>(i * 7));
    out.resize(size + padding, 0xEE);
    return out;
}

Bytes object_of(const Bytes& file, std::size_t size) {
    return Bytes(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(size));
}

}  // namespace

TEST_CASE("a file that fits one response is read by one command") {
    FileCard card;
    card.content = file_of(200);
    CHECK(read_file(card, 0x0102, "EF.DG2") == card.content);
    CHECK(card.reads == 1);
}

TEST_CASE("a long file is read by the fewest blocks, and no offset behind its object is asked for") {
    for (const std::size_t padding : {0U, 5000U}) {
        FileCard card;
        card.content = file_of(15'000, padding);
        CHECK(read_file(card, 0x0102, "EF.DG2") == object_of(card.content, 15'000));
        CHECK(card.reads == (15'000 + 255) / 256);
        CHECK(card.farthest < 15'000);
    }
}

TEST_CASE("extended length reads a long file by one command") {
    FileCard card;
    card.link = {65535, 65536};
    card.content = file_of(15'000, 300);
    CHECK(read_file(card, 0x0102, "EF.DG2") == object_of(card.content, 15'000));
    CHECK(card.reads == 1);
}

TEST_CASE("a card that refuses extended length is read by short blocks") {
    FileCard card;
    card.link = {65535, 65536};
    card.extended_refused = true;
    card.content = file_of(1'000);
    CHECK(read_file(card, 0x0102, "EF.DG2") == card.content);
    CHECK(card.limits().response_data == 256);
    CHECK(card.reads == 4);
}

TEST_CASE("cards that give less than was asked, want the exact Le, ignore Le or warn are read whole") {
    for (const std::size_t most : {1U, 3U, 100U, 224U}) {
        FileCard card;
        card.most = most;
        card.content = file_of(700, 40);
        CHECK(read_file(card, 0x0102, "EF.DG2") == object_of(card.content, 700));
        CHECK(card.farthest < 700);
        card.ignores_le = true;
        CHECK(read_file(card, 0x0102, "EF.DG2") == object_of(card.content, 700));
    }
    FileCard exact;
    exact.exact_le = true;
    exact.content = file_of(100);
    CHECK(read_file(exact, 0x0102, "EF.DG2") == exact.content);
    FileCard warning;
    warning.warns = true;
    warning.content = file_of(100);
    CHECK(read_file(warning, 0x0102, "EF.DG2") == warning.content);
}

TEST_CASE("a file that is shorter than its object says gives what is there") {
    for (const std::uint16_t end : {std::uint16_t{0x6B00}, std::uint16_t{0x6282}, std::uint16_t{0x9000}}) {
        FileCard card;
        card.end_sw = end;
        card.content = object_of(file_of(1'000), 600);
        CHECK(read_file(card, 0x0102, "EF.DG2") == card.content);
        card.warns = true;
        CHECK(read_file(card, 0x0102, "EF.DG2") == card.content);
    }
}

TEST_CASE("a file that begins with no object gives what the first command gave") {
    FileCard card;
    card.content = Bytes(300, 0x00);
    CHECK(read_file(card, 0x0102, "EF.DG2") == Bytes(256, 0x00));
    card.content = from_hex("7580");
    CHECK(read_file(card, 0x0102, "EF.DG2") == card.content);
    card.content = from_hex("75");
    CHECK(read_file(card, 0x0102, "EF.DG2") == card.content);
}

TEST_CASE("a file longer than P1-P2 can address is read on with the offset in the data field") {
    FileCard card;
    card.link = {255, 120};
    card.content = file_of(40'000, 10);
    CHECK(read_file(card, 0x0102, "EF.DG2") == object_of(card.content, 40'000));
    CHECK(card.farthest > 0x7FFF);
    CHECK(card.farthest < 40'000);
}

TEST_CASE("a refusal names the file and the status word, and a hostile length is not followed") {
    FileCard card;
    card.select_sw = 0x6A82;
    try {
        read_file(card, 0x0102, "EF.DG2");
        FAIL("nothing was thrown");
    } catch (const Error& error) {
        CHECK(error.code() == Errc::card_refused);
        CHECK(error.sw() == apdu::StatusWord{0x6A82});
        CHECK(std::string{error.what()}.find("EF.DG2: select") != std::string::npos);
    }
    FileCard empty;
    empty.end_sw = 0x6982;
    CHECK_THROWS_AS(read_file(empty, 0x0102, "EF.DG2"), Error);
    CHECK(empty.reads == 1);
    FileCard hostile;
    hostile.content = file_of(400);
    hostile.content[2] = 0x7F;
    CHECK_THROWS_AS(read_file(hostile, 0x0102, "EF.DG2"), Error);
    CHECK(hostile.reads == 1);
}

TEST_CASE("the MRZ gives what BAC and PACE are keyed by") {
    using app::emrtd::mrz_information_of;
    // TD1 and TD3 of ICAO Doc 9303-11, appendix D; the long document number of 9303-5.
    CHECK(mrz_information_of("I<UTOL898902C<3<<<<<<<<<<<<<<<"
                             "6908061F9406236UTO<<<<<<<<<<<1"
                             "ERIKSSON<<ANNA<MARIA<<<<<<<<<<") == "L898902C<369080619406236");
    CHECK(mrz_information_of("P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<"
                             "L898902C<3UTO6908061F9406236ZE184226B<<<<<14") == "L898902C<369080619406236");
    CHECK(mrz_information_of("I<UTOSTEVENSON<<PETER<JOHN<<<<<<<<<<"
                             "D23145890<UTO3407127M95071227349<<<8") == "D23145890<34071279507122");
    CHECK(mrz_information_of("I<UTOD23145890<7349<<<<<<<<<<<"
                             "3407127M9507122UTO<<<<<<<<<<<2"
                             "STEVENSON<<PETER<JOHN<<<<<<<<<") == "D23145890734934071279507122");
    CHECK_THROWS_AS(mrz_information_of("I<UTO"), Error);
}
