// SPDX-License-Identifier: Apache-2.0
#include "keys/key_block_header.h"

#include <fmt/format.h>

#include <algorithm>

#include "apdu/error.h"

namespace kartsaz::keys {
namespace {

constexpr std::size_t fixed_size = 16;
constexpr std::size_t most_characters = 9999;  // the length has four digits
constexpr std::size_t most_optional = 99;

bool digit(char c) {
    return c >= '0' && c <= '9';
}
bool upper(char c) {
    return c >= 'A' && c <= 'Z';
}
bool letter(char c) {
    return digit(c) || upper(c);
}
bool printable(char c) {
    return c >= 0x20 && c <= 0x7E;
}
bool all(std::string_view text, bool (*rule)(char)) {
    return std::all_of(text.begin(), text.end(), rule);
}

/// Reads from left to right; every fault names its offset.
class Reader {
public:
    Reader(std::string_view text, const std::string& what) : text_{text}, what_{what} {}

    [[noreturn]] void fail(std::size_t at, std::string_view rule) const {
        throw Error{Errc::input_invalid, fmt::format("{}: offset {}: {}", what_, at, rule)};
    }
    std::size_t at() const { return at_; }
    void skip_to(std::size_t at) { at_ = at; }

    std::string_view take(std::size_t size, bool (*rule)(char), std::string_view expected) {
        if (text_.size() - at_ < size) fail(text_.size(), fmt::format("cut off; {} expected", expected));
        const auto part = text_.substr(at_, size);
        for (std::size_t i = 0; i < size; ++i) {
            if (!rule(part[i])) fail(at_ + i, fmt::format("{} expected", expected));
        }
        at_ += size;
        return part;
    }
    std::size_t decimal(std::size_t digits, std::string_view expected) {
        std::size_t out = 0;
        for (const char c : take(digits, digit, expected)) out = out * 10 + static_cast<std::size_t>(c - '0');
        return out;
    }
    std::size_t hexadecimal(std::size_t digits, std::string_view expected) {
        const auto is_hex = [](char c) { return digit(c) || (c >= 'A' && c <= 'F'); };
        std::size_t out = 0;
        for (const char c : take(digits, is_hex, expected)) {
            out = out * 16 + static_cast<std::size_t>(digit(c) ? c - '0' : c - 'A' + 10);
        }
        return out;
    }

private:
    std::string_view text_;
    const std::string& what_;
    std::size_t at_ = 0;
};

/// Id, length of the whole optional block (two hexadecimal digits; or 00, how many bytes the length has, and
/// the length), data.
OptionalBlock take_optional(Reader& in) {
    OptionalBlock out;
    const auto start = in.at();
    out.id = in.take(2, letter, "an optional block's id, two of A-Z 0-9");
    auto size = in.hexadecimal(2, "an optional block's length, two hexadecimal digits");
    if (size == 0) {
        const auto bytes = in.hexadecimal(2, "how many bytes the length has, two hexadecimal digits");
        if (bytes < 1 || bytes > 2) in.fail(in.at() - 2, "a length of one or two bytes expected");
        size = in.hexadecimal(2 * bytes, "an optional block's length");
    }
    const auto head = in.at() - start;
    if (size < head) in.fail(in.at(), "a length that is shorter than the optional block's head");
    out.data = in.take(size - head, printable, "printable data of the optional block");
    return out;
}

[[noreturn]] void cannot_be(std::string_view field, std::string_view rule) {
    throw Error{Errc::usage, fmt::format("key block header, {}: {}", field, rule)};
}

void check(const KeyBlockHeader& header) {
    if (header.version != 'D') cannot_be("version", "D is the one that is written");
    if (header.usage.size() != 2 || !all(header.usage, letter)) cannot_be("usage", "two of A-Z 0-9 expected");
    if (!letter(header.algorithm)) cannot_be("algorithm", "one of A-Z 0-9 expected");
    if (!letter(header.mode)) cannot_be("mode of use", "one of A-Z 0-9 expected");
    if (header.key_version.size() != 2 || !all(header.key_version, letter)) {
        cannot_be("key version", "two of A-Z 0-9 expected");
    }
    if (std::string_view{"ENS"}.find(header.exportability) == std::string_view::npos) {
        cannot_be("exportability", "E, N or S expected");
    }
}

std::string optional_text(const OptionalBlock& block) {
    if (block.id.size() != 2 || !all(block.id, letter) || block.id == "PB") {
        cannot_be("optional blocks", "an id of two of A-Z 0-9 expected, but not PB");
    }
    if (!all(block.data, printable)) cannot_be("optional block " + block.id, "printable ASCII expected");
    if (block.data.size() + 4 <= 0xFF) {
        return fmt::format("{}{:02X}{}", block.id, block.data.size() + 4, block.data);
    }
    if (block.data.size() > most_characters) cannot_be("optional block " + block.id, "too long");
    return fmt::format("{}0002{:04X}{}", block.id, block.data.size() + 10, block.data);
}

}  // namespace

std::optional<std::string> KeyBlockHeader::find(std::string_view id) const {
    for (const auto& block : optional) {
        if (block.id == id) return block.data;
    }
    return std::nullopt;
}

KeyBlockMethod key_block_method(char version, const std::string& what) {
    if (version == 'D') return {16, 16};
    if (version == 'B') return {8, 8};
    const auto why = version == 'A' || version == 'C'
                         ? "binds its key by variants, which is withdrawn"
                         : (version == 'E' ? "is the mode CTR of ISO 20038" : "is not known");
    throw Error{Errc::input_invalid,
                fmt::format("{}: offset 0: key block version {} {}; D (AES) and B (triple DES) are read",
                            what, printable(version) ? std::string(1, version) : "?", why)};
}

ParsedHeader parse_key_block_header(std::string_view block, const std::string& what) {
    Reader in{block, what};
    ParsedHeader out;
    auto& header = out.header;
    header.version = in.take(1, printable, "a version letter").front();
    const auto method = key_block_method(header.version, what);
    const auto size = in.decimal(4, "the block's length, four digits");
    header.usage = in.take(2, letter, "a key usage, two of A-Z 0-9");
    header.algorithm = in.take(1, letter, "an algorithm, one of A-Z 0-9").front();
    header.mode = in.take(1, letter, "a mode of use, one of A-Z 0-9").front();
    header.key_version = in.take(2, letter, "a key version, two of A-Z 0-9");
    header.exportability =
        in.take(
              1, [](char c) { return c == 'E' || c == 'N' || c == 'S'; }, "exportability E, N or S")
            .front();
    const auto count = in.decimal(2, "the number of optional blocks, two digits");
    in.take(
        1, [](char c) { return c >= '0' && c <= '2'; }, "key context 0, 1 or 2");
    in.take(
        1, [](char c) { return c == '0'; }, "0, reserved for later use,");
    if (size != block.size()) {
        in.fail(1, fmt::format("a length of {} characters, but there are {}", size, block.size()));
    }
    for (std::size_t i = 0; i < count; ++i) {
        auto optional = take_optional(in);
        if (optional.id != "PB") {
            header.optional.push_back(std::move(optional));
        } else if (i + 1 != count) {
            in.fail(in.at(), "an optional block after padding (PB)");
        }
    }
    out.size = in.at();
    if (out.size % method.block != 0) {
        in.fail(out.size,
                fmt::format("a header of {} characters, no multiple of {}", out.size, method.block));
    }
    return out;
}

std::string key_block_header_text(const KeyBlockHeader& header, std::size_t rest) {
    check(header);
    constexpr std::size_t block = 16;
    constexpr std::size_t pad_head = 4;
    std::string optional;
    for (const auto& entry : header.optional) optional += optional_text(entry);
    std::size_t count = header.optional.size();
    if (optional.size() % block != 0) {
        const auto zeros = (block - (optional.size() + pad_head) % block) % block;
        optional += fmt::format("PB{:02X}{:0>{}}", zeros + pad_head, "", zeros);
        ++count;
    }
    if (count > most_optional) cannot_be("optional blocks", "more than 99");
    const auto size = fixed_size + optional.size() + rest;
    if (size > most_characters)
        cannot_be("optional blocks", "the block would be longer than 9999 characters");
    return fmt::format("{}{:04}{}{}{}{}{}{:02}00{}", header.version, size, header.usage, header.algorithm,
                       header.mode, header.key_version, header.exportability, count, optional);
}

}  // namespace kartsaz::keys
