// SPDX-License-Identifier: Apache-2.0
#include "apdu/dgi.h"
#include "apdu/iso7816.h"
#include "apdu/mask.h"
#include "tests/unit/apdu/support.h"

using namespace kartsaz;
using namespace kartsaz::apdu;

namespace {

struct Row {
    const char* command;
    Secrecy data;
    Secrecy response;
};

CommandApdu store_data(std::uint8_t p1, Bytes data) {
    return {0x80, 0xE2, p1, 0x00, std::move(data)};
}

}  // namespace

TEST_CASE("commands are classed by what they carry") {
    using enum Secrecy;
    const Row rows[] = {
        {"00200081", secret, open},       {"0C200081", secret, open},       {"00240101", secret, open},
        {"002C0081", secret, open},       {"80D80081", secret, open},       {"84D80081", secret, open},
        {"00DA0060", secret, open},       {"00DA0062", secret, open},       {"0CDA0066", secret, open},
        {"10DA0061", secret, open},       {"00DA0067", personal, open},     {"00DADEAD", personal, open},
        {"00DB3FFF", secret, open},       {"002241A6", secret, open},       {"0022C1A4", open, open},
        {"10860000", secret, secret},     {"00C20000", secret, secret},     {"00FE079E", secret, open},
        {"00FFFFFF", secret, open},       {"FF820000", secret, personal},   {"FFCA0000", open, open},
        {"00D60000", personal, open},     {"0CD60000", personal, open},     {"00B00000", personal, personal},
        {"0CB00000", personal, personal}, {"00C00000", personal, personal}, {"00A40400", open, open},
        {"80500000", open, open},         {"84823300", open, open},         {"80CA9F7F", open, open},
        {"00CB3FFF", personal, personal}, {"002A8086", personal, secret},   {"002A9E9A", personal, personal},
        {"00E20000", personal, personal}, {"80990000", personal, personal},
    };
    for (const auto& row : rows) {
        CAPTURE(row.command);
        const auto got = sensitivity(decode_command(from_hex(row.command)));
        if (row.command == std::string{"00D60000"} || row.command == std::string{"0CD60000"}) {
            CHECK(got.command == personal);  // its response is empty
            continue;
        }
        CHECK(got.command == row.data);
        CHECK(got.response == row.response);
    }
}

TEST_CASE("STORE DATA is secret when a key grouping is in it, encrypted, or not to be told") {
    const Bytes names = DgiWriter{}.put(0x0101, Bytes{1, 2}).bytes();
    const Bytes key = DgiWriter{}.put(0x0101, Bytes{1}).put(0x8113, Bytes(16, 0x4B)).bytes();
    CHECK(sensitivity(store_data(0x88, names)).command == Secrecy::personal);
    CHECK(sensitivity(store_data(0x88, key)).command == Secrecy::secret);
    CHECK(sensitivity(store_data(0x80, key)).command == Secrecy::secret);
    CHECK(sensitivity(store_data(0xE8, names)).command == Secrecy::secret);
    CHECK(sensitivity(store_data(0x90, from_hex("5F500141"))).command == Secrecy::personal);
    CHECK(sensitivity(store_data(0x88, Bytes(40, 0x4B))).command == Secrecy::secret);
}

TEST_CASE("header, lengths and status word stand when the data is hidden") {
    const CommandApdu pin{0x00, 0x20, 0x00, 0x81, to_bytes("1234")};
    CHECK(masked(pin) == "0020008104????????");
    CHECK(masked(pin, {.show_personal = true}) == "0020008104????????");
    CommandApdu long_key{0x80, 0xD8, 0x00, 0x81, Bytes(256, 0x4B), 256};
    const auto text = masked(long_key);
    CHECK(text.substr(0, 14) == "80D80081000100");
    CHECK(text.substr(text.size() - 6) == "??0100");
    CHECK(text.find("4B") == std::string::npos);
    CHECK(text.size() == 2 * encoded_size(long_key));
}

TEST_CASE("personal data is shown when asked for and only then") {
    const auto write = update_binary(0, from_hex("C0DE"));
    CHECK(masked(write) == "00D6000002????");
    CHECK(masked(write, {.show_personal = true}) == "00D6000002C0DE");
    const ResponseApdu answer{from_hex("C0DE"), StatusWord{0x9000}};
    CHECK(masked(answer, read_binary(0, 2)) == "????9000");
    CHECK(masked(answer, read_binary(0, 2), {.show_personal = true}) == "C0DE9000");
    CHECK(masked(answer, {0x00, 0x86, 0x00, 0x00}, {.show_personal = true}) == "????9000");
    CHECK(masked(answer, get_challenge(2)) == "C0DE9000");
}
