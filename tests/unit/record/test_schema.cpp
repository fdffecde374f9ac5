// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>
#include <set>
#include <tuple>

#include "libcard/record/fields.h"
#include "libcard/record/record.h"
#include "tests/support/vectors.h"

using namespace kartsaz;
using namespace kartsaz::record;

namespace {

using Known = std::set<std::tuple<std::string, std::string, bool>>;

/// Every field that a schema names, with the object it stands in and whether it must be there.
void gather(const nlohmann::json& schema, const std::string& path, Known& out) {
    if (!schema.contains("properties")) return;
    std::set<std::string> required;
    for (const auto& name : schema.value("required", nlohmann::json::array())) required.insert(name);
    for (const auto& [name, field] : schema["properties"].items()) {
        out.emplace(path, name, required.count(name) == 1);
        gather(field, path + "/" + name, out);
        if (field.contains("items")) gather(field["items"], path + "/" + name + "/*", out);
    }
    for (const auto& name : required) CHECK(schema["properties"].contains(name));
    CHECK(schema.at("additionalProperties") == false);
}

}  // namespace

TEST_CASE("the library carries the schema that docs ship", "[record]") {
    const Bytes file =
        test::read_bytes(std::filesystem::path{KARTSAZ_SOURCE_DIR} / "docs" / "record.schema.json");
    CHECK(std::string{json_schema()} == to_text(file));
    CHECK(nlohmann::json::parse(json_schema()).at("$schema") ==
          "https://json-schema.org/draft/2020-12/schema");
}

TEST_CASE("the schema and the parser know the same fields", "[record]") {
    Known of_schema;
    gather(nlohmann::json::parse(json_schema()), "", of_schema);
    Known of_parser;
    for (const auto& field : fields()) {
        of_parser.emplace(std::string{field.object}, std::string{field.name}, field.required);
    }
    CHECK(of_schema == of_parser);
    CHECK(of_parser.size() == fields().size());
}

TEST_CASE("each field of the parser stands in docs/record.md", "[record]") {
    const std::string page =
        to_text(test::read_bytes(std::filesystem::path{KARTSAZ_SOURCE_DIR} / "docs" / "record.md"));
    for (const auto& field : fields()) {
        std::string path{field.object};
        if (!path.empty()) path = path.substr(1) + "/";
        INFO(path << field.name);
        CHECK_THAT(page, Catch::Contains("| `" + path + std::string{field.name} + "` |"));
    }
}

TEST_CASE("the limits of the schema are those of the parser", "[record]") {
    const auto schema = nlohmann::json::parse(json_schema());
    const auto& properties = schema["properties"];
    CHECK(schema["$defs"]["persian_name"]["maxLength"] == limit::name_part);
    CHECK(properties["address"]["maxLength"] == limit::address);
    CHECK(properties["authority"]["maxLength"] == limit::authority);
    CHECK(properties["email"]["maxLength"] == limit::email);
    CHECK(properties["birth"]["properties"]["place"]["maxLength"] == limit::place);
    CHECK(properties["birth_certificate"]["properties"]["serial"]["maxLength"] == limit::serial);
    const auto& names = properties["fingers"]["items"]["properties"]["position"]["oneOf"][0]["enum"];
    REQUIRE(names.size() == 10);
    for (unsigned position = 1; position <= 10; ++position)
        CHECK(names[position - 1] == position_name(position));
}

TEST_CASE("a name that was meant is found, and a stranger is not", "[record]") {
    const std::vector<std::string_view> names{"postal_code", "photo", "sex", "national_id"};
    CHECK(nearest("postalcode", names) == "postal_code");
    CHECK(nearest("postal-code", names) == "postal_code");
    CHECK(nearest("Photo", names) == "photo");
    CHECK(nearest("phtoo", names) == "photo");
    CHECK(nearest("nationalId", names) == "national_id");
    CHECK(nearest("height", names).empty());
    CHECK(nearest(std::string(100'000, 'p'), names).empty());
}
