// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/globalplatform/card.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "libcard/app/read_card.h"
#include "libcard/app/registry.h"
#include "libcard/reader/sim_transport.h"
#include "tests/support/bureau.h"

namespace kartsaz::test {
namespace {

constexpr std::int64_t moment = 1'763'700'000;  // 2025-11-21: within the demo record's validity

}  // namespace

Desk::Desk(const std::string& profile, std::unique_ptr<keys::KeyStore> keys)
    : profile_{profile::parse(profile, "profile under test")},
      keys_{keys ? std::move(keys) : keys::development_keys()},
      signer_{keys::development_keys()->blob("document-signer")},
      record_{record::load(Bureau::demo_record()).record},
      applications_{perso::select_applications(profile_, app::registry())},
      order_{record_, profile_, *keys_, &signer_, moment, perso::keyset_names(profile_)} {}

perso::Run Desk::run(perso::Journal* journal) const {
    return perso::Run{order_, applications_, {}, journal};
}

perso::Prepared Desk::prepare(sim::Body& body) const {
    const auto card = reader::sim_transport(body);
    return perso::prepare(*card, run());
}

perso::Receipt Desk::personalize(sim::Body& body, perso::Journal* journal) const {
    const auto card = reader::sim_transport(body);
    return perso::personalize(*card, run(journal));
}

std::pair<Errc, std::string> Desk::refusal(sim::Body& body) const {
    try {
        personalize(body);
    } catch (const Error& error) {
        return {error.code(), error.what()};
    }
    FAIL("not refused");
    return {Errc::internal, ""};
}

app::CardDump Desk::read(sim::Body& body) const {
    const auto card = reader::sim_transport(body);
    app::ReadCardOptions options;
    options.mrz_information = record_.mrz_information();
    options.keys = keys_.get();
    options.transport_pin = perso::TransportPin{};  // as the profile
    return app::read_card(*card, options);
}

std::string Desk::faults(sim::Body& body) const {
    const auto dump = read(body);
    const auto trust = verify::development_trust();
    verify::Context context{.dump = dump, .trust = trust};
    context.at = moment;
    context.expected = &record_;
    context.development_trust = true;
    const auto report = verify::judge(context);
    std::string out;
    for (const auto& finding : report.findings) {
        if (finding.severity == verify::Severity::note) continue;
        // this station's profile leaves the signature application blank
        if (finding.check.starts_with("pkcs15.")) continue;
        out += finding.check + " " + finding.object + ": " + finding.text + "\n";
    }
    return out;
}

std::string profile_text(const std::string& level, const std::string& more) {
    return "name = \"old-stock\"\ntitle = \"under test\"\napplications = [\"globalplatform\", \"emrtd\"]\n"
           "[globalplatform]\nlevel = \"" +
           level + "\"\n" + more + "\n[emrtd]\nlevel = \"" + level +
           "\"\nfingerprint = \"dg3\"\ncreated_file_is_selected = true\n";
}

std::unique_ptr<sim::Body> body(std::uint8_t scp, std::optional<std::uint8_t> i, bool bare) {
    sim::NewBody options;
    options.scp = scp;
    options.scp_i = i;
    options.bare = bare;
    options.serial = 0x00C0FFEE;
    options.seed = Bytes(32, 0x5A);
    return sim::Body::create(options);
}

std::string told(const sim::Body& body, const char* pointer) {
    const auto document = nlohmann::json::parse(body.describe_json());
    const auto& value = document.at(nlohmann::json::json_pointer{pointer});
    return value.is_string() ? value.get<std::string>() : value.dump();
}

std::uint64_t apdus(const Desk& desk, sim::Body& body) {
    const auto before = body.snapshot();
    const auto start = body.apdu_count();
    desk.personalize(body);
    const auto count = body.apdu_count() - start;
    body.restore(before);
    return count;
}

}  // namespace kartsaz::test
