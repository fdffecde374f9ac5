// SPDX-License-Identifier: Apache-2.0
// What `verify` is given: folders of `read -o`, trust folders, receipts.
#include <fmt/format.h>

#include "apdu/bytes.h"
#include "keys/issuer.h"
#include "tests/support/vectors.h"
#include "tests/unit/tools/bad_input.h"

namespace kartsaz::test {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

BadInput changed_json(const std::string& what, const std::string& file, const std::string& call,
                      const std::function<void(json&)>& change, const std::string& says) {
    const auto spoil = [file, change](const Desk& desk) {
        auto document = desk.json(file);
        change(document);
        desk.write(file, document.dump());
    };
    return {what, spoil, call, 3, {says}};
}

BadInput cut_file(const std::string& file, std::size_t size, const std::string& call,
                  const std::string& says) {
    const auto spoil = [file, size](const Desk& desk) { desk.write(file, desk.text(file).substr(0, size)); };
    return {fmt::format("{} cut at byte {}", file, size), spoil, call, 3, {says}};
}

}  // namespace

std::vector<BadInput> bad_dumps() {
    std::vector<BadInput> out;
    const auto wrong = [&](const std::string& what, const std::function<void(json&)>& change,
                           const std::string& says) {
        out.push_back(changed_json("card.json: " + what, "dump/card.json", judge, change, says));
    };
    const auto file = [](json& d) -> json& { return d["applications"].back()["files"][0]; };
    wrong(
        "another format", [](json& d) { d["format"] = "x"; }, "format");
    wrong(
        "version 2", [](json& d) { d["version"] = 2; }, "format");
    wrong(
        "no ATR", [](json& d) { d.erase("atr"); }, "atr");
    wrong(
        "an ATR that is not hexadecimal", [](json& d) { d["atr"] = "3Bxx"; }, "atr");
    wrong(
        "a chip that is a number", [](json& d) { d["chip"] = 7; }, "chip");
    wrong(
        "no applications", [](json& d) { d.erase("applications"); }, "applications");
    wrong(
        "applications that are a text", [](json& d) { d["applications"] = "emrtd"; }, "applications");
    wrong(
        "an application twice", [](json& d) { d["applications"].push_back(d["applications"].back()); },
        "stands twice");
    wrong(
        "facts that are a list", [](json& d) { d["applications"].back()["facts"] = json::array(); }, "facts");
    wrong(
        "a fact that is a number", [](json& d) { d["applications"].back()["facts"]["x"] = 1; }, "facts");
    wrong(
        "a file twice",
        [](json& d) {
            auto& files = d["applications"].back()["files"];
            files.push_back(files[0]);
        },
        "stands twice");
    wrong(
        "a path out of the folder", [=](json& d) { file(d)["path"] = "../record/record.json"; },
        "files/0/path");
    wrong(
        "a path from the root", [=](json& d) { file(d)["path"] = "/etc/passwd"; }, "files/0/path");
    wrong(
        "an empty path", [=](json& d) { file(d)["path"] = ""; }, "files/0/path");
    wrong(
        "a path to nothing", [=](json& d) { file(d)["path"] = "raw/none.bin"; }, "files/0/path");
    wrong(
        "a size below zero", [=](json& d) { file(d)["size"] = -1; }, "files/0/size");
    wrong(
        "a size of 4 GiB", [=](json& d) { file(d)["size"] = 1ULL << 32U; }, "files/0/size");
    wrong(
        "a size that is a text", [=](json& d) { file(d)["size"] = "28"; }, "files/0/size");
    wrong(
        "another hash", [=](json& d) { file(d)["sha256"] = std::string(64, '0'); }, "files/0/sha256");
    wrong(
        "half a hash", [=](json& d) { file(d)["sha256"] = "00"; }, "files/0/sha256");
    wrong(
        "a file identifier of three bytes", [=](json& d) { file(d)["fid"] = "010101"; }, "files/0/fid");
    wrong(
        "a file without its name", [=](json& d) { file(d).erase("name"); }, "name");
    wrong(
        "a file without its path", [=](json& d) { file(d).erase("path"); }, "files/0");
    wrong(
        "a list", [](json& d) { d = json::array(); }, "object is needed");
    for (const std::size_t size : {0U, 1U, 20U, 300U, 1500U}) {
        out.push_back(cut_file("dump/card.json", size, judge, "card.json: offset"));
    }
    out.push_back({"a file of the dump that was changed",
                   [](const Desk& desk) {
                       auto text = desk.text("dump/raw/emrtd/EF.DG1.bin");
                       text[20] ^= 1;
                       desk.write("dump/raw/emrtd/EF.DG1.bin", text);
                   },
                   judge,
                   3,
                   {"sha256"}});
    out.push_back(cut_file("dump/raw/emrtd/EF.DG2.bin", 1000, judge, "size"));
    out.push_back({"a file of the dump that is gone",
                   [](const Desk& desk) { fs::remove(desk / "dump/raw/emrtd/EF.SOD.bin"); },
                   judge,
                   3,
                   {"path"}});
    out.push_back({"a link out of the folder",
                   [](const Desk& desk) {
                       fs::remove(desk / "dump/raw/emrtd/EF.COM.bin");
                       fs::create_symlink("/etc/passwd", desk / "dump/raw/emrtd/EF.COM.bin");
                   },
                   judge,
                   3,
                   {"path", "link"}});
    out.push_back({"a folder without objects", nullptr, "verify --from record", 3, {"record", "card.json"}});
    out.push_back({"a folder with one object twice",
                   [](const Desk& desk) {
                       desk.write("bare/EF.DG1.bin", "x");
                       desk.write("bare/DG1.bin", "x");
                   },
                   "verify --from bare",
                   3,
                   {"EF.DG1", "twice"}});
    out.push_back({"a folder that is not there", nullptr, "verify --from none", 7, {"none"}});
    out.push_back(changed_json(
        "--against: a hash", "dump/card.json", "verify --from none --against dump/card.json",
        [](json& d) { d["atr"] = "x"; }, "atr"));
    return out;
}

