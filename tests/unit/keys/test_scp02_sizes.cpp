// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "apdu/error.h"
#include "keys/scp02.h"
#include "tests/unit/keys/scp02_vectors.h"

using namespace kartsaz;
using namespace kartsaz::keys;
using namespace kartsaz::test;
using Catch::Contains;

namespace {

constexpr std::array all_levels{ScpLevel::authenticated, ScpLevel::c_mac, ScpLevel::c_mac_c_dec,
                                ScpLevel::c_mac_r_mac, ScpLevel::c_mac_c_dec_r_mac};

std::unique_ptr<SecureChannel> channel(ScpLevel level) {
    const auto v = scp02_sessions().front();
    Scp02Session session{scp02_keys(v), v.bytes("host_challenge"), scp02_answer(v, 0x35)};
    (void)session.external_authenticate(level);
    return session.channel();
}

const apdu::ResponseApdu refused{{}, apdu::StatusWord{0x6A80}};

/// 80CA... whose answer names the object's length: 73 bytes of OIDs, as cards tell them.
Bytes recognition(std::initializer_list<std::string_view> oids) {
    Bytes inner = from_hex("06072A864886FC6B01");
    for (const auto hex : oids) {
        const auto oid = from_hex(hex);
        append(inner, Bytes{0x64, static_cast<std::uint8_t>(oid.size() + 2), 0x06,
                            static_cast<std::uint8_t>(oid.size())});
        append(inner, oid);
    }
    Bytes out{0x66, static_cast<std::uint8_t>(inner.size() + 2), 0x73,
              static_cast<std::uint8_t>(inner.size())};
    append(out, inner);
    return out;
}

}  // namespace

TEST_CASE("predicted SCP02 sizes are those of wrap() at every level, up to the largest that fits") {
    for (const auto level : all_levels) {
        const auto link = channel(level);
        const auto most = link->inner_limits({}).command_data;
        for (std::size_t nc = 0; nc <= most; ++nc) {
            CAPTURE(static_cast<unsigned>(level), nc);
            const auto wrapped = link->wrap({0x80, 0xE2, 0x00, 0x00, Bytes(nc, 0x5A)});
            REQUIRE(wrapped.data.size() == scp02_command_size(level, nc));
            REQUIRE(wrapped.data.size() == scp_command_size({2, 0x35, false}, level, nc));
            REQUIRE_FALSE(apdu::is_extended(wrapped));
            (void)link->unwrap(refused);
        }
        if (level == ScpLevel::authenticated) continue;
        CHECK_THROWS_WITH(link->wrap({0x80, 0xE2, 0x00, 0x00, Bytes(most + 1)}), Contains("short commands"));
    }
    CHECK(channel(ScpLevel::c_mac)->inner_limits({}).command_data == 247);
    CHECK(channel(ScpLevel::c_mac_c_dec)->inner_limits({}).command_data == 239);
    CHECK(channel(ScpLevel::c_mac_c_dec_r_mac)->inner_limits({}).response_data == 248);
    CHECK(scp02_response_size(ScpLevel::c_mac_c_dec, 16) == 16);
    CHECK(scp02_response_size(ScpLevel::c_mac_r_mac, 16) == 24);
}

TEST_CASE("SCP02 inner limits are the most that fits, to the byte, and never extended") {
    for (const auto level : all_levels) {
        const auto link = channel(level);
        for (std::size_t outer = 24; outer <= 600; ++outer) {
            const auto inner = link->inner_limits({outer, outer});
            const std::size_t usable_out = std::min<std::size_t>(outer, 255);
            const std::size_t usable_in = std::min<std::size_t>(outer, 256);
            CAPTURE(static_cast<unsigned>(level), outer);
            REQUIRE(scp02_command_size(level, inner.command_data) <= usable_out);
            REQUIRE(scp02_command_size(level, inner.command_data + 1) > usable_out);
            REQUIRE(scp02_response_size(level, inner.response_data) <= usable_in);
            REQUIRE(scp02_response_size(level, inner.response_data + 1) > usable_in);
        }
    }
    CHECK(channel(ScpLevel::c_mac)->inner_limits({8, 8}).command_data == 0);
    CHECK(channel(ScpLevel::c_mac_c_dec_r_mac)->inner_limits({15, 8}).command_data == 0);
    CHECK(channel(ScpLevel::c_mac_c_dec_r_mac)->inner_limits({15, 8}).response_data == 0);
}

