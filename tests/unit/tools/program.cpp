// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/tools/program.h"

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>

#include "tests/support/vectors.h"

namespace kartsaz::test {
namespace fs = std::filesystem;
namespace {

std::string read_text(const fs::path& file) {
    std::ifstream in{file, std::ios::binary};
    if (!in) throw std::runtime_error{file.string() + " cannot be read"};
    return {std::istreambuf_iterator<char>{in}, std::istreambuf_iterator<char>{}};
}

std::vector<char*> pointers(const std::vector<std::string>& words) {
    std::vector<char*> out;
    for (const auto& word : words) out.push_back(const_cast<char*>(word.c_str()));
    out.push_back(nullptr);
    return out;
}

/// The environment of a user without pcscd whose home is `folder`.
std::vector<std::string> environment(const fs::path& folder) {
    std::vector<std::string> out{
        "PATH=/usr/bin:/bin", "LANG=C.UTF-8", "PCSCLITE_CSOCK_NAME=/nonexistent/socket",
        "HOME=" + (folder / "home").string(), "XDG_STATE_HOME=" + (folder / "state").string()};
    for (const char* name :
         {"ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "SOFTHSM2_CONF", "P11_KIT_SERVER_ADDRESS",
          "KARTSAZ_WRAPPED", "KARTSAZ_WRAPPER_LOG", "KARTSAZ_WRAPPER_KILL"}) {
        if (const char* value = std::getenv(name)) out.push_back(std::string{name} + "=" + value);
    }
    return out;
}

pid_t spawn(const std::vector<std::string>& words, const fs::path& folder, const std::string& out,
            const std::string& err) {
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_addopen(&actions, 1, out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ::posix_spawn_file_actions_addopen(&actions, 2, err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ::posix_spawn_file_actions_addchdir_np(&actions, folder.c_str());
    std::vector<std::string> all{KARTSAZ_PROGRAM};
    all.insert(all.end(), words.begin(), words.end());
    const auto variables = environment(folder);
    pid_t process = -1;
    const int failed = ::posix_spawn(&process, KARTSAZ_PROGRAM, &actions, nullptr, pointers(all).data(),
                                     pointers(variables).data());
    ::posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) throw std::runtime_error{std::string{"kartsaz: "} + std::strerror(failed)};
    return process;
}

std::atomic<unsigned> next_desk{0};

}  // namespace

nlohmann::json Outcome::json() const {
    auto document = nlohmann::json::parse(out, nullptr, false);  // refuses a second document, too
    INFO("standard output:\n" << out << "\nstandard error:\n" << err);
    REQUIRE_FALSE(document.is_discarded());
    return document;
}

Desk::Desk() : folder_{scratch_dir() / ("desk-" + std::to_string(next_desk++))} {
    fs::create_directories(folder_ / "record");
    for (const auto& entry : fs::directory_iterator{fs::path{KARTSAZ_SOURCE_DIR} / "tools" / "demo"}) {
        if (entry.path().extension() != ".py")
            fs::copy(entry.path(), folder_ / "record" / entry.path().filename());
    }
}

Desk::~Desk() {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
    fs::remove(folder_.string() + ".out", ignored);
    fs::remove(folder_.string() + ".err", ignored);
}

Outcome Desk::run(const std::string& line) const {
    std::istringstream in{line};
    return run(std::vector<std::string>{std::istream_iterator<std::string>{in}, {}});
}

Outcome Desk::run(const std::vector<std::string>& words) const {
    // beside the folder, so that what the program leaves in it can be looked at
    const std::string out = folder_.string() + ".out";
    const std::string err = folder_.string() + ".err";
    Outcome outcome;
    outcome.code = wait(spawn(words, folder_, out, err));
    outcome.out = read_text(out);
    outcome.err = read_text(err);
    return outcome;
}

pid_t Desk::start(const std::vector<std::string>& words) const {
    return spawn(words, folder_, "/dev/null", "/dev/null");
}

int Desk::wait(pid_t process) {
    int status = 0;
    if (::waitpid(process, &status, 0) != process) throw std::runtime_error{"kartsaz cannot be waited for"};
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void Desk::write(const std::string& name, const std::string& text) const {
    fs::create_directories((folder_ / name).parent_path());
    std::ofstream out{folder_ / name, std::ios::binary | std::ios::trunc};
    out << text;
    if (!out.flush()) throw std::runtime_error{name + " cannot be written"};
}

std::string Desk::text(const std::string& name) const {
    return read_text(folder_ / name);
}

nlohmann::json Desk::json(const std::string& name) const {
    return nlohmann::json::parse(text(name));
}

std::map<std::string, std::string> Desk::everything() const {
    std::map<std::string, std::string> out;
    for (const auto& entry : fs::recursive_directory_iterator{folder_}) {
        const auto name = fs::relative(entry.path(), folder_).string();
        out[name] = entry.is_symlink()        ? "link"
                    : entry.is_regular_file() ? read_text(entry.path())
                    : entry.is_directory()    ? "/"
                                              : "?";
    }
    return out;
}

std::vector<std::string> wide_lines(const std::string& text) {
    std::vector<std::string> out;
    std::istringstream lines{text};
    for (std::string line; std::getline(lines, line);) {
        std::size_t width = 0;  // code points; a joiner counted as a column makes the test only stricter
        for (const char c : line) width += (static_cast<unsigned char>(c) & 0xC0U) == 0x80U ? 0 : 1;
        if (width > 80) out.push_back(line);
    }
    return out;
}

}  // namespace kartsaz::test
