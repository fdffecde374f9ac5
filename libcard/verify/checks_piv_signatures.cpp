// SPDX-License-Identifier: Apache-2.0
// The signatures over CHUID, face, fingerprints and security object, each kind of fault by itself.
#include <fmt/format.h>

#include <algorithm>

#include "libcard/verify/checks_piv.h"
#include "libcard/verify/piv_strength.h"

namespace kartsaz::verify {
namespace {

namespace pv = app::piv;
using keys::SignatureFault;

enum class SignedGroup { chuid, security, biometric };

struct SignedView {
    std::string object;
    const keys::SignatureCheck* check = nullptr;  ///< null: the object is not signed
};

std::vector<SignedView> signed_views(const Piv& card, SignedGroup group) {
    const auto of = [](const auto& optional) { return optional ? &*optional : nullptr; };
    std::vector<SignedView> out;
    if (group == SignedGroup::chuid) {
        if (card.chuid) out.push_back({piv_file(pv::id_chuid), of(card.chuid_signature)});
    } else if (group == SignedGroup::security) {
        if (card.security) out.push_back({piv_file(pv::id_security_object), of(card.security_signature)});
    } else {
        for (const auto* one : card.biometrics()) {
            if (one->decoded)
                out.push_back({one->object, one->signature ? &one->signature->signature : nullptr});
        }
    }
    return out;
}

/// Findings of these kinds; another part of the signature is another check's.
void judge_signed(const Piv& card, Verdicts& verdicts, SignedGroup group,
                  std::initializer_list<SignatureFault> kinds, const char* expected) {
    for (const auto& view : signed_views(card, group)) {
        if (view.check == nullptr) {
            verdicts.skip(fmt::format("{} is not signed", view.object));
            continue;
        }
        bool found = false;
        for (const auto& fault : view.check->faults) {
            if (std::ranges::find(kinds, fault.fault) == kinds.end()) continue;
            found = true;
            verdicts.fault(view.object, fault.offset, expected, std::string{name_of(fault.fault)},
                           fmt::format("the signature of {}: {}", view.object, fault.text));
        }
        if (found) continue;
        if (view.check->has(SignatureFault::structure)) {
            verdicts.skip(fmt::format("the signature of {} cannot be taken apart", view.object));
        } else {
            verdicts.pass(fmt::format("{}: {}", view.object, view.check->signer));
        }
    }
    verdicts.skip("no such object");
}

/// Asked of CHUID and biometrics. SP 800-73-4 says nothing of it for the security object.
void judge_signer_name(const SignedView& view, Verdicts& verdicts) {
    const bool readable = view.check != nullptr && !view.check->has(SignatureFault::structure);
    if (!readable || view.check->attribute(pv::oid_signer_name) != nullptr) return;
    verdicts.fault(
        view.object, {}, "the signed attribute pivSigner-DN", "none",
        fmt::format("the signature of {} does not sign the name of its signer (pivSigner-DN)", view.object));
}

template <SignedGroup group>
void signature_form(const Piv& card, Verdicts& verdicts) {
    for (const auto& view : signed_views(card, group)) {
        if (view.check == nullptr)
            verdicts.fault(view.object, {}, "a signature", "none",
                           fmt::format("{} is not signed", view.object));
        if (group != SignedGroup::security) judge_signer_name(view, verdicts);
    }
    judge_signed(card, verdicts, group,
                 {SignatureFault::structure, SignatureFault::content_type, SignatureFault::attributes,
                  SignatureFault::certificate_missing},
                 "a CMS signature in the form of the object");
    if (group == SignedGroup::security && !card.hashes.fault.empty())
        verdicts.fault(piv_file(pv::id_security_object), {}, "a list of hashes", "something else",
                       card.hashes.fault);
}

template <SignedGroup group>
void signature_digest(const Piv& card, Verdicts& verdicts) {
    judge_signed(card, verdicts, group, {SignatureFault::digest}, "the content that was signed");
}

template <SignedGroup group>
void signature_value(const Piv& card, Verdicts& verdicts) {
    judge_signed(card, verdicts, group, {SignatureFault::signature}, "a signature by the signer's key");
}

template <SignedGroup group>
void signature_signer(const Piv& card, Verdicts& verdicts) {
    judge_signed(card, verdicts, group, {SignatureFault::signer}, "the certificate of the signer");
    for (const auto& view : signed_views(card, group)) {
        if (view.check == nullptr || pv::signer_name_matches(*view.check).value_or(true)) continue;
        verdicts.fault(view.object, {}, "the subject of the signer's certificate", "another name",
                       fmt::format("the signature of {} names another signer (pivSigner-DN) than \"{}\"",
                                   view.object, view.check->signer));
    }
}

std::string digest_words(const std::string& digest) {
    return digest.empty() ? "no digest that is known" : digest;
}

/// A forger who can make two contents of one hash needs no key.
void signature_strength(const Piv& card, Verdicts& verdicts) {
    const auto judge = [&](const std::string& object, const std::string& what, const std::string& digest) {
        if (piv_digest_allowed(digest)) return verdicts.pass(fmt::format("{}: {}", what, digest));
        verdicts.fault(object, {}, std::string{allowed_piv_digests}, digest_words(digest),
                       fmt::format("{} is over {}", what, digest_words(digest)));
    };
    for (const auto& one : card.signed_objects()) {
        if (one.check->has(SignatureFault::structure)) {
            verdicts.skip(fmt::format("the signature of {} cannot be taken apart", one.object));
        } else {
            judge(one.object, fmt::format("the signature of {}", one.object), one.check->hash_algorithm);
        }
    }
    if (card.hashes)
        judge(piv_file(pv::id_security_object), "the list of hashes of the security object",
              std::string{digest_name(card.hashes->algorithm)});
    verdicts.skip("no signed object");
}

constexpr const char* form_title = "is a CMS signature with all that its object asks for";
constexpr const char* digest_title = "covers the object as it is";
constexpr const char* value_title = "is right under the key of the signer's certificate";
constexpr const char* signer_title = "names the signer whose certificate is there";

template <SignedGroup group>
void add_signed(std::vector<Check>& checks, const std::string& prefix, const std::string& what,
                const char* standard, const char* clause, int depth) {
    const auto add = [&](const char* part, const char* title, PivRun run, int rank) {
        const std::string id = prefix + ".signature." + part;
        const std::string whole = fmt::format("The signature of {} {}", what, title);
        add_piv(checks, {{id.c_str(), whole.c_str(), Severity::fatal, standard, clause, rank, run}});
    };
    add("form", form_title, signature_form<group>, depth);
    add("digest", digest_title, signature_digest<group>, depth);
    add("value", value_title, signature_value<group>, depth);
    add("signer", signer_title, signature_signer<group>, depth);
}

}  // namespace

void add_piv_signature_checks(std::vector<Check>& checks) {
    add_signed<SignedGroup::chuid>(checks, "piv.chuid", "the CHUID", "FIPS 201-2", "4.2.1",
                                   piv_depth_chuid_signature);
    add_signed<SignedGroup::security>(checks, "piv.security", "the security object", "SP 800-73-4 part 1",
                                      "3.1.7", piv_depth_security_signature);
    add_signed<SignedGroup::biometric>(checks, "piv.biometric", "face and fingerprints", "FIPS 201-2",
                                       "4.2.3.2", piv_depth_biometric_signature);
    add_piv(checks, {{"piv.signature.strength",
                      "Signatures of objects, and the hashes of the security object, are over SHA-256, "
                      "SHA-384 or SHA-512",
                      Severity::fatal, "SP 800-78-4", "3.2", piv_depth_usage, signature_strength}});
}

}  // namespace kartsaz::verify
