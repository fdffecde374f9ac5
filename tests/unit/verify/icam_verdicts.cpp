// SPDX-License-Identifier: Apache-2.0
#include "icam_verdicts.h"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <stdexcept>

#include "keys/certificate_pool.h"
#include "keys/pkcs12.h"
#include "libcard/app/piv/folder.h"
#include "tests/support/vectors.h"

namespace kartsaz::test {
namespace fs = std::filesystem;
namespace {

constexpr const char* signer_of_57 = "6000000000000000012F";

const keys::CertificatePool& icam_pool(bool revoked) {
    static const auto published = keys::load_pool(icam_folder() / "ICAM_CA_and_Signer");
    if (!revoked) return published;
    static const auto more = [] {
        auto out = keys::load_pool(icam_folder() / "ICAM_CA_and_Signer");
        const auto ca = icam_party("ICAM_Test_Card_PIV_Signing_CA_-_gold_gen3");
        out.add(ca.crl({signer_of_57}, icam_day - 10 * 86'400, icam_day + 10 * 86'400), "CRL of the test");
        return out;
    }();
    return more;
}

}  // namespace

bool icam_there() {
    const auto shared = shared_dir();
    if (shared && fs::is_directory(*shared / "data" / "icam")) return true;
    WARN("the ICAM cards are not there (KARTSAZ_SHARED); this test showed nothing");
    return false;
}

fs::path icam_folder() {
    return shared_dir().value() / "data" / "icam";
}

std::vector<fs::path> icam_folders() {
    std::vector<fs::path> out;
    for (const auto& entry : fs::directory_iterator{icam_folder()}) {
        const auto name = entry.path().filename().string();
        if (entry.is_directory() && !name.starts_with("ICAM_CA")) out.push_back(entry.path());
    }
    std::sort(out.begin(), out.end());
    return out;
}

fs::path icam_folder_of(const std::string& number) {
    for (const auto& folder : icam_folders()) {
        if (folder.filename().string().starts_with(number)) return folder;
    }
    throw std::runtime_error{"no ICAM card " + number};
}

PivParty icam_party(const std::string& name) {
    const auto file = keys::read_pkcs12(icam_folder() / "ICAM_CA_and_Signer" / (name + ".p12"));
    return {file.pem.reveal([](ByteView pem) { return to_text(pem); }), file.certificate};
}

app::CardDump icam_dump(const fs::path& folder) {
    app::CardDump dump;
    dump.applications.push_back(app::piv::to_dump(app::piv::load_object_folder(folder)));
    return dump;
}

verify::Report judge_icam(const app::CardDump& dump, bool revoked, const app::CardDump* registered) {
    const keys::TrustAnchors documents;
    verify::Context context{.dump = dump, .trust = documents};
    context.at = icam_day + 86'399;
    context.since = icam_day;
    context.pool = &icam_pool(revoked);
    if (registered != nullptr) context.registered = *registered;
    return verify::judge(context);
}

std::string name_of(const verify::Finding& finding) {
    return fmt::format("{} ", verify::name(finding.severity));
}

}  // namespace kartsaz::test
