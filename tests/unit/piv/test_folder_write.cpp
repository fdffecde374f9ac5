// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <algorithm>

#include "apdu/error.h"
#include "keys/certificate_request.h"
#include "keys/pkcs12.h"
#include "libcard/app/piv/containers.h"
#include "libcard/app/piv/folder.h"
#include "libcard/app/piv/folder_application.h"
#include "libcard/app/piv/key_commands.h"
#include "libcard/app/registry.h"
#include "libcard/perso/personalize.h"
#include "tests/support/vectors.h"
#include "tests/unit/piv/card.h"
#include "tests/unit/piv/icam.h"
#include "tests/unit/piv/key_file.h"

using namespace kartsaz;
using namespace kartsaz::app::piv;
using test::icam_card_of;
using test::icam_cards;
using test::PivCard;
namespace fs = std::filesystem;

namespace {

/// A station with profile piv-objects and one folder.
class Populator {
public:
    explicit Populator(const fs::path& folder, const std::string& toml = {})
        : profile_{toml.empty() ? profile::load("piv-objects") : profile::parse(toml, "test.toml")},
          applications_{perso::select_applications(profile_, app::registry())},
          material_{applications_.at(0)->load_material(profile_, folder)},
          journal_{test::new_object_folder()} {
        REQUIRE(material_ != nullptr);
        record_.document_number = material_->card_number();
        order_.material = material_.get();
    }

