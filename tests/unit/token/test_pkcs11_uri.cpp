// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "apdu/error.h"
#include "keys/pkcs11_uri.h"

using namespace kartsaz;
using namespace kartsaz::keys;
using Catch::Contains;

TEST_CASE("a pkcs11 URI names token, object, module and the file of the PIN") {
    // the shape of RFC 7512, section 3, with all that is taken here
    const auto uri = parse_pkcs11_uri(
        "pkcs11:token=The%20Software%20PKCS%2311%20Softtoken;manufacturer=Snake%20Oil,%20Inc.;model=1.0;"
        "serial=DECC0401648;object=my-certificate;type=cert;id=%69%95%3E%5C%F4%BD%EC%91;slot-id=327?"
        "pin-source=file:/etc/token_pin&module-path=/usr/share/p%26q/m.so");
    CHECK(uri.token == "The Software PKCS#11 Softtoken");
    CHECK(uri.manufacturer == "Snake Oil, Inc.");
    CHECK(uri.model == "1.0");
    CHECK(uri.serial == "DECC0401648");
    CHECK(uri.object == "my-certificate");
    CHECK(uri.type == "cert");
    CHECK(uri.id == from_hex("69953E5CF4BDEC91"));
    CHECK(uri.slot_id == 327U);
    CHECK(uri.pin_source == "/etc/token_pin");
    CHECK(uri.module_path == "/usr/share/p&q/m.so");
}

TEST_CASE("the smallest pkcs11 URI fits any token") {
    const auto uri = parse_pkcs11_uri("pkcs11:");
    CHECK(uri.token.empty());
    CHECK_FALSE(uri.slot_id);
    CHECK(uri.token_text() == "any token");
    CHECK(parse_pkcs11_uri("pkcs11:token=a;serial=b;slot-id=7").token_text() == "token a, serial b, slot 7");
    CHECK(parse_pkcs11_uri("pkcs11:?module-path=/m.so").module_path == "/m.so");
}

TEST_CASE("a PIN source is a file, a descriptor or the prompt") {
    const auto source = [](const std::string& value) {
        return parse_pkcs11_uri("pkcs11:token=t?pin-source=" + value).pin_source;
    };
    CHECK(source("/etc/pin") == "/etc/pin");
    CHECK(source("file:/etc/pin") == "/etc/pin");
    CHECK(source("file:///etc/pin") == "/etc/pin");
    CHECK(source("file://localhost/etc/pin") == "/etc/pin");
    CHECK(source("fd:3") == "fd:3");
    CHECK(source("prompt") == "prompt");
    CHECK_THROWS_WITH(source("file://other/etc/pin"),
                      Contains("offset 26: pin-source: a file of another machine"));
    CHECK_THROWS_WITH(source("%7C/bin/echo"), Contains("a program is not run for a PIN"));
    CHECK_THROWS_WITH(source("|/bin/echo"), Contains("a program is not run for a PIN"));
    CHECK_THROWS_WITH(source(""), Contains("names no file"));
    CHECK_THROWS_WITH(source("file:"), Contains("names no file"));
    CHECK_THROWS_WITH(source("a%00b"), Contains("holds a byte 00"));
}

TEST_CASE("a PIN in a pkcs11 URI is refused and never repeated") {
    for (const auto* text :
         {"pkcs11:token=t?pin-value=s3cret", "pkcs11:token=t?module-path=/m.so&pin-value=s3cret",
          "pkcs11:token=t;pin-value=s3cret", "pkcs11:pin-value=s3cret%GG"}) {
        try {
            (void)parse_pkcs11_uri(text);
            FAIL("taken: " << text);
        } catch (const Error& error) {
            CHECK(error.code() == Errc::usage);
            CHECK_THAT(error.what(), Contains("pin-value is refused"));
            CHECK_THAT(error.what(), !Contains("s3cret"));
        }
    }
}

