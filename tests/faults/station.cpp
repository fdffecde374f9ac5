// SPDX-License-Identifier: Apache-2.0
#include "tests/faults/station.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <stdlib.h>

#include <fstream>
#include <iterator>
#include <stdexcept>

#include "libcard/app/read_card.h"
#include "libcard/app/registry.h"
#include "libcard/reader/sim_transport.h"

namespace kartsaz::faults {

std::filesystem::path demo_record() {
    return std::filesystem::path{KARTSAZ_SOURCE_DIR} / "tools" / "demo" / "record.json";
}

std::string shipped_profile(const std::string& name) {
    const auto path =
        std::filesystem::path{KARTSAZ_SOURCE_DIR} / "libcard/profile/shipped" / (name + ".toml");
    std::ifstream in{path, std::ios::binary};
    if (!in) throw std::runtime_error{path.string() + " cannot be read"};
    return {std::istreambuf_iterator<char>{in}, std::istreambuf_iterator<char>{}};
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
    auto at = text.find(from);
    if (at == std::string::npos) throw std::runtime_error{"the text has no \"" + from + "\""};
    for (; at != std::string::npos; at = text.find(from, at + to.size())) text.replace(at, from.size(), to);
    return text;
}

Station::Station(const std::string& profile)
    : profile_{profile::parse(profile, "profile under test")},
      keys_{keys::development_keys()},
      signer_{keys_->blob("document-signer")},
      record_{record::load(demo_record()).record},
      applications_{perso::select_applications(profile_, app::registry())},
      order_{record_, profile_, *keys_, &signer_, moment},
      trust_{verify::development_trust()},
      holder_trust_{verify::development_holder_trust()},
      pool_{verify::development_pool()} {
    use(own_books_);
}

void Station::use(const Books& books) {
    books_ = &books;
    order_.certificates = &books.authority();
}

void Station::use(keys::CertificateSource& source) {
    books_ = nullptr;
    order_.certificates = &source;
}

perso::Run Station::run(perso::Journal* journal, perso::Permits permits) const {
    return perso::Run{order_, applications_, permits, journal};
}

perso::Receipt Station::personalize(sim::Body& body, perso::Journal* journal, perso::Permits permits) const {
    const auto card = reader::sim_transport(body);
    return perso::personalize(*card, run(journal, permits));
}

std::uint64_t Station::looking(sim::Body& body, perso::Permits permits) const {
    const auto before = body.apdu_count();
    const auto card = reader::sim_transport(body);
    perso::prepare(*card, run(nullptr, permits));
    return body.apdu_count() - before;
}

bool Station::nothing_to_do(sim::Body& body) const {
    const auto card = reader::sim_transport(body);
    return perso::prepare(*card, run(nullptr)).plan.empty();
}

app::CardDump Station::read(sim::Body& body) const {
    const auto card = reader::sim_transport(body);
    app::ReadCardOptions options;
    options.mrz_information = record_.mrz_information();
    options.keys = keys_.get();
    options.transport_pin = perso::TransportPin{};      // as the profile
    options.document_number = record_.document_number;  // of chips without a name
    return app::read_card(*card, options);
}

verify::Report Station::judge(const app::CardDump& dump, const record::Record* expected,
                              const app::CardDump* registered) const {
    verify::Context context{.dump = dump, .trust = trust_};
    context.at = moment;
    context.holder_trust = &holder_trust_;
    context.pool = &pool_;
    context.expected = expected;
    if (registered != nullptr) context.registered = *registered;
    context.development_trust = true;
    return verify::judge(context);
}

std::string Station::faults_of(sim::Body& body) const {
    const auto dump = read(body);
    const auto report = judge(dump, &record_);
    std::string out;
    for (const auto& finding : report.findings) {
        if (finding.severity == verify::Severity::note) continue;
        out += fmt::format("{} {}: {}\n", finding.check, finding.object, finding.text);
    }
    if (!report.accept && out.empty()) out = "rejected without a finding";
    return books_ == nullptr || !out.empty() ? out : books_->faults_of(dump);
}

std::unique_ptr<sim::Body> seeded_body(const std::string& kind, const std::string& link, std::uint8_t scp_i) {
    sim::NewBody options;
    options.kind = kind;
    options.link = link;
    options.scp_i = scp_i;
    options.serial = 0x00C0FFEE;
    options.seed = Bytes(32, 0x5A);
    return sim::Body::create(options);
}

bool all_tries_left(const sim::Body& body) {
    constexpr int full = 10;  // of a blank body, see the simulator's documentation
    const auto document = nlohmann::json::parse(body.describe_json());
    for (const auto& keyset : document.at("keysets")) {
        if (keyset.at("tries_left").get<int>() != full) return false;
    }
    return true;
}

Folder::Folder() {
    auto pattern = (std::filesystem::temp_directory_path() / "kartsaz-faults-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error{pattern + ": no folder can be made"};
    path_ = pattern;
}

Folder::~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

}  // namespace kartsaz::faults
