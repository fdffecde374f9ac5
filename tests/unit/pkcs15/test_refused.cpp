// SPDX-License-Identifier: Apache-2.0
// Cards that cannot hold what is asked, cards of others, hostile cards: refused in words, before the first
// write wherever it can be seen.
#include <catch2/catch.hpp>

#include "apdu/decorator.h"
#include "apdu/error.h"
#include "apdu/tlv.h"
#include "libcard/app/pkcs15/commands.h"
#include "libcard/app/pkcs15/objects.h"
#include "libcard/reader/sim_transport.h"
#include "tests/support/vectors.h"
#include "tests/unit/pkcs15/made_card.h"

namespace {

using namespace kartsaz;
using test::Bureau;
using test::refusal;
using test::select;
using test::send;
using test::signature_body;
using test::signature_profile;

constexpr const char* nothing = "othing was written";

/// Answers some commands in the card's place.
class Impostor final : public apdu::TransportDecorator {
public:
    using Answer =
        std::function<std::optional<apdu::ResponseApdu>(const apdu::CommandApdu&, const apdu::ResponseApdu&)>;
    Impostor(apdu::Transport& below, Answer answer) : TransportDecorator{below}, answer_{std::move(answer)} {}
    apdu::ResponseApdu transmit(const apdu::CommandApdu& command) override {
        auto real = below().transmit(command);
        if (auto own = answer_(command, real)) return *own;
        return real;
    }

private:
    Answer answer_;
};

std::string refusal_of(sim::Body& body, const Bureau& bureau, Impostor::Answer answer, Errc* code = nullptr) {
    const auto card = reader::sim_transport(body);
    Impostor impostor{*card, std::move(answer)};
    try {
        perso::personalize(impostor, bureau.run());
    } catch (const Error& error) {
        if (code != nullptr) *code = error.code();
        return error.what();
    }
    return "";
}

}  // namespace

TEST_CASE("each card that cannot make the key is refused before the first write", "[signature][refused]") {
    struct Row {
        const char* kind;
        const char* algorithm;
        const char* why;
    };
    const Row rows[] = {
        {"jmrtd", "ec-p256", "no signature application"},
        {"isoapplet-v0", "ec-p256", "SHA-1"},
        {"isoapplet-v0", "ec-p384", "SHA-1"},
        {"isoapplet-v0", "rsa-4096", "no RSA of this length"},
        {"isoapplet-v0", "rsa-3072", "no RSA of this length"},
        {"isoapplet", "rsa-3072", "no RSA of this length"},
    };
    for (const auto& row : rows) {
        INFO(row.kind << ' ' << row.algorithm);
        const auto body = signature_body(row.kind);
        const Bytes before = body->snapshot();
        Errc code{};
        const auto text = refusal(*body, Bureau{signature_profile(row.algorithm)}, &code);
        CHECK(code == Errc::card_refused);
        CHECK_THAT(text, Catch::Contains(row.why) && Catch::Contains(nothing));
        CHECK(body->snapshot() == before);
    }
}

TEST_CASE("an applet without curves, of an unknown version or without one is refused",
          "[signature][refused]") {
    struct Row {
        const char* version;
        const char* why;
    };
    for (const auto& row : {Row{"01002B", "no elliptic curves"}, Row{"02002F", "command set 2"},
                            Row{"0100", "does not tell its version"}}) {
        INFO(row.version);
        const auto body = signature_body();
        const auto text =
            refusal_of(*body, Bureau{signature_profile("ec-p256")},
                       [&](const auto& command, const auto&) -> std::optional<apdu::ResponseApdu> {
                           if (command.ins != 0xCA) return {};
                           return apdu::ResponseApdu{from_hex(row.version), apdu::StatusWord{0x9000}};
                       });
        CHECK_THAT(text, Catch::Contains(row.why) && Catch::Contains(nothing));
        CHECK(body->files().empty());
    }
}

TEST_CASE("a reader of short commands only is found out before the first write", "[signature][refused]") {
    class ShortReader final : public apdu::TransportDecorator {
    public:
        ShortReader(apdu::Transport& below, bool lies) : TransportDecorator{below}, lies_{lies} {}
        apdu::ResponseApdu transmit(const apdu::CommandApdu& command) override {
            if (apdu::is_extended(command)) return {{}, apdu::StatusWord{0x6700}};
            return below().transmit(command);
        }
        apdu::BlockLimits limits() const override { return lies_ ? below().limits() : apdu::BlockLimits{}; }
        void refuse_extended() override { lies_ = false; }

    private:
        bool lies_;
    };
    for (const bool lies : {false, true}) {
        INFO(lies);
        const auto body = signature_body();
        const auto card = reader::sim_transport(*body);
        ShortReader reader{*card, lies};
        const Bureau bureau{signature_profile("ec-p256")};
        CHECK_THROWS_WITH(perso::personalize(reader, bureau.run()),
                          Catch::Contains("279 bytes") && Catch::Contains(nothing));
        CHECK(body->files().empty());
    }
}

