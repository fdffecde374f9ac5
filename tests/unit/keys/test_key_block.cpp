// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "apdu/error.h"
#include "keys/crypto.h"
#include "keys/key_block.h"
#include "tests/support/vectors.h"

namespace kartsaz::keys {
namespace {

using Catch::Contains;
using test::Vector;
using test::vectors;

SecretBytes secret(const std::string& hex) {
    return SecretBytes{from_hex(hex)};
}

std::string shown(const SecretBytes& key) {
    return key.reveal([](ByteView bytes) { return to_hex(bytes); });
}

KeyBlockHeader header_of(const Vector& v) {
    const auto& facts = v.data.at("header");
    KeyBlockHeader out;
    out.usage = facts.at("usage").get<std::string>();
    out.algorithm = facts.at("algorithm").get<std::string>().at(0);
    out.mode = facts.at("mode").get<std::string>().at(0);
    out.key_version = facts.at("key_version").get<std::string>();
    out.exportability = facts.at("exportability").get<std::string>().at(0);
    for (const auto& entry : facts.at("optional")) {
        out.optional.push_back({entry.at(0).get<std::string>(), entry.at(1).get<std::string>()});
    }
    return out;
}

/// The error that opening gives; fails the test when it opens.
Error refused(const std::string& block, const SecretBytes& kbpk) {
    try {
        (void)unwrap_key_block(block, kbpk, "maker.block");
    } catch (const Error& error) {
        return error;
    }
    FAIL("a key came out of " << block);
    throw std::logic_error{"not reached"};
}

const std::string example_kbpk = "88E1AB2A2E3DD38C1FA039A536500CC8A87AB9D62DC92C01058FA79F44657DE6";

KeyBlockHeader aes_header() {
    KeyBlockHeader out;
    out.usage = "B3";
    out.mode = 'X';
    out.optional = {{"LB", "issuer"}};
    return out;
}

}  // namespace

TEST_CASE("published key blocks of versions D and B open to the published keys") {
    for (const auto& [kind, least] : {std::pair{"key-block-d", 6U}, std::pair{"key-block-b", 5U}}) {
        const auto all = vectors("key_block", kind);
        CHECK(all.size() >= least);
        for (const auto& v : all) {
            INFO(v.id());
            const auto opened = unwrap_key_block(v.text("block"), secret(v.text("kbpk")), "block");
            CHECK(shown(opened.key) == v.text("key"));
            const auto expected = header_of(v);
            CHECK(opened.header.usage == expected.usage);
            CHECK(opened.header.algorithm == expected.algorithm);
            CHECK(opened.header.mode == expected.mode);
            CHECK(opened.header.key_version == expected.key_version);
            CHECK(opened.header.exportability == expected.exportability);
            REQUIRE(opened.header.optional.size() == expected.optional.size());
            for (std::size_t i = 0; i < expected.optional.size(); ++i) {
                CHECK(opened.header.optional[i].id == expected.optional[i].id);
                CHECK(opened.header.optional[i].data == expected.optional[i].data);
            }
        }
    }
}

TEST_CASE("the published blocks of version D come out again with their padding") {
    unsigned made = 0;
    for (const auto& v : vectors("key_block", "key-block-d")) {
        const auto header = header_of(v);
        if (header.algorithm != 'A' && header.algorithm != 'T') continue;
        INFO(v.id());
        CHECK(wrap_key_block(header, secret(v.text("key")), secret(v.text("kbpk")),
                             secret(v.text("padding"))) == v.text("block"));
        ++made;
    }
    CHECK(made >= 5);
}

TEST_CASE("check values of optional blocks are the published ones") {
    for (const auto& v : vectors("key_block", "key-block-d")) {
        if (v.has("kcv_field"))
            CHECK(key_check_field(secret(v.text("key")), KeyType::aes) == v.text("kcv_field"));
        if (v.has("kbpk_field")) {
            CHECK(key_check_field(secret(v.text("kbpk")), KeyType::aes) == v.text("kbpk_field"));
            const auto header = read_key_block_header(v.text("block"), "block");
            CHECK(header.find("KP") == v.text("kbpk_field"));
        }
    }
    CHECK(key_check_field(secret("404142434445464748494A4B4C4D4E4F"), KeyType::des3) == "008BAF47");
}

TEST_CASE("keys of every length go through a block under KBPKs of every length, and none shows its length") {
    for (const char algorithm : {'A', 'T'}) {
        for (const std::size_t kbpk_size : {16U, 24U, 32U}) {
            std::size_t length = 0;
            for (const std::size_t size : {16U, 24U, 32U}) {
                if (algorithm == 'T' ? size > 24 : size > kbpk_size) continue;
                auto header = aes_header();
                header.algorithm = algorithm;
                const auto kbpk = random_secret(kbpk_size);
                const auto key = random_secret(size);
                const auto block = wrap_key_block(header, key, kbpk);
                INFO(algorithm << " " << size << " under " << kbpk_size);
                CHECK(unwrap_key_block(block, kbpk, "b").key == key);
                CHECK(wrap_key_block(header, key, kbpk) != block);
                if (length != 0) CHECK(block.size() == length);
                length = block.size();
                CHECK(block.find(shown(key)) == std::string::npos);
            }
        }
    }
}

TEST_CASE("optional blocks are padded to whole cipher blocks, long ones get a long length") {
    const auto kbpk = random_secret(32);
    const auto key = random_secret(16);
    for (const std::size_t size : {0U, 1U, 7U, 8U, 9U, 11U, 12U, 13U, 27U, 28U, 251U, 252U, 300U, 5000U}) {
        auto header = aes_header();
        header.optional = {{"LB", std::string(size, 'x')}, {"TS", "20261121093000Z"}};
        const auto block = wrap_key_block(header, key, kbpk);
        INFO(size);
        CHECK(block.size() % 16 == 0);
        const auto opened = unwrap_key_block(block, kbpk, "b");
        CHECK(opened.key == key);
        CHECK(opened.header.find("LB") == std::string(size, 'x'));
        CHECK(opened.header.find("TS") == "20261121093000Z");
        CHECK_FALSE(opened.header.find("PB"));
    }
}

TEST_CASE("a block with any one character changed is refused, and says nothing of the key") {
    const auto kbpk = secret(example_kbpk);
    const auto key = random_secret(16);
    const auto good = wrap_key_block(aes_header(), key, kbpk);
    for (std::size_t at = 0; at < good.size(); ++at) {
        for (const unsigned bit : {0x01U, 0x02U, 0x04U, 0x08U, 0x10U, 0x20U, 0x40U, 0x80U}) {
            auto bad = good;
            bad[at] = static_cast<char>(static_cast<unsigned char>(bad[at]) ^ bit);
            const auto error = refused(bad, kbpk);
            const bool fits = error.code() == Errc::input_invalid || error.code() == Errc::keys_failed;
            CHECK(fits);
            CHECK_THAT(error.what(), Contains("maker.block: ") && !Contains(shown(key)));
        }
    }
}

TEST_CASE("a block of version B with any one character changed is refused") {
    const auto v = vectors("key_block", "key-block-b").front();
    const auto kbpk = secret(v.text("kbpk"));
    for (std::size_t at = 0; at < v.text("block").size(); ++at) {
        auto bad = v.text("block");
        bad[at] = bad[at] == '1' ? '2' : '1';
        (void)refused(bad, kbpk);
    }
}

TEST_CASE("a block that is cut or too long is refused at every length") {
    const auto kbpk = secret(example_kbpk);
    const auto good = wrap_key_block(aes_header(), random_secret(16), kbpk);
    for (std::size_t size = 0; size < good.size(); ++size) {
        CHECK(refused(good.substr(0, size), kbpk).code() == Errc::input_invalid);
    }
    CHECK(refused(good + "0", kbpk).code() == Errc::input_invalid);
    CHECK(refused(good + "\n", kbpk).code() == Errc::input_invalid);
    // a length that says the truth over cut content
    for (std::size_t size = 16; size < good.size(); size += 16) {
        auto cut = good.substr(0, size);
        const auto digits = std::to_string(size);
        cut.replace(1, 4, std::string(4 - digits.size(), '0') + digits);
        (void)refused(cut, kbpk);
    }
}

TEST_CASE("another transport key opens nothing") {
    const auto good = wrap_key_block(aes_header(), random_secret(16), secret(example_kbpk));
    const auto error = refused(good, random_secret(32));
    CHECK(error.code() == Errc::keys_failed);
    CHECK_THAT(error.what(), Contains("MAC is wrong"));
    CHECK(refused(good, random_secret(8)).code() == Errc::keys_failed);
    CHECK(refused(good, SecretBytes{}).code() == Errc::keys_failed);
}

TEST_CASE("faults of a header are named with their offset") {
    const auto [block, offset, rule] = GENERATE(table<std::string, int, std::string>({
        {"", 0, "version letter"},
        {"A0072P0TE00E0000", 0, "version A binds its key by variants"},
        {"E0084B0TV16N0000", 0, "version E is the mode CTR"},
        {"d0016P0TE00E0000", 0, "version d is not known"},
        {"D01X6P0TE00E0000", 3, "four digits"},
        {"D0032P0TE00E0000", 1, "a length of 32 characters, but there are 16"},
        {"D0016p0TE00E0000", 5, "key usage"},
        {"D0016P_TE00E0000", 6, "key usage"},
        {"D0016P0tE00E0000", 7, "algorithm"},
        {"D0016P0T-00E0000", 8, "mode of use"},
        {"D0016P0TE0 E0000", 10, "key version"},
        {"D0016P0TE00X0000", 11, "exportability"},
        {"D0016P0TE00E0A00", 13, "number of optional blocks"},
        {"D0016P0TE00E0030", 14, "key context"},
        {"D0016P0TE00E0001", 15, "reserved"},
        {"D0016P0TE00E0100", 16, "optional block's id"},
        {"D0018P0TE00E0100**", 16, "optional block's id"},
        {"D0019P0TE00E0100KS1", 19, "optional block's length"},
        {"D0020P0TE00E0100KS1Y", 19, "optional block's length"},
        {"D0020P0TE00E0100KS03", 20, "shorter than"},
        {"D0020P0TE00E0100KS05", 20, "printable data"},
        {"D0022P0TE00E0100KS0000", 20, "one or two bytes"},
        {"D0022P0TE00E0100KS0003", 20, "one or two bytes"},
        {"D0024P0TE00E0100KS000109", 24, "printable data"},
        {"D0024P0TE00E0100KS000107", 24, "shorter than"},
        {"D0021P0TE00E0100KS05\x03", 20, "printable data"},
        {"D0024P0TE00E0200PB04KS04", 20, "after padding"},
        {"D0020P0TE00E0100KS04", 20, "no multiple of 16"},
        {"D0016P0TE00E0000", 16, "0 characters of key and MAC"},
        {"D0048P0TE00E0000FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF", 16, "32 characters of key and MAC"},
    }));
    INFO(block);
    const auto error = refused(block, secret(example_kbpk));
    CHECK(error.code() == Errc::input_invalid);
    CHECK_THAT(error.what(),
               Contains("maker.block: offset " + std::to_string(offset) + ": ") && Contains(rule));
}

TEST_CASE("hexadecimal digits of a block are upper case, and a fault is named with its offset") {
    auto block = vectors("key_block", "key-block-d").front().text("block");
    block[20] = 'x';
    CHECK_THAT(refused(block, secret(example_kbpk)).what(), Contains("offset 20: "));
    block[20] = 'f';
    CHECK_THAT(refused(block, secret(example_kbpk)).what(), Contains("offset 20: "));
    block[20] = '0';
    block.back() = 'g';
    CHECK_THAT(refused(block, secret(example_kbpk)).what(),
               Contains("offset " + std::to_string(block.size() - 1) + ": "));
}

TEST_CASE("a header or key that cannot be is not wrapped") {
    const auto kbpk = random_secret(24);
    const auto code = [&](const KeyBlockHeader& header, std::size_t key_size, const SecretBytes& under) {
        try {
            (void)wrap_key_block(header, random_secret(key_size), under);
        } catch (const Error& error) {
            return error.code();
        }
        return Errc::internal;
    };
    CHECK(code(aes_header(), 16, kbpk) == Errc::internal);
    CHECK(code(aes_header(), 32, kbpk) == Errc::usage);  // longer than the KBPK
    CHECK(code(aes_header(), 15, kbpk) == Errc::usage);
    CHECK(code(aes_header(), 0, kbpk) == Errc::usage);
    CHECK(code(aes_header(), 16, random_secret(20)) == Errc::usage);
    const auto with = [](auto change) {
        auto header = aes_header();
        change(header);
        return header;
    };
    CHECK(code(with([](auto& h) { h.version = 'B'; }), 16, kbpk) == Errc::usage);
    CHECK(code(with([](auto& h) { h.usage = "b3"; }), 16, kbpk) == Errc::usage);
    CHECK(code(with([](auto& h) { h.algorithm = 'R'; }), 16, kbpk) == Errc::usage);
    CHECK(code(with([](auto& h) { h.algorithm = 'T'; }), 32, kbpk) == Errc::usage);
    CHECK(code(with([](auto& h) { h.mode = '*'; }), 16, kbpk) == Errc::usage);
    CHECK(code(with([](auto& h) { h.key_version = "1"; }), 16, kbpk) == Errc::usage);
    CHECK(code(with([](auto& h) { h.exportability = 'X'; }), 16, kbpk) == Errc::usage);
    CHECK(code(with([](auto& h) { h.optional = {{"PB", "0"}}; }), 16, kbpk) == Errc::usage);
    CHECK(code(with([](auto& h) { h.optional = {{"LB", "\n"}}; }), 16, kbpk) == Errc::usage);
    CHECK(code(with([](auto& h) {
                   h.optional = {{"LB", std::string(9990, 'x')}};
               }),
               16, kbpk) == Errc::usage);
    CHECK(code(with([](auto& h) { h.optional.assign(100, {"LB", "12345678"}); }), 16, kbpk) == Errc::usage);
}

}  // namespace kartsaz::keys
