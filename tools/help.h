// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/App.hpp>
#include <CLI/Error.hpp>

#include <memory>
#include <string>

/// How the program explains itself and what it says to a command line that it does not understand.
namespace kartsaz::tools {

/// Help texts of 80 columns: names left, wrapped descriptions right.
std::shared_ptr<CLI::Formatter> help_formatter();

/// What is wrong with the command line, in words: the command that was meant, the word it does not know with
/// the nearest one it knows, and where help is.
std::string usage_text(const CLI::App& program, const CLI::ParseError& error);

}  // namespace kartsaz::tools
