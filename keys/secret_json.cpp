// SPDX-License-Identifier: Apache-2.0
#include "keys/secret_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "apdu/error.h"

namespace kartsaz::keys {
namespace {

constexpr unsigned deepest = 8;
constexpr std::size_t most_bytes = 4U << 20U;
constexpr std::size_t most_name_bytes = 64;

class Parser {
public:
    Parser(ByteView text, const std::string& what) : text_{text}, what_{what} {}

    SecretJson document() {
        if (text_.size() > most_bytes) fail("larger than 4 MiB");
        auto out = value(0);
        blanks();
        if (at_ != text_.size()) fail("text after the end of the document");
        return out;
    }

private:
    [[noreturn]] void fail(std::string_view rule) const {
        throw Error{Errc::input_invalid, fmt::format("{}: offset {}: {}", what_, at_, rule)};
    }

    void blanks() {
        while (at_ < text_.size() && std::string_view{" \t\r\n"}.find(here()) != std::string_view::npos)
            ++at_;
    }
    char here() const { return static_cast<char>(text_[at_]); }
    char peek() {
        blanks();
        if (at_ == text_.size()) fail("the text ends too early");
        return here();
    }
    char take() {
        if (at_ == text_.size()) fail("the text ends too early");
        return static_cast<char>(text_[at_++]);
    }
    bool taken(char wanted) {
        if (peek() != wanted) return false;
        ++at_;
        return true;
    }
    void want(char wanted) {
        if (!taken(wanted)) fail(fmt::format("'{}' expected", wanted));
    }
    bool word(std::string_view wanted) {
        const auto rest = text_.subspan(at_);
        if (rest.size() < wanted.size() || !std::equal(wanted.begin(), wanted.end(), rest.begin())) {
            return false;
        }
        at_ += wanted.size();
        return true;
    }

    SecretJson value(unsigned depth) {
        if (depth > deepest) fail("nested too deep");
        SecretJson out;
        const char first = peek();
        out.offset = at_;
        if (first == '{') {
            object(out, depth);
        } else if (first == '[') {
            array(out, depth);
        } else if (first == '"') {
            out.kind = SecretJson::Kind::text;
            out.text = SecretBytes{text()};
        } else if (first == '-' || (first >= '0' && first <= '9')) {
            out.kind = SecretJson::Kind::integer;
            out.integer = integer();
        } else {
            out.kind = SecretJson::Kind::boolean;
            out.boolean = word("true");
            if (!out.boolean && !word("false"))
                fail("an object, array, text, integer, true or false expected");
        }
        return out;
    }

    void object(SecretJson& out, unsigned depth) {
        out.kind = SecretJson::Kind::object;
        want('{');
        if (taken('}')) return;
        do {
            if (peek() != '"') fail("a name in quotes expected");
            const auto at = at_;
            const auto raw = text();
            if (raw.size() > most_name_bytes) fail("a name of more than 64 bytes");
            std::string name(raw.begin(), raw.end());
            if (std::any_of(out.members.begin(), out.members.end(),
                            [&](const auto& member) { return member.name == name; })) {
                at_ = at;
                fail("a name that is there already");
            }
            want(':');
            out.members.push_back({std::move(name), value(depth + 1)});
        } while (taken(','));
        want('}');
    }

    void array(SecretJson& out, unsigned depth) {
        out.kind = SecretJson::Kind::array;
        want('[');
        if (taken(']')) return;
        do out.items.push_back(value(depth + 1));
        while (taken(','));
        want(']');
    }

    Botan::secure_vector<std::uint8_t> text() {
        Botan::secure_vector<std::uint8_t> out;
        want('"');
        for (char c = take(); c != '"'; c = take()) {
            if (static_cast<unsigned char>(c) < 0x20) fail("a control character inside a text");
            out.push_back(static_cast<std::uint8_t>(c == '\\' ? escape() : c));
        }
        return out;
    }

    char escape() {
        const char c = take();
        switch (c) {
            case '"':
            case '\\':
            case '/':
                return c;
            case 'b':
                return '\b';
            case 'f':
                return '\f';
            case 'n':
                return '\n';
            case 'r':
                return '\r';
            case 't':
                return '\t';
            case 'u':
                break;
            default:
                fail("an unknown escape");
        }
        unsigned code = 0;
        for (int i = 0; i < 4; ++i) {
            static constexpr std::string_view digits = "0123456789abcdef";
            const char digit = take();
            const auto lower = digit >= 'A' && digit <= 'F' ? static_cast<char>(digit + 32) : digit;
            const auto at = digits.find(lower);
            if (at == std::string_view::npos) fail("an escape \\u without four hexadecimal digits");
            code = code * 16 + static_cast<unsigned>(at);
        }
        if (code > 0x7F) fail("an escape \\u of a character that is not ASCII");
        return static_cast<char>(code);
    }

    std::int64_t integer() {
        const bool negative = word("-");
        std::int64_t out = 0;
        unsigned digits = 0;
        while (at_ < text_.size() && here() >= '0' && here() <= '9') {
            if (++digits > 15) fail("an integer of more than 15 digits");
            out = out * 10 + (here() - '0');
            ++at_;
        }
        if (digits == 0) fail("a digit expected");
        if (at_ < text_.size() && std::string_view{".eE"}.find(here()) != std::string_view::npos) {
            fail("integers only");
        }
        return negative ? -out : out;
    }

    ByteView text_;
    const std::string& what_;
    std::size_t at_ = 0;
};

}  // namespace

SecretJson parse_secret_json(ByteView text, const std::string& what) {
    return Parser{text, what}.document();
}

}  // namespace kartsaz::keys
