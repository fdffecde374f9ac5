// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <thread>

#include "apdu/error.h"
#include "libcard/sim/body.h"
#include "libcard/sim/plug.h"
#include "tools/command.h"
#include "tools/console.h"
#include "tools/exit_codes.h"
#include "tools/options.h"
#include "tools/sim_faults.h"

namespace kartsaz::tools {
namespace {

std::atomic<bool> bodies_stopped{false};

struct NewOptions {
    std::string file;
    sim::NewBody body;
    std::string serial, seed, scp = "03", i;
    bool force = false;
    bool json = false;
};

Bytes bytes_of(const char* option, const std::string& text) {
    try {
        return from_hex(text);
    } catch (const Error& error) {
        throw Error{Errc::usage, fmt::format("{}: {}", option, error.what())};
    }
}

std::uint32_t serial_of(const std::string& text) {
    const Bytes bytes = bytes_of("--serial", text);
    if (bytes.size() != 4) throw Error{Errc::usage, "--serial takes four bytes in hexadecimal: 00C0FFEE"};
    return static_cast<std::uint32_t>(big_endian(bytes));
}

/// With --force the new body takes the old one's place only when it is whole.
void create(const NewOptions& options) {
    const std::filesystem::path file{options.file};
    const auto there = std::filesystem::symlink_status(file);
    if (!std::filesystem::exists(there)) {
        sim::Body::create(file, options.body);
        return;
    }
    if (!options.force || !std::filesystem::is_regular_file(there)) {
        throw Error{Errc::usage,
                    fmt::format("{}: exists already; --force puts a new body in the place of an old one",
                                options.file)};
    }
    auto beside = file;
    beside += ".new";
    sim::Body::create(beside, options.body);
    std::error_code fault;
    std::filesystem::rename(beside, file, fault);
    if (!fault) return;
    std::filesystem::remove(beside);
    throw Error{Errc::store_failed, options.file + ": " + fault.message()};
}

int make(NewOptions options) {
    if (!options.serial.empty()) options.body.serial = serial_of(options.serial);
    if (!options.seed.empty()) {
        constexpr std::size_t least = 32;  // what seeds the body's HMAC_DRBG with SHA-256
        options.body.seed = bytes_of("--seed", options.seed);
        if (options.body.seed->size() < least) {
            throw Error{Errc::usage, fmt::format("--seed takes {} bytes or more in hexadecimal", least)};
        }
    }
    options.body.scp = options.scp == "02" ? 2 : 3;
    if (!options.i.empty()) {
        const Bytes i = bytes_of("--scp-i", options.i);
        if (i.size() != 1) throw Error{Errc::usage, "--scp-i takes one byte in hexadecimal: 70"};
        options.body.scp_i = i.front();
    }
    create(options);
    say(fmt::format("A blank body of kind {} is in {}", options.body.kind, options.file));
    say_field("use it", fmt::format("-r sim:{}", options.file));
    if (options.json) print_json({{"file", options.file}, {"kind", options.body.kind}});
    return exit_ok;
}

struct PlugOptions {
    std::vector<std::string> files;
    std::string host = "127.0.0.1";
    unsigned port = 35963;
    std::string fault;
    bool once = false;
    bool real_time = false;
    bool json = false;
};

int plug(const PlugOptions& options) {
    std::signal(SIGINT, [](int) { bodies_stopped = true; });
    std::signal(SIGTERM, [](int) { bodies_stopped = true; });
    std::vector<std::unique_ptr<sim::Body>> bodies;
    for (const auto& file : options.files) {
        bodies.push_back(sim::Body::open(std::filesystem::path{file}));
        bodies.back()->sleep_for_time(options.real_time);
        if (!options.fault.empty()) bodies.back()->set_faults({parse_fault(options.fault)});
    }
    // one thread per body: each is a card of its own, in a slot of its own
    std::vector<std::thread> threads;
    std::atomic<int> failed{0};
    for (std::size_t i = 0; i < bodies.size(); ++i) {
        const auto port = static_cast<std::uint16_t>(options.port + i);
        threads.emplace_back([&, i, port] {
            const auto tell = [&, i](const std::string& event) {
                fmt::print(stderr, "{}: {}\n", options.files[i], event);
            };
            try {
                sim::plug(*bodies[i], options.host, port, bodies_stopped, options.once, tell);
            } catch (const std::exception& error) {
                tell(error.what());
                failed = exit_reader;
            }
        });
    }
    for (auto& thread : threads) thread.join();
    if (options.json)
        print_json({{"files", options.files}, {"first_port", options.port}, {"failed", failed != 0}});
    return failed;
}

void add_new(CLI::App& sim, Action& action) {
    auto* command = sim.add_subcommand("new", "Make a blank body in a file");
    auto options = std::make_shared<NewOptions>();
    std::string kinds;
    for (const auto& kind : sim::body_kinds()) kinds += (kinds.empty() ? "" : ", ") + kind.name;
    command->add_option("FILE", options->file, "Where the body is kept")->required();
    command->add_option("--like,--kind", options->body.kind, "Which card it behaves like: " + kinds)
        ->option_text("NAME")
        ->capture_default_str();
    command->add_option("--serial", options->serial, "IC serial number, four bytes; default: any")
        ->option_text("HEX");
    command->add_option("--scp", options->scp, "Secure channel protocol of the card manager: 02 or 03")
        ->check(CLI::IsMember({"02", "03"}))
        ->option_text("PROTOCOL")
        ->capture_default_str();
    command
        ->add_option("--scp-i", options->i,
                     "Its parameter i: 00 10 20 30 60 70 of SCP03, odd for S16; 15 35 55 75 of SCP02")
        ->option_text("HEX");
    command->add_flag("--bare", options->body.bare,
                      "Packages are loaded, but no application is installed yet");
    command
        ->add_option("--link", options->body.link,
                     "Link-time model: contact, contact-XX (XX: TA1), contactless-424 and others")
        ->option_text("NAME");
    command->add_option("--seed", options->seed, "Make every random number repeatable, 32 bytes; for tests")
        ->option_text("HEX");
    command->add_flag("--import-allowed", options->body.import_allowed,
                      "The signature application takes private keys from outside");
    command->add_flag("--force", options->force, "Put it in the place of a body that is there");
    add_json_option(*command, options->json);
    command->callback([options, &action] { action = [options] { return make(*options); }; });
}

void add_plug(CLI::App& sim, Action& action) {
    auto* command = sim.add_subcommand("plug", "Put bodies into pcscd's virtual reader until bodies_stopped");
    auto options = std::make_shared<PlugOptions>();
    command->add_option("FILE", options->files, "One body for each slot")->required();
    command->add_option("--port", options->port, "Port of the first slot")
        ->check(CLI::Range(1, 65535))
        ->option_text("PORT")
        ->capture_default_str();
    command->add_option("--host", options->host, "Where the virtual reader listens")
        ->option_text("HOST")
        ->capture_default_str();
    command
        ->add_option(
            "--fault", options->fault,
            "What goes wrong at command N: cut-before:N, cut-after:N, drop-response:N, flip-bit:N:BIT, "
            "answer-sw:N:SW, slow:N:MS, cut-in-write:N:BYTES")
        ->option_text("FAULT");
    command->add_flag("--once", options->once, "End when the reader hangs up");
    command->add_flag("--real-time", options->real_time, "Sleep as long as a real card would take");
    add_json_option(*command, options->json);
    command->callback([options, &action] { action = [options] { return plug(*options); }; });
}

void add_show(CLI::App& sim, Action& action) {
    auto* command = sim.add_subcommand("show", "Tell what is on a body, as JSON");
    struct Options {
        std::string file;
        bool json = false;  // it is JSON in any case
    };
    auto options = std::make_shared<Options>();
    command->add_option("FILE", options->file, "The body")->required();
    add_json_option(*command, options->json);
    command->callback([options, &action] {
        action = [options] {
            const auto body = sim::Body::open(std::filesystem::path{options->file});
            print_json(nlohmann::json::parse(body->describe_json()));
            return static_cast<int>(exit_ok);
        };
    });
}

/// For tests and for showing what verification is worth.
void add_flip(CLI::App& sim, Action& action) {
    struct Options {
        std::string file, name;
        std::size_t offset = 0;
        unsigned mask = 1;
        bool json = false;
    };
    auto* command = sim.add_subcommand("flip", "Change bits of a stored byte, past every rule");
    auto options = std::make_shared<Options>();
    command->add_option("FILE", options->file, "The body")->required();
    command->add_option("EF", options->name, "File: EF.DG1, or its identifier 0101")->required();
    command->add_option("OFFSET", options->offset, "Byte of the file")->required();
    command->add_option("--mask", options->mask, "Bits that change, 1 to 255")
        ->check(CLI::Range(1, 255))
        ->capture_default_str();
    add_json_option(*command, options->json);
    command->callback([options, &action] {
        action = [options] {
            const auto body = sim::Body::open(std::filesystem::path{options->file});
            for (const auto& file : body->files()) {
                const std::string fid = fmt::format("{:04X}", file.fid);
                if (file.name != options->name && fid != options->name) continue;
                body->flip(file.fid, options->offset, static_cast<std::uint8_t>(options->mask));
                say(fmt::format("{} byte {} changed by mask {:02X}", file.name, options->offset,
                                options->mask));
                if (options->json) {
                    print_json({{"file", file.name}, {"offset", options->offset}, {"mask", options->mask}});
                }
                return static_cast<int>(exit_ok);
            }
            throw Error{Errc::usage, fmt::format("the body has no file {}", options->name)};
        };
    });
}

}  // namespace

void add_sim(CLI::App& program, Action& action) {
    auto* sim = program.add_subcommand("sim", "Simulated card bodies");
    sim->require_subcommand(1);
    add_new(*sim, action);
    add_plug(*sim, action);
    add_show(*sim, action);
    add_flip(*sim, action);
}

}  // namespace kartsaz::tools
