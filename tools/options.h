// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/App.hpp>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>

#include "apdu/transport.h"
#include "keys/issuer.h"
#include "keys/key_store.h"
#include "keys/pkcs11_objects.h"

/// Options that several subcommands take, and what is made from them.
namespace kartsaz::tools {

struct CardOptions {
    std::string reader;
    unsigned wait_ms = 0;
    std::string trace;           ///< file for a masked transcript
    bool show_personal = false;  ///< file contents in trace and log; keys never
    unsigned verbose = 0;        ///< 1: steps; 2: each command in words
    bool json = false;
};
void add_card_options(CLI::App& command, CardOptions& options);
void add_output_options(CLI::App& command, CardOptions& options);
void add_json_option(CLI::App& command, bool& json);
/// An option whose value is a file.
CLI::Option* file_option(CLI::App& command, const char* name, std::string& file, const char* what);
/// An option whose value says where a secret comes from, see secret_input.h.
CLI::Option* passphrase_option(CLI::App& command, const char* name, std::string& source, const char* what);

struct KeyOptions {
    std::string keys;
    std::string passphrase_file;  ///< a source of secret_input.h
    std::string token;            ///< pkcs11 URI
    std::string token_pin_file;   ///< a source of secret_input.h; empty: the URI's, else the terminal
    bool retry_token_pin = false;
};
void add_token_options(CLI::App& command, KeyOptions& options);
void add_key_options(CLI::App& command, KeyOptions& options);

/// Whether a file that is written at the end can be written there: asked before the card is touched.
/// Empty: nothing is to be written. @throws Error{store_failed}
void check_target(const std::string& file);

/// The same for a folder that is made where it is not there. @throws Error{store_failed}
void check_target_folder(const std::string& folder);

/// A file of input that is not there or no plain file is bad input. @throws Error{input_invalid}
void check_source(const std::string& file, std::string_view what);

/// The token that the options name, logged in; without a PIN where none is to be had and none is needed.
std::shared_ptr<keys::Pkcs11Token> open_token(const KeyOptions& options, bool pin_needed = true);
/// The key store that the options name: a token, a key file, a token and a key file for what it lacks;
/// development keys without any.
std::unique_ptr<keys::KeyStore> open_keys(const KeyOptions& options);
/// The document signer of the store; null when it has none.
std::unique_ptr<keys::DocumentSigner> open_signer(const keys::KeyStore& store);

/// A card with what the options put before it: trace file, log lines on standard error.
class Card {
public:
    explicit Card(const CardOptions& options);
    /// The same over a transport that is open already.
    Card(std::unique_ptr<apdu::Transport> raw, const CardOptions& options);
    ~Card();
    apdu::Transport& transport() { return *top_; }

private:
    void stack(const CardOptions& options);

    std::unique_ptr<apdu::Transport> raw_;
    std::ofstream trace_;
    std::unique_ptr<apdu::Transport> recorder_;
    std::unique_ptr<apdu::Transport> tracer_;
    apdu::Transport* top_ = nullptr;
};

/// Seconds since 1970.
std::int64_t now_seconds();

}  // namespace kartsaz::tools
