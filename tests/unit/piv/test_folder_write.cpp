// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <algorithm>

#include "apdu/error.h"
#include "keys/card_identity.h"
#include "keys/certificate_request.h"
#include "keys/management_key.h"
#include "keys/pkcs12.h"
#include "libcard/app/piv/chuid.h"
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

std::string fault_of_write(Populator& station, PivCard& card, Errc code, bool update = false) {
    try {
        station.write(card, update);
    } catch (const Error& error) {
        CHECK(error.code() == code);
        return error.what();
    }
    return "nothing was thrown";
}

/// small_folder() with a CHUID that names a card.
fs::path folder_of_card(std::uint8_t guid, std::uint8_t number) {
    const auto folder = small_folder();
    Chuid chuid;
    chuid.fascn = Bytes(25, number);
    chuid.guid = Bytes(16, guid);
    chuid.expiry = "20301231";
    test::write_bytes(folder / "CHUID.bin", encode_chuid(chuid));
    fs::remove(folder / "9E.p12");
    return folder;
}

void set_issuers_management_key(PivCard& card, Populator& station) {
    const auto name = station.look(card).state.chip.name;
    const auto& keyset = station.order().keys.keyset("piv-management");
    card.administer();
    auto change = set_management_key_header();
    change.data =
        management_key_field(algorithm_des3,
                             keys::derive_management_key(
                                 keyset, keys::identity_of_card(name, station.order().record.document_number),
                                 algorithm_des3, management_key_size(algorithm_des3)))
            .reveal([](ByteView field) { return Bytes(field.begin(), field.end()); });
    REQUIRE(card.transport().transmit(change).sw.ok());
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

TEST_CASE("what others put on a card is not overwritten by a folder") {
    const auto folder = folder_of_card(1, 1);
    PivCard card;
    Populator station{folder};
    card.administer();
    std::string thing;
    SECTION("a key without certificate") {
        REQUIRE(card.transport().transmit(generate(0x9D, keys::KeyAlgorithm::ec_p256)).sw.ok());
        thing = "key 9D";
    }
    SECTION("a key and its certificate, without CHUID") {
        REQUIRE(card.transport().transmit(generate(0x9A, keys::KeyAlgorithm::ec_p256)).sw.ok());
        REQUIRE(card.put(id_piv_certificate, from_hex("7003300100710100FE00")) == 0x9000);
        thing = "key 9A, PIV authentication certificate";
    }
    SECTION("an object") {
        const auto id = GENERATE(id_signature_certificate, id_retired_first, id_printed, id_fingerprints,
                                 id_face, id_security_object);
        REQUIRE(card.put(id, from_hex("7003300100710100FE00")) == 0x9000);
        thing = container_of_id(id)->name;
    }
    const Bytes before = card.body().snapshot();
    CHECK(fault_of_write(station, card, Errc::card_refused).find("the card holds " + thing + ", which") !=
          std::string::npos);
    CHECK(card.body().snapshot() == before);
}

TEST_CASE("what makers leave on a card is overwritten by a folder") {
    PivCard card;
    Populator station{folder_of_card(1, 1)};
    card.administer();
    for (const auto id : {id_chuid, id_ccc, id_key_history})
        REQUIRE(card.put(id, from_hex("FE00")) == 0x9000);
    CHECK(station.write(card).complete);
}

TEST_CASE("a finished card under the issuer's management key takes a folder of the same card only") {
    PivCard card;
    Populator first{folder_of_card(1, 1)};
    set_issuers_management_key(card, first);
    first.write(card);
    Populator other{folder_of_card(2, 2)};
    for (const bool update : {false, true}) {
        CHECK(fault_of_write(other, card, Errc::card_refused, update).find("neither GUID nor FASC-N") !=
              std::string::npos);
    }
    const auto as_before = [&] {
        return card.read().file("CHUID")->content == first.folder().object(id_chuid)->value;
    };
    CHECK(as_before());
    for (const auto& [guid, number] : {std::pair{1, 2}, std::pair{3, 2}}) {
        INFO(guid << " " << number);
        Populator same{folder_of_card(static_cast<std::uint8_t>(guid), static_cast<std::uint8_t>(number))};
        CHECK(same.write(card, true).complete);
        CHECK(difference(card.read(), same.folder()) == "");
    }
}

TEST_CASE("an update to another folder torn at any command is completed by the same call") {
    const auto one = folder_of_card(1, 1), two = folder_of_card(2, 2);
    for (const char* file : {"face.bin", "9A.der"}) fs::remove(two / file);
    PivCard whole;
    Populator{one}.write(whole);
    Populator first{two};
    const auto before = whole.body().apdu_count();
    first.write(whole, true);
    const auto most = whole.body().apdu_count() - before;
    for (std::uint64_t at = 1; at <= most; ++at) {
        INFO("torn at " << at);
        PivCard card;
        Populator{one}.write(card);
        Populator station{two};
        card.body().set_faults({{sim::Faults::Kind::cut_after, at, 0}});
        CHECK_THROWS_AS(station.write(card, true), Error);
        card.power_up();
        CHECK(station.write(card, true).complete);
        CHECK(difference(card.read(), station.folder()) == "");
    }
}