std::vector<BadInput> bad_trust() {
    const auto call = judge + " --trust trust";
    const auto csca = keys::development_csca_pem();
    std::vector<BadInput> out{
        bad_file("trust: PEM of nothing", "trust/a.pem", "-----BEGIN NOTHING-----\n", call, {"a.pem"}),
        bad_file("trust: a certificate without its end", "trust/a.pem", csca.substr(0, csca.size() / 2), call,
                 {"a.pem"}),
        bad_file("trust: a certificate with a changed letter", "trust/a.pem",
                 std::string{csca}.replace(60, 4, "####"), call, {"a.pem"}),
        bad_file("trust: DER of nothing", "trust/a.cer", "not a certificate", call, {"a.cer"}),
        bad_file("trust: DER with a hostile length", "trust/a.der",
                 std::string{"\x30\x84\xFF\xFF\xFF\xFF", 6}, call, {"a.der"}),
        bad_file("trust: an empty certificate", "trust/a.crt", "", call, {"a.crt"}),
        bad_file("trust: a CRL of nothing", "trust/a.crl", "x", call, {"a.crl"}),
        bad_file("trust: only a text", "trust/readme.txt", "hello", call, {"trust", "certificate"}),
        bad_file("trust: a certificate of 5 MiB", "trust/a.pem", std::string(5U << 20U, '-'), call,
                 {"a.pem"}),
        {"trust: a folder that is not there", nullptr, judge + " --trust none", 3, {"none"}},
        {"trust: a file", nullptr, judge + " --trust receipt.json", 3, {"receipt.json"}},
        {"a date of judgement that there is not", nullptr, "verify --from dump --at 1405-13-01", 2, {"--at"}},
        {"a date of judgement in words", nullptr, "verify --from dump --at today", 2, {"--at"}},
    };
    return out;
}

std::vector<BadInput> bad_receipts() {
    const auto call = judge + " --receipt receipt.json";
    std::vector<BadInput> out;
    const auto wrong = [&](const std::string& what, const std::function<void(json&)>& change,
                           const std::string& says) {
        out.push_back(changed_json("receipt: " + what, "receipt.json", call, change, says));
    };
    wrong(
        "another format", [](json& d) { d["format"] = "kartsaz-receipt-9"; }, "format");
    wrong(
        "no format", [](json& d) { d.erase("format"); }, "format");
    wrong(
        "no chip", [](json& d) { d.erase("chip"); }, "chip");
    wrong(
        "a chip that is a number", [](json& d) { d["chip"] = 1; }, "receipt.json");
    wrong(
        "steps that are a text", [](json& d) { d["steps"] = "all"; }, "receipt.json");
    wrong(
        "a step without its status word", [](json& d) { d["steps"][0].erase("sw"); }, "sw");
    wrong(
        "a status word of three bytes", [](json& d) { d["steps"][0]["sw"] = "900000"; }, "sw");
    wrong(
        "a status word that is not hexadecimal", [](json& d) { d["steps"][0]["sw"] = "zz00"; },
        "receipt.json");
    wrong(
        "a list", [](json& d) { d = json::array(); }, "receipt.json");
    for (const std::size_t size : {0U, 100U, 2000U}) {
        out.push_back(cut_file("receipt.json", size, call, "receipt.json"));
    }
    out.push_back({"no receipt", nullptr, judge + " --receipt none.json", 3, {"none.json"}});
    return out;
}

}  // namespace kartsaz::test