TEST_CASE("a bad pkcs11 URI is refused with the offset and the rule") {
    const std::pair<const char*, const char*> bad[] = {
        {"", "offset 0: it starts with \"pkcs11:\""},
        {"pkcs11", "offset 0: it starts"},
        {"PKCS11:token=t", "offset 0: it starts"},
        {"/etc/keys", "offset 0: it starts"},
        {"pkcs11:token", "offset 7: an attribute is name=value"},
        {"pkcs11:=t", "offset 7: the name of an attribute"},
        {"pkcs11:to ken=t", "offset 7: the name of an attribute"},
        {"pkcs11:token=t;", "offset 15: an empty attribute"},
        {"pkcs11:;token=t", "offset 7: an empty attribute"},
        {"pkcs11:token=t;;serial=s", "offset 15: an empty attribute"},
        {"pkcs11:token=t?", "offset 15: an empty attribute"},
        {"pkcs11:token=a b", "offset 14: token: this character is written in percent form"},
        {"pkcs11:token=a/b", "offset 14: token: this character"},
        {"pkcs11:token=a#b", "offset 14: token: this character"},
        {"pkcs11:token=\xC3\xA4", "offset 13: token: this character"},
        {"pkcs11:token=a%", "offset 14: token: % and two"},
        {"pkcs11:token=a%4", "offset 14: token: % and two"},
        {"pkcs11:token=a%4G", "offset 14: token: % and two"},
        {"pkcs11:token=a%00", "offset 13: token: holds a byte 00"},
        {"pkcs11:token=123456789012345678901234567890123", "offset 13: token: at most 32 bytes"},
        {"pkcs11:serial=12345678901234567", "offset 14: serial: at most 16 bytes"},
        {"pkcs11:token=a;token=b", "offset 15: token is there twice"},
        {"pkcs11:?module-path=/a&module-path=/b", "offset 23: module-path is there twice"},
        {"pkcs11:type=key", "offset 12: type: private, public, cert"},
        {"pkcs11:id=", "offset 10: id: 1 to 255 bytes"},
        {"pkcs11:slot-id=x", "offset 15: slot-id: a decimal number"},
        {"pkcs11:slot-id=-1", "offset 15: slot-id: a decimal number"},
        {"pkcs11:slot-id=99999999999999999999", "offset 15: slot-id: a decimal number"},
        {"pkcs11:slot-id=", "offset 15: slot-id: a decimal number"},
        {"pkcs11:library-version=3", "offset 7: unknown attribute library-version"},
        {"pkcs11:x-vendor=3", "offset 7: unknown attribute x-vendor"},
        {"pkcs11:module-path=%2Fm.so", "offset 7: unknown attribute module-path before the ?"},
        {"pkcs11:?token=t", "offset 8: unknown attribute token after the ?"},
        {"pkcs11:?module-name=p11", "offset 8: unknown attribute module-name"},
        {"pkcs11:?module-path=m.so", "offset 20: module-path: an absolute path"},
        {"pkcs11:?module-path=", "offset 20: module-path: an absolute path"},
    };
    for (const auto& [text, rule] : bad) {
        INFO(text);
        CHECK_THROWS_WITH(parse_pkcs11_uri(text), Contains(rule));
    }
    CHECK_THROWS_WITH(parse_pkcs11_uri("pkcs11:object=" + std::string(9000, 'a')),
                      Contains("longer than 8192"));
}

TEST_CASE("a pkcs11 URI that is cut off anywhere is read or refused, never more") {
    const std::string whole =
        "pkcs11:token=a%20b;serial=17;object=csca;id=%01%FF?pin-source=file:/p&module-path=/m.so";
    for (std::size_t size = 0; size < whole.size(); ++size) {
        try {
            (void)parse_pkcs11_uri(whole.substr(0, size));
        } catch (const Error& error) {
            CHECK(error.code() == Errc::usage);
        }
    }
}
