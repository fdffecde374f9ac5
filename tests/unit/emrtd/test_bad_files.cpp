// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "tests/unit/emrtd/decoders.h"

using namespace kartsaz;
using namespace kartsaz::test;

TEST_CASE("every decoder takes its good file") {
    for (const auto& one : decoders()) {
        INFO(one.name);
        CHECK_NOTHROW(one.decode(one.good));
    }
}

TEST_CASE("a file cut at any byte is refused, with the file and the offset named") {
    for (const auto& one : decoders()) {
        for (std::size_t size = 0; size < one.good.size(); ++size) {
            const std::string fault = fault_of([&] { one.decode(ByteView{one.good}.first(size)); });
            INFO(one.name << " cut to " << size << ": " << fault);
            REQUIRE(fault.find("offset") != std::string::npos);
            REQUIRE(fault.find(one.name) != std::string::npos);
        }
    }
}

TEST_CASE("nothing may follow the object of a file") {
    for (const auto& one : decoders()) {
        for (const std::string_view tail : {"00", "FF", "9000"}) {
            INFO(one.name << " + " << tail);
            CHECK_FALSE(fault_of([&] { one.decode(concat({one.good, from_hex(tail)})); }).empty());
        }
    }
}

TEST_CASE("hostile outer lengths are refused") {
    for (const auto& one : decoders()) {
        for (const std::string_view length :
             {"80", "81FF", "82FFFF", "83FFFFFF", "84FFFFFFFF", "84FFFFFFF0", "84000000FF", "85FFFFFFFFFF",
              "88FFFFFFFFFFFFFFFF", "FF", "00"}) {
            INFO(one.name << " with length " << length);
            const Bytes hostile =
                concat({ByteView{one.good}.first(1), from_hex(length), ByteView{one.good}.subspan(2)});
            CHECK_FALSE(fault_of([&] { one.decode(hostile); }).empty());
        }
    }
}

TEST_CASE("a file under another file's tag is refused") {
    for (const auto& one : decoders()) {
        for (const auto& other : decoders()) {
            if (one.good.front() == other.good.front()) continue;
            INFO(one.name << " from " << other.name);
            CHECK_FALSE(fault_of([&] { one.decode(other.good); }).empty());
        }
    }
}

TEST_CASE("a length byte that is one too large or too small is refused") {
    // Of the outermost object and of the first one inside it.
    for (const auto& one : decoders()) {
        const std::size_t length_at = one.good[1] < 0x80 ? 1 : 1 + (one.good[1] & 0x7FU);
        for (const int change : {1, -1}) {
            Bytes bad = one.good;
            bad[length_at] = static_cast<std::uint8_t>(bad[length_at] + change);
            INFO(one.name << " length changed by " << change);
            CHECK_FALSE(fault_of([&] { one.decode(bad); }).empty());
        }
    }
}
