// SPDX-License-Identifier: Apache-2.0
// Secrets by file, descriptor and prompt.
#include <catch2/catch.hpp>
#include <pty.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <fstream>

#include "apdu/error.h"
#include "tests/support/vectors.h"
#include "tools/secret_input.h"

namespace kartsaz::tools {
namespace {

using Catch::Contains;

std::string shown(const keys::SecretBytes& secret) {
    return secret.reveal([](ByteView bytes) { return to_text(bytes); });
}

std::string file_with(const std::string& name, const std::string& text, mode_t mode = 0600) {
    const auto file = test::scratch_dir() / name;
    std::ofstream{file, std::ios::binary | std::ios::trunc} << text;
    ::chmod(file.c_str(), mode);
    return file.string();
}

/// The reading end of a pipe that holds `text` and is closed.
class Pipe {
public:
    explicit Pipe(const std::string& text) {
        std::array<int, 2> ends{};
        REQUIRE(::pipe(ends.data()) == 0);
        REQUIRE(::write(ends[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()));
        ::close(ends[1]);
        end_ = ends[0];
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;
    ~Pipe() { ::close(end_); }
    std::string source() const { return "fd:" + std::to_string(end_); }

private:
    int end_ = -1;
};

Errc code_of(const std::string& source) {
    try {
        (void)read_secret(source, "passphrase of my.keys");
    } catch (const Error& error) {
        CHECK_THAT(error.what(), !Contains("sesame"));
        return error.code();
    }
    return Errc::internal;
}

/// What a person at a terminal sees, and what the program took: "= secret", or "! error".
std::string at_the_terminal(const std::string& typed, SecretAge age) {
    int master = -1;
    const pid_t child = ::forkpty(&master, nullptr, nullptr, nullptr);
    REQUIRE(child >= 0);
    if (child == 0) {
        std::string told;
        try {
            told = "= " + shown(read_secret("prompt", "passphrase", age));
        } catch (const Error& error) {
            told = std::string{"! "} + error.what();
        }
        told += '\n';
        const bool done = ::write(STDOUT_FILENO, told.data(), told.size()) > 0;
        ::_exit(done ? 0 : 1);
    }
    std::string seen;
    std::size_t typed_bytes = 0;
    std::array<char, 256> block{};
    // a line is typed when its question stands there: before that the terminal still echoes
    const auto questions = [&] {
        std::size_t count = 0;
        for (auto at = seen.find(": "); at != std::string::npos; at = seen.find(": ", at + 1)) ++count;
        return count;
    };
    std::size_t answered = 0;
    for (;;) {
        const auto got = ::read(master, block.data(), block.size());
        if (got <= 0) break;
        seen.append(block.data(), static_cast<std::size_t>(got));
        while (answered < questions() && typed_bytes < typed.size()) {
            const auto end = std::min(typed.find('\n', typed_bytes), typed.size() - 1) + 1;
            REQUIRE(::write(master, typed.data() + typed_bytes, end - typed_bytes) > 0);
            typed_bytes = end;
            ++answered;
        }
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    ::close(master);
    CHECK(status == 0);
    return seen;
}

}  // namespace

TEST_CASE("a secret file gives its first line, and only a file of one's own") {
    CHECK(shown(read_secret(file_with("one", "open sesame\r\nmore\n"), "x")) == "open sesame");
    CHECK(code_of(file_with("open", "open sesame\n", 0640)) == Errc::keys_failed);
    CHECK(code_of(file_with("empty", "")) == Errc::keys_failed);
    CHECK(code_of(file_with("long", std::string(5000, 'x'))) == Errc::input_invalid);
    CHECK(code_of((test::scratch_dir() / "nowhere").string()) == Errc::keys_failed);
    CHECK(shown(read_secret("/dev/fd/" + Pipe{"of a pipe\n"}.source().substr(3), "x")) == "of a pipe");
}

TEST_CASE("several secrets come through one descriptor, a line each") {
    const Pipe pipe{"first\nsecond\r\nthird"};
    CHECK(shown(read_secret(pipe.source(), "x")) == "first");
    CHECK(shown(read_secret(pipe.source(), "x")) == "second");
    CHECK(shown(read_secret(pipe.source(), "x")) == "third");
    CHECK(code_of(pipe.source()) == Errc::keys_failed);
}

TEST_CASE("several secrets come from one file, a line each, and the missing one is named") {
    SecretSource source{file_with("three", "first\nsecond\n\nfourth\n")};
    CHECK_FALSE(source.asks());
    CHECK(shown(source.next("x")) == "first");
    CHECK(shown(source.next("x")) == "second");
    CHECK_THROWS_WITH(source.next("enc of part 2"), Contains("three, enc of part 2: line 3 is empty"));
    CHECK(shown(source.next("x")) == "fourth");
    CHECK_THROWS_WITH(source.next("x"), Contains("ended before line 5 came"));
    CHECK(SecretSource{"prompt"}.asks());
}

TEST_CASE("a descriptor that gives nothing is refused, never taken for an empty secret") {
    CHECK(code_of(Pipe{""}.source()) == Errc::keys_failed);
    CHECK(code_of(Pipe{"\nsesame\n"}.source()) == Errc::keys_failed);
    CHECK(code_of(Pipe{"\r\n"}.source()) == Errc::keys_failed);
    CHECK(code_of(Pipe{std::string(4097, 'x')}.source()) == Errc::input_invalid);
    CHECK(code_of("fd:987") == Errc::keys_failed);
}

TEST_CASE("what names no source is refused as usage") {
    const auto source = GENERATE(as<std::string>{}, "", "-", "fd:", "fd:1", "fd:2", "fd:-3", "fd:3x", "fd: 3",
                                 "fd:99999999999");
    INFO(source);
    CHECK(code_of(source) == Errc::usage);
}

TEST_CASE("a prompt shows nothing of what is typed") {
    const auto seen = at_the_terminal("open sesame\n", SecretAge::known);
    CHECK_THAT(seen, Contains("passphrase: \r\n= open sesame"));
    CHECK(seen.find("sesame") == seen.rfind("sesame"));  // once, told by the test itself
}

TEST_CASE("a line at the prompt can be mended before it is given") {
    CHECK_THAT(at_the_terminal("wrong\x15"
                               "open sesami\x7F"
                               "e\n",
                               SecretAge::known),
               Contains("= open sesame\r"));
    CHECK_THAT(at_the_terminal("a\xD8\xB1\x7F"
                               "b\n",
                               SecretAge::known),
               Contains("= ab\r"));
}

TEST_CASE("a new secret is typed twice, and again while the two differ") {
    CHECK_THAT(at_the_terminal("one\none\n", SecretAge::fresh), Contains("= one\r"));
    CHECK_THAT(at_the_terminal("one\ntwo\nsix\nsix\n", SecretAge::fresh),
               Contains("The two differ.") && Contains("= six\r"));
    CHECK_THAT(at_the_terminal("1\n2\n3\n4\n5\n6\n", SecretAge::fresh), Contains("! passphrase: typed diff"));
}

TEST_CASE("an empty line or Ctrl-C at the prompt gives nothing") {
    CHECK_THAT(at_the_terminal("\n", SecretAge::known), Contains("! passphrase: nothing was typed"));
    CHECK_THAT(at_the_terminal("\x04", SecretAge::known), Contains("! passphrase: nothing was typed"));
    CHECK_THAT(at_the_terminal("sesa\x03", SecretAge::known), Contains("! passphrase: given up"));
}

}  // namespace kartsaz::tools
