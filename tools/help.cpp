// SPDX-License-Identifier: Apache-2.0
#include "tools/help.h"

#include <CLI/Formatter.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>

#include "tools/columns.h"

namespace kartsaz::tools {
namespace {

constexpr std::size_t help_columns = 80;
constexpr std::size_t name_columns = 28;

/// Two blanks, the name, and the description beside it or, where the name is long, below it.
std::string entry(const std::string& name, const std::string& description) {
    std::string out = "  " + name;
    bool beside = out.size() + 2 <= name_columns;
    for (const auto& line : wrap(description, help_columns - name_columns)) {
        out += beside ? std::string(name_columns - (out.size() - (out.rfind('\n') + 1)), ' ')
                      : "\n" + std::string(name_columns, ' ');
        out += line;
        beside = false;
    }
    return out + "\n";
}

class Formatter : public CLI::Formatter {
public:
    Formatter() {
        label("SUBCOMMAND", "COMMAND");
        label("Positionals", "Arguments");
    }
    std::string make_option(const CLI::Option* option, bool is_positional) const override {
        std::string name = make_option_name(option, is_positional);
        const auto comma = name.find(',');
        if (comma != std::string::npos) name.insert(comma + 1, " ");
        std::string description = make_option_desc(option);
        if (!option->get_default_str().empty()) {
            description += fmt::format("; default: {}", option->get_default_str());
        }
        return entry(name + (is_positional ? "" : make_option_opts(option)), description);
    }
    /// Values by the name that the option gave them, in capitals; numbers otherwise.
    std::string make_option_opts(const CLI::Option* option) const override {
        if (option->get_expected_min() == 0) return "";  // a flag
        if (!option->get_option_text().empty()) return " " + option->get_option_text();
        return " " + (option->get_type_name() == "TEXT" ? std::string{"TEXT"} : std::string{"NUMBER"});
    }
    std::string make_subcommand(const CLI::App* command) const override {
        return entry(command->get_name(), command->get_description());
    }
    std::string make_usage(const CLI::App* app, std::string name) const override {
        // the whole way to the command, without the folder that the program stands in
        std::string way = name;
        if (app->get_parent() != nullptr) {
            way = app->get_name();
            for (const auto* up = app->get_parent(); up != nullptr; up = up->get_parent()) {
                way = up->get_name() + " " + way;
            }
        }
        return CLI::Formatter::make_usage(app, way);
    }
    std::string make_description(const CLI::App* app) const override {
        std::string out;
        for (const auto& line : wrap(app->get_description(), help_columns)) out += line + "\n";
        return out + "\n";
    }
    std::string make_help(const CLI::App* app, std::string name, CLI::AppFormatMode mode) const override {
        // the base class leaves two empty lines between groups
        const std::string text =
            CLI::detail::find_and_replace(CLI::Formatter::make_help(app, name, mode), "\n\n\n", "\n\n");
        return CLI::detail::find_and_replace(text, "\nSubcommands:\n", "\nCommands:\n");
    }
};

/// Letters to change, add or take away. Wagner and Fischer, 1974.
std::size_t distance(const std::string& a, const std::string& b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), 0U);
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t corner = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t changed = corner + (a[i - 1] == b[j - 1] ? 0 : 1);
            corner = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, changed});
        }
    }
    return row.back();
}

std::string nearest(const std::string& word, const std::vector<std::string>& known) {
    const auto closer = [&](const std::string& a, const std::string& b) {
        return distance(word, a) < distance(word, b);
    };
    const auto best = std::min_element(known.begin(), known.end(), closer);
    if (best == known.end() || distance(word, *best) > 2) return "";
    return fmt::format("; did you mean {}?", *best);
}

/// The command that was parsed last; `way` is "kartsaz sim new" for `sim new ...`.
const CLI::App* chosen(const CLI::App& program, std::string& way) {
    const CLI::App* app = &program;
    way = program.get_name();
    while (!app->get_subcommands().empty()) {
        app = app->get_subcommands().front();
        way += " " + app->get_name();
    }
    return app;
}

std::vector<std::string> commands_of(const CLI::App& app) {
    std::vector<std::string> names;
    for (const auto* one : app.get_subcommands([](const CLI::App*) { return true; })) {
        names.push_back(one->get_name());
    }
    return names;
}

std::string unknown_word(const CLI::App& app, const std::string& word) {
    const std::string place = app.get_parent() == nullptr ? "" : app.get_name() + ": ";
    if (word.starts_with("-")) {
        std::vector<std::string> known;
        for (const auto* one : app.get_options()) {
            for (const auto& name : one->get_lnames()) known.push_back("--" + name);
        }
        return fmt::format("{}no option is named {}{}", place, word, nearest(word, known));
    }
    const auto known = commands_of(app);
    if (known.empty()) return fmt::format("{}nothing is to be done with \"{}\"", place, word);
    const std::string near = nearest(word, known);
    return fmt::format("{}no command is named {}{}", place, word,
                       near.empty() ? fmt::format("; there are {}", fmt::join(known, ", ")) : near);
}

}  // namespace

std::shared_ptr<CLI::Formatter> help_formatter() {
    return std::make_shared<Formatter>();
}

std::string usage_text(const CLI::App& program, const CLI::ParseError& error) {
    std::string way;
    const CLI::App* app = chosen(program, way);
    const auto left_over = app->remaining();
    std::string what = error.what();
    const auto commands = commands_of(*app);
    if (!left_over.empty()) {
        what = unknown_word(*app, left_over.front());
    } else if (!commands.empty()) {
        what = fmt::format("{} needs a command: {}", way, fmt::join(commands, ", "));
    } else {
        what = fmt::format("{}: {}", app->get_name(), what);
    }
    return fmt::format("{}\n`{} --help` explains", what, way);
}

}  // namespace kartsaz::tools
