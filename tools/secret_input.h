// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "keys/secret.h"

/// How a person or a script hands a secret to the program. Never as a word of the command line, which every
/// user of the machine can read in the list of processes.
///
/// A source is one of
///   FILE    its first line; nobody but its owner may read or write it
///   fd:N    the next line of descriptor N, 0 or 3 and up, that the caller opened: several secrets can come
///           through one descriptor, a line each
///   prompt  the terminal, without echo
/// A file that is really called "prompt" or "fd:3" is written ./prompt.
namespace kartsaz::tools {

enum class SecretAge {
    known,  ///< asked once
    fresh   ///< being chosen now: a prompt asks twice, and again while the two differ
};

/// Several secrets from one source: a line each, or a question each.
class SecretSource {
public:
    /// @throws Error{usage} when `source` is none of the above; Error{keys_failed} when a file cannot be read
    /// or is open to others
    explicit SecretSource(std::string source);
    SecretSource(const SecretSource&) = delete;
    SecretSource& operator=(const SecretSource&) = delete;
    ~SecretSource();

    /// The next secret line, without its end. Never empty, at most 4096 bytes.
    /// @param what  for prompts and errors: "passphrase of issuer.keys"
    /// @throws Error{usage} when nobody can be asked; Error{keys_failed} when it cannot be read or ended
    /// without
    ///         a line; Error{input_invalid} when the line is longer
    keys::SecretBytes next(std::string_view what, SecretAge age = SecretAge::known);
    /// True when a person types: what was mistyped can be asked for again.
    bool asks() const { return from_ < 0; }

private:
    std::string source_;
    int from_ = -1;       ///< descriptor; -1 for the prompt
    bool owned_ = false;  ///< a file, opened here
    unsigned line_ = 0;
};

/// The first one of a source.
keys::SecretBytes read_secret(const std::string& source, std::string_view what,
                              SecretAge age = SecretAge::known);

/// Help for an option that takes such a source: "FILE, fd:N or prompt".
inline constexpr const char* secret_source_text = "FILE|fd:N|prompt";

}  // namespace kartsaz::tools
