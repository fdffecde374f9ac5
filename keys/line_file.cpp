// SPDX-License-Identifier: Apache-2.0
#include "keys/line_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

#include "apdu/error.h"
#include "keys/file_io.h"

namespace kartsaz::keys {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void failed(const fs::path& file, const char* doing) {
    throw Error{Errc::store_failed,
                fmt::format("{}: cannot {}: {}", file.string(), doing, std::strerror(errno))};
}

/// False at the end of the file.
bool read_whole(int from, std::uint64_t offset, std::string& out) {
    std::size_t done = 0;
    while (done < out.size()) {
        const auto got =
            ::pread(from, out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        done += static_cast<std::size_t>(got);
    }
    return true;
}

bool write_whole(int to, std::string_view text) {
    while (!text.empty()) {
        const auto done = ::write(to, text.data(), text.size());
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) return false;
        text.remove_prefix(static_cast<std::size_t>(done));
    }
    return true;
}

}  // namespace

LineFile::LineFile(fs::path file, Use use) : file_{std::move(file)}, use_{use} {
    if (use_ == Use::read) {
        descriptor_ = ::open(file_.c_str(), O_RDONLY | O_CLOEXEC);
        if (descriptor_ < 0) failed(file_, "open it");
        return;
    }
    make_private_folder(file_.parent_path());
    descriptor_ = ::open(file_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (descriptor_ < 0) failed(file_, "open or make it");
    try {
        sync_folder(file_.parent_path());
    } catch (...) {
        ::close(descriptor_);
        throw;
    }
}

LineFile::~LineFile() {
    ::close(descriptor_);
}

LineFile::Lock::Lock(const LineFile& file) : descriptor_{file.descriptor_} {
    using std::chrono::milliseconds;
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{10};
    const int kind = file.use() == Use::read ? LOCK_SH : LOCK_EX;
    while (::flock(descriptor_, kind | LOCK_NB) != 0) {
        if (errno == EINTR) continue;
        if (errno != EWOULDBLOCK) failed(file.path(), "lock it");
        if (std::chrono::steady_clock::now() > until) {
            throw Error{Errc::store_failed,
                        fmt::format("{}: another process holds it since ten seconds; try again when it is "
                                    "done",
                                    file.path().string())};
        }
        // flock() has no time limit of its own; a process that hangs must not stop the station for ever
        std::this_thread::sleep_for(milliseconds{5});
    }
}

LineFile::Lock::~Lock() {
    ::flock(descriptor_, LOCK_UN);
}

std::vector<LineFile::Line> LineFile::news() {
    struct stat facts {};
    if (::fstat(descriptor_, &facts) != 0) failed(file_, "look at it");
    const auto size = static_cast<std::uint64_t>(facts.st_size);
    if (size < seen_) {
        throw Error{Errc::store_failed,
                    fmt::format("{}: {} bytes, it had {}: something cut it off; restore it from its copy",
                                file_.string(), size, seen_)};
    }
    std::string fresh(size - seen_, '\0');
    if (!read_whole(descriptor_, seen_, fresh)) failed(file_, "read it");
    std::vector<Line> out;
    std::size_t at = 0;
    for (auto end = fresh.find('\n'); end != std::string::npos; end = fresh.find('\n', at)) {
        out.push_back({seen_ + at, ++lines_, fresh.substr(at, end - at)});
        at = end + 1;
    }
    seen_ += at;
    if (at != fresh.size() && use_ == Use::write &&
        (::ftruncate(descriptor_, static_cast<off_t>(seen_)) != 0 || ::fsync(descriptor_) != 0)) {
        failed(file_, "cut off its torn last line");
    }
    return out;
}

void LineFile::append(std::string_view lines) {
    struct stat facts {};
    if (::fstat(descriptor_, &facts) != 0) failed(file_, "look at it");
    if (write_whole(descriptor_, lines) && ::fdatasync(descriptor_) == 0) return;
    const int reason = errno;
    if (::ftruncate(descriptor_, facts.st_size) == 0) ::fsync(descriptor_);
    errno = reason;
    failed(file_, "append to it");
}

std::string LineFile::read(std::uint64_t offset, std::size_t size) const {
    std::string out(size, '\0');
    if (!read_whole(descriptor_, offset, out)) failed(file_, "read it");
    return out;
}

}  // namespace kartsaz::keys
