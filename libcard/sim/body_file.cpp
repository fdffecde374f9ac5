// SPDX-License-Identifier: Apache-2.0
#include "libcard/sim/body_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "apdu/error.h"

namespace kartsaz::sim {
namespace fs = std::filesystem;
namespace {

constexpr off_t largest = 4 << 20;  // all LDS files full are 0.6 MB

[[noreturn]] void fail(const fs::path& file, const char* doing) {
    throw Error{Errc::store_failed,
                fmt::format("body file {}: cannot {}: {}", file.string(), doing, std::strerror(errno))};
}

/// Closes on the way out unless taken.
class Descriptor {
public:
    explicit Descriptor(int fd) : fd_{fd} {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    Descriptor(Descriptor&& other) noexcept : fd_{other.take()} {}
    ~Descriptor() {
        if (fd_ >= 0) ::close(fd_);
    }
    int get() const { return fd_; }
    int take() { return std::exchange(fd_, -1); }

private:
    int fd_;
};

void write_all(int fd, ByteView content, const fs::path& file) {
    std::size_t done = 0;
    while (done < content.size()) {
        const auto count = ::write(fd, content.data() + done, content.size() - done);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) fail(file, "write");
        done += static_cast<std::size_t>(count);
    }
}

Bytes read_all(int fd, const fs::path& file) {
    struct stat info {};
    if (::fstat(fd, &info) != 0) fail(file, "read");
    if (!S_ISREG(info.st_mode) || info.st_size > largest) {
        throw Error{Errc::store_failed,
                    fmt::format("body file {}: offset 0: not a simulated body (no plain file, or too large)",
                                file.string())};
    }
    Bytes content(static_cast<std::size_t>(info.st_size));
    std::size_t done = 0;
    while (done < content.size()) {
        const auto count = ::read(fd, content.data() + done, content.size() - done);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) fail(file, "read");
        if (count == 0) break;
        done += static_cast<std::size_t>(count);
    }
    content.resize(done);
    return content;
}

/// The new content in a file beside, locked before it takes the name.
Descriptor write_beside(const fs::path& beside, ByteView content, bool durable) {
    Descriptor fd{::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};
    if (fd.get() < 0) fail(beside, "create");
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) fail(beside, "lock");
    write_all(fd.get(), content, beside);
    if (durable && ::fsync(fd.get()) != 0) fail(beside, "write");
    return fd;
}

fs::path beside(const fs::path& file) {
    return file.parent_path() / ("." + file.filename().string() + ".new");
}

}  // namespace

BodyFile BodyFile::create(const fs::path& file, ByteView content) {
    std::error_code ignored;
    if (fs::exists(fs::symlink_status(file, ignored))) {
        throw Error{Errc::usage,
                    fmt::format("body file {}: exists already; a body is never overwritten", file.string())};
    }
    const fs::path temporary = beside(file);
    Descriptor fd = write_beside(temporary, content, true);
    // link() refuses an existing name, rename() would replace it
    if (::link(temporary.c_str(), file.c_str()) != 0) {
        const int cause = errno;
        ::unlink(temporary.c_str());
        if (cause == EEXIST) {
            throw Error{Errc::usage, fmt::format("body file {}: exists already; a body is never overwritten",
                                                 file.string())};
        }
        errno = cause;
        fail(file, "create");
    }
    ::unlink(temporary.c_str());
    return {file, fd.take()};
}

BodyFile BodyFile::open(const fs::path& file, Bytes& content) {
    for (;;) {
        Descriptor fd{::open(file.c_str(), O_RDONLY | O_CLOEXEC)};
        if (fd.get() < 0) fail(file, "open");
        if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
            if (errno != EWOULDBLOCK) fail(file, "lock");
            throw Error{
                Errc::store_failed,
                fmt::format("body file {}: in use by another process (one holder at a time)", file.string())};
        }
        struct stat held {
        }, named{};
        if (::fstat(fd.get(), &held) != 0 || ::stat(file.c_str(), &named) != 0) fail(file, "open");
        // the holder before us may have replaced it between open and lock
        if (held.st_ino != named.st_ino || held.st_dev != named.st_dev) continue;
        content = read_all(fd.get(), file);
        return {file, fd.take()};
    }
}

BodyFile::~BodyFile() {
    if (lock_ >= 0) ::close(lock_);
}
BodyFile::BodyFile(BodyFile&& other) noexcept
    : path_{std::move(other.path_)}, lock_{std::exchange(other.lock_, -1)} {}

void BodyFile::save(ByteView content) {
    const fs::path temporary = beside(path_);
    Descriptor fd = write_beside(temporary, content, false);
    if (::rename(temporary.c_str(), path_.c_str()) != 0) {
        const int cause = errno;
        ::unlink(temporary.c_str());
        errno = cause;
        fail(path_, "replace");
    }
    ::close(std::exchange(lock_, fd.take()));
}

}  // namespace kartsaz::sim
