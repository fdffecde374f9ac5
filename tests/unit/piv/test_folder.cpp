// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>

#include "apdu/error.h"
#include "keys/certificate_request.h"
#include "keys/crypto.h"
#include "keys/pem.h"
#include "keys/pkcs12.h"
#include "libcard/app/card_folder.h"
#include "libcard/app/piv/containers.h"
#include "libcard/app/piv/folder.h"
#include "libcard/app/piv/objects.h"
#include "libcard/app/piv/read.h"
#include "tests/support/vectors.h"
#include "tests/unit/piv/icam.h"
#include "tests/unit/piv/key_file.h"

using namespace kartsaz;
using namespace kartsaz::app::piv;
using test::icam_cards;
using test::key_file;
using test::read_bytes;
using test::write_bytes;
namespace fs = std::filesystem;

namespace {

fs::path new_folder() {
    return test::new_object_folder();
}

const Bytes some_der = from_hex("3003020105");

fs::path small_folder() {
    const auto folder = new_folder();
    write_bytes(folder / "8 - CHUID Object", from_hex("FE00"));
    write_bytes(folder / "3 - ICAM_PIV_Auth_SP_800-73-4.crt",
                to_bytes("Bag Attributes\n    friendlyName: x\n" + keys::pem_text(some_der, "CERTIFICATE")));
    return folder;
}

struct Fault {
    Errc code = Errc::internal;
    std::string what;
};
Fault fault_of_load(const fs::path& folder) {
    try {
        load_object_folder(folder);
    } catch (const Error& error) {
        return {error.code(), error.what()};
    }
    return {Errc::internal, "nothing was thrown"};
}
void require_fault(const fs::path& folder, const std::string& file, const std::string& rule) {
    const auto fault = fault_of_load(folder);
    INFO(fault.what);
    CHECK(fault.code == Errc::input_invalid);
    CHECK(fault.what.find(file) != std::string::npos);
    CHECK(fault.what.find(rule) != std::string::npos);
}

}  // namespace

TEST_CASE("every object and certificate of every ICAM card is loaded as it stands in its file") {
    for (const auto& card : icam_cards()) {
        INFO(card.name);
        const auto folder = load_object_folder(card.folder);
        std::map<std::uint16_t, Bytes> wanted;
        for (const auto& [id, value] : card.objects) {
            if (!value.empty() && value != from_hex("7E00")) wanted[id] = value;
        }
        std::map<std::uint16_t, Bytes> got;
        for (const auto& one : folder.objects) got[one.id] = one.value;
        CHECK(got == wanted);
        CHECK(folder.keys.size() == (card.number == "37" ? 9 : 4));
    }
}

TEST_CASE("every key file of every ICAM card opens, RC2-40 ones too, and proves its key") {
    std::size_t keys = 0;
    for (const auto& card : icam_cards()) {
        INFO(card.name);
        const auto folder = load_object_folder(card.folder);
        const auto dump = to_dump(folder);
        CHECK(dump.fact("source") == "folder");
        for (const auto& key : folder.keys) {
            const auto fact = [&](const std::string& name) {
                return dump.fact(fmt::format("key.{:02X}.{}", key.reference, name));
            };
            INFO(key.file);
            CHECK(from_hex(fact("public")) == key.public_key);
            CHECK(keys::verify_signature(key.public_key, from_hex(fact("message")),
                                         from_hex(fact("signature"))));
            ++keys;
        }
    }
    if (!icam_cards().empty()) CHECK(keys == 26 * 4 + 5);
}

TEST_CASE("a certificate in a key file that is not the container's is told") {
    if (icam_cards().empty()) return;
    std::string told;
    for (const auto& card : icam_cards()) {
        const auto dump = to_dump(load_object_folder(card.folder));
        for (const auto& [name, value] : dump.facts) {
            if (name.ends_with(".other-certificate")) told += card.number + " " + name + "\n";
        }
    }
    CHECK(told == "22 key.9E.other-certificate\n");
}

TEST_CASE("the names that are for loading go before their doubles, and copies for people are not taken") {
    const auto folder = small_folder();
    write_bytes(folder / "3 - ICAM_Test_Card_PIV_Auth_SP_800-73-4_Golden.crt", to_bytes("no certificate"));
    write_bytes(folder / "1 - Discovery Object", from_hex("7E00"));
    write_bytes(folder / "1 - Discovery Object No Tag", from_hex("4F00"));
    write_bytes(folder / "10 - Face Object Untampered", from_hex("BC00"));
    write_bytes(folder / "2 - Security Object", Bytes{});
    write_bytes(folder / "notes.txt", to_bytes("anything"));
    const auto loaded = load_object_folder(folder);
    REQUIRE(loaded.objects.size() == 2);
    CHECK(loaded.objects[0].id == id_chuid);
    CHECK(loaded.objects[1].id == id_piv_certificate);
    CHECK(loaded.objects[1].value == concat({from_hex("7005"), some_der, from_hex("710100FE00")}));
}