TEST_CASE("a structure that others made is never overwritten", "[signature][refused]") {
    const auto body = signature_body();
    select(*body);
    // as pkcs15-init makes it (vectors/isoapplet_trace.json)
    REQUIRE(send(*body, "00E00000176F1581021388820138830250158608FF00000000000090") == 0x9000);
    const Bytes before = body->snapshot();
    const Bureau bureau{signature_profile("ec-p256")};
    CHECK_THAT(refusal(*body, bureau), Catch::Contains("others made") && Catch::Contains(nothing));
    CHECK(body->snapshot() == before);
}

TEST_CASE("a PIN without a structure is others' work", "[signature][refused]") {
    const auto body = signature_body();
    select(*body);
    REQUIRE(send(*body, "002401010431323334") == 0x9000);
    CHECK_THAT(refusal(*body, Bureau{signature_profile("ec-p256")}),
               Catch::Contains("others began this card") && Catch::Contains(nothing));
}

TEST_CASE("a PUK that was set beforehand is found before the first write", "[signature][refused]") {
    for (const char* kind : {"isoapplet", "isoapplet-v0"}) {
        INFO(kind);
        const auto body = signature_body(kind);
        select(*body);
        CHECK(send(*body, "00240102") == 0x6700);
        REQUIRE(send(*body, "0024010210" + to_hex(to_bytes("1234567812345678"))) == 0x9000);
        CHECK(send(*body, "00240102") == 0x6A86);
        const Bytes before = body->snapshot();
        Errc code{};
        CHECK_THAT(refusal(*body, Bureau{signature_profile("rsa-2048")}, &code),
                   Catch::Contains("a PUK, which cannot be changed") &&
                       Catch::Contains("others began this card") && Catch::Contains(nothing));
        CHECK(code == Errc::card_refused);
        CHECK(body->snapshot() == before);
    }
}

TEST_CASE("a PUK that others set on a card that was begun is not taken over", "[signature][refused]") {
    const auto body = signature_body();
    select(*body);
    REQUIRE(send(*body, to_hex(apdu::encode(
                            app::pkcs15::create_df(app::pkcs15::fid_df, app::pkcs15::acl_df)))) == 0x9000);
    REQUIRE(send(*body, "0024010210" + to_hex(to_bytes("1234567812345678"))) == 0x9000);
    const Bureau bureau{signature_profile("ec-p256")};
    Errc code{};
    // it is proved, and the proof fails
    CHECK_THAT(refusal(*body, bureau, &code), Catch::Contains("PUK: prove") && Catch::Contains("63C4"));
    CHECK(code == Errc::secure_channel);
    // also after the PIN was set
    CHECK_THAT(refusal(*body, bureau, &code), Catch::Contains("PUK: prove") && Catch::Contains("63C3"));
    CHECK(code == Errc::secure_channel);
}

TEST_CASE("a holder's key is never made anew for another algorithm", "[signature][refused]") {
    const auto body = signature_body();
    test::personalize(*body, Bureau{signature_profile("ec-p256")});
    const Bytes before = body->snapshot();
    CHECK_THAT(refusal(*body, Bureau{signature_profile("ec-p384")}, nullptr, {.update = true}),
               Catch::Contains("is ec-p256, the profile asks for ec-p384") && Catch::Contains(nothing));
    CHECK(body->snapshot().size() == before.size());
}

TEST_CASE("a card begun or made for another document is refused", "[signature][refused]") {
    const auto profile = signature_profile("ec-p256");
    const auto body = signature_body();
    const Bureau bureau{profile};
    Bureau other{profile};
    other.change().document_number = "Z99999999";
    const auto looking = [&] {
        const auto before = body->apdu_count();
        test::plan_for(*body, bureau);
        return body->apdu_count() - before;
    }();
    Errc code{};
    // torn before the PUK is set it can still be another's, on purpose
    body->set_faults({{sim::Faults::Kind::cut_after, looking + 4, 0}});
    CHECK_FALSE(refusal(*body, bureau).empty());
    body->set_faults({});
    CHECK_THAT(refusal(*body, other),
               Catch::Contains("begun for another document") && Catch::Contains("--reassign"));
    other.change_order().reassign = true;
    CHECK(test::personalize(*body, other, nullptr, {.reassign = true}).complete);
    CHECK(test::faults_of(*body, other) == "");
    CHECK_THAT(refusal(*body, bureau, &code),
               Catch::Contains("another document or chip") && Catch::Contains(nothing));
    CHECK(code == Errc::card_refused);

    const auto second = signature_body();
    second->set_faults({{sim::Faults::Kind::cut_after, looking + 5, 0}});
    CHECK_FALSE(refusal(*second, bureau).empty());
    second->set_faults({});
    CHECK_THAT(refusal(*second, other, &code, {.reassign = true}),
               Catch::Contains("another document or chip") && Catch::Contains(nothing));
    CHECK(test::personalize(*second, bureau).complete);
}

