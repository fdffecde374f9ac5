// SPDX-License-Identifier: Apache-2.0
// What the holder added with other software stays on the card, in what he gave it, whatever the station does
// and wherever the power fails.
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <algorithm>

#include "apdu/error.h"
#include "keys/card_identity.h"
#include "keys/citizen_certificate.h"
#include "libcard/app/pkcs15/objects.h"
#include "tests/unit/pkcs15/holder.h"
#include "tests/unit/pkcs15/made_card.h"

namespace {

using namespace kartsaz;
namespace pkcs15 = app::pkcs15;
using sim::Faults;
using test::Bureau;
using test::signature_body;
using test::signature_profile;

const perso::Permits on_purpose{.update = true};
constexpr std::int64_t one_day = 86'400;
constexpr std::int64_t renewal_is_due = Bureau::moment + 1090 * one_day;
const std::string other_certificate = "3003020105";  // nobody reads it

Bytes directory(sim::Body& body, const Bureau& bureau, const char* name) {
    const auto card = test::read_back(body, bureau);
    const auto* file = card.file(name);
    REQUIRE(file != nullptr);
    return file->content;
}

/// `pkcs15-init -X other.pem`: the next free file is the one that a renewal would take.
/// @param id  of the object
void store_certificate(sim::Body& body, const Bureau& bureau, const Bytes& id) {
    auto objects = pkcs15::decode_cdf(directory(body, bureau, "EF.CDF"));
    auto object = objects.at(0);
    object.common.label = "other";
    object.id = id;
    object.path = pkcs15::Path{from_hex("3F0050153401"), {}, {}};
    objects.push_back(object);
    test::enter(body, bureau);
    test::write_file(body, "3401", other_certificate);
    test::overwrite(body, "4404", pkcs15::encode_cdf(objects));
}

std::vector<std::uint16_t> certificate_files(const sim::Body& body) {
    std::vector<std::uint16_t> out;
    for (const auto& file : body.files()) {
        if (file.fid >= 0x3400 && file.fid < 0x3440) out.push_back(file.fid);
    }
    std::ranges::sort(out);
    return out;
}

constexpr int extra = 5;

/// Five objects of the holder's behind ours. @param size  of the content then, 0: as it comes
template <typename Object>
Bytes with_extra(const Bytes& file, std::vector<Object> (*decode)(ByteView),
                 Bytes (*encode)(const std::vector<Object>&), std::size_t size) {
    auto objects = decode(file);
    for (int n = 0; n < extra; ++n) {
        auto object = objects.at(0);
        object.common.label = fmt::format("holder{}", n);
        object.id = Bytes(20, static_cast<std::uint8_t>(0x70 + n));
        if constexpr (requires { object.reference; }) {
            object.reference = 8U + static_cast<unsigned>(n);
        } else {
            object.path = pkcs15::Path{from_hex(fmt::format("3F005015345{}", n)), {}, {}};
        }
        objects.push_back(object);
    }
    while (encode(objects).size() < size) objects.back().common.label += "x";
    return encode(objects);
}

void add_extra(sim::Body& body, const Bureau& bureau, std::size_t size) {
    const Bytes cdf =
        with_extra(directory(body, bureau, "EF.CDF"), &pkcs15::decode_cdf, &pkcs15::encode_cdf, size);
    const Bytes prkdf =
        with_extra(directory(body, bureau, "EF.PrKDF"), &pkcs15::decode_prkdf, &pkcs15::encode_prkdf, size);
    test::enter(body, bureau);
    test::overwrite(body, "4404", cdf);
    test::overwrite(body, "4402", prkdf);
}

/// The holder's objects in a directory, each once and as he wrote it.
template <typename Object>
std::string lost(const Bytes& now, const Bytes& before, std::vector<Object> (*decode)(ByteView)) {
    const auto objects = decode(now);
    std::string out;
    for (const auto& one : decode(before)) {
        if (!one.common.label.starts_with("holder")) continue;
        if (std::ranges::count(objects, one) != 1) out += one.common.label + " ";
    }
    return out;
}

/// What is wrong with a card that was torn and gone on with.
std::string faults_after(sim::Body& body, const Bureau& bureau, const Bytes& cdf, const Bytes& prkdf) {
    std::string out = lost(directory(body, bureau, "EF.CDF"), cdf, &pkcs15::decode_cdf);
    out += lost(directory(body, bureau, "EF.PrKDF"), prkdf, &pkcs15::decode_prkdf);
    for (const auto& file : body.files()) {
        if (file.fid > 0x4480 && file.fid < 0x4490) out += fmt::format("EF.{:04X} is left over ", file.fid);
    }
    const auto rest = test::labels(test::plan_for(body, bureau, on_purpose));
    return rest.empty() ? out : out + "still to be done: " + rest;
}

struct Change {
    std::string profile;
    std::int64_t now = Bureau::moment;
    std::size_t size = 0;  ///< of the directories before
};

/// Tears a change of a card with the holder's objects at every APDU and inside every write.
std::string tear_change(const Change& change) {
    const auto body = signature_body();
    const std::string blocks = "max_command = 200\n";
    Bureau first{signature_profile("ec-p256", "signature", blocks)};
    first.change().expiry_date = {2035, 1, 1};
    test::personalize(*body, first);
    add_extra(*body, first, change.size);
    const Bytes cdf = directory(*body, first, "EF.CDF"), prkdf = directory(*body, first, "EF.PrKDF");
    const Bytes start = body->snapshot();
    const auto run = [&](const std::vector<sim::Faults>& faults) {
        Bureau bureau{change.profile};
        bureau.change().expiry_date = {2035, 1, 1};
        bureau.change_order().now = change.now;
        std::string out;
        for (const bool torn : {true, false}) {
            body->set_faults(torn ? faults : std::vector<sim::Faults>{});
            try {
                test::personalize(*body, bureau, nullptr, on_purpose);
            } catch (const Error& error) {
                if (!torn) out = error.what();
            }
        }
        return out + faults_after(*body, bureau, cdf, prkdf);
    };
    const auto before = body->apdu_count();
    std::string out = run({});
    const auto apdus = body->apdu_count() - before;
    for (std::uint64_t n = 1; n < apdus && out.size() < 1000; ++n) {
        // a cut before an APDU is one after the APDU before it
        for (const auto& fault :
             {Faults{Faults::Kind::cut_after, n, 0}, Faults{Faults::Kind::cut_in_write, n, 77}}) {
            body->restore(start);
            const auto bad = run({fault});
            if (!bad.empty())
                out += fmt::format("APDU {}, kind {}: {}\n", n, static_cast<int>(fault.kind), bad);
        }
    }
    return out;
}

}  // namespace

