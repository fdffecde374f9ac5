// SPDX-License-Identifier: Apache-2.0
// Components that somebody brings on paper, and what they are joined to.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <optional>

#include "apdu/error.h"
#include "keys/ceremony.h"
#include "keys/key_file.h"
#include "keys/pkcs11_make.h"
#include "keys/pkcs11_objects.h"
#include "keys/secret_hex.h"
#include "tools/console.h"
#include "tools/exit_codes.h"
#include "tools/keys_command.h"
#include "tools/keys_component.h"
#include "tools/secret_input.h"

namespace kartsaz::tools {
namespace {

struct ComponentOptions {
    std::string plan, file, shares = "prompt", check = "gp", passphrase = "prompt";
    unsigned part = 0;
    bool json = false;
};

keys::CheckMethod method_named(const std::string& text) {
    using keys::CheckMethod;
    for (const auto method : {CheckMethod::globalplatform, CheckMethod::cmac, CheckMethod::zeros}) {
        if (text == keys::name(method)) return method;
    }
    throw Error{Errc::usage, fmt::format("--check: \"{}\" is no way to compute check values", text)};
}

/// A share and the check value that is printed beside it. Says what is wrong in words; empty when it is
/// right.
class ShareReader {
public:
    ShareReader(const keys::CeremonyPlan& plan, const ComponentOptions& options)
        : plan_{plan}, method_{method_named(options.check)}, part_{options.part}, source_{options.shares} {}

    keys::SecretBytes read(const std::string& role) {
        for (unsigned turn = 1;; ++turn) {
            keys::SecretBytes share;
            const auto fault = try_once(role, share);
            if (fault.empty()) return share;
            // a person may mistype; a file or a script is wrong for good
            if (!source_.asks() || turn == 3) throw Error{Errc::input_invalid, fault};
            say(fault + ". Once more.");
        }
    }

private:
    std::string try_once(const std::string& role, keys::SecretBytes& share) {
        const auto where = fmt::format("component {}, {}", part_, role);
        std::string fault;
        const auto digits = source_.next(fmt::format("{}, {} hexadecimal digits", where, 2 * plan_.key_size));
        share = keys::secret_from_hex(digits, true, &fault);
        if (!fault.empty()) return fmt::format("{}: {}", where, fault);
        if (share.size() != plan_.key_size) {
            return fmt::format("{}: {} bytes, the keys of this ceremony have {}", where, share.size(),
                               plan_.key_size);
        }
        const auto printed =
            keys::secret_from_hex(source_.next(fmt::format("{}, its KCV", where)), true, &fault);
        if (!fault.empty()) return fmt::format("{}, KCV: {}", where, fault);
        constexpr std::size_t least = 3;
        const auto computed = keys::check_value(share, plan_.master_type(), method_);
        if (printed.size() < least || printed.size() > computed.size()) {
            return fmt::format("{}, KCV: {} bytes, 3 to 5 expected", where, printed.size());
        }
        const bool same = printed.reveal(
            [&](ByteView bytes) { return std::equal(bytes.begin(), bytes.end(), computed.begin()); });
        if (!same) return fmt::format("{}: mistyped: its KCV is not the one that is printed", where);
        return {};
    }

