// SPDX-License-Identifier: Apache-2.0
// The body around the card: power, faults, its file, snapshots, malformed commands, what it tells people.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <filesystem>

#include "apdu/error.h"
#include "libcard/sim/power_lost.h"
#include "terminal.h"
#include "tests/support/vectors.h"

namespace kartsaz::sim::test {
namespace {

namespace fs = std::filesystem;
using kartsaz::test::read_bytes;
using kartsaz::test::write_bytes;

NewBody options(const std::string& kind = "kartsaz") {
    NewBody out;
    out.kind = kind;
    out.open = kind == "kartsaz";
    out.seed = Bytes(32, 3);
    return out;
}

fs::path place(const std::string& name) {
    const fs::path file = kartsaz::test::scratch_dir() / name;
    fs::remove(file);
    return file;
}

/// An open body with an EF of eight bytes selected.
std::unique_ptr<Body> with_file() {
    auto body = Body::create(options());
    body->power_on();
    REQUIRE(sw(*body, select_passport) == 0x9000);
    REQUIRE(sw(*body, "00E00000066304 0008 0101") == 0x9000);
    return body;
}

Errc code_of(const std::function<void()>& action, std::string* text = nullptr) {
    try {
        action();
    } catch (const Error& error) {
        if (text != nullptr) *text = error.what();
        return error.code();
    }
    return Errc::internal;
}

}  // namespace

TEST_CASE("the answer to reset is whole and says what the card can do", "[sim][body]") {
    for (const auto& kind : body_kinds()) {
        for (const char* link :
             {"contact", "contact-11", "contact-97", "contactless-106", "contactless-848"}) {
            NewBody wanted = options(kind.name);
            wanted.link = link;
            auto body = Body::create(wanted);
            const Bytes atr = body->power_on();
            INFO(kind.name << " " << link << " " << to_hex(atr));
            std::uint8_t check = 0;
            for (std::size_t at = 1; at < atr.size(); ++at) check ^= atr[at];
            CHECK(check == 0);
            CHECK(atr == body->atr());
            CHECK(atr == body->reset());
            const bool extended = (atr[atr.size() - 2] & 0x40) != 0;
            CHECK(extended == (kind.name.starts_with("kartsaz") || kind.name.starts_with("isoapplet") ||
                               kind.name == "canokey"));
        }
    }
    CHECK(to_hex(Body::create(options())->atr()) == "3BD596FF8191FE1FC38073CC2160F0");
}

TEST_CASE("a body without power does not answer", "[sim][body]") {
    auto body = Body::create(options());
    CHECK_THROWS_AS(sw(*body, select_passport), PowerLost);
    body->power_on();
    CHECK(sw(*body, select_passport) == 0x9000);
    body->power_off();
    CHECK_THROWS_AS(sw(*body, select_passport), PowerLost);
}

TEST_CASE("cut before: the command is not processed", "[sim][faults]") {
    auto body = with_file();
    body->set_faults({{Faults::Kind::cut_before, 1, 0}});
    const Bytes before = body->snapshot();
    CHECK_THROWS_AS(sw(*body, "00D6000002AABB"), PowerLost);
    CHECK(body->snapshot() == before);
    CHECK_THROWS_AS(sw(*body, "00D6000002AABB"), PowerLost);
    body->power_on();
    CHECK(sw(*body, "00D6000002AABB") != 0x9000);
}

TEST_CASE("cut after and a lost response: the command is processed", "[sim][faults]") {
    for (const auto kind : {Faults::Kind::cut_after, Faults::Kind::drop_response}) {
        auto body = with_file();
        body->set_faults({{kind, 2, 0}});
        CHECK(sw(*body, "00D6000001AA") == 0x9000);
        const Bytes before = body->snapshot();
        CHECK_THROWS_AS(sw(*body, "00D6000101BB"), PowerLost);
        CHECK(body->snapshot() != before);
        body->power_on();
        CHECK(sw(*body, select_passport) == 0x9000);
    }
}

TEST_CASE("cut in a write: as many bytes as asked are there", "[sim][faults]") {
    for (unsigned bytes = 0; bytes <= 4; ++bytes) {
        auto body = with_file(), expected = with_file();
        body->set_faults({{Faults::Kind::cut_in_write, 1, bytes}});
        CHECK_THROWS_AS(sw(*body, "00D6000204AABBCCDD"), PowerLost);
        const std::string part = std::string{"AABBCCDD"}.substr(0, std::size_t{2} * bytes);
        if (bytes > 0) REQUIRE(sw(*expected, "00D600020" + std::to_string(bytes) + part) == 0x9000);
        CHECK(body->snapshot() == expected->snapshot());
    }
}

TEST_CASE("a flipped bit, another status word, a fault elsewhere", "[sim][faults]") {
    auto body = with_file();
    body->set_faults({{Faults::Kind::flip_response_bit, 1, 8},
                      {Faults::Kind::answer_sw, 2, 0x6581},
                      {Faults::Kind::slow, 3, 1}});
    CHECK(sw(*body, "00D6000001AA") == 0x9001);
    const Bytes before = body->snapshot();
    CHECK(sw(*body, "00D6000001BB") == 0x6581);
    CHECK(body->snapshot() == before);
    CHECK(sw(*body, "00D6000001AA") == 0x9000);
    CHECK(sw(*body, "00D6000001AA") == 0x9000);
    CHECK(body->apdu_count() == 6);
}

TEST_CASE("a body in a file is the same after it is opened again", "[sim][file]") {
    const fs::path file = place("again.body");
    Bytes snapshot;
    {
        NewBody wanted = options();
        wanted.open = false;
        auto body = Body::create(file, wanted);
        personalize(*body);
        snapshot = body->snapshot();
    }
    auto body = Body::open(file);
    CHECK(body->snapshot() == snapshot);
    body->power_on();
    send(*body, select_passport);
    auto link = open_bac(*body, access_seed());
    REQUIRE(link);
    CHECK(link->send(*body, "00A4020C02011E").sw == 0x9000);
    CHECK(link->send(*body, "00B0000002").data == from_hex("6014"));
    CHECK(body->files().size() == 2);
    CHECK(body->files().at(1).name == "EF.COM");
}

TEST_CASE("each change is in the file before the response is given, and nothing else writes", "[sim][file]") {
    const fs::path file = place("saved.body");
    auto body = Body::create(file, options());
    body->power_on();
    const auto saved = [&] { return read_bytes(file) == body->snapshot(); };
    CHECK(saved());
    send(*body, select_passport);
    REQUIRE(sw(*body, "00E00000066304 0008 0101") == 0x9000);
    CHECK(saved());
    REQUIRE(sw(*body, "00D6000001AA") == 0x9000);
    CHECK(saved());
    body->set_faults({{Faults::Kind::cut_in_write, 1, 1}});
    CHECK_THROWS_AS(sw(*body, "00D6000004AABBCCDD"), PowerLost);
    CHECK(saved());
    body->power_on();
    ScpHost bad{Bytes(16, 1)};
    CHECK(bad.open(*body, 1) == 0x6300);
    CHECK(saved());
    const auto time = fs::last_write_time(file);
    const auto inode = fs::hard_link_count(file);
    sw(*body, "80CA9F7F00");
    sw(*body, select_passport);
    CHECK(fs::last_write_time(file) == time);
    CHECK(fs::hard_link_count(file) == inode);
}

TEST_CASE("a body file has one holder", "[sim][file]") {
    const fs::path file = place("held.body");
    {
        auto first = Body::create(file, options());
        std::string text;
        CHECK(code_of([&] { Body::open(file); }, &text) == Errc::store_failed);
        CHECK(text.find("in use") != std::string::npos);
        first->power_on();
        send(*first, select_passport);
        REQUIRE(sw(*first, "00E00000066304 0008 0101") == 0x9000);
        CHECK(code_of([&] { Body::open(file); }) == Errc::store_failed);
        CHECK(code_of([&] { Body::create(file, options()); }) == Errc::usage);
    }
    CHECK(Body::open(file)->files().size() == 1);
}

TEST_CASE("a body file that is cut, changed or foreign is refused in words", "[sim][file]") {
    const fs::path file = place("bad.body");
    {
        auto body = Body::create(file, options());
        body->power_on();
        send(*body, select_passport);
        sw(*body, "00E00000066304 0008 0101");
    }
    const Bytes good = read_bytes(file);
    std::string text;
    const auto refused = [&](const Bytes& content) {
        write_bytes(file, content);
        text.clear();
        const bool right = code_of([&] { Body::open(file); }, &text) == Errc::store_failed;
        return right && text.find("bad.body") != std::string::npos &&
               text.find("offset") != std::string::npos;
    };
    for (std::size_t size = 0; size < good.size(); ++size) {
        INFO("cut to " << size << ": " << text);
        CHECK(refused(Bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size))));
    }
    for (std::size_t at = 0; at < good.size(); ++at) {
        Bytes changed = good;
        changed[at] ^= 0x20;
        INFO("changed at " << at << ": " << text);
        CHECK(refused(changed));
    }
    CHECK(refused(to_bytes("{\"kind\": \"kartsaz\"}")));
    CHECK(refused({}));
    fs::remove(file);
    CHECK(code_of([&] { Body::open(file); }) == Errc::store_failed);
    CHECK(code_of([&] { Body::open(file.parent_path()); }) == Errc::store_failed);
    CHECK(code_of([&] { Body::create(file / "nowhere" / "x", options()); }) == Errc::store_failed);
}

