// SPDX-License-Identifier: Apache-2.0
// A PIV card by yubico-piv-tool and by us, on the same simulated body (like PivApplet): CHUID, CCC, four
// P-256 keys, four certificates, a new management key. Commands and bytes as the body saw them, seconds by
// its link-time model, wall time through pcscd, each side as its program. The certificates are the same
// bytes.
//
// We set PIN and PUK, too, and let the card sign its certificate requests; yubico-piv-tool is not asked for
// either. The ratios named "same_job" add to its side what it needs for PIN and PUK.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>

#include "apdu/error.h"
#include "libcard/app/piv/objects.h"
#include "libcard/app/piv/read.h"
#include "libcard/app/read_card.h"
#include "libcard/reader/sim_transport.h"
#include "tests/bench/counting_body.h"
#include "tests/bench/figure.h"
#include "tests/bench/plugged.h"
#include "tests/support/bureau.h"

namespace kartsaz::bench {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr const char* body_kind = "pivapplet";
constexpr std::array<std::uint8_t, 4> slots{0x9A, 0x9C, 0x9D, 0x9E};

constexpr const char* profile_text = R"(name = "bench-piv"
title = "What yubico-piv-tool can do"
applications = ["piv"]

[piv]
objects = "ccc chuid"
required = "ccc chuid"
sign = false
management_algorithm = "3des"
)";

/// What reached a body, and how long that took.
struct Cost {
    Traffic traffic;
    double modelled = 0;  ///< seconds on the link-time model, without making keys
    double wall = 0;      ///< seconds through pcscd
};

class Watch {
public:
    explicit Watch(const CountingBody& body) : body_{body} {}
    Cost operator()() const {
        return {body_.traffic(), body_.time().total() - body_.generation_seconds(),
                std::chrono::duration<double>(Clock::now() - begin_).count()};
    }

private:
    const CountingBody& body_;
    Clock::time_point begin_ = Clock::now();
};

std::unique_ptr<sim::Body> blank_body() {
    sim::NewBody wanted;
    wanted.kind = body_kind;
    wanted.seed = Bytes(32, 0x42);
    return sim::Body::create(wanted);
}

/// Our program on a blank body, and the certificates that it wrote: <slot>.der in `folder`.
Cost ours(const fs::path& folder) {
    const auto body = blank_body();
    CountingBody counted{*body};
    Cost cost;
    {
        const Plugged plugged{counted};
        fs::remove_all(folder / "journal");
        const Watch watch{counted};
        run_program(fmt::format("'{}' personalize '{}' -p '{}' -r 'pcsc:{}' --journal '{}'", KARTSAZ_PROGRAM,
                                test::Bureau::demo_record().string(), (folder / "piv.toml").string(),
                                virtual_reader, (folder / "journal").string()));
        cost = watch();
    }
    const auto card = reader::sim_transport(*body);
    const auto dump = app::read_card(*card, {});
    const auto* piv = dump.application("piv");
    for (const auto slot : slots) {
        const auto& name = app::piv::file_name(*app::piv::container_of_key(slot));
        const auto* file = piv == nullptr ? nullptr : piv->file(name);
        if (file == nullptr) throw Error{Errc::internal, fmt::format("our card has no {}", name)};
        const auto der =
            app::piv::certificate_of(app::piv::decode_certificate_object(file->content, name), name);
        std::ofstream{folder / fmt::format("{:02x}.der", slot), std::ios::binary} << to_text(der);
        run_program(fmt::format("openssl x509 -inform DER -in '{0}/{1:02x}.der' -out '{0}/{1:02x}.pem'",
                                folder.string(), slot));
    }
    return cost;
}

struct Theirs {
    Cost job;      ///< as described above
    Cost secrets;  ///< PIN and PUK
};

Cost operator-(const Cost& a, const Cost& b) {
    return {{a.traffic.commands - b.traffic.commands, a.traffic.bytes_out - b.traffic.bytes_out,
             a.traffic.bytes_in - b.traffic.bytes_in},
            a.modelled - b.modelled,
            a.wall - b.wall};
}

