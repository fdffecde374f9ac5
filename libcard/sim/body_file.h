// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "apdu/bytes.h"

namespace kartsaz::sim {

/// The file of one body: held under an exclusive lock, replaced as a whole. A body file holds the card's
/// keys as they are: it is the card's silicon, not a key store.
class BodyFile {
public:
    /// @throws Error{usage} when it exists, Error{store_failed}
    static BodyFile create(const std::filesystem::path& file, ByteView content);
    /// @param[out] content  what it holds  @throws Error{store_failed}
    static BodyFile open(const std::filesystem::path& file, Bytes& content);
    ~BodyFile();
    BodyFile(BodyFile&& other) noexcept;
    BodyFile& operator=(BodyFile&&) = delete;

    /// Old content or new content, never a part. @throws Error{store_failed}
    void save(ByteView content);
    const std::filesystem::path& path() const { return path_; }

private:
    BodyFile(std::filesystem::path path, int lock) : path_{std::move(path)}, lock_{lock} {}

    std::filesystem::path path_;
    int lock_;  ///< descriptor of the file as it now is, locked
};

}  // namespace kartsaz::sim