TEST_CASE("a snapshot restores the whole card", "[sim][body]") {
    auto body = Body::create(options());
    const Bytes empty = body->snapshot();
    body->restore(empty);
    CHECK(body->snapshot() == empty);
    personalize(*body);
    const Bytes full = body->snapshot();
    CHECK(full != empty);
    body->restore(empty);
    CHECK(body->files().empty());
    body->restore(full);
    CHECK(body->snapshot() == full);
    Bytes cut = full;
    cut.pop_back();
    CHECK(code_of([&] { body->restore(cut); }) == Errc::store_failed);
    CHECK(body->snapshot() == full);
    CHECK(code_of([&] { Body::create(options("jmrtd"))->restore(full); }) == Errc::usage);
}

TEST_CASE("one stored byte can be flipped, past every rule", "[sim][body]") {
    auto body = with_file();
    REQUIRE(sw(*body, "00D6000001AA") == 0x9000);
    const Bytes before = body->snapshot();
    body->flip(0x0101, 0, 0xFF);
    CHECK(body->snapshot() != before);
    body->flip(0x0101, 0, 0xFF);
    CHECK(body->snapshot() == before);
    CHECK(code_of([&] { body->flip(0x0101, 8, 1); }) == Errc::usage);
    CHECK(code_of([&] { body->flip(0x0102, 0, 1); }) == Errc::usage);
}

