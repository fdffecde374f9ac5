// SPDX-License-Identifier: Apache-2.0
#include "libcard/record/json_source.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>
#include <utility>

namespace kartsaz::record {
namespace {

using nlohmann::json;

constexpr std::size_t deepest = 8;

/// "line 3, column 7" of the character before `position`, counted in characters.
std::string place(std::string_view text, std::size_t position) {
    const std::string_view before = text.substr(0, std::min(position > 0 ? position - 1 : 0, text.size()));
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    const std::size_t newline = before.rfind('\n');
    const std::string_view row = newline == std::string_view::npos ? before : before.substr(newline + 1);
    const auto column =
        1 + std::count_if(row.begin(), row.end(), [](char c) {
            return (static_cast<unsigned char>(c) & 0xC0) != 0x80;  // not inside a UTF-8 character
        });
    return fmt::format("line {}, column {}", line, column);
}

/// The parser's words without the text it quotes, which may be personal.
std::string reason(std::string_view message) {
    const std::size_t quote = message.find("; last read:");
    message = message.substr(0, quote);
    const std::size_t dash = message.find(" - ");
    if (dash == std::string_view::npos) return "a number is too large or the text is no JSON";
    return std::string{message.substr(dash + 3)};
}

class Builder : public nlohmann::json_sax<json> {
public:
    Builder(std::string_view text, std::vector<Fault>& faults) : text_{text}, faults_{faults} {}

    json take() { return std::move(root_); }

    bool null() override { return put(nullptr); }
    bool boolean(bool value) override { return put(value); }
    bool number_integer(number_integer_t value) override { return put(value); }
    bool number_unsigned(number_unsigned_t value) override { return put(value); }
    bool number_float(number_float_t value, const string_t&) override { return put(value); }
    bool string(string_t& value) override { return put(std::move(value)); }
    bool binary(binary_t&) override { return false; }  // not in JSON text
    bool start_object(std::size_t) override { return open(json::object()); }
    bool start_array(std::size_t) override { return open(json::array()); }
    bool end_object() override { return close(); }
    bool end_array() override { return close(); }

    bool key(string_t& name) override {
        Level& level = levels_.back();
        if (!level.keys.insert(name).second) {
            faults_.push_back({path(), fmt::format("the field {} stands here twice", shown_name(name))});
        }
        level.key = std::move(name);
        return true;
    }

    bool parse_error(std::size_t position, const std::string&,
                     const nlohmann::detail::exception& error) override {
        faults_.push_back({place(text_, position), "not JSON: " + reason(error.what())});
        return false;
    }

private:
    struct Level {
        json* node;
        std::set<std::string> keys;
        std::string key;
    };

    json* insert(json&& value) {
        if (levels_.empty()) {
            root_ = std::move(value);
            return &root_;
        }
        Level& level = levels_.back();
        if (level.node->is_array()) {
            level.node->push_back(std::move(value));
            return &level.node->back();
        }
        json& slot = (*level.node)[level.key];
        slot = std::move(value);
        return &slot;
    }

    template <typename Value>
    bool put(Value&& value) {
        insert(json(std::forward<Value>(value)));
        return true;
    }

    bool open(json&& container) {
        if (levels_.size() == deepest) {
            faults_.push_back({path(), fmt::format("more than {} levels", deepest)});
            return false;
        }
        json* node = insert(std::move(container));
        levels_.push_back({node, {}, {}});
        return true;
    }

    bool close() {
        levels_.pop_back();
        return true;
    }

    std::string path() const {
        std::string out;
        for (std::size_t i = 0; i + 1 < levels_.size(); ++i) {
            const Level& level = levels_[i];
            out += '/';
            out += level.node->is_array() ? std::to_string(level.node->size() - 1) : shown_name(level.key);
        }
        return out.empty() ? "/" : out;
    }

    std::string_view text_;
    std::vector<Fault>& faults_;
    json root_;
    std::vector<Level> levels_;
};

}  // namespace

json parse_json(std::string_view text, std::vector<Fault>& faults) {
    const std::size_t before = faults.size();
    Builder builder{text, faults};
    const bool whole = json::sax_parse(text.begin(), text.end(), &builder);
    if (!whole && faults.size() == before) faults.push_back({"/", "not JSON"});
    return whole ? builder.take() : json(json::value_t::discarded);
}

std::string shown_name(std::string_view name) {
    constexpr std::size_t longest = 40;
    const bool plain = std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
               c == '-' || c == '.' || c == '$';
    });
    if (name.empty() || name.size() > longest || !plain) return "(a name that is no field name)";
    return std::string{name};
}

}  // namespace kartsaz::record
