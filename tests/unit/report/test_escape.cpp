// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "libcard/report/escape.h"

using namespace kartsaz;
using report::base64;
using report::escaped;

TEST_CASE("markup is escaped, Persian text stays", "[report]") {
    CHECK(escaped("<script>\"x\" & 'y'</script>") ==
          "&lt;script&gt;&quot;x&quot; &amp; &#39;y&#39;&lt;/script&gt;");
    CHECK(escaped("کوچهٔ یکم\u200Cها") == "کوچهٔ یکم\u200Cها");
    CHECK(escaped("") == "");
}

TEST_CASE("what is not UTF-8, and control characters, become the replacement character", "[report]") {
    const std::string r = "\xEF\xBF\xBD";
    CHECK(escaped("a\xFF"
                  "b") == "a" + r + "b");
    CHECK(escaped("\xC3") == r);
    CHECK(escaped("\xC0\x80") == r + r);          // overlong
    CHECK(escaped("\xED\xA0\x80") == r + r + r);  // a surrogate
    CHECK(escaped("\xF4\x90\x80\x80") == r + r + r + r);
    CHECK(escaped(std::string("a\0b", 3)) == "a" + r + "b");
    CHECK(escaped("\x1B[2J") == r + "[2J");
    CHECK(escaped("\xC2\x9B") == r);  // a C1 control character
}

TEST_CASE("characters that turn the direction of text around them are taken out", "[report]") {
    CHECK(escaped("a\u202Eb\u2066c\u200Fd") == "abcd");
}

TEST_CASE("base64 is that of RFC 4648", "[report]") {
    CHECK(base64(to_bytes("")) == "");
    CHECK(base64(to_bytes("f")) == "Zg==");
    CHECK(base64(to_bytes("fo")) == "Zm8=");
    CHECK(base64(to_bytes("foo")) == "Zm9v");
    CHECK(base64(to_bytes("foobar")) == "Zm9vYmFy");
    CHECK(base64(from_hex("FFEFBE")) == "/+++");
}