TEST_CASE("bodies of one seed behave alike and others do not", "[sim][body]") {
    const auto challenge = [](const NewBody& wanted) {
        auto body = Body::create(wanted);
        personalize(*body);
        body->power_on();
        send(*body, select_passport);
        return send(*body, "0084000008").data;
    };
    CHECK(challenge(options()) == challenge(options()));
    NewBody other = options();
    other.seed = Bytes(32, 4);
    CHECK(challenge(options()) != challenge(other));
    CHECK(challenge(NewBody{}) != challenge(NewBody{}));
}

TEST_CASE("options that make no sense are refused", "[sim][body]") {
    const auto refused = [](auto change) {
        NewBody wanted;
        change(wanted);
        return code_of([&] { Body::create(wanted); }) == Errc::usage;
    };
    CHECK(refused([](NewBody& b) { b.kind = "nokia"; }));
    CHECK(refused([](NewBody& b) { b.link = "carrier-pigeon"; }));
    CHECK(refused([](NewBody& b) { b.link = "contact-FF"; }));
    CHECK(refused([](NewBody& b) { b.scp_i = 0x40; }));
}

TEST_CASE("what the body tells people has no key in it", "[sim][body]") {
    auto body = Body::create(options());
    personalize(*body);
    const std::string text = body->describe_json();
    const auto json = nlohmann::json::parse(text);
    CHECK(json.at("kind") == "kartsaz");
    CHECK(json.at("life_cycle") == "OP_READY");
    CHECK(json.at("keysets").at(0).at("version") == "30");
    CHECK(json.at("keysets").at(0).at("kcv").at(0) == "504A77");
    CHECK(json.at("passport").at("files").size() == 2);
    CHECK(text.find("404142434445") == std::string::npos);
    CHECK(text.find(to_hex(access_seed())) == std::string::npos);
}

TEST_CASE("a snapshot put back under a selected file does not confuse the card", "[sim][body]") {
    auto body = Body::create(options());
    const Bytes empty = body->snapshot();
    body->power_on();
    send(*body, select_passport);
    REQUIRE(sw(*body, "00E00000066304 0008 0101") == 0x9000);
    body->restore(empty);
    CHECK(sw(*body, "00D6000001AA") == 0x6985);
}

}  // namespace kartsaz::sim::test
