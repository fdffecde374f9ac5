// SPDX-License-Identifier: Apache-2.0
// In process, one thread: personalize, read back by PACE, verify; host and simulated card together. Seconds
// are those of the processor, so that what else runs on the machine does not count.
#include <ctime>
#include <memory>

#include "apdu/error.h"
#include "libcard/app/read_card.h"
#include "libcard/reader/sim_transport.h"
#include "libcard/sim/body.h"
#include "libcard/verify/verify.h"
#include "tests/bench/figure.h"
#include "tests/support/bureau.h"

namespace kartsaz::bench {
namespace {

using test::Bureau;

double seconds_used() {
    timespec time{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

struct Shares {
    double body = 0, load = 0, personalize = 0, read = 0, verify = 0;
    double total() const { return load + personalize + read + verify; }
};

/// One card, every part timed. The record is loaded anew, so that the photo is decoded for each card.
void one_card(const Bureau& keys_and_trust, const keys::TrustAnchors& trust, Shares& shares) {
    const auto t0 = seconds_used();
    const auto body = sim::Body::create(sim::NewBody{});
    const auto t1 = seconds_used();
    const Bureau bureau{"national-eid"};
    const auto t2 = seconds_used();
    {
        const auto card = reader::sim_transport(*body);
        if (!perso::personalize(*card, bureau.run()).complete) throw Error{Errc::internal, "not complete"};
    }
    const auto t3 = seconds_used();
    app::CardDump dump;
    {
        const auto card = reader::sim_transport(*body);
        app::ReadCardOptions options;
        options.mrz_information = bureau.record().mrz_information();
        options.keys = &keys_and_trust.keys();
        options.transport_pin = perso::TransportPin{};  // as the profile
        dump = app::read_card(*card, options);
    }
    const auto t4 = seconds_used();
    verify::Context context{.dump = dump, .trust = trust, .receipt_chip = {}, .registered = {}};
    context.at = 1'763'700'000;
    static const auto holders = verify::development_holder_trust();
    context.holder_trust = &holders;
    context.expected = &bureau.record();
    const auto report = verify::judge(context);
    const auto t5 = seconds_used();
    if (!report.accept)
        throw Error{Errc::internal, "a card of the bench does not verify: " + report.cause.value_or("?")};
    if (dump.application("emrtd")->fact("access") != "PACE") throw Error{Errc::internal, "not read by PACE"};
    shares.body += t1 - t0;
    shares.load += t2 - t1;
    shares.personalize += t3 - t2;
    shares.read += t4 - t3;
    shares.verify += t5 - t4;
}

Outcome measure(const Options& options) {
    const int cards = options.brief ? 30 : 300;
    const Bureau bureau{"national-eid"};
    const auto trust = verify::development_trust();
    Shares warm_up;
    one_card(bureau, trust, warm_up);
    Shares shares;
    for (int i = 0; i < cards; ++i) one_card(bureau, trust, shares);
    const std::string note = std::to_string(cards) + " cards" + (options.brief ? ", short form" : "");
    const auto share = [&](const char* name, double part) {
        return Result{name, 100 * part / shares.total(), "percent", Bound::none, 0, ""};
    };
    Outcome outcome;
    outcome.results = {{"cards_per_second", cards / shares.total(), "cards/s", Bound::at_least, 60, note},
                       share("  load_record", shares.load),
                       share("  personalize", shares.personalize),
                       share("  read_back_by_pace", shares.read),
                       share("  verify", shares.verify)};
    return outcome;
}

}  // namespace

Figure cards_per_second() {
    return {"cards_per_second",
            "in process, processor time of one core: load record, personalize with an EC key and its "
            "certificate, read "
            "back by PACE, verify",
            measure};
}

}  // namespace kartsaz::bench