    const ObjectFolder& folder() const { return dynamic_cast<const FolderMaterial&>(*material_).folder(); }
    perso::Order& order() { return order_; }
    perso::Journal& journal() { return journal_; }
    perso::Run run(bool update = false) {
        perso::Run out{order_, applications_, {}, &journal_};
        out.permits.update = update;
        return out;
    }
    perso::Receipt write(PivCard& card, bool update = false) {
        card.transport().reset();
        return perso::personalize(card.transport(), run(update));
    }
    perso::Prepared look(PivCard& card) {
        card.transport().reset();
        return perso::prepare(card.transport(), run());
    }

private:
    profile::Profile profile_;
    std::unique_ptr<keys::KeyStore> keys_ = keys::development_keys();
    record::Record record_;
    perso::Applications applications_;
    std::unique_ptr<perso::Material> material_;
    perso::Journal journal_;
    perso::Order order_{record_, profile_, *keys_, nullptr, 1'763'700'000};
};

/// What is other on the card than in the folder; empty: nothing is.
std::string difference(const app::DumpApplication& dump, const ObjectFolder& folder,
                       const std::set<std::uint16_t>& without = {}) {
    std::string out;
    std::map<std::uint16_t, Bytes> wanted, got;
    for (const auto& one : folder.objects) {
        if (!without.contains(one.id)) wanted[one.id] = one.value;
    }
    for (const auto& one : dump.files) {
        if (!without.contains(one.fid)) got[one.fid] = one.content;
    }
    for (const auto& [id, value] : wanted) {
        if (got[id] != value) out += container_of_id(id)->name + " differs\n";
    }
    for (const auto& [id, value] : got) {
        if (!wanted.contains(id)) out += container_of_id(id)->name + " is too much\n";
    }
    for (const auto& key : folder.keys) {
        const auto fact = [&](const char* name) {
            return from_hex(dump.fact(fmt::format("key.{:02X}.{}", key.reference, name)));
        };
        if (!keys::verify_signature(key.public_key, fact("message"), fact("signature")))
            out += fmt::format("key {:02X} is not proved\n", key.reference);
    }
    return out;
}

fs::path small_folder() {
    const auto folder = test::new_object_folder();
    test::write_bytes(folder / "CHUID.bin", from_hex("3000FE00"));
    test::write_bytes(folder / "face.bin",
                      concat({from_hex("BC820FA0"), Bytes(4000, 0xFA), from_hex("FE00")}));
    test::write_bytes(folder / "9A.der", Bytes(700, 0x30));
    test::write_bytes(folder / "9A.p12", test::key_file());
    test::write_bytes(folder / "9E.p12", test::key_file());
    return folder;
}

std::string fault_of_write(Populator& station, PivCard& card, Errc code) {
    try {
        station.write(card);
    } catch (const Error& error) {
        CHECK(error.code() == code);
        return error.what();
    }
    return "nothing was thrown";
}

}  // namespace

TEST_CASE(
    "every ICAM card is written from its folder, read back byte for byte, and a second run does nothing") {
    for (const auto& icam : icam_cards()) {
        INFO(icam.name);
        PivCard card;
        Populator station{icam.folder};
        const auto receipt = station.write(card);
        CHECK(receipt.complete);
        CHECK(receipt.files.size() == station.folder().objects.size());
        CHECK(difference(card.read(), station.folder()).empty());
        CHECK(station.write(card).steps.empty());
    }
}

TEST_CASE("one card of a folder after another: what the second has not is removed, by update") {
    if (icam_cards().empty()) return;
    PivCard card;
    Populator first{icam_card_of("37").folder}, second{icam_card_of("46").folder};
    first.write(card);
    CHECK(fault_of_write(second, card, Errc::card_refused).find("kartsaz update") != std::string::npos);
    second.write(card, true);
    CHECK(difference(card.read(), second.folder()).empty());
}

TEST_CASE("what a card has no room for is left out and told; the rest is there") {
    struct Case {
        const char* kind;
        std::set<std::uint16_t> without;
    };
    for (const Case& one : {Case{"pivapplet", {id_face, id_discovery}},
                            Case{"canokey", {id_face, id_discovery, id_security_object}}}) {
        if (icam_cards().empty()) return;
        INFO(one.kind);
        PivCard card{one.kind};
        Populator station{icam_card_of("46").folder};
        const auto prepared = station.look(card);
        const auto& told = prepared.state.facts.at("PIV left out");
        for (const auto id : one.without) {
            INFO(told);
            CHECK(told.find(container_of_id(id)->name) != std::string::npos);
        }
        station.write(card);
        CHECK(difference(card.read(), station.folder(), one.without).empty());
        CHECK(station.write(card).steps.empty());
    }
}

TEST_CASE("what may not be left out is refused before the first write") {
    const auto folder = small_folder();
    Populator station{folder, R"(
name = "strict"
title = "x"
applications = ["piv"]
[piv]
source = "folder"
must_hold = "CHUID face"
)"};
    PivCard card{"canokey"};
    const Bytes before = card.body().snapshot();
    const auto fault = fault_of_write(station, card, Errc::card_refused);
    CHECK(fault.find("face: 4006 bytes, this card takes 2996") != std::string::npos);
    CHECK(card.body().snapshot() == before);
}

TEST_CASE("keys stay out where the profile says so, and objects where others are kept") {
    const auto folder = small_folder();
    Populator station{folder, R"(
name = "objects-only"
title = "x"
applications = ["piv"]
[piv]
source = "folder"
import_keys = false
others = "keep"
)"};
    PivCard card;
    card.administer();
    REQUIRE(card.put(id_ccc, from_hex("F000FE00")) == 0x9000);
    const auto receipt = station.write(card);
    CHECK(receipt.secrets.empty());
    const auto dump = card.read();
    CHECK(dump.fact("key.9A.public").empty());
    CHECK(dump.file("CCC") != nullptr);
    CHECK(dump.file("face") != nullptr);
}

TEST_CASE("a management key that nobody here has is told, and nothing is written") {
    PivCard card;
    card.administer();
    auto change = set_management_key_header();
    change.data =
        management_key_field(algorithm_des3, keys::SecretBytes{Bytes(24, 0x5A)}).reveal([](ByteView field) {
            return Bytes(field.begin(), field.end());
        });
    REQUIRE(card.transport().transmit(change).sw.ok());
    Populator station{small_folder()};
    const Bytes before = card.body().snapshot();
    CHECK(fault_of_write(station, card, Errc::keys_failed).find("neither the maker's nor") !=
          std::string::npos);
    CHECK(card.body().snapshot() == before);
}

TEST_CASE("a card torn at any command is completed by the same call") {
    const auto folder = small_folder();
    for (const char* kind : {"kartsaz-piv", "pivapplet"}) {
        PivCard whole{kind};
        Populator first{folder};
        first.look(whole);
        const auto looked = whole.body().apdu_count();
        first.write(whole);
        const auto most = whole.body().apdu_count() - looked;
        REQUIRE(most > 20);
        for (std::uint64_t at = 1; at <= most; ++at) {
            for (const auto how : {sim::Faults::Kind::cut_before, sim::Faults::Kind::cut_after}) {
                INFO(kind << " torn at " << at);
                PivCard card{kind};
                Populator station{folder};
                card.body().set_faults({{how, at, 0}});
                CHECK_THROWS_AS(station.write(card), Error);
                card.power_up();
                CHECK(station.write(card).complete);
                // PivApplet has a discovery object of its own
                CHECK(difference(card.read(), station.folder(), {id_discovery}) == "");
            }
        }
    }
}

TEST_CASE("a change of a finished card is an update, and writes only what differs") {
    const auto folder = small_folder();
    PivCard card;
    Populator{folder}.write(card);
    test::write_bytes(folder / "CHUID.bin", from_hex("3000340100FE00"));
    Populator changed{folder};
    CHECK(fault_of_write(changed, card, Errc::card_refused).find("kartsaz update") != std::string::npos);
    CHECK(changed.write(card, true).steps.size() == 3);  // witness, proof, CHUID
    CHECK(difference(card.read(), changed.folder()).empty());
}

TEST_CASE("no private key stands in plan, receipt or journal") {
    const auto folder = small_folder();
    PivCard card;
    Populator station{folder};
    const auto prepared = station.look(card);
    std::string text = perso::to_json(station.write(card));
    for (const auto& step : prepared.plan.steps) text += step.label + step.id;
    for (const auto& item : prepared.image.items) text += to_hex(item.content) + item.secret;
    for (const auto& key : station.folder().keys) {
        const auto scalar = keys::private_numbers(key.pem).at(0).reveal([](ByteView b) { return to_hex(b); });
        CHECK(text.find(scalar) == std::string::npos);
        CHECK(text.find(key.file) != std::string::npos);
    }
}

TEST_CASE("options of a folder's profile that are wrong are named") {
    const auto fault_of = [](const std::string& options) {
        const std::string toml =
            "name = \"x\"\ntitle = \"x\"\napplications = [\"piv\"]\n[piv]\nsource = \"folder\"\n" + options;
        try {
            perso::select_applications(profile::parse(toml, "test.toml"), app::registry());
        } catch (const Error& error) {
            CHECK(error.code() == Errc::input_invalid);
            return std::string{error.what()};
        }
        return std::string{};
    };
    CHECK(fault_of("must_hold = \"CHUID nose\"").find("there is no object \"nose\"") != std::string::npos);
    CHECK(fault_of("others = \"burn\"").find("others") != std::string::npos);
    CHECK(fault_of("import_keys = 1").find("import_keys") != std::string::npos);
    CHECK(fault_of("").empty());
}