    const keys::CeremonyPlan& plan_;
    keys::CheckMethod method_;
    unsigned part_;
    SecretSource source_;
};

int import(const ComponentOptions& options) {
    check_target(options.file);
    const auto plan = keys::read_plan(options.plan);
    ShareReader reader{plan, options};
    std::map<std::string, keys::SecretBytes, std::less<>> shares;
    for (const auto& role : keys::roles_of(plan.purpose)) shares.emplace(role, reader.read(role));
    keep_component(keys::import_component(plan, options.part, std::move(shares)), options.file,
                   options.passphrase, options.json);
    return exit_ok;
}

struct CombineOptions {
    std::vector<std::string> files, open;
    std::string into, passphrase = "prompt";
    KeyOptions token;
    bool json = false;
};

/// Each component with its custodian's passphrase: one source for all, a line each; or one source each.
std::vector<keys::Component> open_components(const CombineOptions& options) {
    const auto& sources = options.open;
    if (sources.size() > 1 && sources.size() != options.files.size()) {
        throw Error{Errc::usage,
                    fmt::format("--open: {} sources of passphrases for {} components; one for all, "
                                "or one for each",
                                sources.size(), options.files.size())};
    }
    std::vector<keys::Component> out;
    std::optional<SecretSource> common;
    if (sources.size() < 2) common.emplace(sources.empty() ? "prompt" : sources.front());
    for (std::size_t i = 0; i < options.files.size(); ++i) {
        const auto what = "passphrase of component " + options.files[i];
        const auto passphrase = common ? common->next(what) : read_secret(sources[i], what);
        out.push_back(keys::open_component(options.files[i], passphrase));
    }
    return out;
}

/// Into a key file, which is made when it is not there. Returns what is in it then, for reading it again.
std::unique_ptr<keys::KeyStore> into_file(const CombineOptions& options, keys::Keyset keyset) {
    const bool there = std::filesystem::exists(options.into);
    const auto passphrase = read_secret(options.passphrase, "passphrase of " + options.into,
                                        there ? SecretAge::known : SecretAge::fresh);
    keys::add_keyset(options.into, passphrase, std::move(keyset));
    return keys::open_key_file(options.into, passphrase);
}

std::unique_ptr<keys::KeyStore> into_token(std::shared_ptr<keys::Pkcs11Token> token,
                                           const keys::Keyset& keyset) {
    (void)keys::import_token_keyset(token, keyset);  // compares check values
    return keys::token_key_store(std::move(token), nullptr);
}

int combine(const CombineOptions& options) {
    if (options.into.empty() == options.token.token.empty()) {
        throw Error{Errc::usage, "combine: either --into FILE or --token URI: where do the keys go?"};
    }
    check_target(options.into);
    const auto components = open_components(options);
    auto keyset = keys::combine(components);
    const auto name = keyset.name;
    const auto version = keyset.version;
    const auto store = options.into.empty() ? into_token(open_token(options.token), keyset)
                                            : into_file(options, std::move(keyset));
    // read again, so that what is told is what is there
    const auto& written = store->keyset(name, version);
    // of a keyset without diversification a token gives the bytes: such a one is not held by it
    const auto place = written.held           ? written.held->place()
                       : options.into.empty() ? options.token.token
                                              : options.into;
    say(fmt::format("Ceremony {}: the keyset is in {}.", components.front().plan.id(), place));
    say_keyset(written);
    if (options.json) {
        print_json(
            {{"ceremony", components.front().plan.id()}, {"place", place}, {"keyset", keyset_json(written)}});
    }
    return exit_ok;
}

}  // namespace

void add_keys_components(CLI::App& keys, Action& action) {
    auto brought = std::make_shared<ComponentOptions>();
    auto* import_command =
        keys.add_subcommand("import-component", "A custodian's component typed in from a printed form");
    import_command->add_option("PLAN", brought->plan, "Of new-ceremony")->required();
    import_command->add_option("FILE", brought->file, "The component to make; the custodian keeps it")
        ->required();
    import_command->add_option("--part", brought->part, "Which component this is, from 1 on")
        ->option_text("NUMBER")
        ->required();
    passphrase_option(*import_command, "--shares", brought->shares,
                      "For each role a line of hexadecimal digits and a line with its KCV; default: prompt");
    import_command
        ->add_option("--check", brought->check,
                     "How the printed KCVs were computed: gp, cmac or zeros (see kcv); default: gp")
        ->check(CLI::IsMember({"gp", "cmac", "zeros"}))
        ->option_text("METHOD");
    passphrase_option(*import_command, "--passphrase-file", brought->passphrase,
                      "The custodian's own passphrase; default: prompt");
    add_json_option(*import_command, brought->json);
    import_command->callback([brought, &action] { action = [brought] { return import(*brought); }; });

    auto options = std::make_shared<CombineOptions>();
    auto* join = keys.add_subcommand(
        "combine", "Join all components of a ceremony to a keyset, in a key file or a token");
    join->add_option("FILE", options->files, "The components, in any order")->required();
    join->add_option("--open", options->open,
                     "Their passphrases: one source with a line each, or the option once for each component; "
                     "default: prompt")
        ->allow_extra_args(false)
        ->option_text(secret_source_text);
    file_option(*join, "--into", options->into, "Key file; made when it is not there");
    passphrase_option(*join, "--passphrase-file", options->passphrase,
                      "The key file's passphrase; default: prompt");
    add_token_options(*join, options->token);
    add_json_option(*join, options->json);
    join->callback([options, &action] { action = [options] { return combine(*options); }; });
}

}  // namespace kartsaz::tools
