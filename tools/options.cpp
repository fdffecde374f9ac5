// SPDX-License-Identifier: Apache-2.0
#include "tools/options.h"

#include <fmt/format.h>

#include <chrono>

#include "apdu/describe.h"
#include "apdu/error.h"
#include "apdu/transcript.h"
#include "libcard/reader/reader.h"
#include "tools/console.h"

namespace kartsaz::tools {

void add_output_options(CLI::App& command, CardOptions& options) {
    command.add_flag("--json", options.json,
                     "One JSON document on standard output; text goes to standard error");
    command.add_flag("-v,--verbose", options.verbose, "Tell each step; twice: each command, in words");
}

void add_card_options(CLI::App& command, CardOptions& options) {
    command.add_option(
        "-r,--reader", options.reader,
        "sim:FILE, pcsc:NAME, vpcd:PORT, replay:FILE, a part of a reader's name or its number; "
        "default: the only reader with a card");
    command.add_option("--wait", options.wait_ms, "Milliseconds to wait for a card");
    command.add_option("--trace", options.trace, "Write a transcript of all commands to FILE, keys masked");
    command.add_flag("--show-personal", options.show_personal, "File contents in trace and log (keys never)");
    add_output_options(command, options);
}

void add_key_options(CLI::App& command, KeyOptions& options) {
    command.add_option("--keys", options.keys, "Encrypted key file; default: the shipped development keys");
    command.add_option("--passphrase-file", options.passphrase_file,
                       "File with the key file's passphrase, readable by you alone");
}

std::unique_ptr<keys::KeyStore> open_keys(const KeyOptions& options) {
    if (options.keys.empty()) {
        if (!options.passphrase_file.empty()) {
            throw Error{Errc::usage, "--passphrase-file needs --keys: which key file does it open?"};
        }
        return keys::development_keys();
    }
    if (options.passphrase_file.empty()) {
        throw Error{Errc::usage,
                    "--keys needs --passphrase-file; a passphrase is never taken from the command line"};
    }
    return keys::open_key_file(options.keys, keys::read_passphrase_file(options.passphrase_file));
}

std::unique_ptr<keys::DocumentSigner> open_signer(const keys::KeyStore& store) {
    try {
        return std::make_unique<keys::DocumentSigner>(store.blob("document-signer"));
    } catch (const Error& error) {
        if (error.code() != Errc::keys_failed) throw;
        return nullptr;
    }
}

Card::Card(const CardOptions& options)
    : raw_{reader::open_card(options.reader, std::chrono::milliseconds{options.wait_ms})} {
    stack(options);
}

Card::Card(std::unique_ptr<apdu::Transport> raw, const CardOptions& options) : raw_{std::move(raw)} {
    stack(options);
}

Card::~Card() = default;

void Card::stack(const CardOptions& options) {
    top_ = raw_.get();
    const apdu::MaskOptions mask{options.show_personal};
    if (!options.trace.empty()) {
        trace_.open(options.trace, std::ios::trunc);
        if (!trace_) throw Error{Errc::store_failed, options.trace + ": cannot be written"};
        recorder_ = std::make_unique<apdu::RecordingTransport>(*top_, trace_,
                                                               apdu::RecordingTransport::Form::masked, mask);
        top_ = recorder_.get();
    }
    if (options.verbose >= 2) {
        const apdu::TraceOptions trace{options.verbose >= 3, mask};
        tracer_ = std::make_unique<apdu::TracingTransport>(
            *top_, [](std::string_view text) { fmt::print(stderr, "{}\n", text); }, trace);
        top_ = tracer_.get();
    }
}

std::int64_t now_seconds() {
    return std::chrono::duration_cast<std::chrono::seconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

}  // namespace kartsaz::tools
