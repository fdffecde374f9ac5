// SPDX-License-Identifier: Apache-2.0
#include "libcard/app/piv/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <sstream>

#include "apdu/error.h"
#include "libcard/app/piv/containers.h"
#include "libcard/app/piv/key_commands.h"

namespace kartsaz::app::piv {
namespace {

constexpr std::string_view table = "piv";
constexpr const char* client_authentication = "1.3.6.1.5.5.7.3.2";   // RFC 5280, 4.2.1.12
constexpr const char* card_authentication = "2.16.840.1.101.3.6.8";  // id-PIV-cardAuth, FIPS 201-2, 4.2.2

struct ObjectName {
    std::string_view name;
    std::uint16_t id;
};
constexpr std::array<ObjectName, 8> object_names{{{"ccc", id_ccc},
                                                  {"chuid", id_chuid},
                                                  {"printed", id_printed},
                                                  {"fingerprints", id_fingerprints},
                                                  {"face", id_face},
                                                  {"security-object", id_security_object},
                                                  {"discovery", id_discovery},
                                                  {"key-history", id_key_history}}};

struct KeyName {
    std::string_view name;
    std::uint8_t reference;
    const char* usages;
};
constexpr std::array<KeyName, 4> key_names{{{"authentication", 0x9A, client_authentication},
                                            {"signature", 0x9C, ""},
                                            {"management", 0x9D, ""},
                                            {"card", 0x9E, card_authentication}}};

[[noreturn]] void refuse_option(const profile::Profile& profile, std::string_view section,
                                const std::string& rule) {
    throw Error{Errc::input_invalid, fmt::format("profile {}: [{}] {}", profile.source, section, rule)};
}

std::vector<std::string> words_of(const std::string& text) {
    std::istringstream in{text};
    std::vector<std::string> out;
    for (std::string word; in >> word;) out.push_back(word);
    return out;
}

bool is_dotted(const std::string& text) {
    return text.find_first_not_of("0123456789.") == std::string::npos &&
           text.find('.') != std::string::npos && text.front() != '.' && text.back() != '.' &&
           text.find("..") == std::string::npos;
}

std::string policy_option(const profile::Profile& profile, const profile::Section& section,
                          const std::string& fallback) {
    auto text = section.text("policy", fallback);
    if (!text.empty() && !is_dotted(text))
        refuse_option(profile, section.name(), "policy: a dotted OID is needed");
    return text;
}

std::set<std::uint16_t> objects_named(const profile::Profile& profile, std::string_view key,
                                      std::string_view fallback) {
    std::set<std::uint16_t> out;
    for (const auto& word : words_of(profile.section(table).text(key, fallback))) {
        const auto found = std::ranges::find(object_names, word, &ObjectName::name);
        if (found == object_names.end())
            refuse_option(profile, table, fmt::format("{}: there is no object \"{}\"", key, word));
        out.insert(found->id);
    }
    return out;
}

keys::KeyAlgorithm slot_algorithm(const std::string& wanted) {
    for (const auto one : {keys::KeyAlgorithm::ec_p256, keys::KeyAlgorithm::ec_p384,
                           keys::KeyAlgorithm::rsa_2048, keys::KeyAlgorithm::rsa_3072}) {
        if (keys::name(one) == wanted) return one;
    }
    return keys::KeyAlgorithm::rsa_4096;
}

Slot read_slot(const profile::Profile& profile, const KeyName& key, const std::string& policy) {
    const auto& section = profile.section(fmt::format("{}.{}", table, key.name));
    Slot slot;
    slot.name = key.name;
    slot.reference = key.reference;
    slot.container = container_of_key(key.reference)->id;
    slot.algorithm = slot_algorithm(
        section.choice("algorithm", "ec-p256", {"ec-p256", "ec-p384", "rsa-2048", "rsa-3072", "rsa-4096"}));
    slot.policy = policy_option(profile, section, policy);
    slot.extended_usages = words_of(section.text("extended_usages", key.usages));
    if (!std::ranges::all_of(slot.extended_usages, is_dotted))
        refuse_option(profile, section.name(), "extended_usages: dotted OIDs are needed");
    return slot;
}

void read_slots(const profile::Profile& profile, const std::string& policy, Options& options) {
    for (const auto& name :
         words_of(profile.section(table).text("keys", "authentication signature management card"))) {
        const auto found = std::ranges::find(key_names, name, &KeyName::name);
        if (found == key_names.end())
            refuse_option(profile, table, fmt::format("keys: there is no key \"{}\"", name));
        if (std::ranges::count(options.slots, name, &Slot::name) > 0)
            refuse_option(profile, table, fmt::format("keys: {} stands twice", name));
        options.slots.push_back(read_slot(profile, *found, policy));
    }
}

CertificateRules read_rules(const profile::Profile& profile, std::string& policy) {
    const auto& section = profile.section("piv.certificate");
    CertificateRules rules;
    rules.country = section.text("country", "IR");
    if (rules.country.size() != 2 ||
        !std::ranges::all_of(rules.country, [](char c) { return c >= 'A' && c <= 'Z'; })) {
        refuse_option(profile, section.name(), "country: two letters, upper case");
    }
    rules.organization = section.text("organization", "");
    rules.national_id = section.flag("national_id", true);
    rules.email = section.flag("email", false);
    rules.crl_url = section.text("crl_url", "");
    rules.compress = section.flag("compress", false);
    rules.validity_days = section.integer("validity_days", 1095, 1, 36'500);
    rules.renew_before_days = section.integer("renew_before_days", 30, 0, 36'500);
    if (rules.renew_before_days >= rules.validity_days)
        refuse_option(profile, section.name(), "renew_before_days: must be less than validity_days");
    policy = policy_option(profile, section, "");
    return rules;
}

NumberRules read_number(const profile::Profile& profile) {
    const auto& section = profile.section("piv.fascn");
    NumberRules rules;
    auto& number = rules.issuer;
    number.agency = section.text("agency", "0364");
    number.system = section.text("system", "0001");
    number.credential_series = section.text("series", "0");
    number.issue = section.text("issue", "1");
    number.category = section.text("category", "4");
    number.organization = section.text("organization", "0364");
    number.association = section.text("association", "7");
    number.credential = "000000";
    number.person = "0000000000";
    rules.person_from_document =
        section.choice("person", "national-id", {"national-id", "document"}) == "document";
    try {
        encode_fascn(number);
    } catch (const Error& error) {
        refuse_option(profile, section.name(), error.what());
    }
    return rules;
}

PrintedRules read_printed(const profile::Profile& profile) {
    const auto& section = profile.section("piv.printed");
    constexpr std::size_t most_affiliation = 20, most_issuer = 15;
    const auto text = [&](std::string_view key, std::string_view fallback, std::size_t most) {
        auto out = section.text(key, fallback);
        if (out.size() > most)
            refuse_option(profile, section.name(), fmt::format("{}: at most {} bytes", key, most));
        return out;
    };
    PrintedRules rules;
    rules.affiliation = text("affiliation", "CITIZEN", most_affiliation);
    rules.issuer = text("issuer", "IRN", most_issuer);
    if (section.has("organization")) rules.organization = text("organization", "", most_affiliation);
    return rules;
}

PinRules read_pin_rules(const profile::Profile& profile) {
    const auto& section = profile.section("piv.pin");
    PinRules rules;
    rules.keyset = section.text("keys", "pin");
    rules.digits = static_cast<std::size_t>(section.integer("digits", 6, 6, 8));
    rules.transport = section.flag("transport", true);
    return rules;
}

std::optional<std::uint8_t> management_named(const std::string& name) {
    if (name == "3des") return algorithm_des3;
    if (name == "aes-128") return algorithm_aes_128;
    if (name == "aes-192") return algorithm_aes_192;
    if (name == "aes-256") return algorithm_aes_256;
    return std::nullopt;
}

void check_objects(const profile::Profile& profile, const Options& options) {
    for (const auto id : options.required) {
        if (!options.wants(id))
            refuse_option(
                profile, table,
                fmt::format("required: the {} is not among the objects", container_of_id(id)->name));
    }
    if (!options.wants(id_chuid)) refuse_option(profile, table, "objects: a card without a CHUID is none");
    if (options.sign) return;
    for (const auto id : {id_face, id_fingerprints, id_security_object}) {
        if (options.wants(id))
            refuse_option(
                profile, table,
                fmt::format("objects: the {} must be signed, and sign = false", container_of_id(id)->name));
    }
}

std::string last_digits(const std::string& text, std::size_t count) {
    std::string out(count, '0');
    for (const char c : text) {
        if (c >= '0' && c <= '9') out += c;
    }
    return out.substr(out.size() - count);
}

}  // namespace

Options read_options(const profile::Profile& profile) {
    const auto& section = profile.section(table);
    Options options;
    options.objects =
        objects_named(profile, "objects", "ccc chuid printed fingerprints face security-object discovery");
    options.required = objects_named(profile, "required", "ccc chuid printed fingerprints face");
    options.shrink_face = section.choice("face", "shrink", {"shrink", "as-it-is"}) == "shrink";
    options.sign = section.flag("sign", true);
    options.content_signer = section.text("content_signer", "content-signer");
    options.creator = section.text("creator", "Kartsaz");
    constexpr std::size_t most_creator = 17;
    if (options.creator.size() > most_creator)
        refuse_option(profile, table, fmt::format("creator: at most {} bytes", most_creator));
    options.management_keyset = section.text("management_keys", "piv-management");
    options.management_algorithm = management_named(
        section.choice("management_algorithm", "auto", {"auto", "3des", "aes-128", "aes-192", "aes-256"}));
    options.max_command = static_cast<std::size_t>(section.integer("max_command", 0, 0, 65535));
    options.card_manager = section.bytes("card_manager", "A000000151000000", 0, 16);
    std::string policy;
    options.certificate = read_rules(profile, policy);
    options.pin = read_pin_rules(profile);
    options.number = read_number(profile);
    options.printed = read_printed(profile);
    read_slots(profile, policy, options);
    check_objects(profile, options);
    return options;
}

FascN number_of(const NumberRules& rules, const record::Record& record) {
    constexpr std::size_t credential_digits = 6, person_digits = 10;
    FascN out = rules.issuer;
    out.credential = last_digits(record.document_number, credential_digits);
    out.person = rules.person_from_document ? last_digits(record.document_number, person_digits)
                                            : last_digits(record.national_id, person_digits);
    return out;
}

}  // namespace kartsaz::app::piv
