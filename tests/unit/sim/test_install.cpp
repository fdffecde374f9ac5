// SPDX-License-Identifier: Apache-2.0
// Packages, instances and the card's life cycle.
#include <catch2/catch.hpp>

#include "libcard/sim/apdu_in.h"
#include "terminal.h"

namespace kartsaz::sim::test {
namespace {

const std::string package = "06A00000024710", module = "07A0000002471001";

std::unique_ptr<Body> bare() {
    NewBody options;
    options.bare = true;
    options.seed = Bytes(32, 9);
    auto body = Body::create(options);
    body->power_on();
    return body;
}

std::string install(const std::string& fields) {
    return "80E60C00" + to_hex(big_endian(fields.size() / 2, 1)) + fields + "00";
}

const std::string good = package + module + module +
                         "0100"
                         "02C900"
                         "00";

}  // namespace

TEST_CASE("a bare body shows its packages and no instance, and none can be selected", "[sim][install]") {
    auto body = bare();
    CHECK(sw(*body, select_passport) == 0x6A82);
    CHECK(sw(*body, "00A404000CF276A288BCFBA69D34F31001") == 0x6A82);
    ScpHost host{transport_key()};
    REQUIRE(host.open(*body, 0x03) == 0x9000);
    CHECK(host.send(*body, "80F24002024F0000").sw == 0x6A88);
    CHECK(to_hex(host.send(*body, "80F21002024F0000").data) ==
          "E3154F06A000000247109F7001018407A0000002471001"
          "E31F4F0BF276A288BCFBA69D34F3109F700101840CF276A288BCFBA69D34F31001");
}

TEST_CASE("INSTALL makes an instance under the AID and with the privileges that it names", "[sim][install]") {
    auto body = bare();
    CHECK(sw(*body, install(good)) == 0x6982);
    ScpHost host{transport_key()};
    REQUIRE(host.open(*body, 0x03) == 0x9000);
    const Reply done = host.send(*body, install(package + module +
                                                "09A0000002471001AA55"
                                                "039EFE80"
                                                "02C900"
                                                "00"));
    CHECK(done.sw == 0x9000);
    CHECK(to_hex(done.data) == "00");
    CHECK(to_hex(host.send(*body, "80F24002024F0000").data) ==
          "E3144F09A0000002471001AA559F700107C5039EFE80");
    // once only, under this AID or another
    CHECK(host.send(*body, install(good)).sw == 0x6985);
    CHECK(sw(*body, "00A404000CF276A288BCFBA69D34F31001") == 0x6A82);
    CHECK(sw(*body, "00A4040C09A0000002471001AA55") == 0x9000);
    const auto kept = body->snapshot();
    auto other = bare();
    other->restore(kept);
    other->power_on();
    CHECK(sw(*other, "00A4040C09A0000002471001AA55") == 0x9000);
}

TEST_CASE("an INSTALL of a wrong form, or of what is not loaded, is refused and makes nothing",
          "[sim][install]") {
    auto body = bare();
    ScpHost host{transport_key()};
    REQUIRE(host.open(*body, 0x01) == 0x9000);
    for (std::size_t size = 1; size < good.size() / 2; ++size) {
        CAPTURE(size);
        CHECK(host.send(*body, install(good.substr(0, 2 * size))).sw == 0x6A80);
    }
    const std::string sixteen = "10A0000002471001010203040506070809";
    for (const auto& [fields, word] :
         std::vector<std::pair<std::string, unsigned>>{{good + "00", 0x6A80},
                                                       {package + module + module +
                                                            "0100"
                                                            "02C900"
                                                            "0101",
                                                        0x6A80},
                                                       {package + module + module +
                                                            "020000"
                                                            "02C900"
                                                            "00",
                                                        0x6A80},
                                                       {package + module + module +
                                                            "0100"
                                                            "02EF00"
                                                            "00",
                                                        0x6A80},
                                                       {package + module + module +
                                                            "0100"
                                                            "00"
                                                            "00",
                                                        0x6A80},
                                                       {package + module +
                                                            "00"
                                                            "0100"
                                                            "02C900"
                                                            "00",
                                                        0x6A80},
                                                       {"06A00000024711" + module + module +
                                                            "0100"
                                                            "02C900"
                                                            "00",
                                                        0x6A88},
                                                       {package + "07A0000002471002" + module +
                                                            "0100"
                                                            "02C900"
                                                            "00",
                                                        0x6A88},
                                                       {package + "0CF276A288BCFBA69D34F31001" + module +
                                                            "0100"
                                                            "02C900"
                                                            "00",
                                                        0x6A88}}) {
        INFO(fields);
        CHECK(host.send(*body, install(fields)).sw == word);
    }
    auto other_p1 = install(good);
    other_p1.replace(4, 2, "04");
    CHECK(host.send(*body, other_p1).sw == 0x6A86);
    CHECK(host.send(*body, "80F24002024F0000").sw == 0x6A88);
    CHECK(host.send(*body, install(package + module + sixteen +
                                   "0100"
                                   "02C900"
                                   "00"))
              .sw == 0x9000);
    CHECK(host.send(*body, install("0BF276A288BCFBA69D34F310"
                                   "0CF276A288BCFBA69D34F31001" +
                                   sixteen +
                                   "0100"
                                   "02C900"
                                   "00"))
              .sw == 0x6985);
}

TEST_CASE("a SECURED card is locked and unlocked; locked it keeps keys and instances", "[sim][manager]") {
    auto body = bare();
    ScpHost host{transport_key()};
    REQUIRE(host.open(*body, 0x03) == 0x9000);
    CHECK(host.send(*body, "80F0807F").sw == 0x6985);
    CHECK(host.send(*body, "80F0800F").sw == 0x9000);
    CHECK(host.send(*body, "80F0800F").sw == 0x6985);
    CHECK(host.send(*body, "80F0807F").sw == 0x9000);
    CHECK(host.send(*body, "80F0807F").sw == 0x6985);
    CHECK(host.send(*body, "80F08007").sw == 0x6985);
    CHECK(host.send(*body, install(good)).sw == 0x6985);
    const Bytes keys = host.put_key_data(0x31, Bytes(16, 0x77));
    CHECK(host.send(*body, "80D83081" + to_hex(big_endian(keys.size(), 1)) + to_hex(keys) + "00").sw ==
          0x6985);
    body->power_on();
    CHECK(sw(*body, "00A4040008A00000015100000000") == 0x6283);
    REQUIRE(host.open(*body, 0x03) == 0x9000);
    CHECK(host.send(*body, "80F0800F").sw == 0x9000);
    CHECK(host.send(*body, install(good)).sw == 0x9000);
    CHECK(sw(*body, select_passport) == 0x9000);
    REQUIRE(sw(*body, "00A4040008A00000015100000000") == 0x9000);
    REQUIRE(host.open(*body, 0x03) == 0x9000);
    CHECK(host.send(*body, "80F080FF").sw == 0x9000);
    body->power_on();
    CHECK(sw(*body, "8050000008010203040506070800") == 0x6985);
}

}  // namespace kartsaz::sim::test
