// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstdio>
#include <string>
#include <string_view>

#include "libcard/perso/personalize.h"

/// Text for people, 80 columns wide, and one JSON document for machines.
namespace kartsaz::tools {

/// Set once, before anything is said: --json, wherever it stands on the command line, so that errors of the
/// command line itself are told as JSON, too.
void set_json(bool on);
/// Where text for people goes: standard output, or standard error while --json has that.
std::FILE* people();

/// A line, wrapped at 80 columns; `indent` blanks before the second and later ones.
void say(std::string_view text, unsigned indent = 0);
/// "  label          value", the value wrapped under itself.
void say_field(std::string_view label, std::string_view value);
/// A heading with a blank line before it.
void say_heading(std::string_view text);

/// The document of --json, on standard output.
void print_json(const nlohmann::json& document);

/// "kartsaz: ..." on standard error, wrapped; with --json also {"error": {...}} on standard output.
void print_error(std::string_view what, int exit_code);

/// "kartsaz: note: ..." on standard error, wrapped: for what went well after all.
void print_note(std::string_view what);

/// A bar on one line, only when standard error is a terminal.
class ProgressBar {
public:
    ProgressBar();
    ~ProgressBar();
    ProgressBar(const ProgressBar&) = delete;
    ProgressBar& operator=(const ProgressBar&) = delete;
    void show(std::size_t done, std::size_t total, std::string_view label);
    void clear();

private:
    bool terminal_;
    bool shown_ = false;
};

/// SIGINT and SIGTERM from now on only ask to stop: a card is left between two steps, never inside one.
void stop_on_request();
bool stop_requested();

/// The loud line about shipped keys.
void warn_development_keys();

}  // namespace kartsaz::tools