TEST_CASE("the plain names of a folder: container, container id, key reference") {
    const auto folder = new_folder();
    write_bytes(folder / "CHUID.bin", from_hex("FE00"));
    write_bytes(folder / "6030.bin", from_hex("BC00FE00"));
    write_bytes(folder / "9a.der", some_der);
    write_bytes(folder / "82.pem", to_bytes(keys::pem_text(some_der, "CERTIFICATE")));
    write_bytes(folder / "9D.p12", key_file());
    const auto loaded = load_object_folder(folder);
    CHECK(loaded.object(id_chuid) != nullptr);
    CHECK(loaded.object(id_face) != nullptr);
    CHECK(loaded.object(id_piv_certificate) != nullptr);
    CHECK(loaded.object(id_retired_first) != nullptr);
    REQUIRE(loaded.key(0x9D) != nullptr);
    const auto dump = to_dump(loaded);
    CHECK(dump.fact("key.9D.algorithm") == "ec-p256");
    CHECK(dump.fact("key.9A.why") == "the folder has no key file for it");
    CHECK(keys::verify_signature(loaded.key(0x9D)->public_key, from_hex(dump.fact("key.9D.message")),
                                 from_hex(dump.fact("key.9D.signature"))));
}

TEST_CASE("files of a passport are not taken for PIV objects") {
    const auto folder = new_folder();
    write_bytes(folder / "0101.bin", from_hex("6100"));
    write_bytes(folder / "EF.DG2.bin", from_hex("7500"));
    CHECK_FALSE(is_object_folder(folder));
    CHECK_FALSE(is_object_folder(folder / "nothing"));
    CHECK(app::load_card_folder(folder).applications.at(0).name == "emrtd");
    write_bytes(folder / "3000.bin", from_hex("FE00"));
    CHECK(is_object_folder(folder));
    CHECK(app::load_card_folder(folder).applications.at(0).name == "piv");
}

TEST_CASE("a certificate file that holds none is refused with file and offset") {
    const auto folder = small_folder();
    const std::string name = "3 - ICAM_PIV_Auth_SP_800-73-4.crt";
    const auto with = [&](std::string_view text) {
        write_bytes(folder / name, to_bytes(text));
        return folder;
    };
    require_fault(with("garbage"), name, "neither a PEM certificate");
    require_fault(with("x\n-----BEGIN CERTIFICATE-----\nMAMC"), name,
                  "offset 2: -----BEGIN CERTIFICATE-----");
    require_fault(with("-----BEGIN CERTIFICATE-----\nMA*C\n-----END CERTIFICATE-----"), name,
                  "offset 30: no base64");
    require_fault(with("-----BEGIN CERTIFICATE-----\nMAMCA\n-----END CERTIFICATE-----"), name,
                  "base64 stops inside a group");
    require_fault(with("-----BEGIN CERTIFICATE-----\n\n-----END CERTIFICATE-----"), name,
                  "nothing between the two lines");
}

TEST_CASE("a key file that is cut anywhere, changed, or has a password is refused") {
    const auto folder = small_folder();
    const std::string name = "3 - ICAM_PIV_Auth_SP_800-73-4.p12";
    const Bytes good = key_file();
    write_bytes(folder / name, good);
    REQUIRE(load_object_folder(folder).keys.size() == 1);
    for (std::size_t size = 1; size < good.size(); ++size) {
        INFO(size);
        CHECK_THROWS_AS(keys::open_pkcs12(ByteView{good}.first(size), "cut"), Error);
    }
    for (std::size_t at = 0; at < good.size(); ++at) {
        Bytes changed = good;
        changed[at] ^= 0x01U;
        try {
            keys::open_pkcs12(changed, "changed");
        } catch (const Error& error) {
            INFO(at << ": " << error.what());
            CHECK(error.code() == Errc::input_invalid);
        }
    }
    write_bytes(folder / name, Bytes(good.begin(), good.end() - 1));
    require_fault(folder, name, "offset 0: not a PKCS#12 file");
    write_bytes(folder / name, concat({good, from_hex("00")}));
    require_fault(folder, name, "1 bytes follow");
    write_bytes(folder / name, key_file("secret"));
    require_fault(folder, name, "empty password");
}

TEST_CASE("what is no plain small file of the folder is refused by name") {
    const auto folder = small_folder();
    const auto outside = new_folder() / "outside";
    write_bytes(outside, from_hex("FE00"));
    const fs::path link = folder / "9 - Fingerprints";
    fs::create_symlink(outside, link);
    require_fault(folder, "9 - Fingerprints", "the link leaves the folder");
    fs::remove(link);
    fs::create_symlink("nowhere", link);
    require_fault(folder, "9 - Fingerprints", "cannot be followed");
    fs::remove(link);
    fs::create_directory(link);
    require_fault(folder, "9 - Fingerprints", "is no plain file");
    fs::remove(link);
    REQUIRE(::mkfifo(link.c_str(), 0600) == 0);
    require_fault(folder, "9 - Fingerprints", "is no plain file");
    fs::remove(link);
    write_bytes(link, Bytes(65'536, 0x00));
    require_fault(folder, "9 - Fingerprints", "has 65536 bytes");
    write_bytes(link, Bytes(65'535, 0x00));
    CHECK(load_object_folder(folder).object(id_fingerprints)->value.size() == 65'535);
    fs::create_symlink("9 - Fingerprints", folder / "10 - Face Object");
    CHECK(load_object_folder(folder).object(id_face)->value.size() == 65'535);
}

TEST_CASE("one object in two different files is refused, in two equal ones it is taken") {
    const auto folder = small_folder();
    write_bytes(folder / "CHUID.bin", from_hex("FE00"));
    CHECK(load_object_folder(folder).objects.size() == 2);
    write_bytes(folder / "CHUID.bin", from_hex("3000FE00"));
    require_fault(folder, "CHUID.bin", "CHUID is there twice: also as \"8 - CHUID Object\"");
}

TEST_CASE("a folder without PIV objects, and none at all") {
    const auto folder = new_folder();
    require_fault(folder, folder.filename().string(), "no object of a PIV card");
    CHECK(fault_of_load(folder / "nothing").code == Errc::store_failed);
}
