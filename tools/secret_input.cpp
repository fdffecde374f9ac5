// SPDX-License-Identifier: Apache-2.0
#include "tools/secret_input.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>

#include "apdu/error.h"
#include "tools/columns.h"

namespace kartsaz::tools {
namespace {

using Secure = Botan::secure_vector<std::uint8_t>;
constexpr std::size_t most_bytes = 4096;
constexpr std::string_view other_ways = "name a file that you alone may read, or a descriptor as fd:N";

/// Byte by byte, so that what follows the line stays for the next reader. Empty at the end of input.
std::optional<std::uint8_t> next_byte(int from, std::string_view what) {
    std::uint8_t byte = 0;
    for (;;) {
        const auto got = ::read(from, &byte, 1);
        if (got == 1) return byte;
        if (got == 0) return std::nullopt;
        if (errno != EINTR) {
            throw Error{Errc::keys_failed, fmt::format("{}: cannot be read: {}", what, std::strerror(errno))};
        }
    }
}

void refuse_long(const Secure& line, std::string_view what) {
    if (line.size() > most_bytes) {
        throw Error{Errc::input_invalid, fmt::format("{}: more than {} bytes", what, most_bytes)};
    }
}

int descriptor_number(const std::string& source) {
    int number = -1;
    const auto* const end = source.data() + source.size();
    const auto [stop, fault] = std::from_chars(source.data() + 3, end, number);
    if (fault != std::errc{} || stop != end || number < 0 || number == STDOUT_FILENO ||
        number == STDERR_FILENO) {
        throw Error{Errc::usage,
                    fmt::format("\"{}\": a descriptor is fd:0, fd:3 or a higher number", source)};
    }
    if (::isatty(number) == 1) {
        throw Error{Errc::usage, source + " is a terminal and would show what is typed; say prompt instead"};
    }
    return number;
}

[[noreturn]] void cannot(const std::string& file, const char* doing) {
    throw Error{Errc::keys_failed, fmt::format("{}: cannot {}: {}", file, doing, std::strerror(errno))};
}

int open_private_file(const std::string& file) {
    const int from = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    if (from < 0) cannot(file, "open");
    struct stat facts {};
    const bool known = ::fstat(from, &facts) == 0;
    if (known && (facts.st_mode & (S_IRWXG | S_IRWXO)) == 0) return from;
    ::close(from);
    if (!known) cannot(file, "look at");
    throw Error{Errc::keys_failed, fmt::format("{}: mode {:04o} lets others at what is inside; use chmod 600",
                                               file, facts.st_mode & 07777U)};
}

/// The terminal of this process, keys taken one by one and not shown.
class QuietTerminal {
public:
    explicit QuietTerminal(std::string_view what) : terminal_{::open("/dev/tty", O_RDWR | O_CLOEXEC)} {
        if (terminal_ < 0 || ::tcgetattr(terminal_, &before_) != 0) {
            if (terminal_ >= 0) ::close(terminal_);
            throw Error{Errc::usage, fmt::format("{}: there is no terminal to ask on; {}", what, other_ways)};
        }
        auto quiet = before_;
        // signals off as well: a Ctrl-C that ended the program here would leave the terminal without echo
        quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO | ECHONL | ICANON | ISIG);
        quiet.c_cc[VMIN] = 1;
        quiet.c_cc[VTIME] = 0;
        ::tcsetattr(terminal_, TCSAFLUSH, &quiet);
    }
    QuietTerminal(const QuietTerminal&) = delete;
    QuietTerminal& operator=(const QuietTerminal&) = delete;
    ~QuietTerminal() {
        ::tcsetattr(terminal_, TCSAFLUSH, &before_);
        ::close(terminal_);
    }

    void say(const std::string& text) const {
        if (::write(terminal_, text.data(), text.size()) < 0) return;  // the answer counts, not the question
    }

    keys::SecretBytes ask(const std::string& question, std::string_view what) const {
        constexpr std::uint8_t ctrl_c = 0x03, ctrl_d = 0x04, backspace = 0x08, ctrl_u = 0x15, rubout = 0x7F;
        say(question);
        Secure line;
        for (;;) {
            const auto byte = next_byte(terminal_, what);
            if (!byte || *byte == '\n' || *byte == '\r' || (*byte == ctrl_d && line.empty())) break;
            if (*byte == ctrl_c) {
                say("\n");
                throw Error{Errc::usage, fmt::format("{}: given up at the prompt", what)};
            }
            if (*byte == ctrl_u) {
                line.clear();
            } else if (*byte == rubout || *byte == backspace) {
                while (!line.empty() && (line.back() & 0xC0U) == 0x80U) line.pop_back();  // one character
                if (!line.empty()) line.pop_back();
            } else {
                line.push_back(*byte);
                refuse_long(line, what);
            }
        }
        say("\n");
        return keys::SecretBytes{std::move(line)};
    }

private:
    int terminal_;
    termios before_{};
};

keys::SecretBytes from_prompt(std::string_view what, SecretAge age) {
    const QuietTerminal terminal{what};
    const auto name = harmless(what);
    for (unsigned turn = 0; turn < 3; ++turn) {
        auto given = terminal.ask(fmt::format("{}: ", name), what);
        if (given.empty()) throw Error{Errc::keys_failed, fmt::format("{}: nothing was typed", what)};
        if (age == SecretAge::known) return given;
        if (terminal.ask(fmt::format("{}, once more: ", name), what) == given) return given;
        terminal.say("The two differ.\n");
    }
    throw Error{Errc::usage, fmt::format("{}: typed differently three times", what)};
}

}  // namespace

SecretSource::SecretSource(std::string source) : source_{std::move(source)} {
    if (source_.empty() || source_ == "-") {
        throw Error{Errc::usage, fmt::format("\"{}\" names no source of a secret; {}, or say prompt", source_,
                                             other_ways)};
    }
    if (source_ == "prompt") return;
    owned_ = source_.rfind("fd:", 0) != 0;
    from_ = owned_ ? open_private_file(source_) : descriptor_number(source_);
}

SecretSource::~SecretSource() {
    if (owned_) ::close(from_);
}

keys::SecretBytes SecretSource::next(std::string_view what, SecretAge age) {
    if (asks()) return from_prompt(what, age);
    const auto place = fmt::format("{}, {}", source_, what);
    ++line_;
    const auto nth = line_ == 1 ? std::string{"the first line"} : fmt::format("line {}", line_);
    Secure line;
    for (;;) {
        const auto byte = next_byte(from_, place);
        if (!byte && line.empty()) {
            throw Error{Errc::keys_failed, fmt::format("{}: it ended before {} came", place, nth)};
        }
        if (!byte || *byte == '\n') break;
        line.push_back(*byte);
        refuse_long(line, place);
    }
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.empty()) throw Error{Errc::keys_failed, fmt::format("{}: {} is empty", place, nth)};
    return keys::SecretBytes{std::move(line)};
}

keys::SecretBytes read_secret(const std::string& source, std::string_view what, SecretAge age) {
    return SecretSource{source}.next(what, age);
}

}  // namespace kartsaz::tools
