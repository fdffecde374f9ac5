// SPDX-License-Identifier: Apache-2.0
// The card's side of each protocol against recorded sessions.
#include <catch2/catch.hpp>

#include "apdu/error.h"
#include "libcard/sim/card_manager.h"
#include "libcard/sim/icao_sm.h"
#include "libcard/sim/pace_card.h"
#include "libcard/sim/passport.h"
#include "libcard/sim/scp03_session.h"
#include "tests/support/vectors.h"

namespace kartsaz::sim {
namespace {

/// The project's vectors of one kind, then those of the shared folder where that is present.
std::vector<kartsaz::test::Vector> vectors(const std::string& name, const std::string& kind) {
    std::vector<std::filesystem::path> places{kartsaz::test::data_dir() / "vectors" / (name + ".json")};
    if (const auto shared = kartsaz::test::shared_dir()) {
        places.push_back(*shared / "standards" / "vectors" / (name + ".json"));
    }
    std::vector<kartsaz::test::Vector> out;
    for (const auto& place : places) {
        const auto file = nlohmann::json::parse(to_text(kartsaz::test::read_bytes(place)));
        for (const auto& vector : file.at("vectors")) {
            if (vector.at("kind") == kind) out.push_back({vector, place.string()});
        }
    }
    return out;
}

ApduIn parsed(const Bytes& wire) {
    const auto in = parse_apdu(wire);
    REQUIRE(in);
    return *in;
}

/// A chip with nothing on it, for protocol objects alone.
struct Bench {
    explicit Bench(Kind table = kind_of("kartsaz")) : kind{table} {}
    Kind kind;
    CardState state{};
    Rng rng{Bytes(32, 7)};
    Meter meter{link_model("contact")};
    Chip chip{kind, state, rng, meter};
};

Answer answer_of(const Bytes& wire) {
    return {Bytes(wire.begin(), wire.end() - 2),
            static_cast<std::uint16_t>(big_endian(ByteView{wire}.last(2)))};
}

Scp03Session card_of(const kartsaz::test::Vector& v) {
    const Keyset keyset{.version = 0x30,
                        .keys = {v.bytes("key_enc"), v.bytes("key_mac"), v.bytes("key_dek")}};
    return {keyset, v.bytes("host_challenge"), v.bytes("card_challenge")};
}

}  // namespace

TEST_CASE("the card answers recorded SCP03 handshakes with the recorded cryptogram", "[sim][scp03]") {
    std::size_t seen = 0;
    for (const char* file : {"scp03", "scp03_s16"}) {
        for (const auto& v : vectors(file, "scp03-session")) {
            INFO(v.file << " " << v.id());
            Scp03Session card = card_of(v);
            CHECK(to_hex(card.card_cryptogram()) == v.text("card_cryptogram"));
            CHECK(card.authenticate(parsed(v.bytes("external_authenticate"))));
            ++seen;
        }
    }
    CHECK(seen >= 15);
}

TEST_CASE("the card's pseudo-random challenge is the one of the recorded sessions", "[sim][scp03]") {
    std::size_t seen = 0;
    for (const char* file : {"scp03", "scp03_s16"}) {
        for (const auto& v : vectors(file, "scp03-session")) {
            if (!v.has("sd_aid")) continue;
            INFO(v.id());
            const auto counter = static_cast<std::uint32_t>(big_endian(v.bytes("sequence_counter")));
            const auto size = v.bytes("card_challenge").size();
            CHECK(Scp03Session::pseudo_random_challenge(v.bytes("key_enc"), counter, v.bytes("sd_aid"),
                                                        size) == v.bytes("card_challenge"));
            ++seen;
        }
    }
    CHECK(seen >= 5);
}

TEST_CASE("the card opens recorded commands and protects responses as recorded", "[sim][scp03]") {
    std::size_t commands = 0, responses = 0;
    for (const char* file : {"scp03", "scp03_s16"}) {
        for (const auto& v : vectors(file, "scp03-session")) {
            Bench bench;
            Scp03Session card = card_of(v);
            REQUIRE(card.authenticate(parsed(v.bytes("external_authenticate"))));
            for (const auto& step : v.data.at("steps")) {
                INFO(v.file << " " << v.id() << " " << step.dump());
                Command out;
                REQUIRE(card.unwrap(parsed(from_hex(step.at("wrapped").get<std::string>())), out,
                                    bench.meter) == 0x9000);
                const ApduIn plain = parsed(from_hex(step.at("plain").get<std::string>()));
                CHECK(out.cla == plain.cla);
                CHECK(out.ins == plain.ins);
                CHECK(out.p1 == plain.p1);
                CHECK(out.p2 == plain.p2);
                CHECK(to_hex(out.data) == to_hex(plain.data));
                ++commands;
                if (!step.contains("response_wire") || !step.contains("response_plain")) continue;
                Bytes given = from_hex(step.at("response_plain").get<std::string>());
                const Bytes wire = from_hex(step.at("response_wire").get<std::string>());
                const Answer expected = answer_of(wire);
                const bool with_sw =
                    given.size() >= 2 && Bytes(given.end() - 2, given.end()) == big_endian(expected.sw, 2);
                const Answer answer = with_sw ? answer_of(given) : Answer{given, expected.sw};
                CHECK(to_hex(card.wrap(answer, bench.meter)) == to_hex(expected.data));
                ++responses;
            }
        }
    }
    CHECK(commands >= 50);
    CHECK(responses >= 9);
}

TEST_CASE("a changed bit anywhere in a recorded SCP03 command is refused", "[sim][scp03]") {
    const auto v = vectors("scp03", "scp03-session").front();
    const Bytes good = from_hex(v.data.at("steps").at(0).at("wrapped").get<std::string>());
    for (std::size_t byte = 0; byte + 1 < good.size(); ++byte) {
        if (byte == 4) continue;  // Lc: no longer a command
        Bench bench;
        Scp03Session card = card_of(v);
        REQUIRE(card.authenticate(parsed(v.bytes("external_authenticate"))));
        Bytes bad = good;
        bad[byte] ^= 0x01;
        Command out;
        CHECK(card.unwrap(parsed(bad), out, bench.meter) == 0x6982);
    }
}

TEST_CASE("BAC answers the terminal of the ICAO worked example as the example does", "[sim][bac]") {
    for (const auto& v : vectors("icao_bac_sm", "bac-external-authenticate")) {
        Bench bench;
        bench.state.passport.access_seed = sha1(to_bytes("L898902C<369080619406236"));
        bench.rng.queue(v.bytes("k_ic"));
        const ApduIn in = parsed(v.bytes("external_authenticate"));
        const Answer answer = basic_access_control(bench.chip, v.bytes("rnd_ic"), in.data);
        CHECK(to_hex(concat({answer.data, big_endian(answer.sw, 2)})) == v.text("response"));
        CHECK(bench.chip.new_sm != nullptr);
    }
}

TEST_CASE("loading the MRZ fields gives the access seed of the published examples", "[sim][bac]") {
    Bench bench;
    Command command{.ins = 0xDA, .p1 = 0x00, .p2 = 0x62};
    command.data = from_hex("621E5F1F094C38393839303243 3C5F1F063639303830365F1F0639343036 3233");
    CHECK(put_key_slot(bench.chip, command) == 0x9000);
    for (const auto& v : vectors("icao_bac_sm", "bac-key-derivation")) {
        if (v.id() == "bac-keys") CHECK(to_hex(bench.state.passport.access_seed) == v.text("sha1"));
    }
}

TEST_CASE("secure messaging of the card reproduces the recorded traces", "[sim][sm]") {
    std::size_t steps = 0;
    for (const auto& v : vectors("icao_bac_sm", "iso7816-4-sm-3des")) {
        Bench bench;
        IcaoSm card = IcaoSm::from_keys(false, v.bytes("ks_enc"), v.bytes("ks_mac"), v.bytes("ssc_start"));
        for (const auto& step : v.data.at("steps")) {
            INFO(step.dump());
            Command out;
            REQUIRE(card.unwrap(parsed(from_hex(step.at("protected").get<std::string>())), out,
                                bench.meter) == 0x9000);
            const ApduIn plain = parsed(from_hex(step.at("plain").get<std::string>()));
            CHECK(out.cla == plain.cla);
            CHECK(to_hex(out.data) == to_hex(plain.data));
            CHECK(out.ne == plain.ne);
            const Answer answer = answer_of(from_hex(step.at("response_plain").get<std::string>()));
            const Bytes wire = concat({card.wrap(answer, bench.meter), big_endian(answer.sw, 2)});
            CHECK(to_hex(wire) == step.at("response_protected").get<std::string>());
            ++steps;
        }
    }
    CHECK(steps >= 6);
}

TEST_CASE("secure messaging refuses changed, missing and reordered objects", "[sim][sm]") {
    Bench bench;
    const auto fresh = [] {
        return IcaoSm::from_keys(false, from_hex("979EC13B1CBFE9DCD01AB0FED307EAE5"),
                                 from_hex("F1CB1F1FB5ADF208806B89DC579DC1F8"), from_hex("887022120C06C226"));
    };
    Command out;
    const Bytes good = from_hex("0CA4020C158709016375432908C044F68E08BF8B92D635FF24F800");
    REQUIRE(fresh().unwrap(parsed(good), out, bench.meter) == 0x9000);
    for (std::size_t byte = 5; byte + 1 < good.size(); ++byte) {
        Bytes bad = good;
        bad[byte] ^= 0x10;
        CHECK(fresh().unwrap(parsed(bad), out, bench.meter) != 0x9000);
    }
    CHECK(fresh().unwrap(parsed(from_hex("0CA4020C0B8709016375432908C044F600")), out, bench.meter) == 0x6987);
    CHECK(fresh().unwrap(parsed(from_hex("0CA4020C158E08BF8B92D635FF24F88709016375432908C044F600")), out,
                         bench.meter) == 0x6988);
}

TEST_CASE("PACE answers the terminal of the ICAO worked example as the example does", "[sim][pace]") {
    for (const auto& v : vectors("icao_pace", "pace-gm")) {
        if (v.id() != "pace-ecdh-gm-aes128") continue;
        Kind table = kind_of("kartsaz");
        table.pace_domain = 13;
        Bench bench{table};
        bench.state.passport.access_seed = v.bytes("password_K");
        bench.rng.queue(concat({v.bytes("nonce"), v.bytes("sk_map_ic"), v.bytes("sk_dh_ic")}));
        PaceCard card{bench.chip};
        for (const auto& pair : v.data.at("apdus")) {
            const ApduIn in = parsed(from_hex(pair.at("c").get<std::string>()));
            const Command command{in.cla, in.ins, in.p1, in.p2, in.data, in.ne, 256, {}};
            const Answer answer =
                in.ins == 0x22 ? card.set_template(command) : card.general_authenticate(command);
            CHECK(to_hex(concat({answer.data, big_endian(answer.sw, 2)})) == pair.at("r").get<std::string>());
        }
        CHECK(to_hex(card_access(13)) == v.text("ef_cardaccess"));
        REQUIRE(bench.chip.new_sm != nullptr);
        // the session that follows has the recorded keys
        IcaoSm recorded = IcaoSm::from_keys(true, v.bytes("ks_enc"), v.bytes("ks_mac"), Bytes(16, 0));
        const Answer answer{from_hex("6014"), 0x9000};
        CHECK(bench.chip.new_sm->wrap(answer, bench.meter) == recorded.wrap(answer, bench.meter));
    }
}

}  // namespace kartsaz::sim
