// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>

#include "apdu/error.h"
#include "libcard/perso/journal.h"

namespace kartsaz::perso {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const fs::path& file, std::string_view what) {
    throw Error{Errc::store_failed, fmt::format("{}: {}: {}", file.string(), what, std::strerror(errno))};
}

class Descriptor {
public:
    explicit Descriptor(int fd) : fd_{fd} {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() {
        if (fd_ >= 0) ::close(fd_);
    }
    int get() const { return fd_; }

private:
    int fd_;
};

void write_all(const fs::path& file, int fd, std::string_view text) {
    while (!text.empty()) {
        const auto written = ::write(fd, text.data(), text.size());
        if (written < 0) {
            if (errno == EINTR) continue;
            fail(file, "cannot be written");
        }
        text.remove_prefix(static_cast<std::size_t>(written));
    }
}

void sync_folder(const fs::path& folder) {
    const Descriptor fd{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    // a folder that cannot be synced (some network file systems) still holds the file
    if (fd.get() >= 0) ::fsync(fd.get());
}

}  // namespace

void write_durably(const fs::path& file, std::string_view text, unsigned mode) {
    const fs::path folder = file.has_parent_path() ? file.parent_path() : fs::path{"."};
    const fs::path temporary = folder / fmt::format(".{}.{}.tmp", file.filename().string(), ::getpid());
    {
        const Descriptor fd{::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)};
        if (fd.get() < 0) fail(file, "cannot be made");
        try {
            write_all(file, fd.get(), text);
            if (::fsync(fd.get()) != 0) fail(file, "cannot be synced to disk");
        } catch (...) {
            ::unlink(temporary.c_str());
            throw;
        }
    }
    if (::rename(temporary.c_str(), file.c_str()) != 0) {
        const int reason = errno;
        ::unlink(temporary.c_str());
        errno = reason;
        fail(file, "cannot be put in place");
    }
    sync_folder(folder);
}

void overwrite_durably(const fs::path& file, std::size_t offset, std::string_view text) {
    const Descriptor fd{::open(file.c_str(), O_WRONLY | O_CLOEXEC)};
    if (fd.get() < 0) fail(file, "cannot be opened for writing");
    if (::lseek(fd.get(), static_cast<off_t>(offset), SEEK_SET) < 0) fail(file, "cannot be written");
    write_all(file, fd.get(), text);
    if (::fdatasync(fd.get()) != 0) fail(file, "cannot be synced to disk");
}

std::string utc_text(std::int64_t seconds) {
    const std::time_t time = seconds;
    std::tm parts{};
    ::gmtime_r(&time, &parts);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", parts.tm_year + 1900, parts.tm_mon + 1,
                       parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

}  // namespace kartsaz::perso
