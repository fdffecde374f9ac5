// SPDX-License-Identifier: Apache-2.0
#include "keys/file_io.h"

#include <fcntl.h>
#include <fmt/format.h>
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
    int get() const noexcept { return number_; }
    bool close() noexcept { return ::close(std::exchange(number_, -1)) == 0; }

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
    auto name = file.string() + ".XXXXXX";
    Descriptor out{::mkostemp(name.data(), O_CLOEXEC)};  // mkostemp makes it 0600
    if (out.get() < 0) failed(Errc::store_failed, file, "make a file beside it");
    if (!write_all(out.get(), text) || ::fsync(out.get()) != 0 || !out.close() ||
        ::rename(name.c_str(), file.c_str()) != 0) {
        const int reason = errno;
        ::unlink(name.c_str());
        errno = reason;
        failed(Errc::store_failed, file, "write");
    }
    const auto folder = file.has_parent_path() ? file.parent_path() : std::filesystem::path{"."};
    const Descriptor directory{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (directory.get() < 0 || ::fsync(directory.get()) != 0) failed(Errc::store_failed, folder, "sync");
}

}  // namespace kartsaz::keys