TEST_CASE("an extended command is refused under SCP02, and class bytes with secure messaging are") {
    const auto link = channel(ScpLevel::c_mac);
    CHECK_THROWS_WITH(link->wrap({0x80, 0xCA, 0x00, 0x66, {}, 1000}), Contains("short commands"));
    CHECK_THROWS_AS(link->wrap({0x84, 0xE2, 0, 0, {}}), Error);
    CHECK_THROWS_AS(link->wrap({0xC0, 0xE2, 0, 0, {}}), Error);
    CHECK(link->wrap({0x00, 0xE2, 0, 0, {}}).cla == 0x04);
}

TEST_CASE("Le grows by the R-MAC and stays short") {
    const auto ne = [](ScpLevel level, std::uint32_t wanted) {
        return channel(level)->wrap({0x80, 0xCA, 0x00, 0x66, {}, wanted}).ne;
    };
    CHECK(ne(ScpLevel::c_mac, 16) == 16U);
    CHECK(ne(ScpLevel::c_mac_r_mac, 16) == 24U);
    CHECK(ne(ScpLevel::c_mac_r_mac, 256) == 256U);
}

TEST_CASE("without secure messaging SCP02 commands and responses pass as they are") {
    const auto link = channel(ScpLevel::authenticated);
    const apdu::CommandApdu plain{0x80, 0xCA, 0x00, 0x66, Bytes{1}, 256};
    CHECK(link->wrap(plain) == plain);
    const apdu::ResponseApdu response{Bytes{1, 2}, apdu::StatusWord{0x9000}};
    CHECK(link->unwrap(response) == response);
}

TEST_CASE("card recognition data tells protocol and parameter") {
    // as a card of 2011 told: GP 2.1.1, SCP02 i=15, then the maker's own objects
    const auto real = from_hex(
        "664C734A06072A864886FC6B01600C060A2A864886FC6B02020101630906072A864886FC6B03640B06092A864886FC6B0402"
        "15650B06092B8510864864020103660C060A2B060104012A026E0102");
    CHECK(announced_channels(real) == std::vector<ScpForm>{{2, 0x15, false}});
    CHECK(announced_channels(ByteView{real}.subspan(2)) == std::vector<ScpForm>{{2, 0x15, false}});
    const auto both = recognition({"2A864886FC6B040255", "2A864886FC6B040371", "2A864886FC6B04118B04"});
    CHECK(announced_channels(both) == std::vector<ScpForm>{{2, 0x55, false}, {3, 0x71, true}});
    CHECK(announced_channels(recognition({"2A864886FC6B0402", "2A864886FC6B04028115", "2B0601"})) ==
          std::vector<ScpForm>{{2, 0x95, false}});
    CHECK(announced_channels(from_hex("6600")).empty());
    CHECK(announced_channels({}).empty());
}

TEST_CASE("cut card recognition data is refused or tells nothing, never more than is there") {
    const auto whole = recognition({"2A864886FC6B040255"});
    for (std::size_t size = 1; size < whole.size(); ++size) {
        CHECK_THROWS_AS(announced_channels(ByteView{whole}.first(size)), Error);
    }
    for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
        auto changed = whole;
        changed[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
        std::size_t told = 0;
        try {
            told = announced_channels(changed).size();
        } catch (const Error& e) {
            if (e.code() != Errc::input_invalid) throw;
        }
        CHECK(told <= 1);
    }
}
