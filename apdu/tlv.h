// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "apdu/bytes.h"

namespace kartsaz::apdu {

/// Appends BER-TLV objects; lengths are definite and minimal. Tags as the standards print them:
/// 0x61, 0x5F1F, 0x7F49. Source: ISO/IEC 7816-4, 5.2.2; ISO/IEC 8825-1.
class TlvWriter {
public:
    TlvWriter& put(std::uint32_t tag, ByteView value);
    TlvWriter& put(std::uint32_t tag, std::string_view text);
    /// A constructed object, its children written by `fill`.
    template <std::invocable<TlvWriter&> Fill>
    TlvWriter& nest(std::uint32_t tag, Fill&& fill) {
        TlvWriter inner;
        std::forward<Fill>(fill)(inner);
        return put(tag, ByteView{inner.out_});
    }
    /// Bytes that are already encoded.
    TlvWriter& raw(ByteView encoded);
    const Bytes& bytes() const& { return out_; }
    Bytes take() && { return std::move(out_); }

private:
    Bytes out_;
};

/// One object, seen in place; the views live as long as the bytes that were read.
struct Tlv {
    std::uint32_t tag = 0;
    ByteView value{};
    ByteView whole{};              ///< tag, length and value
    std::size_t offset = 0;        ///< of the tag, counted from the start of the outermost bytes
    std::size_t value_offset = 0;  ///< of the value, likewise
    bool constructed() const noexcept;
};

/// Walks the objects of a byte string one after the other, never deeper than it is asked to.
/// Accepts definite lengths only, tags of up to 4 bytes, lengths of up to 4 bytes within the input.
/// @throws Error{input_invalid} with `what`, the offset and the rule: "EF.DG1: offset 5: length 300
///         runs past the end".
class TlvReader {
public:
    /// @param what  the name of what is read, for error texts
    /// @param base  the offset of `bytes` in the outermost bytes
    explicit TlvReader(ByteView bytes, std::string what, std::size_t base = 0);

    bool done() const noexcept { return position_ >= bytes_.size(); }
    std::size_t offset() const noexcept { return base_ + position_; }
    /// The tag of the next object, without moving; empty at the end.
    std::optional<std::uint32_t> peek();
    Tlv next();
    /// The next object, which must have this tag.
    Tlv next(std::uint32_t tag);
    /// The next object if it has this tag; otherwise nothing moves.
    std::optional<Tlv> maybe(std::uint32_t tag);
    /// A reader over the children of `parent`.
    TlvReader enter(const Tlv& parent) const;
    /// Nothing may be left.
    void finish();
    /// Throws the reader's error for the place `offset`.
    [[noreturn]] void fail(std::size_t offset, const std::string& rule) const;

private:
    ByteView bytes_;
    std::string what_;
    std::size_t base_;
    std::size_t position_ = 0;
};

/// Total length (header and value) of the object that starts with `head`, or empty when `head` is too
/// short to tell. For reading a file whose first bytes are known. @throws Error{input_invalid}
std::optional<std::size_t> tlv_total_length(ByteView head, const std::string& what);

/// The first object with `tag` among `bytes`, not descending.
std::optional<Tlv> find_tlv(ByteView bytes, std::uint32_t tag, const std::string& what);

}  // namespace kartsaz::apdu
