// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/tools/bad_input.h"

#include <catch2/catch.hpp>
#include <fmt/format.h>

namespace kartsaz::test {
namespace fs = std::filesystem;
namespace {

std::string differences(const std::map<std::string, std::string>& before,
                        const std::map<std::string, std::string>& after) {
    std::string out;
    for (const auto& [name, content] : after) {
        const auto old = before.find(name);
        if (old == before.end()) out += "left behind: " + name + "\n";
        if (old != before.end() && old->second != content) out += "changed: " + name + "\n";
    }
    for (const auto& [name, content] : before) {
        if (!after.contains(name)) out += "taken away: " + name + "\n";
    }
    return out;
}

std::string judge_outcome(const BadInput& bad, const Outcome& outcome) {
    std::string wrong;
    if (outcome.code != bad.code) wrong += fmt::format("exit code {}, not {}\n", outcome.code, bad.code);
    const auto document = nlohmann::json::parse(outcome.out, nullptr, false);
    if (document.is_discarded() || !document.contains("error")) {
        return wrong + "no error document on standard output: " + outcome.out + outcome.err;
    }
    if (document["error"]["exit_code"] != bad.code) wrong += "another exit code in the error document\n";
    const auto text = document["error"]["text"].get<std::string>();
    for (const auto& piece : bad.says) {
        if (text.find(piece) == std::string::npos) wrong += fmt::format("does not say \"{}\"\n", piece);
    }
    if (!outcome.err.starts_with("kartsaz: ")) wrong += "no message for people\n";
    for (const auto& line : wide_lines(outcome.err)) wrong += "wider than 80 columns: " + line + "\n";
    return wrong.empty() ? wrong : wrong + "said: " + text + "\n";
}

}  // namespace

BadInput bad_file(const std::string& name, const std::string& file, const std::string& text,
                  const std::string& call, std::vector<std::string> says, int code) {
    return {name, [file, text](const Desk& desk) { desk.write(file, text); }, call, code, std::move(says)};
}

BadInputStock::BadInputStock() {
    const auto done = [&](const std::string& line) {
        const auto outcome = desk_.run(line);
        INFO(line << "\n" << outcome.err);
        REQUIRE(outcome.code == 0);
    };
    done("sim new card.body --seed " + std::string(64, '1'));
    done("sim new finished.body --seed " + std::string(64, '2'));
    done("personalize record/record.json -r sim:finished.body --receipt receipt.json");
    done("read -r sim:finished.body --record record/record.json -o dump");
    fs::remove_all(desk_ / "state");
    fs::remove(desk_ / "finished.body");
}

void BadInputStock::lay_out(const Desk& desk) const {
    for (const char* name : {"card.body", "receipt.json", "dump"}) {
        fs::copy(desk_ / name, desk / name, fs::copy_options::recursive);
    }
}

std::string trial(const BadInputStock& stock, const BadInput& bad) {
    const Desk desk;
    stock.lay_out(desk);
    if (bad.spoil) bad.spoil(desk);
    const auto before = desk.everything();
    const auto outcome = desk.run(bad.call + " --json");
    return judge_outcome(bad, outcome) + differences(before, desk.everything());
}

}  // namespace kartsaz::test
