// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "apdu/error.h"
#include "libcard/perso/receipt.h"
#include "libcard/reader/sim_transport.h"
#include "libcard/sim/body.h"
#include "tests/support/bureau.h"

namespace {

using namespace kartsaz;

}  // namespace

TEST_CASE("a receipt comes back from its JSON as it was", "[receipt]") {
    const auto body = sim::Body::create(sim::NewBody{});
    const test::Bureau bureau{"national-eid"};
    const auto card = reader::sim_transport(*body);
    const auto receipt = perso::personalize(*card, bureau.run());
    const std::string text = perso::to_json(receipt);
    const auto again = perso::receipt_from_json(text, "receipt.json");
    CHECK(perso::to_json(again) == text);
    CHECK(again.files.size() == 14);  // ten of the passport application, four of PKCS#15
    CHECK(again.files.at("emrtd/EF.DG1").size() == 64);
    CHECK(again.written == receipt.written);
    CHECK_THAT(again.secrets.at("globalplatform/issuer-keys/put-key"), Catch::Contains("DEVELOPMENT"));
    CHECK(again.development_keys);
    CHECK(again.transport_pin == perso::TransportPin{"pin", 6});
    // a citizen's name or number is in no receipt
    CHECK(text.find(bureau.record().national_id) == std::string::npos);
    CHECK(text.find(bureau.record().name.surname_latin) == std::string::npos);
}

TEST_CASE("a broken receipt is refused by name", "[receipt]") {
    for (const char* text :
         {"", "{", "[]", "{}", R"({"format": "other"})", R"({"format": "kartsaz-receipt-1"})",
          R"({"format": "kartsaz-receipt-1", "chip": 5})"}) {
        INFO(text);
        try {
            perso::receipt_from_json(text, "r.json");
            FAIL("accepted");
        } catch (const Error& error) {
            CHECK(error.code() == Errc::input_invalid);
            CHECK_THAT(error.what(), Catch::StartsWith("r.json"));
        }
    }
}
