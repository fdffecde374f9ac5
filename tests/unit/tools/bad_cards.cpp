// SPDX-License-Identifier: Apache-2.0
// Transcripts, MRZ files, body files, and places that cannot be written.
#include <fmt/format.h>
#include <sys/stat.h>

#include "tests/unit/tools/bad_input.h"

namespace kartsaz::test {
namespace {

namespace fs = std::filesystem;

struct Row {
    const char* what;
    const char* text;
    const char* says;
};

const Row transcripts[] = {
    {"an odd number of digits", "! ATR 3B0\n", "line 1"},
    {"a letter that is no digit", "! ATR 3Bzz\n", "line 1"},
    {"an ATR without bytes", "! ATR\n", "line 1"},
    {"a mark nobody knows", "! ATR 3B00\n? 00A4\n", "line 2"},
    {"a setting nobody knows", "! ATR 3B00\n! speed 9\n", "line 2"},
    {"limits of zero", "! ATR 3B00\n! limits 0 256\n", "line 2"},
    {"limits of a gigabyte", "! ATR 3B00\n! limits 1000000000 256\n", "line 2"},
    {"one limit", "! ATR 3B00\n! limits 255\n", "line 2"},
    {"a command of three bytes", "! ATR 3B00\n> 00A404\n< 9000\n", "line 2"},
    {"a response of one byte", "! ATR 3B00\n> 00A40400\n< 90\n", "line 3"},
    {"a response without a command", "! ATR 3B00\n< 9000\n", "line 2"},
    {"a command without a response", "! ATR 3B00\n> 00A40400\n", "line 2"},
    {"two commands in a row", "! ATR 3B00\n> 00A40400\n> 00A40400\n< 9000\n", "line 2"},
    {"another command than the program sends", "! ATR 3B00\n> 00FFFFFF\n< 9000\n",
     "line 2: expected 00FFFFFF"},
};

const std::string line1 = "I<IRNK123456789<<<<<<<<<<<<<<<";
const Row mrzs[] = {
    {"an empty file", "", "0 characters"},
    {"two lines", "I<IRNK123456789<<<<<<<<<<<<<<<\n9010239F3110225IRN<<<<<<<<<<<0\n", "60 characters"},
    {"small letters", "i<irn", "only A-Z"},
    {"a blank", "I< IRN", "only A-Z"},
    {"ninety fillers",
     "<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<\n<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<\n<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<\n",
     "document number"},
    {"a wrong check digit of the document number",
     "I<IRNK123456780<<<<<<<<<<<<<<<\n9010239F3110225IRN<<<<<<<<<<<0\nNEMOUNEH<<SARA<<<<<<<<<<<<<<<<\n",
     "document number"},
    {"a document number without its end",
     "I<IRNK12345678<ABCDEFGHIJKLMNO\n9010239F3110225IRN<<<<<<<<<<<0\nNEMOUNEH<<SARA<<<<<<<<<<<<<<<<\n",
     "document number"},
};

BadInput with_body(const std::string& what, const std::function<void(std::string&)>& change) {
    const auto spoil = [change](const Desk& desk) {
        auto text = desk.text("card.body");
        change(text);
        desk.write("card.body", text);
    };
    return {"body file: " + what, spoil, personalize, 7, {"card.body"}};
}

}  // namespace

std::vector<BadInput> bad_transcripts_and_mrz() {
    std::vector<BadInput> out;
    for (const auto& row : transcripts) {
        out.push_back(bad_file(fmt::format("transcript: {}", row.what), "t.apdu", row.text,
                               "personalize record/record.json --dry-run -r replay:t.apdu",
                               {"t.apdu", row.says}));
    }
    out.push_back({"no transcript", nullptr, "read -r replay:none.apdu", 3, {"none.apdu"}});
    for (const auto& row : mrzs) {
        out.push_back(bad_file(fmt::format("MRZ: {}", row.what), "mrz.txt", row.text,
                               "read -r sim:card.body -o out --mrz mrz.txt", {"mrz.txt", row.says}));
    }
    out.push_back({"no MRZ", nullptr, "verify -r sim:card.body --mrz none.txt", 3, {"none.txt"}});
    return out;
}

std::vector<BadInput> bad_bodies_and_targets() {
    std::vector<BadInput> out{
        with_body("empty", [](std::string& text) { text.clear(); }),
        with_body("cut to half", [](std::string& text) { text.resize(text.size() / 2); }),
        with_body("without its last byte", [](std::string& text) { text.pop_back(); }),
        with_body("a byte too many", [](std::string& text) { text += 'x'; }),
        with_body("another start", [](std::string& text) { text[0] = static_cast<char>(text[0] ^ 1); }),
        with_body(
            "a changed byte inside",
            [](std::string& text) { text[text.size() / 2] = static_cast<char>(text[text.size() / 2] ^ 1); }),
        {"no body file",
         [](const Desk& desk) { fs::remove(desk / "card.body"); },
         personalize,
         7,
         {"card.body"}},
        {"a body that is a folder", nullptr, "personalize record/record.json -r sim:record", 7, {"record"}},
        {"a receipt where there is no folder", nullptr, personalize + " --receipt none/r.json", 7, {"none"}},
        {"a receipt in the place of a folder", nullptr, personalize + " --receipt record", 7, {"record"}},
        {"a trace where there is no folder", nullptr, personalize + " --trace none/t.apdu", 7, {"none"}},
        {"a journal in the place of a file",
         nullptr,
         personalize + " --journal receipt.json",
         7,
         {"receipt.json"}},
        {"a report where there is no folder", nullptr, judge + " --report none/r.html", 7, {"none"}},
        {"a JUnit file where there is no folder", nullptr, judge + " --junit none/r.xml", 7, {"none"}},
        {"a folder to read to in the place of a file",
         nullptr,
         "read -r sim:card.body -o receipt.json",
         7,
         {"receipt.json"}},
        {"a body in the place of a file", nullptr, "sim new receipt.json", 2, {"receipt.json", "--force"}},
        {"a byte to flip in a file that a blank body has not",
         nullptr,
         "sim flip card.body EF.DG1 0",
         2,
         {"EF.DG1"}},
        {"a body of a kind nobody knows", nullptr, "sim new new.body --like paper", 2, {"paper"}},
        {"a seed of one byte", nullptr, "sim new new.body --seed 01", 2, {"--seed", "32"}},
        {"a serial number of three bytes", nullptr, "sim new new.body --serial 010203", 2, {"--serial"}},
        {"an SCP03 parameter that there is not", nullptr, "sim new new.body --scp-i FF", 2, {"FF"}},
        {"a fault nobody knows", nullptr, "sim plug card.body --fault explode:1", 2, {"explode:1"}},
    };
    return out;
}

}  // namespace kartsaz::test