Theirs theirs(const fs::path& folder) {
    const auto body = blank_body();
    CountingBody counted{*body};
    const Plugged plugged{counted};
    const std::string tool = fmt::format("yubico-piv-tool -r '{}' ", virtual_reader);
    const Watch watch{counted};
    run_program(tool + "-a set-chuid -a set-ccc");
    for (const auto slot : slots) {
        run_program(fmt::format("{}-s {:02x} -A ECCP256 -a generate -o '{}/public.pem'", tool, slot,
                                folder.string()));
    }
    for (const auto slot : slots) {
        run_program(fmt::format("{}-s {:02x} -a import-certificate -i '{}/{:02x}.pem'", tool, slot,
                                folder.string(), slot));
    }
    run_program(tool + "-a set-mgm-key -n 0102030405060708090a0b0c0d0e0f101112131415161718");
    const Cost job = watch();
    run_program(tool + "-a change-pin -P 123456 -N 654321");
    run_program(tool + "-a change-puk -P 12345678 -N 87654321");
    return {job, watch() - job};
}

double median_wall(std::vector<double> walls) {
    std::sort(walls.begin(), walls.end());
    return walls[walls.size() / 2];
}

std::string note(const Cost& cost) {
    return fmt::format("{} commands, {} bytes out, {} in; {:.3f} s on the link model", cost.traffic.commands,
                       cost.traffic.bytes_out, cost.traffic.bytes_in, cost.modelled);
}

void compare_piv(const Cost& we, const Theirs& they, Outcome& outcome) {
    const auto ratio = [&](const std::string& what, double a, double b, double bound, std::string words) {
        outcome.results.push_back({"piv_" + what, a / b, "ratio", Bound::at_most, bound, std::move(words)});
    };
    const auto seconds = [&](const std::string& what, double a, double b) {
        outcome.results.push_back({"piv_" + what, a / b, "ratio", Bound::none, 0,
                                   fmt::format("{:.3f} of {:.3f} s on the link model", a, b)});
    };
    const auto count = [&](const std::string& what, std::uint64_t a, std::uint64_t b) {
        ratio(what, static_cast<double>(a), static_cast<double>(b), 1.0, fmt::format("{} of {}", a, b));
    };
    const Traffic& mine = we.traffic;
    const Traffic& job = they.job.traffic;
    constexpr double wall_bound = 0.7;
    ratio("wall", we.wall, they.job.wall, wall_bound,
          fmt::format("{:.3f} of {:.3f} s through pcscd", we.wall, they.job.wall));
    count("commands", mine.commands, job.commands);
    count("bytes_out", mine.bytes_out, job.bytes_out);
    count("bytes_in", mine.bytes_in, job.bytes_in);
    // four signatures over requests, which yubico-piv-tool is not asked for, are most of ours
    seconds("seconds", we.modelled, they.job.modelled);
    seconds("same_job", we.modelled, they.job.modelled + they.secrets.modelled);
    outcome.results.push_back({"  ours", we.wall, "s", Bound::none, 0, note(we)});
    outcome.results.push_back({"  yubico-piv-tool", they.job.wall, "s", Bound::none, 0, note(they.job)});
}

Outcome measure_piv(const Options& options) {
    Outcome outcome;
    if (!have_programs("yubico-piv-tool openssl") || !virtual_reader_is_there()) {
        outcome.skipped.push_back({"piv_cost", "no yubico-piv-tool, or no pcscd with a virtual reader"});
        return outcome;
    }
    const fs::path folder = fs::temp_directory_path() / fmt::format("kartsaz-bench-piv-{}", ::getpid());
    fs::create_directories(folder);
    std::ofstream{folder / "piv.toml"} << profile_text;
    std::vector<double> our_walls, their_walls;
    Cost we;
    Theirs they;
    const int rounds = options.brief ? 3 : 9;
    for (int round = 0; round < rounds; ++round) {
        we = ours(folder);
        they = theirs(folder);
        our_walls.push_back(we.wall);
        their_walls.push_back(they.job.wall);
    }
    we.wall = median_wall(our_walls);
    they.job.wall = median_wall(their_walls);
    compare_piv(we, they, outcome);
    fs::remove_all(folder);
    return outcome;
}

}  // namespace

Figure piv_cost() {
    return {"piv_cost", "a PIV card beside yubico-piv-tool on the same body: wall time, commands, bytes",
            measure_piv};
}

}  // namespace kartsaz::bench
