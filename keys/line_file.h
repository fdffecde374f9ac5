// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

/// For the sources of keys/ only.
namespace kartsaz::keys {

/// A file of mode 0600 that grows by whole lines and by nothing else, shared by processes: each holds the
/// lock while it looks and writes. A last line without its end was torn by a power cut, before whoever wrote
/// it went on; it is cut off.
class LineFile {
public:
    enum class Use { write, read };
    /// Made when missing, its folder too. To read, it must be there and is left as it is, a torn last line
    /// too: so a copy on a read-only medium can be read. @throws Error{store_failed}
    explicit LineFile(std::filesystem::path file, Use use = Use::write);
    LineFile(const LineFile&) = delete;
    LineFile& operator=(const LineFile&) = delete;
    ~LineFile();

    /// Held until it goes out of scope.
    class Lock {
    public:
        explicit Lock(const LineFile& file);
        Lock(const Lock&) = delete;
        Lock& operator=(const Lock&) = delete;
        ~Lock();

    private:
        int descriptor_;
    };
    Use use() const { return use_; }
    /// Waits ten seconds for another process. @throws Error{store_failed}
    Lock lock() const { return Lock{*this}; }

    struct Line {
        std::uint64_t offset = 0;
        std::size_t number = 0;  ///< from 1
        std::string text;        ///< without its end
    };
    /// The lines that were not seen before, whoever wrote them. With the lock held. @throws
    /// Error{store_failed}
    std::vector<Line> news();
    /// Appends whole lines and has them on disk when it returns; news() gives them. With the lock held.
    /// @throws Error{store_failed}, then the file is as it was
    void append(std::string_view lines);
    /// A line again. @throws Error{store_failed}
    std::string read(std::uint64_t offset, std::size_t size) const;

    const std::filesystem::path& path() const { return file_; }

private:
    std::filesystem::path file_;
    Use use_;
    int descriptor_ = -1;
    std::uint64_t seen_ = 0;  ///< bytes
    std::size_t lines_ = 0;
};

}  // namespace kartsaz::keys
