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
#include "tools/sim_faults.h"

namespace kartsaz::tools {
namespace {

std::atomic<bool> stopped{false};

struct NewOptions {
    std::string file;
    sim::NewBody body;
    std::string serial, seed, i;
    unsigned count = 1;
    bool force = false;
};

std::uint32_t serial_of(const std::string& text) {
    const Bytes bytes = from_hex(text);
    if (bytes.size() != 4) throw Error{Errc::usage, "--serial takes four bytes in hexadecimal: 00C0FFEE"};
    return static_cast<std::uint32_t>(big_endian(bytes));
}

int make(NewOptions options) {
    if (!options.serial.empty()) options.body.serial = serial_of(options.serial);
    if (!options.seed.empty()) options.body.seed = from_hex(options.seed);
    if (!options.i.empty()) {
        const Bytes i = from_hex(options.i);
        if (i.size() != 1) throw Error{Errc::usage, "--scp-i takes one byte in hexadecimal: 70"};
        options.body.scp_i = i.front();
    }
    if (options.force) {
        std::error_code ignored;
        std::filesystem::remove(options.file, ignored);
    }
    const auto body = sim::Body::create(std::filesystem::path{options.file}, options.body);
    say(fmt::format("A blank body of kind {} is in {}", options.body.kind, options.file));
    say_field("use it", fmt::format("-r sim:{}", options.file));
    return exit_ok;
}

struct PlugOptions {
    std::vector<std::string> files;
    std::string host = "127.0.0.1";
    unsigned port = 35963;
    std::string fault;
    bool once = false;
    bool real_time = false;
};

int plug(const PlugOptions& options) {
    std::signal(SIGINT, [](int) { stopped = true; });
    std::signal(SIGTERM, [](int) { stopped = true; });
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
                sim::plug(*bodies[i], options.host, port, stopped, options.once, tell);
            } catch (const std::exception& error) {
                tell(error.what());
                failed = exit_reader;
            }
        });
    }
    for (auto& thread : threads) thread.join();
    return failed;
}

void add_new(CLI::App& sim, Action& action) {
    auto* command = sim.add_subcommand("new", "Make a blank body in a file");
    auto options = std::make_shared<NewOptions>();
    std::string kinds;
    for (const auto& kind : sim::body_kinds()) kinds += (kinds.empty() ? "" : ", ") + kind.name;
    command->add_option("FILE", options->file, "Where the body is kept")->required();
    command->add_option("--like,--kind", options->body.kind, "Which card it behaves like: " + kinds);
    command->add_option("--serial", options->serial, "IC serial number, four bytes in hexadecimal");
    command->add_option("--scp-i", options->i, "SCP03 parameter i: 00 10 20 30 60 70, odd for S16");
    command->add_option("--link", options->body.link,
                        "Link-time model: contact, contact-XX (TA1), contactless-424 ...");
    command->add_option("--seed", options->seed, "Make every random number repeatable (hex); for tests");
    command->add_flag("--force", options->force, "Throw away a body that is there");
    command->callback([options, &action] { action = [options] { return make(*options); }; });
}

void add_plug(CLI::App& sim, Action& action) {
    auto* command = sim.add_subcommand("plug", "Put bodies into pcscd's virtual reader until stopped");
    auto options = std::make_shared<PlugOptions>();
    command->add_option("FILE", options->files, "One body for each slot")->required();
    command->add_option("--port", options->port, "Port of the first slot, 35963 in Debian's vpcd")
        ->check(CLI::Range(1, 65535));
    command->add_option("--host", options->host, "Where the virtual reader listens");
    command->add_option(
        "--fault", options->fault,
        "Something that goes wrong: cut-before:N, cut-after:N, drop-response:N, flip-bit:N:BIT, "
        "answer-sw:N:SW, slow:N:MS, cut-in-write:N:BYTES");
    command->add_flag("--once", options->once, "End when the reader hangs up");
    command->add_flag("--real-time", options->real_time, "Sleep as long as a real card would take");
    command->callback([options, &action] { action = [options] { return plug(*options); }; });
}

void add_show(CLI::App& sim, Action& action) {
    auto* command = sim.add_subcommand("show", "Tell what is on a body, as JSON");
    auto file = std::make_shared<std::string>();
    command->add_option("FILE", *file, "The body")->required();
    command->callback([file, &action] {
        action = [file] {
            const auto body = sim::Body::open(std::filesystem::path{*file});
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
    };
    auto* command = sim.add_subcommand("flip", "Change bits of one stored byte, past every access rule");
    auto options = std::make_shared<Options>();
    command->add_option("FILE", options->file, "The body")->required();
    command->add_option("EF", options->name, "File: EF.DG1, or its identifier 0101")->required();
    command->add_option("OFFSET", options->offset, "Byte of the file")->required();
    command->add_option("--mask", options->mask, "Bits that change, 1..255")->check(CLI::Range(1, 255));
    command->callback([options, &action] {
        action = [options] {
            const auto body = sim::Body::open(std::filesystem::path{options->file});
            for (const auto& file : body->files()) {
                const std::string fid = fmt::format("{:04X}", file.fid);
                if (file.name != options->name && fid != options->name) continue;
                body->flip(file.fid, options->offset, static_cast<std::uint8_t>(options->mask));
                say(fmt::format("{} byte {} changed by mask {:02X}", file.name, options->offset,
                                options->mask));
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
