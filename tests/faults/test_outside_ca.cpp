// SPDX-License-Identifier: Apache-2.0
// Cards torn at every APDU while an offline CA certifies: what the CA issued is on the card, or is named to
// be revoked, never forgotten.
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <set>

#include "apdu/error.h"
#include "keys/certificate_memory.h"
#include "keys/certificate_request.h"
#include "keys/pem.h"
#include "keys/remembering_source.h"
#include "keys/spool_source.h"
#include "tests/faults/process.h"
#include "tests/faults/tear.h"

namespace kartsaz::faults {
namespace {

/// An offline CA and a station's spool folder, with what the station remembers of it.
class Outside {
public:
    explicit Outside(Station& station) { station.use(source_); }

    /// Hands the requests over, as they lie in the folder. The CA has one order in its hands for each of the
    /// station, and answers each once.
    void answer() {
        for (const auto& order : orders_.taken) {
            const auto key = keys::key_identifier(keys::parse_request(order.request).public_key);
            auto name = to_hex(key);
            std::ranges::transform(name, name.begin(),
                                   [](char c) { return static_cast<char>(std::tolower(c)); });
            const auto file = folder_.path() / "spool" / (name + ".der");
            if (!std::filesystem::exists(folder_.path() / "spool" / (name + ".csr.pem"))) continue;
            if (std::filesystem::exists(file)) continue;
            const auto der = ca_.certificate(order);
            issued.insert(der);
            std::ofstream{file, std::ios::binary} << to_text(der);
        }
    }
    /// As `kartsaz ca pending` does.
    std::size_t settle() { return source_.settle().size(); }
    /// Everything that was issued is on the card or named to be revoked; nothing waits unmarked.
    std::string faults_of(const app::CardDump& card) const {
        const auto on_card = proved_certificates(card);
        if (on_card.size() != 1) return fmt::format("{} certificates on the card", on_card.size());
        if (!issued.contains(on_card.front())) return "the card has a certificate that was not issued for it";
        const auto known = memory_->all();
        for (const auto& der : issued) {
            const bool there = der == on_card.front();
            const auto entry =
                std::ranges::find_if(known, [&](const auto& one) { return one.certificate == der; });
            if (entry == known.end()) return "a certificate is forgotten";
            if (there == entry->doomed.has_value())
                return there ? "the card's certificate is to be revoked"
                             : "an unused one is not to be revoked";
        }
        for (const auto& one : memory_->pending()) {
            if (!one.abandoned) return "an order waits for ever";
        }
        return {};
    }

private:
    /// Notes what is asked for.
    class Tap final : public keys::CertificateSource {
    public:
        explicit Tap(keys::CertificateSource& below) : below_{below} {}
        Bytes certificate(const keys::CertificateOrder& order) override {
            taken.push_back(order);
            return below_.certificate(order);
        }
        std::optional<std::size_t> certificate_size(const keys::CertificateTemplate& content,
                                                    ByteView key) const override {
            return below_.certificate_size(content, key);
        }
        Bytes issuer_certificate() const override { return below_.issuer_certificate(); }
        void revoke(ByteView certificate, int reason) override { below_.revoke(certificate, reason); }
        Bytes late_answer(ByteView key) override { return below_.late_answer(key); }
        std::vector<keys::CertificateOrder> taken;

    private:
        keys::CertificateSource& below_;
    };

    Books books_;  // of the CA, which the station does not see
    keys::LocalCa& ca_ = books_.authority();
    Folder folder_;
    keys::SpoolSource spool_{folder_.path() / "spool",
                             {.trusted = {ca_.issuer_certificate()}, .issuer = ca_.issuer_certificate()}};
    Tap orders_{spool_};
    std::shared_ptr<keys::CertificateMemory> memory_ =
        std::make_shared<keys::CertificateMemory>(folder_.path() / "memory");
    keys::RememberingSource source_{orders_, memory_};

public:
    std::set<Bytes> issued;
};

enum class Call { complete, waits, torn, failed };

Call call(const Station& station, sim::Body& body, std::string& text) {
    try {
        return station.personalize(body, nullptr).complete ? Call::complete : Call::failed;
    } catch (const Error& error) {
        text = error.what();
        const bool waits = text.find("waits for its certificate") != std::string::npos;
        if (error.code() == Errc::interrupted) return waits ? Call::waits : Call::torn;
        return error.code() == Errc::card_removed ? Call::torn : Call::failed;
    }
}

/// Calls until the card is complete; the CA answers between them. Torn once, at the APDU that the fault
/// names, counted from now over all calls.
std::string to_the_end(Station& station, sim::Body& body, Outside& outside) {
    std::string text;
    constexpr int most = 4;  // torn, waiting, and two to spare
    for (int calls = 0; calls < most; ++calls) {
        const auto end = call(station, body, text);
        if (end == Call::failed) return text;
        if (end == Call::complete) return {};
        if (end == Call::torn) body.set_faults({});
        outside.answer();
    }
    return "not complete after four calls: " + text;
}

}  // namespace

TEST_CASE("A card torn at any APDU while an offline CA certifies it leaves no certificate forgotten",
          "[tear]") {
    Station station{shipped_profile("national-eid")};
    const auto body = seeded_body("kartsaz");
    const Bytes blank = body->snapshot();
    std::uint64_t apdus = 0;
    {
        Outside outside{station};
        const auto before = body->apdu_count();
        REQUIRE(to_the_end(station, *body, outside) == "");
        apdus = body->apdu_count() - before;
        REQUIRE(outside.faults_of(station.read(*body)) == "");
        REQUIRE(outside.issued.size() == 1);
    }
    Tally tally;
    for (std::uint64_t n = 1; n <= apdus; ++n) {
        for (const auto kind : {sim::Faults::Kind::cut_before, sim::Faults::Kind::cut_after}) {
            body->restore(blank);
            Outside outside{station};
            body->set_faults({{kind, n, 0}});
            auto fault = to_the_end(station, *body, outside);
            body->set_faults({});
            if (fault.empty()) fault = outside.faults_of(station.read(*body));
            if (fault.empty()) fault = station.faults_of(*body);
            tally.add(fault.empty() ? "" : Point{kind, n, 0}.text() + ": " + fault);
        }
    }
    fmt::print("tear, with an offline CA: {} APDUs, {} points, {} passed, none skipped\n", apdus,
               tally.points, tally.passed);
    CHECK(tally.points == 2 * apdus);
    CHECK(tally.faults == "");
    CHECK(tally.passed == tally.points);
}

TEST_CASE("A card that was lost while the offline CA worked leaves a certificate that is to be revoked",
          "[tear]") {
    Station station{shipped_profile("national-eid")};
    const auto body = seeded_body("kartsaz");
    Bytes blank = body->snapshot();
    Outside outside{station};
    std::string text;
    REQUIRE(call(station, *body, text) == Call::waits);
    const bool answered_before = GENERATE(true, false);
    if (answered_before) outside.answer();
    // the same chip with another key: its applet was loaded anew, and its random numbers go on
    body->restore(blank);
    body->power_on();
    body->transmit(from_hex("0084000008"));
    body->power_off();
    CHECK(to_the_end(station, *body, outside) == "");
    outside.answer();
    CHECK(outside.settle() == 0);
    CHECK(outside.issued.size() == 2);
    CHECK(outside.faults_of(station.read(*body)) == "");
}

}  // namespace kartsaz::faults
