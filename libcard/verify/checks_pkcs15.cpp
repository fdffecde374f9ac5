// SPDX-License-Identifier: Apache-2.0
// The structure of ISO/IEC 7816-15: files, and what leads from one object to another.
#include "libcard/verify/checks_pkcs15.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "libcard/app/pkcs15/commands.h"
#include "libcard/verify/observation.h"

namespace kartsaz::verify {
namespace {

namespace p15 = app::pkcs15;

void to_the_end(const Signature& card, Verdicts& verdicts) {
    const std::string fault = card.fact("fault");
    if (fault.empty()) return verdicts.pass(fmt::format("{} files", card.application->files.size()));
    verdicts.fault("chip", {}, "a card that can be read to its end", "more and more", fault);
}

/// The reason why a file of the dump has no content; "absent" when there is none.
std::string why_not(const Signature& card, std::string_view name) {
    const auto* file = card.application->file(name);
    if (file == nullptr) return "absent";
    return file->refused.empty() ? "it is empty" : file->refused;
}

void dir(const Signature& card, Verdicts& verdicts) {
    if (!card.dir.fault.empty()) {
        verdicts.fault("EF.DIR", card.dir.offset, "application templates", "something else", card.dir.fault);
        return;
    }
    if (!card.dir) {
        // allowed by the standard, but others' software finds an application by it
        return departs(card, verdicts, "EF.DIR", "present", why_not(card, "EF.DIR"),
                       "EF.DIR could not be read");
    }
    for (const auto& entry : *card.dir) {
        if (entry.aid == p15::pkcs15_aid)
            return verdicts.pass(fmt::format("\"{}\" at {}", plain_text(entry.label), to_hex(entry.path)));
    }
    departs(card, verdicts, "EF.DIR", to_hex(p15::pkcs15_aid), "other applications",
            "EF.DIR does not name the signature application");
}

void odf(const Signature& card, Verdicts& verdicts) {
    if (!card.odf) {
        verdicts.fault("EF.ODF", card.odf.offset, "the paths of object directories",
                       card.odf.fault.empty() ? why_not(card, "EF.ODF") : "something else",
                       card.odf.fault.empty() ? "EF.ODF could not be read" : card.odf.fault);
        return;
    }
    std::set<p15::Directory> kinds;
    for (const auto& entry : *card.odf) kinds.insert(entry.directory);
    for (const auto& [kind, name] : {std::pair{p15::Directory::private_keys, "EF.PrKDF"},
                                     std::pair{p15::Directory::certificates, "EF.CDF"},
                                     std::pair{p15::Directory::authentication, "EF.AODF"}}) {
        if (!kinds.contains(kind)) {
            departs(card, verdicts, "EF.ODF", name, "no path", fmt::format("EF.ODF leads to no {}", name));
        }
    }
    verdicts.pass(fmt::format("{} object directories", card.odf->size()));
}

void directories(const Signature& card, Verdicts& verdicts) {
    if (card.directories.empty()) return verdicts.skip("EF.ODF leads nowhere");
    for (const auto& file : card.directories) {
        if (!file.refused.empty()) {
            verdicts.fault(file.name, {}, "readable", file.refused,
                           fmt::format("{}, to which EF.ODF leads, could not be read", file.name));
        } else if (!file.form.fault.empty()) {
            verdicts.fault(file.name, file.form.offset, "objects of ISO/IEC 7816-15", "something else",
                           file.form.fault);
        } else {
            verdicts.pass(file.name);
        }
    }
}

void token_info(const Signature& card, Verdicts& verdicts) {
    if (!card.token) {
        verdicts.fault("EF.TokenInfo", card.token.offset, "token information",
                       card.token.fault.empty() ? why_not(card, "EF.TokenInfo") : "something else",
                       card.token.fault.empty() ? "EF.TokenInfo could not be read" : card.token.fault);
        return;
    }
    verdicts.pass(
        fmt::format("\"{}\", serial {}", plain_text(card.token->label), to_hex(card.token->serial)));
}

/// Two objects of one kind must not answer to one name.
template <class Objects, class NameOf>
void unique(const Objects& objects, const char* what, Verdicts& verdicts, NameOf&& name_of) {
    std::map<std::string, std::string> seen;
    for (const auto& one : objects) {
        const std::string name = name_of(one);
        if (name.empty()) continue;
        const auto [first, fresh] = seen.emplace(name, one.name);
        if (fresh) continue;
        verdicts.fault(one.directory, {}, fmt::format("a {} of its own", what), name,
                       fmt::format("{} and {} have the same {}", first->second, one.name, what));
    }
}

void identifiers(const Signature& card, Verdicts& verdicts) {
    if (card.keys.empty() && card.certificates.empty()) return verdicts.skip("no objects");
    const auto id = [](const auto& one) { return to_hex(one.object.id); };
    unique(card.keys, "iD", verdicts, id);
    unique(card.public_keys, "iD", verdicts, id);
    unique(card.keys, "key reference", verdicts, [](const ListedKey& key) {
        return key.object.reference ? std::to_string(*key.object.reference) : std::string{};
    });
    std::set<std::string> pins;
    for (const auto& pin : card.pins) {
        if (!pins.insert(to_hex(pin.auth_id)).second) {
            verdicts.fault("EF.AODF", {}, "an authId of its own", to_hex(pin.auth_id),
                           "two authentication objects have the same authId");
        }
    }
    if (verdicts.findings().empty())
        verdicts.pass(fmt::format("{} keys, {} certificates", card.keys.size(), card.certificates.size()));
}

void protection(const Signature& card, Verdicts& verdicts) {
    if (card.keys.empty()) return verdicts.skip("no private keys");
    for (const auto& key : card.keys) {
        const Bytes& id = key.object.common.auth_id;
        const bool there = std::any_of(card.pins.begin(), card.pins.end(),
                                       [&](const p15::PinObject& pin) { return pin.auth_id == id; });
        if (id.empty()) {
            departs(card, verdicts, key.directory, "an authId", "none",
                    fmt::format("{} names no PIN that protects it", key.name));
        } else if (!there) {
            verdicts.fault(key.directory, {}, "an authId of EF.AODF", to_hex(id),
                           fmt::format("{} is protected by a PIN that EF.AODF does not know", key.name));
        } else {
            verdicts.pass(fmt::format("{}: authId {}", key.name, to_hex(id)));
        }
    }
}

}  // namespace

void departs(const Signature& card, Verdicts& verdicts, const std::string& object,
             const std::string& expected, const std::string& got, const std::string& text) {
    if (card.own) return verdicts.fault(object, {}, expected, got, text);
    verdicts.note(object, text);
}

void lacks(const Signature& card, Verdicts& verdicts, const std::string& object, const std::string& expected,
           const std::string& got, const std::string& text) {
    if (card.own) return verdicts.fault(object, {}, expected, got, text);
    verdicts.warn(object, {}, expected, got, text);
}

std::function<void(const Observation&, Verdicts&)> on_signature(void (*run)(const Signature&, Verdicts&)) {
    return [run](const Observation& seen, Verdicts& verdicts) { run(seen.signature, verdicts); };
}

void add_pkcs15_checks(std::vector<Check>& checks) {
    add_pkcs15_structure_checks(checks);
    add_pkcs15_key_checks(checks);
    add_pkcs15_certificate_checks(checks);
    add_pkcs15_subject_checks(checks);
    add_pkcs15_pin_checks(checks);
}

void add_pkcs15_structure_checks(std::vector<Check>& checks) {
    const auto add = [&](const char* id, const char* title, Severity severity, const char* clause, int depth,
                         void (*run)(const Signature&, Verdicts&)) {
        checks.push_back(
            {id, title, severity, "ISO/IEC 7816-15", clause, "pkcs15", depth, on_signature(run)});
    };
    const auto fatal = Severity::fatal;
    add("pkcs15.read", "The application can be read to its end", fatal, "8.1", depth_form, to_the_end);
    add("pkcs15.dir", "EF.DIR names the application (another maker's card: a note)", fatal, "7.4", depth_form,
        dir);
    add("pkcs15.odf", "EF.ODF leads to keys, certificates and PINs", fatal, "8.3", depth_form, odf);
    add("pkcs15.directories", "Every path of EF.ODF leads to a directory that can be decoded", fatal, "8.3",
        depth_form, directories);
    add("pkcs15.token-info", "EF.TokenInfo says what the token is", fatal, "8.10", depth_form, token_info);
    add("pkcs15.identifiers", "No two objects have the same iD, authId or key reference", fatal, "8.2.9",
        depth_value, identifiers);
    add("pkcs15.key.auth-id", "Every private key names the PIN that protects it", fatal, "8.2.8",
        depth_agreement, protection);
}

}  // namespace kartsaz::verify
