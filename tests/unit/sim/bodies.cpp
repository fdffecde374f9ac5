// SPDX-License-Identifier: Apache-2.0
#include "bodies.h"

#include <catch2/catch.hpp>

namespace kartsaz::sim::test {

std::vector<BodyKind> passport_kinds() {
    std::vector<BodyKind> kinds = body_kinds();
    std::erase_if(kinds, [](const BodyKind& kind) {
        if (kind.name == "kartsaz-piv") return true;  // its passport is kartsaz's
        NewBody options;
        options.kind = kind.name;
        return Body::create(options)->describe_json().find("\"passport\"") == std::string::npos;
    });
    return kinds;
}

std::unique_ptr<Body> blank(const std::string& kind, bool open) {
    NewBody options;
    options.kind = kind;
    options.open = open;
    options.seed = Bytes(32, 5);
    auto body = Body::create(options);
    body->power_on();
    return body;
}

std::unique_ptr<Body> ready(const std::string& kind) {
    auto body = blank(kind);
    personalize(*body);
    body->power_on();
    return body;
}

void lock(Body& body) {
    body.power_on();
    send(body, select_passport);
    ScpHost host{transport_key()};
    const bool secured = host.open(body, 0x03) == 0x9000;
    REQUIRE((secured ? host.send(body, "00DADEAD").sw : sw(body, "00DADEAD")) == 0x9000);
    body.power_on();
}

void put_issuer_keys(Body& body, const Bytes& fresh) {
    body.power_on();
    ScpHost host{transport_key()};
    REQUIRE(host.open(body, 0x03) == 0x9000);
    const Bytes data = host.put_key_data(0x01, fresh);
    REQUIRE(host.send(body, "80D83081" + to_hex(big_endian(data.size(), 1)) + to_hex(data) + "00").sw ==
            0x9000);
    body.power_on();
}

}  // namespace kartsaz::sim::test
