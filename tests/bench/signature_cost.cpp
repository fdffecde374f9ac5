// SPDX-License-Identifier: Apache-2.0
// The signature part alone, by OpenSC's pkcs15-init and by us, on the same simulated body (like the older
// IsoApplet): PKCS#15 structure, PUK and PIN, key pair, certificate. Commands and bytes as the body saw them,
// seconds by its link-time model. Both write a certificate of the key that their card made, by the same
// issuer for the same holder. The chip's own work of making a key is the same for both, and is told beside:
// with RSA it would hide everything else.
//
// We let the card sign the certificate request; pkcs15-init cannot, and its figures have no signature. The
// ratios named "same_job" add to its side what pkcs15-crypt needs for that signature.
#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <tuple>

#include "apdu/decorator.h"
#include "apdu/error.h"
#include "keys/certificate_request.h"
#include "keys/crypto.h"
#include "libcard/app/pkcs15/certificate_order.h"
#include "libcard/app/pkcs15/options.h"
#include "libcard/reader/sim_transport.h"
#include "libcard/sim/body.h"
#include "tests/bench/counting_body.h"
#include "tests/bench/figure.h"
#include "tests/bench/plugged.h"
#include "tests/support/bureau.h"

namespace kartsaz::bench {
namespace {

namespace fs = std::filesystem;

constexpr const char* body_kind = "isoapplet-v0";

/// What reached a body, and the modelled seconds of it.
struct Cost {
    Traffic traffic;
    double seconds = 0;      ///< all of it
    double key_seconds = 0;  ///< of which the chip made its key
    sim::Body::Time parts;   ///< of all of it

    double without_key() const { return seconds - key_seconds; }
};

Cost cost_of(const CountingBody& body) {
    const auto time = body.time();
    return {body.traffic(), time.total(), body.generation_seconds(), time};
}

Cost operator-(const Cost& a, const Cost& b) {
    const auto& [x, y] = std::tie(a.traffic, b.traffic);
    const auto& [t, u] = std::tie(a.parts, b.parts);
    return {{x.commands - y.commands, x.bytes_out - y.bytes_out, x.bytes_in - y.bytes_in},
            a.seconds - b.seconds,
            a.key_seconds - b.key_seconds,
            {t.link - u.link, t.compute - u.compute, t.write - u.write}};
}

std::unique_ptr<sim::Body> blank_body(const std::string& kind) {
    sim::NewBody wanted;
    wanted.kind = kind;
    wanted.seed = Bytes(32, 0x42);
    return sim::Body::create(wanted);
}

std::string profile_text(const std::string& algorithm) {
    return fmt::format(
        "name = \"bench-signature\"\ntitle = \"One key\"\napplications = [\"pkcs15\"]\n\n[pkcs15]\nchannel = "
        "\"none\"\nkeys = \"signature\"\n\n[pkcs15.signature]\nalgorithm = \"{}\"\nusage = \"signature\"\n",
        algorithm);
}

Cost ours(const test::Bureau& bureau, const std::string& kind = body_kind) {
    const auto body = blank_body(kind);
    CountingBody counted{*body};
    const auto card = reader::sim_transport(counted);
    if (!perso::personalize(*card, bureau.run()).complete) throw Error{Errc::internal, "not complete"};
    return cost_of(counted);
}

Bytes file_bytes(const fs::path& file) {
    std::ifstream in{file, std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, {}};
}

void to_file(const fs::path& file, ByteView bytes) {
    std::ofstream{file, std::ios::binary}.write(reinterpret_cast<const char*>(bytes.data()),
                                                static_cast<std::streamsize>(bytes.size()));
}

/// What OpenSC's tools sent to the body of that run.
struct Theirs {
    Cost init;     ///< pkcs15-init: structure with PUK and PIN, key, certificate
    Cost request;  ///< pkcs15-crypt: the card's signature over the certificate request
};

/// The tools of OpenSC on a body that is plugged into the virtual reader, as a bureau would call them. The
/// certificate is of the key that the card made, of the same issuer and for the same holder as ours, so both
/// write the same number of bytes.
class OpenSc {
public:
    OpenSc(const test::Bureau& bureau, keys::LocalCa& authority, const CountingBody& body, fs::path folder)
        : bureau_{bureau}, authority_{authority}, body_{body}, folder_{std::move(folder)} {}

    Theirs operator()(const std::string& key) const {
        const std::string init = fmt::format("pkcs15-init {}", reader_);
        run_program(init + " -C -p pkcs15+onepin --pin 482915 --puk 7261534890123456");
        run_program(fmt::format("{} -G {} -a 01 -i 45 --pin 482915 --key-usage sign --label key", init, key));
        const Cost made = cost_of(body_);
        const Bytes public_key = read_public_key();
        const Cost read = cost_of(body_);
        const Bytes der = certificate(public_key);
        const Cost requested = cost_of(body_);
        to_file(folder_ / "certificate.der", der);
        run_program(
            fmt::format("{} -X {}/certificate.der -f der -i 45 -a 01 --pin 482915", init, folder_.string()));
        const Cost request = requested - read;
        return {cost_of(body_) - (requested - made), request};
    }

private:
    /// Counted for nobody: we have it from the answer to GENERATE.
    Bytes read_public_key() const {
        const auto pem = folder_ / "key.pem", der = folder_ / "key.der";
        run_program(fmt::format("pkcs15-tool {} --read-public-key 45 -o {}", reader_, pem.string()));
        run_program(
            fmt::format("openssl pkey -pubin -in {} -outform DER -out {}", pem.string(), der.string()));
        return file_bytes(der);
    }

