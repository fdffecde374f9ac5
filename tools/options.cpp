// SPDX-License-Identifier: Apache-2.0
#include "tools/options.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>

#include "apdu/describe.h"
#include "apdu/error.h"
#include "apdu/transcript.h"
#include "libcard/reader/reader.h"
#include "tools/console.h"
#include "tools/secret_input.h"

namespace kartsaz::tools {

CLI::Option* file_option(CLI::App& command, const char* name, std::string& file, const char* what) {
    return command.add_option(name, file, what)->option_text("FILE");
}

CLI::Option* passphrase_option(CLI::App& command, const char* name, std::string& source, const char* what) {
    return command.add_option(name, source, what)->option_text(secret_source_text);
}

void add_json_option(CLI::App& command, bool& json) {
    command.add_flag("--json", json, "One JSON document on standard output; the text goes to standard error")
        ->group("Output");
}

void add_output_options(CLI::App& command, CardOptions& options) {
    add_json_option(command, options.json);
    command.add_flag("-v,--verbose", options.verbose, "Tell each step; twice: each command, in words")
        ->group("Output");
    file_option(command, "--trace", options.trace, "Write a transcript of all commands, keys masked")
        ->group("Output");
    command
        .add_flag("--show-personal", options.show_personal,
                  "Contents of files in transcript and log, too; keys never")
        ->group("Output");
}

void add_card_options(CLI::App& command, CardOptions& options) {
    command
        .add_option("-r,--reader", options.reader,
                    "sim:FILE, pcsc:NAME, vpcd:PORT, replay:FILE, a part of a reader's name, or its number; "
                    "default: the only reader with a card")
        ->option_text("READER")
        ->group("Card");
    command
        .add_option(
            "--wait", options.wait_ms,
            "How long to wait for a card, or for a reader that another program uses; default: not at all")
        ->option_text("MS")
        ->group("Card");
    add_output_options(command, options);
}

void add_token_options(CLI::App& command, KeyOptions& options) {
    command
        .add_option("--token", options.token,
                    "Keys in a token: pkcs11:token=NAME?module-path=/PATH.so (docs/hsm.md)")
        ->option_text("URI")
        ->group("Keys");
    passphrase_option(command, "--token-pin-file", options.token_pin_file,
                      "Its PIN, like --passphrase-file; default: the pin-source of the URI, else asked for")
        ->group("Keys");
    command
        .add_flag("--retry-token-pin", options.retry_token_pin,
                  "Give the PIN although the token says that a wrong one was given last")
        ->group("Keys");
}

void add_key_options(CLI::App& command, KeyOptions& options) {
    file_option(command, "--keys", options.keys, "Encrypted key file; default: the shipped development keys")
        ->group("Keys");
    passphrase_option(command, "--passphrase-file", options.passphrase_file,
                      "Its passphrase: the first line of a file readable by you alone, the next line of a "
                      "descriptor, or asked for")
        ->group("Keys");
    add_token_options(command, options);
}

void check_target(const std::string& file) {
    if (file.empty()) return;
    const std::filesystem::path path{file};
    const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path{"."};
    std::error_code fault;
    if (std::filesystem::is_directory(path, fault)) {
        throw Error{Errc::store_failed, file + ": is a folder, a file is to be written"};
    }
    if (!std::filesystem::is_directory(folder, fault) || ::access(folder.c_str(), W_OK | X_OK) != 0) {
        throw Error{Errc::store_failed,
                    fmt::format("{}: cannot be written: {} is no folder, or not yours to write", file,
                                folder.string())};
    }
}

void check_target_folder(const std::string& folder) {
    if (folder.empty()) return;
    std::error_code fault;
    // where it is not there, the folder that it is made in
    std::filesystem::path there = std::filesystem::absolute(folder);
    while (!std::filesystem::exists(std::filesystem::symlink_status(there, fault)) &&
           there.has_relative_path())
        there = there.has_filename() ? there.parent_path() : there.parent_path().parent_path();
    if (!std::filesystem::is_directory(there, fault) || ::access(there.c_str(), W_OK | X_OK) != 0) {
        const bool itself = std::filesystem::exists(folder, fault);
        throw Error{Errc::store_failed,
                    itself ? folder + ": is no folder, or not yours to write"
                           : fmt::format("{}: cannot be made: {} is no folder, or not yours to write", folder,
                                         there.string())};
    }
}

void check_source(const std::string& file, std::string_view what) {
    std::error_code fault;
    if (std::filesystem::is_directory(file, fault)) {
        throw Error{Errc::input_invalid, fmt::format("{}: is a folder, not {}", file, what)};
    }
    if (!std::filesystem::exists(file, fault) || ::access(file.c_str(), R_OK) != 0) {
        throw Error{Errc::input_invalid,
                    fmt::format("{}: {} cannot be read: is the path right?", file, what)};
    }
}

std::shared_ptr<keys::Pkcs11Token> open_token(const KeyOptions& options, bool pin_needed) {
    const auto uri = keys::parse_pkcs11_uri(options.token);
    const keys::TokenOptions how{options.retry_token_pin, 4,
                                 [](const std::string& what) { print_note(what + "; going on"); }};
    const auto& source = options.token_pin_file.empty() ? uri.pin_source : options.token_pin_file;
    if (source.empty() && !pin_needed) return keys::Pkcs11Token::open(uri, keys::SecretBytes{}, how);
    return keys::Pkcs11Token::open(
        uri, read_secret(source.empty() ? "prompt" : source, "PIN of " + uri.token_text()), how);
}

namespace {

std::unique_ptr<keys::KeyStore> open_file(const KeyOptions& options) {
    if (options.passphrase_file.empty()) {
        throw Error{Errc::usage,
                    "--keys needs --passphrase-file; a passphrase is never taken from the command line"};
    }
    return keys::open_key_file(options.keys,
                               read_secret(options.passphrase_file, "passphrase of " + options.keys));
}

}  // namespace

std::unique_ptr<keys::KeyStore> open_keys(const KeyOptions& options) {
    if (options.keys.empty() && !options.passphrase_file.empty()) {
        throw Error{Errc::usage, "--passphrase-file needs --keys: which key file does it open?"};
    }
    if (options.token.empty()) {
        if (!options.token_pin_file.empty() || options.retry_token_pin) {
            throw Error{Errc::usage,
                        "--token-pin-file and --retry-token-pin need --token: which token is meant?"};
        }
        return options.keys.empty() ? keys::development_keys() : open_file(options);
    }
    auto rest = options.keys.empty() ? nullptr : open_file(options);
    return keys::token_key_store(open_token(options), std::move(rest));
}

std::unique_ptr<keys::DocumentSigner> open_signer(const keys::KeyStore& store) {
    if (!store.has_identity("document-signer")) return nullptr;
    return std::make_unique<keys::DocumentSigner>(store.identity("document-signer"));
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
