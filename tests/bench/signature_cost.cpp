// SPDX-License-Identifier: Apache-2.0
// The signature part alone, by OpenSC's pkcs15-init and by us, on the same simulated body (like the older
// IsoApplet): PKCS#15 structure, PUK and PIN, key pair, certificate. Commands and bytes as the body saw them,
// seconds by its link-time model. The chip's own work of making a key is the same for both, and is told
// beside: with RSA it would hide everything else.
#include <fmt/format.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "apdu/decorator.h"
#include "apdu/error.h"
#include "libcard/reader/reader.h"
#include "libcard/reader/sim_transport.h"
#include "libcard/sim/body.h"
#include "libcard/sim/plug.h"
#include "tests/bench/bare_pcsc.h"
#include "tests/bench/counting_body.h"
#include "tests/bench/figure.h"
#include "tests/support/bureau.h"

namespace kartsaz::bench {
namespace {

namespace fs = std::filesystem;

constexpr const char* reader_name = "Virtual PCD 00 00";
constexpr std::uint16_t vpcd_port = 35963;
constexpr const char* body_kind = "isoapplet-v0";

struct Cost {
    Traffic traffic;
    double seconds = 0;      ///< all of it
    double key_seconds = 0;  ///< of which the chip made its key
    double without_key() const { return seconds - key_seconds; }
};

std::unique_ptr<sim::Body> blank_body() {
    sim::NewBody wanted;
    wanted.kind = body_kind;
    wanted.seed = Bytes(32, 0x42);
    return sim::Body::create(wanted);
}

std::string profile_text(const std::string& algorithm) {
    return fmt::format(
        "name = \"bench-signature\"\ntitle = \"One key\"\napplications = [\"pkcs15\"]\n\n[pkcs15]\nchannel = "
        "\"none\"\nkeys = \"signature\"\n\n[pkcs15.signature]\nalgorithm = \"{}\"\nusage = \"signature\"\n",
        algorithm);
}

Cost ours(const std::string& algorithm, const fs::path& folder) {
    const auto profile = folder / "bench.toml";
    std::ofstream{profile} << profile_text(algorithm);
    const test::Bureau bureau{profile.string()};
    const auto body = blank_body();
    CountingBody counted{*body};
    const auto card = reader::sim_transport(counted);
    if (!perso::personalize(*card, bureau.run()).complete) throw Error{Errc::internal, "not complete"};
    return {counted.traffic(), body->time().total(), counted.generation_seconds()};
}

void run(const std::string& command) {
    const int status = ::system((command + " >/dev/null 2>&1").c_str());
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        throw Error{Errc::internal, fmt::format("exit status {}: {}", WEXITSTATUS(status), command)};
    }
}

/// Three calls, as a bureau would make them: structure and PIN, key, certificate.
Cost theirs(const std::string& key, const fs::path& folder) {
    const auto body = blank_body();
    CountingBody counted{*body};
    std::atomic<bool> stop{false};
    std::thread card{[&] { sim::plug(counted, "127.0.0.1", vpcd_port, stop, true, {}); }};
    Cost cost;
    try {
        wait_for_card(reader_name);
        const std::string reader = fmt::format("--reader '{}'", reader_name);
        run(fmt::format("pkcs15-init {} -C -p pkcs15+onepin --pin 482915 --puk 7261534890123456", reader));
        run(fmt::format("pkcs15-init {} -G {} -a FF -i 45 --pin 482915 --key-usage sign --label key", reader,
                        key));
        const auto make = fmt::format(
            "cd {} && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key "
            "-out "
            "certificate.pem -days 30 -subj '/C=IR/O=Kartsaz bench/CN=A citizen of the same length/"
            "serialNumber=0012345679'",
            folder.string());
        run(make);
        run(fmt::format("pkcs15-init {} -X {}/certificate.pem -i 45 -a FF --pin 482915", reader,
                        folder.string()));
    } catch (...) {
        stop = true;
        card.join();
        throw;
    }
    cost = {counted.traffic(), body->time().total(), counted.generation_seconds()};
    stop = true;
    card.join();
    wait_for_card(reader_name, false);
    return cost;
}

bool can_ask_opensc() {
    try {
        const auto readers = reader::list_pcsc_readers();
        return ::system("command -v pkcs15-init >/dev/null 2>&1") == 0 &&
               std::any_of(readers.begin(), readers.end(),
                           [](const auto& r) { return r.name == reader_name; });
    } catch (const Error&) {
        return false;
    }
}

void compare(const std::string& name, const Cost& we, const Cost& they, Outcome& outcome) {
    constexpr double bound = 0.6;
    const auto ratio = [&](const char* what, double a, double b, std::string note) {
        outcome.results.push_back({fmt::format("signature_{}_{}", name, what), a / b, "ratio", Bound::at_most,
                                   bound, std::move(note)});
    };
    const auto whole = [](std::uint64_t value) { return static_cast<double>(value); };
    ratio("commands", whole(we.traffic.commands), whole(they.traffic.commands),
          fmt::format("{} of {}", we.traffic.commands, they.traffic.commands));
    const auto bytes = [](const Traffic& t) { return t.bytes_out + t.bytes_in; };
    ratio("bytes_out", whole(we.traffic.bytes_out), whole(they.traffic.bytes_out),
          fmt::format("{} of {}", we.traffic.bytes_out, they.traffic.bytes_out));
    ratio("bytes", whole(bytes(we.traffic)), whole(bytes(they.traffic)),
          fmt::format("{} of {}, both ways", bytes(we.traffic), bytes(they.traffic)));
    ratio("seconds", we.without_key(), they.without_key(),
          fmt::format("{:.2f} of {:.2f} s on the link model, beside {:.2f} s for making the key",
                      we.without_key(), they.without_key(), we.key_seconds));
}

Outcome measure(const Options& /*options*/) {
    Outcome outcome;
    if (!can_ask_opensc()) {
        outcome.skipped.push_back(
            {"signature_cost", "no pkcs15-init (opensc), or no pcscd with a virtual reader"});
        return outcome;
    }
    const fs::path folder = fs::temp_directory_path() / fmt::format("kartsaz-bench-{}", ::getpid());
    fs::create_directories(folder);
    compare("rsa2048", ours("rsa-2048", folder), theirs("rsa/2048", folder), outcome);
    fs::remove_all(folder);
    return outcome;
}

}  // namespace

Figure signature_cost() {
    return {"signature_cost",
            "the signature part beside pkcs15-init on the same body: commands, bytes, seconds", measure};
}

}  // namespace kartsaz::bench
