// SPDX-License-Identifier: Apache-2.0
#include "libcard/app/pkcs15/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "apdu/error.h"
#include "libcard/app/pkcs15/commands.h"
#include "libcard/app/pkcs15/objects.h"

namespace kartsaz::app::pkcs15 {
namespace {

constexpr std::string_view table = "pkcs15";
constexpr std::size_t most_label = 64;  // bytes; files have room for it

[[noreturn]] void refuse(const profile::Profile& profile, std::string_view section, const std::string& rule) {
    throw Error{Errc::input_invalid, fmt::format("profile {}: [{}] {}", profile.source, section, rule)};
}

std::string label_of(const profile::Profile& profile, const profile::Section& section, std::string_view key,
                     std::string_view fallback) {
    auto text = section.text(key, fallback);
    if (text.empty() || text.size() > most_label) {
        refuse(profile, section.name(), fmt::format("{}: 1 to {} bytes are needed", key, most_label));
    }
    return text;
}

bool is_oid(const std::string& text) {
    return text.find_first_not_of("0123456789.") == std::string::npos &&
           text.find('.') != std::string::npos && text.front() != '.' && text.back() != '.' &&
           text.find("..") == std::string::npos;
}

std::string oid_option(const profile::Profile& profile, const profile::Section& section, std::string_view key,
                       const std::string& fallback) {
    auto text = section.text(key, fallback);
    if (!text.empty() && !is_oid(text)) {
        refuse(profile, section.name(), fmt::format("{}: a dotted OID is needed", key));
    }
    return text;
}

keys::KeyAlgorithm algorithm_named(const std::string& wanted) {
    for (const auto one : {keys::KeyAlgorithm::ec_p256, keys::KeyAlgorithm::ec_p384,
                           keys::KeyAlgorithm::rsa_2048, keys::KeyAlgorithm::rsa_3072}) {
        if (keys::name(one) == wanted) return one;
    }
    return keys::KeyAlgorithm::rsa_4096;
}

Slot read_slot(const profile::Profile& profile, const std::string& name, std::size_t number,
               const std::string& policy) {
    const auto& section = profile.section(fmt::format("{}.{}", table, name));
    Slot slot;
    slot.name = name;
    slot.label = label_of(profile, section, "label", name);
    slot.algorithm = algorithm_named(
        section.choice("algorithm", "ec-p256", {"ec-p256", "ec-p384", "rsa-2048", "rsa-3072", "rsa-4096"}));
    const std::string usual = name == "authentication" ? "authentication" : "signature";
    slot.purpose = section.choice("usage", usual, {"signature", "authentication"}) == "signature"
                       ? Purpose::signature
                       : Purpose::authentication;
    slot.reference = static_cast<std::uint8_t>(
        section.integer("reference", static_cast<std::int64_t>(number), 0, key_references - 1));
    slot.policy = oid_option(profile, section, "policy", policy);
    // on-card generation is the point of this application; a key that was elsewhere proves nothing
    if (section.flag("import", false)) refuse(profile, section.name(), "import: keys are made on the card");
    return slot;
}

CertificateRules read_certificate(const profile::Profile& profile, std::string& policy) {
    const auto& section = profile.section("pkcs15.certificate");
    CertificateRules rules;
    rules.country = section.text("country", "IR");
    if (rules.country.size() != 2 ||
        !std::ranges::all_of(rules.country, [](char c) { return c >= 'A' && c <= 'Z'; })) {
        refuse(profile, section.name(), "country: two letters, upper case");
    }
    rules.organization = section.text("organization", "");
    rules.national_id = section.flag("national_id", true);
    rules.email = section.flag("email", false);
    rules.crl_url = section.text("crl_url", "");
    if (!rules.crl_url.empty() && !rules.crl_url.starts_with("http://") &&
        !rules.crl_url.starts_with("https://") && !rules.crl_url.starts_with("ldap://")) {
        refuse(profile, section.name(), "crl_url: must begin with http://, https:// or ldap://");
    }
    rules.validity_days = section.integer("validity_days", 1095, 1, 36'500);
    rules.renew_before_days = section.integer("renew_before_days", 30, 0, 36'500);
    if (rules.renew_before_days >= rules.validity_days) {
        refuse(profile, section.name(), "renew_before_days: must be less than validity_days");
    }
    policy = oid_option(profile, section, "policy", "");
    return rules;
}

PinRules read_pin(const profile::Profile& profile) {
    const auto& section = profile.section("pkcs15.pin");
    const auto stored = static_cast<std::int64_t>(stored_pin_length);
    PinRules rules;
    rules.keyset = section.text("keys", "pin");
    rules.min = static_cast<std::size_t>(section.integer("min", 6, 4, stored));
    rules.max = static_cast<std::size_t>(section.integer("max", stored, 4, stored));
    rules.digits = static_cast<std::size_t>(section.integer("digits", 6, 4, stored));
    rules.transport = section.flag("transport", true);
    if (rules.max < rules.min || rules.digits < rules.min || rules.digits > rules.max) {
        refuse(profile, section.name(), "min, digits and max: each must not be more than the next");
    }
    return rules;
}

std::vector<std::string> words(const std::string& text) {
    std::istringstream in{text};
    std::vector<std::string> out;
    for (std::string word; in >> word;) out.push_back(word);
    return out;
}

void read_slots(const profile::Profile& profile, const std::string& policy, Options& options) {
    for (const auto& name : words(profile.section(table).text("keys", "signature"))) {
        const bool word =
            name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string::npos;
        if (!word || name == "pin" || name == "certificate") {
            refuse(profile, table, fmt::format("keys: \"{}\" cannot name a key", name));
        }
        Slot slot = read_slot(profile, name, options.slots.size(), policy);
        for (const auto& other : options.slots) {
            if (other.name == slot.name) refuse(profile, table, fmt::format("keys: {} stands twice", name));
            if (other.reference == slot.reference) {
                refuse(profile, table,
                       fmt::format("keys: {} and {} have the same reference {}", other.name, slot.name,
                                   slot.reference));
            }
        }
        options.slots.push_back(std::move(slot));
    }
    if (options.slots.empty()) refuse(profile, table, "keys: one name at least is needed");
    constexpr std::size_t most_slots = 4;  // what the directories have room for, with further objects
    if (options.slots.size() > most_slots) {
        refuse(profile, table, fmt::format("keys: {} names at most", most_slots));
    }
}

}  // namespace

std::uint16_t Slot::public_key_fid() const {
    return static_cast<std::uint16_t>(fid_public_key + reference);
}

std::array<std::uint16_t, 4> Slot::certificate_fids() const {
    const auto first = static_cast<std::uint16_t>(fid_certificate + 2 * reference);
    const auto next = static_cast<std::uint16_t>(first + 2 * key_references);
    return {first, static_cast<std::uint16_t>(first + 1), next, static_cast<std::uint16_t>(next + 1)};
}

bool Slot::has_certificate_file(std::uint16_t fid) const {
    const auto fids = certificate_fids();
    return std::ranges::find(fids, fid) != fids.end();
}

Options read_options(const profile::Profile& profile) {
    const auto& section = profile.section(table);
    Options options;
    options.aid = section.bytes("aid", to_hex(applet_aid), 5, 16);
    options.required = section.flag("required", true);
    options.scp03 = section.choice("channel", "none", {"scp03", "none"}) == "scp03";
    const std::string level = section.choice("level", "03", {"03", "13", "33"});
    options.level = static_cast<keys::ScpLevel>(from_hex(level).front());
    options.label = label_of(profile, section, "label", "National ID");
    options.manufacturer = label_of(profile, section, "manufacturer", "Kartsaz");
    options.max_command = static_cast<std::size_t>(section.integer("max_command", 0, 0, 65535));
    std::string policy;
    options.certificate = read_certificate(profile, policy);
    options.pin = read_pin(profile);
    read_slots(profile, policy, options);
    return options;
}

}  // namespace kartsaz::app::pkcs15
