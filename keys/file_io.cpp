// SPDX-License-Identifier: Apache-2.0
#include "keys/file_io.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>

#include "apdu/error.h"

namespace kartsaz::keys {
namespace {

class Descriptor {
public:
    explicit Descriptor(int number) : number_{number} {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() {
        if (number_ >= 0) ::close(number_);
    }
    Descriptor(Descriptor&& other) noexcept : number_{std::exchange(other.number_, -1)} {}
    int get() const noexcept { return number_; }

private:
    int number_;
};

[[noreturn]] void failed(Errc code, const std::filesystem::path& file, const char* doing) {
    throw Error{code, fmt::format("{}: cannot {}: {}", file.string(), doing, std::strerror(errno))};
}

void refuse_open_to_others(int descriptor, const std::filesystem::path& file) {
    struct stat facts {};
    if (::fstat(descriptor, &facts) != 0) failed(Errc::keys_failed, file, "look at");
    if ((facts.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        throw Error{Errc::keys_failed,
                    fmt::format("{}: mode {:04o} lets others at what is inside; use chmod 600", file.string(),
                                facts.st_mode & 07777U)};
    }
}

bool write_all(int to, std::string_view text) {
    while (!text.empty()) {
        const auto done = ::write(to, text.data(), text.size());
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) return false;
        text.remove_prefix(static_cast<std::size_t>(done));
    }
    return true;
}

/// Opens a temporary file, empty and locked, 0600. The lock tells one that another process is writing, which
/// is waited for, from one that a killed process left, which is written anew.
Descriptor open_alone(const std::filesystem::path& file, const std::filesystem::path& name) {
    constexpr const char* doing = "make a file beside it";
    for (;;) {
        Descriptor out{::open(name.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR)};
        if (out.get() < 0) failed(Errc::store_failed, file, doing);
        while (::flock(out.get(), LOCK_EX) != 0) {
            if (errno != EINTR) failed(Errc::store_failed, file, "lock what is written beside it");
        }
        struct stat mine {};
        struct stat there {};
        if (::fstat(out.get(), &mine) != 0) failed(Errc::store_failed, file, doing);
        // whoever had the lock before may have put it in place meanwhile
        if (::lstat(name.c_str(), &there) != 0 || there.st_ino != mine.st_ino || there.st_dev != mine.st_dev)
            continue;
        if (mine.st_uid == ::geteuid() && mine.st_nlink == 1 && S_ISREG(mine.st_mode)) {
            if (::ftruncate(out.get(), 0) != 0 || ::fchmod(out.get(), S_IRUSR | S_IWUSR) != 0)
                failed(Errc::store_failed, file, doing);
            return out;
        }
        // another user's, who could read along
        if (::unlink(name.c_str()) != 0) failed(Errc::store_failed, file, doing);
    }
}

}  // namespace

SecretBytes read_secret_file(const std::filesystem::path& file, std::size_t most, Others others) {
    const Descriptor in{::open(file.c_str(), O_RDONLY | O_CLOEXEC)};
    if (in.get() < 0) failed(Errc::keys_failed, file, "open");
    if (others == Others::may_not_read) refuse_open_to_others(in.get(), file);
    Botan::secure_vector<std::uint8_t> out;
    Botan::secure_vector<std::uint8_t> block(4096);
    for (;;) {
        const auto got = ::read(in.get(), block.data(), block.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) failed(Errc::keys_failed, file, "read");
        if (got == 0) return SecretBytes{std::move(out)};
        out.insert(out.end(), block.begin(), block.begin() + got);
        if (out.size() > most) {
            throw Error{Errc::input_invalid, fmt::format("{}: more than {} bytes", file.string(), most)};
        }
    }
}

void replace_private_file(const std::filesystem::path& file, std::string_view text) {
    const auto name = file.parent_path() / ("." + file.filename().string() + ".tmp");
    const auto out = open_alone(file, name);
    if (!write_all(out.get(), text) || ::fsync(out.get()) != 0 || ::rename(name.c_str(), file.c_str()) != 0) {
        const int reason = errno;
        ::unlink(name.c_str());
        errno = reason;
        failed(Errc::store_failed, file, "write");
    }
    sync_folder(file.parent_path());
}

void make_private_folder(const std::filesystem::path& folder) {
    std::error_code fault;
    if (folder.empty() || std::filesystem::is_directory(folder, fault)) return;
    if (folder.has_parent_path()) std::filesystem::create_directories(folder.parent_path(), fault);
    if (::mkdir(folder.c_str(), S_IRWXU) != 0 && errno != EEXIST) {
        failed(Errc::store_failed, folder, "make the folder");
    }
    if (!std::filesystem::is_directory(folder, fault)) {
        throw Error{Errc::store_failed, folder.string() + ": is there and is no folder"};
    }
    sync_folder(folder.parent_path());
}

void sync_folder(const std::filesystem::path& folder) {
    const auto path = folder.empty() ? std::filesystem::path{"."} : folder;
    const Descriptor directory{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (directory.get() < 0 || ::fsync(directory.get()) != 0) failed(Errc::store_failed, path, "sync");
}

}  // namespace kartsaz::keys