    Bytes certificate(const Bytes& public_key) const {
        const auto options = app::pkcs15::read_options(bureau_.order().profile);
        const auto& slot = options.slots.front();
        const auto wanted = app::pkcs15::certificate_template(bureau_.order(), options, slot);
        const Bytes info = keys::request_info(wanted.subject, public_key);
        const auto digest = folder_ / "digest", signature = folder_ / "signature";
        to_file(digest, keys::hash(keys::digest_of(slot.algorithm), info));
        run_program(fmt::format("pkcs15-crypt {} -s -k 45 --sha-256 --pkcs1 --pin 482915 -R -i {} -o {}",
                                reader_, digest.string(), signature.string()));
        return authority_.certificate({"opensc", slot.name, wanted,
                                       keys::assemble_request(info, slot.algorithm, file_bytes(signature))});
    }

    const test::Bureau& bureau_;
    keys::LocalCa& authority_;
    const CountingBody& body_;
    fs::path folder_;
    std::string reader_ = fmt::format("--reader '{}'", virtual_reader);
};

Theirs theirs(const std::string& key, test::Bureau& bureau, const fs::path& folder) {
    const auto body = blank_body(body_kind);
    CountingBody counted{*body};
    const Plugged plugged{counted};
    return OpenSc{bureau, bureau.authority(), counted, folder}(key);
}

bool can_ask_opensc() {
    return have_programs("pkcs15-init pkcs15-crypt pkcs15-tool openssl") && virtual_reader_is_there();
}

std::string note(const Cost& cost) {
    return fmt::format("{} commands; link {:.3f}, chip {:.3f}, memory {:.3f} s; key made in {:.2f} s beside",
                       cost.traffic.commands, cost.parts.link, cost.parts.compute - cost.key_seconds,
                       cost.parts.write, cost.key_seconds);
}

void compare(const std::string& name, const Cost& we, const Theirs& they, Outcome& outcome) {
    constexpr double bound = 0.6;
    const auto ratio = [&](const std::string& what, double a, double b, std::string note) {
        outcome.results.push_back({fmt::format("signature_{}_{}", name, what), a / b, "ratio", Bound::at_most,
                                   bound, std::move(note)});
    };
    const auto count = [&](const std::string& what, std::uint64_t a, std::uint64_t b) {
        ratio(what, static_cast<double>(a), static_cast<double>(b), fmt::format("{} of {}", a, b));
    };
    const auto seconds = [&](const std::string& what, double a, double b) {
        ratio(what, a, b, fmt::format("{:.3f} of {:.3f} s on the link model", a, b));
    };
    const auto tell = [&](const std::string& what, const Cost& cost) {
        outcome.results.push_back({"  " + what, cost.without_key(), "s", Bound::none, 0, note(cost)});
    };
    const auto bytes = [](const Traffic& t) { return t.bytes_out + t.bytes_in; };
    const Traffic& traffic = they.init.traffic;
    count("commands", we.traffic.commands, traffic.commands);
    count("bytes_out", we.traffic.bytes_out, traffic.bytes_out);
    count("bytes", bytes(we.traffic), bytes(traffic));
    seconds("seconds", we.without_key(), they.init.without_key());
    seconds("same_job", we.without_key(), they.init.without_key() + they.request.without_key());
    tell("ours", we);
    tell("pkcs15-init", they.init);
    tell("pkcs15-crypt", they.request);
}

std::string profile_of(const std::string& algorithm, const fs::path& folder) {
    const auto file = folder / (algorithm + ".toml");
    std::ofstream{file} << profile_text(algorithm);
    return file.string();
}

/// The newer command set, where pkcs15-init 0.23 cannot make keys: told without a bound.
void tell_newer(const std::string& algorithm, const std::string& kind, const fs::path& folder,
                Outcome& outcome) {
    const test::Bureau bureau{profile_of(algorithm, folder)};
    const Cost cost = ours(bureau, kind);
    outcome.results.push_back(
        {fmt::format("  {}_{}", algorithm, kind), cost.without_key(), "s", Bound::none, 0, note(cost)});
}

Outcome measure(const Options& /*options*/) {
    Outcome outcome;
    const fs::path folder = fs::temp_directory_path() / fmt::format("kartsaz-bench-{}", ::getpid());
    fs::create_directories(folder);
    if (can_ask_opensc()) {
        const auto profile = profile_of("rsa-2048", folder);
        const test::Bureau our_bureau{profile};
        test::Bureau their_bureau{profile};
        const Cost we = ours(our_bureau);
        compare("rsa2048", we, theirs("rsa/2048", their_bureau, folder), outcome);
    } else {
        outcome.skipped.push_back(
            {"signature_cost", "no pkcs15-init (opensc), or no pcscd with a virtual reader"});
    }
    tell_newer("rsa-2048", "isoapplet", folder, outcome);
    tell_newer("ec-p256", "kartsaz", folder, outcome);
    fs::remove_all(folder);
    return outcome;
}

}  // namespace

Figure signature_cost() {
    return {"signature_cost",
            "the signature part beside pkcs15-init on the same body: commands, bytes, seconds", measure};
}

}  // namespace kartsaz::bench