TEST_CASE(
    "a certificate that the holder stored where a renewal would go stays, and the renewal goes elsewhere",
    "[signature][holder]") {
    const auto body = signature_body();
    Bureau bureau{signature_profile("ec-p256")};
    bureau.change().expiry_date = {2035, 1, 1};
    test::personalize(*body, bureau);
    const Bytes ours = pkcs15::decode_cdf(directory(*body, bureau, "EF.CDF")).at(0).id;
    const auto files_then = [&](std::int64_t now) {
        bureau.change_order().now = now;
        CHECK(test::personalize(*body, bureau).complete);
        CHECK(test::plan_for(*body, bureau, on_purpose).empty());
        const auto card = test::read_back(*body, bureau);
        const auto objects = pkcs15::decode_cdf(card.file("EF.CDF")->content);
        REQUIRE(objects.size() == 2);
        CHECK(std::ranges::count(objects, "other", [](const auto& one) { return one.common.label; }) == 1);
        CHECK(to_hex(card.file("EF.3401")->content) == other_certificate);
        return certificate_files(*body);
    };
    SECTION("with another iD") {
        store_certificate(*body, bureau, Bytes{0x45});
    }
    SECTION("as a certificate of our key") {
        store_certificate(*body, bureau, ours);
    }
    CHECK(test::personalize(*body, bureau).steps.empty());
    CHECK(test::personalize(*body, bureau, nullptr, on_purpose).steps.empty());
    CHECK(files_then(renewal_is_due) == std::vector<std::uint16_t>{0x3401, 0x3420});
    const auto says = keys::read_citizen_certificate(test::read_back(*body, bureau).file("EF.3420")->content);
    REQUIRE(says);
    CHECK(says->not_after == renewal_is_due + 1095 * one_day - 1);
    CHECK(files_then(renewal_is_due + 1090 * one_day) == std::vector<std::uint16_t>{0x3400, 0x3401});
}

TEST_CASE("no tear of a directory loses what the holder added", "[signature][holder][tear]") {
    const std::string blocks = "max_command = 200\n";
    SECTION("when a further key is added") {
        CHECK(tear_change({signature_profile("ec-p256", "signature authentication", blocks)}) == "");
    }
    SECTION("when a directory has to grow") {
        CHECK(tear_change({signature_profile("ec-p256", "signature authentication", blocks), Bureau::moment,
                           500}) == "");
    }
    SECTION("when a certificate is renewed") {
        CHECK(tear_change({signature_profile("ec-p256", "signature", blocks), renewal_is_due}) == "");
    }
}
