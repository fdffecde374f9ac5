// SPDX-License-Identifier: Apache-2.0
// Bad input through the real program: the expected exit code, a message that names field or offset, a card
// that is untouched to the byte, and nothing left behind.
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <atomic>
#include <thread>

#include "tests/unit/tools/bad_input.h"

namespace kartsaz::test {
namespace {

std::vector<BadInput> all_bad_input() {
    std::vector<BadInput> all;
    for (const auto& make :
         {bad_records, bad_photos_and_templates, bad_profiles, bad_key_files, bad_passphrase_files, bad_dumps,
          bad_trust, bad_receipts, bad_transcripts_and_mrz, bad_bodies_and_targets}) {
        for (auto& one : make()) all.push_back(std::move(one));
    }
    return all;
}

}  // namespace

TEST_CASE(
    "bad input is refused with the right exit code, names the place, and leaves card and folder as they "
    "were") {
    const auto all = all_bad_input();
    const BadInputStock stock;
    std::vector<std::string> wrong(all.size());
    std::atomic<std::size_t> next{0};
    const auto work = [&] {
        for (std::size_t i = next++; i < all.size(); i = next++) {
            try {
                wrong[i] = trial(stock, all[i]);
            } catch (const std::exception& error) {
                wrong[i] = error.what();
            }
        }
    };
    std::vector<std::thread> workers;
    for (unsigned i = 0; i < 3; ++i) workers.emplace_back(work);
    for (auto& worker : workers) worker.join();
    std::size_t refused = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
        INFO(all[i].name << "\n" << wrong[i]);
        CHECK(wrong[i].empty());
        refused += wrong[i].empty() ? 1 : 0;
    }
    fmt::print("bad input: {} cases, {} refused as expected\n", all.size(), refused);
    CHECK(all.size() >= 150);
}

TEST_CASE("what bad input is made from is good") {
    const BadInputStock stock;
    const Desk desk;
    stock.lay_out(desk);
    CHECK(desk.run(personalize).code == 0);
    CHECK(desk.run(judge + " --receipt receipt.json --against dump/card.json").code == 0);
}

}  // namespace kartsaz::test
