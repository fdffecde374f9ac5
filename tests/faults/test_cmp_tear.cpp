// SPDX-License-Identifier: Apache-2.0
// Cards torn at every APDU while their certificate comes by CMP, from a CA that answers, and from CAs that
// refuse, delay or lose an answer besides. The station's side is all real, up to the bytes on the line.
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <algorithm>

#include "apdu/error.h"
#include "keys/certificate_memory.h"
#include "keys/remembering_source.h"
#include "tests/faults/cmp_ca.h"
#include "tests/faults/tear.h"

namespace kartsaz::faults {
namespace {

using Mood = CmpCa::Mood;

/// A CA and what the station remembers of it.
class Line {
public:
    Line(Station& station, Mood mood) : ca_{identity(), mood} { station.use(source_); }

    /// Everything that the CA was told is taken is on the card, revoked, or named to be revoked.
    std::string faults_of(const app::CardDump& card) const {
        const auto on_card = proved_certificates(card);
        if (on_card.size() != 1) return fmt::format("{} certificates on the card", on_card.size());
        const auto confirmed = ca_.confirmed(), revoked = ca_.revoked();
        if (!confirmed.contains(on_card.front())) return "the CA does not know that its certificate is used";
        const auto known = memory_->all();
        for (const auto& der : confirmed) {
            const auto entry =
                std::ranges::find_if(known, [&](const auto& one) { return one.certificate == der; });
            if (entry == known.end()) return "a certificate is forgotten";
            const bool there = der == on_card.front();
            if (there == (entry->doomed.has_value() || revoked.contains(der))) {
                return there ? "the card's certificate is to be revoked"
                             : "an unused one is not to be revoked";
            }
        }
        for (const auto& one : memory_->pending()) {
            if (!one.abandoned) return "an order waits for ever";
        }
        return {};
    }
    const CmpCa& ca() const { return ca_; }

private:
    /// The CA's registration office: what is asked for is what was registered.
    class Office final : public keys::CertificateSource {
    public:
        Office(keys::CertificateSource& below, CmpCa& ca) : below_{below}, ca_{ca} {}
        Bytes certificate(const keys::CertificateOrder& order) override {
            ca_.enroll(order);
            return below_.certificate(order);
        }
        std::optional<std::size_t> certificate_size(const keys::CertificateTemplate& content,
                                                    ByteView key) const override {
            return below_.certificate_size(content, key);
        }
        Bytes issuer_certificate() const override { return below_.issuer_certificate(); }
        void revoke(ByteView certificate, int reason) override { below_.revoke(certificate, reason); }

    private:
        keys::CertificateSource& below_;
        CmpCa& ca_;
    };

    static keys::Identity identity() {
        static const auto store = keys::development_keys();
        return store->identity("citizen-ca");
    }

    CmpCa ca_;
    Folder folder_;
    std::shared_ptr<keys::CertificateMemory> memory_ =
        std::make_shared<keys::CertificateMemory>(folder_.path() / "memory");
    keys::CmpSource cmp_{ca_.options(), [this](const keys::CertificateOrder& order, const Bytes& der) {
                             memory_->keep(order, der);
                         }};
    Office office_{cmp_, ca_};
    keys::RememberingSource source_{office_, memory_};
};

/// How a call may fail when only card or line are to blame: with these codes, and the next call goes on.
bool resumable(Errc code, Mood mood) {
    return code == Errc::card_removed || code == Errc::interrupted ||
           (code == Errc::keys_failed && mood == Mood::refuses);
}

/// Calls until the card is complete: a call for the tear, one for the CA's mood, and one that succeeds.
/// @param[out] calls  how many it took
std::string to_the_end(Station& station, sim::Body& body, Mood mood, int& calls) {
    std::string text;
    for (calls = 1; calls <= 3; ++calls) {
        try {
            if (station.personalize(body, nullptr).complete) return {};
            return "a call ends without an error and without a finished card";
        } catch (const Error& error) {
            text = error.what();
            if (!resumable(error.code(), mood)) return text;
            if (text.find("CMP") == std::string::npos) body.set_faults({});  // it was torn
        }
    }
    return "not complete after three calls: " + text;
}

const char* name_of(Mood mood) {
    static constexpr const char* names[] = {"answers", "refuses first", "delays first", "loses a certificate",
                                            "loses a confirmation"};
    return names[static_cast<std::size_t>(mood)];
}

}  // namespace

TEST_CASE("A card torn at any APDU while its certificate comes by CMP has one, and none is forgotten",
          "[tear]") {
    const auto mood = GENERATE(Mood::answers, Mood::refuses, Mood::delays, Mood::loses_certificate,
                               Mood::loses_confirmation);
    Station station{shipped_profile("signature")};
    const auto body = seeded_body("isoapplet");
    const Bytes blank = body->snapshot();
    std::uint64_t apdus = 0;
    int calls = 0;
    {
        Line line{station, mood};
        const auto before = body->apdu_count();
        REQUIRE(to_the_end(station, *body, mood, calls) == "");
        apdus = body->apdu_count() - before;
        REQUIRE(calls == (mood == Mood::answers ? 1 : 2));
        REQUIRE(line.ca().shown() == (mood != Mood::answers));
        REQUIRE(line.faults_of(station.read(*body)) == "");
    }
    Tally tally;
    for (std::uint64_t n = 1; n <= apdus; ++n) {
        for (const auto kind : {sim::Faults::Kind::cut_before, sim::Faults::Kind::cut_after}) {
            body->restore(blank);
            Line line{station, mood};
            body->set_faults({{kind, n, 0}});
            auto fault = to_the_end(station, *body, mood, calls);
            body->set_faults({});
            if (fault.empty()) fault = line.faults_of(station.read(*body));
            if (fault.empty()) fault = station.faults_of(*body);
            tally.add(fault.empty() ? "" : Point{kind, n, 0}.text() + ": " + fault);
        }
    }
    fmt::print("tear, by CMP, the CA {}: {} APDUs, {} points, {} passed, none skipped\n", name_of(mood),
               apdus, tally.points, tally.passed);
    CHECK(tally.points == 2 * apdus);
    CHECK(tally.faults == "");
    CHECK(tally.passed == tally.points);
}

}  // namespace kartsaz::faults