TEST_CASE("a card with another citizen's certificate is not gone on with", "[signature][refused]") {
    const auto profile = signature_profile("ec-p256");
    const auto body = signature_body();
    test::personalize(*body, Bureau{profile});
    Bureau other{profile};
    other.change().national_id = "1098765435";
    CHECK_THAT(refusal(*body, other), Catch::Contains("another record"));
    CHECK_THAT(refusal(*body, other, nullptr, {.update = true}), Catch::Contains("another record"));
}

TEST_CASE("without an issuer, an expired document or PIN keys nothing is begun", "[signature][refused]") {
    const auto body = signature_body();
    {
        Bureau bureau{signature_profile("ec-p256")};
        bureau.change_order().certificates = nullptr;
        Errc code{};
        CHECK_THAT(refusal(*body, bureau, &code), Catch::Contains("no issuer") && Catch::Contains(nothing));
        CHECK(code == Errc::keys_failed);
    }
    {
        Bureau bureau{signature_profile("ec-p256")};
        bureau.change().expiry_date = {2025, 1, 1};
        CHECK_THAT(refusal(*body, bureau), Catch::Contains("expiry date has passed"));
    }
    {
        const auto file = test::scratch_dir() / "other-pin-keys.toml";
        auto text = to_text(test::read_bytes(signature_profile("ec-p256")));
        text.insert(text.find("digits = 6"), "keys = \"pins-of-2030\"\n");
        test::write_bytes(file, to_bytes(text));
        Errc code{};
        CHECK_THAT(refusal(*body, Bureau{file.string()}, &code), Catch::Contains("pins-of-2030"));
        CHECK(code == Errc::keys_failed);
    }
    CHECK(body->files().empty());
}

TEST_CASE("a card that does not make a sound key pair gets no certificate", "[signature][refused]") {
    using app::pkcs15::sample_public_key;
    const auto answer_of = [](const Bytes& point) {
        apdu::TlvWriter out;
        out.nest(0x7F49, [&](apdu::TlvWriter& in) { in.put(0x86, point); });
        return apdu::ResponseApdu{out.bytes(), apdu::StatusWord{0x9000}};
    };
    Bytes off_curve(65, 0x11);
    off_curve[0] = 0x04;
    const Bytes sample = sample_public_key(keys::KeyAlgorithm::ec_p256);
    const Bytes not_its_own(sample.end() - 65, sample.end());
    struct Row {
        Bytes point;
        const char* why;
    };
    for (const auto& row : {Row{off_curve, "not sound"}, Row{not_its_own, "does not verify"},
                            Row{Bytes(65, 0x00), "uncompressed point"}, Row{Bytes{}, "uncompressed point"}}) {
        const auto body = signature_body();
        Bureau bureau{signature_profile("ec-p256")};
        Errc code{};
        const auto text = refusal_of(
            *body, bureau,
            [&](const auto& command, const auto&) -> std::optional<apdu::ResponseApdu> {
                if (command.ins != 0x46) return {};
                return answer_of(row.point);
            },
            &code);
        CHECK(code == Errc::card_refused);
        CHECK_THAT(text, Catch::Contains(row.why));
        CHECK(bureau.authority().entries().empty());
    }
}

TEST_CASE("a card that gives one key for two is refused", "[signature][refused]") {
    const auto body = signature_body();
    Bureau bureau{signature_profile("ec-p256", "signature authentication")};
    std::optional<apdu::ResponseApdu> first;
    const auto text = refusal_of(
        *body, bureau, [&](const auto& command, const auto& real) -> std::optional<apdu::ResponseApdu> {
            if (command.ins != 0x46) return {};
            if (!first) first = real;
            return first;
        });
    CHECK_THAT(text, Catch::Contains("made the key \"signature\" again"));
    CHECK(bureau.authority().entries().empty());
}

TEST_CASE("a stock without the applet does without where the profile says so", "[signature]") {
    const auto body = signature_body("jmrtd");
    const Bureau bureau{"national-eid-open"};
    const auto plan = test::plan_for(*body, bureau);
    CHECK(plan.targets.size() == 1);
    for (const auto& step : plan.steps) CHECK_FALSE(step.id.starts_with("pkcs15/"));
}
