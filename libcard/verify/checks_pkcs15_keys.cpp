// SPDX-License-Identifier: Apache-2.0
// The key pairs of the signature application: which belongs to which, and that the chip has them.
#include <fmt/format.h>

#include <algorithm>

#include "apdu/error.h"
#include "keys/crypto.h"
#include "libcard/verify/checks_pkcs15.h"
#include "libcard/verify/observation.h"
#include "libcard/verify/signature_proof.h"

namespace kartsaz::verify {
namespace {

namespace p15 = app::pkcs15;

constexpr std::size_t shortest_challenge = 16;
constexpr const char* no_keys = "no private keys";

void public_keys(const Signature& card, Verdicts& verdicts) {
    if (card.keys.empty() && card.public_keys.empty()) return verdicts.skip("no keys");
    for (const auto& key : card.keys) {
        if (card.public_key_of(key) == nullptr) {
            departs(card, verdicts, "EF.PuKDF", "a public key of the same iD", "none",
                    fmt::format("{} has no public key on the card", key.name));
        }
    }
    for (const auto& one : card.public_keys) {
        if (one.content.empty()) {
            departs(card, verdicts, one.file, "a public key", one.refused,
                    fmt::format("{} could not be read", one.name));
        } else if (!one.key) {
            verdicts.fault(one.file, one.key.offset, "a public key", "something else", one.key.fault);
        } else {
            verdicts.pass(one.name);
        }
    }
}

/// The challenge was signed, and this is the key that shows it.
bool signed_by(const Signature& card, const ListedKey& key, const Bytes& public_key) {
    const std::string signature = card.key_fact(key, "signature");
    const bool sha1 = card.key_fact(key, "digest") == "sha1";
    return !signature.empty() &&
           proves(public_key, from_hex(card.key_fact(key, "message")), from_hex(signature), sha1);
}

void same_key(const Signature& card, Verdicts& verdicts) {
    for (const auto& key : card.keys) {
        const auto* certificate = card.certificate_of(key);
        const auto* listed = card.public_key_of(key);
        if (certificate == nullptr || listed == nullptr || !listed->key) continue;
        if (*listed->key == certificate->says->public_key) {
            verdicts.pass(fmt::format("{} is {}'s", listed->name, certificate->name));
        } else if (signed_by(card, key, *listed->key)) {
            verdicts.fault(
                certificate->file, {}, "a certificate of the key on the card", "of another key",
                fmt::format("{} is another key's: the card signs with {}", certificate->name, listed->name));
        } else {
            verdicts.fault(listed->file, {}, "the key of its certificate", "another key",
                           fmt::format("{} is not the key of {}", listed->name, certificate->name));
        }
    }
    verdicts.skip("no certificate with a public key beside it");
}

/// The private key whose public key the certificate holds, where it is not found by its iD.
const ListedKey* key_under_other_id(const Signature& card, const ListedCertificate& certificate) {
    if (!certificate.says) return nullptr;
    for (const auto& key : card.keys) {
        const auto* listed = card.public_key_of(key);
        if (listed != nullptr && listed->key && *listed->key == certificate.says->public_key) return &key;
    }
    return nullptr;
}

/// A certificate of the key that stands under another iD: pkcs15.certificate.key tells of it.
bool certified_under_other_id(const Signature& card, const ListedKey& key) {
    return std::ranges::any_of(card.certificates, [&](const ListedCertificate& one) {
        return one.key == nullptr && key_under_other_id(card, one) == &key;
    });
}

/// The key that the chip must prove: the certificate's, else the one of the public key file.
const Bytes* key_to_prove(const Signature& card, const ListedKey& key) {
    if (const auto* certificate = card.certificate_of(key)) return &certificate->says->public_key;
    const auto* listed = card.public_key_of(key);
    return listed != nullptr && listed->key ? &*listed->key : nullptr;
}

bool is_demanded(const Signature& card, const ListedKey& key, const DemandedKey& wanted) {
    if (!wanted.label.empty() && key.object.common.label != wanted.label) return false;
    if (wanted.digest.empty()) return true;
    const Bytes* public_key = key_to_prove(card, key);
    return public_key != nullptr && to_hex(keys::sha256(*public_key)) == wanted.digest;
}

/// A key that the issuer's station made, as far as the card shows: one that receipt or profile demand; any
/// key of a card that was never finished; the only one, when none has a certificate; and one whose iD and
/// public key file are those that the station gives to its reference. Holders may make further keys, with
/// other software, and need no certificate for them.
bool is_issuers(const Signature& card, const ListedKey& key) {
    if (!card.own) return false;
    if (std::ranges::any_of(card.demanded_keys,
                            [&](const DemandedKey& wanted) { return is_demanded(card, key, wanted); }))
        return true;
    const bool finished = card.dir && !card.dir->empty();
    const bool certified = std::ranges::any_of(
        card.keys, [&](const ListedKey& one) { return card.certificate_of(one) != nullptr; });
    if (!finished || !certified) return true;
    const auto* listed = card.public_key_of(key);
    if (listed == nullptr || !listed->key || !key.object.reference) return false;
    return listed->file == fmt::format("EF.{:04X}", p15::fid_public_key + *key.object.reference) &&
           key.object.id == keys::key_identifier(*listed->key);
}

void with_certificate(const Signature& card, Verdicts& verdicts) {
    if (card.keys.empty()) {
        return lacks(card, verdicts, "EF.PrKDF", "a private key", "none", "the card holds no private key");
    }
    for (const auto& key : card.keys) {
        if (const auto* certificate = card.certificate_of(key)) {
            verdicts.pass(fmt::format("{}: {}", key.name, plain_text(certificate->facts->subject)));
        } else if (!certified_under_other_id(card, key)) {
            const std::string text = fmt::format("{} has no certificate on the card", key.name);
            if (!card.own || is_issuers(card, key)) {
                lacks(card, verdicts, "EF.CDF", "a certificate of the same iD", "none", text);
            } else {
                verdicts.warn("EF.CDF", {}, "a certificate of the same iD", "none",
                              text + "; nobody demands it, and it is not known as one of the issuer's");
            }
        }
    }
}

void certificates_have_keys(const Signature& card, Verdicts& verdicts) {
    if (card.certificates.empty()) return verdicts.skip("no certificates");
    for (const auto& one : card.certificates) {
        const bool authority = one.object.authority || (one.facts && one.facts->ca);
        if (one.key != nullptr) {
            verdicts.pass(fmt::format("{} is for {}", one.name, one.key->name));
        } else if (authority) {
            verdicts.pass(fmt::format("{} is a CA's", one.name));
        } else if (const auto* owner = key_under_other_id(card, one)) {
            verdicts.fault(one.directory, {}, "iD " + to_hex(owner->object.id), "iD " + to_hex(one.object.id),
                           fmt::format("{} is of {}, but stands under another iD: whoever looks for the "
                                       "certificate of the key does not find it",
                                       one.name, owner->name));
        } else {
            lacks(card, verdicts, one.file, "a private key of the same iD", "none",
                  fmt::format("{} is for no key of this card", one.name));
        }
    }
}

void id_is_hash(const Signature& card, Verdicts& verdicts) {
    for (const auto& key : card.keys) {
        const auto* certificate = card.certificate_of(key);
        if (certificate == nullptr) continue;
        const Bytes wanted = keys::key_identifier(certificate->says->public_key);
        if (key.object.id == wanted) {
            verdicts.pass(fmt::format("{}: {}", key.name, to_hex(wanted)));
        } else {
            departs(card, verdicts, key.directory, to_hex(wanted), to_hex(key.object.id),
                    fmt::format("the iD of {} is not the hash of its public key", key.name));
        }
    }
    verdicts.skip("no key with a certificate");
}

void all_keys_there(const Signature& card, Verdicts& verdicts) {
    for (const auto& wanted : card.demanded_keys) {
        const bool there = std::ranges::any_of(
            card.keys, [&](const ListedKey& key) { return is_demanded(card, key, wanted); });
        if (there) {
            verdicts.pass(fmt::format("\"{}\", demanded by {}", wanted.name, wanted.who));
        } else {
            verdicts.fault(
                "EF.PrKDF", {}, fmt::format("the key \"{}\"", wanted.name), "none",
                fmt::format("the key \"{}\" is not on the card, and {} demands it", wanted.name, wanted.who));
        }
    }
    verdicts.skip("neither receipt nor profile names keys");
}

void possession_of(const Signature& card, const ListedKey& key, Verdicts& verdicts) {
    const std::string why = card.key_fact(key, "why"), sw = card.key_fact(key, "sw");
    const std::string message = card.key_fact(key, "message");
    const std::string signature = card.key_fact(key, "signature");
    if (!sw.empty()) {
        verdicts.fault("chip", {}, "a signature", sw,
                       fmt::format("{} does not sign a challenge: the card answers {}", key.name, sw));
        return;
    }
    if (signature.empty() || message.empty()) {
        std::string reason = why.empty() ? "no challenge was put to it" : why;
        if (const std::string pin = card.fact("pin.why"); !pin.empty()) reason += " (" + pin + ")";
        const std::string text = fmt::format("{} was not challenged: {}", key.name, reason);
        // the finding about such a PIN tells it of all keys
        const std::string state = card.fact("pin.state");
        const bool told = state == "changed" || state == "refused" || state == "blocked" || state == "none";
        return told ? verdicts.skip(text) : verdicts.note("chip", text);
    }
    const Bytes* public_key = key_to_prove(card, key);
    if (public_key == nullptr)
        return verdicts.skip(fmt::format("{}: the card shows no public key of it", key.name));
    const Bytes challenge = from_hex(message);
    if (challenge.size() < shortest_challenge) {
        verdicts.fault("chip", {}, "a challenge of 16 bytes or more", message,
                       fmt::format("the challenge to {} is too short to prove anything", key.name));
        return;
    }
    if (signed_by(card, key, *public_key)) {
        return verdicts.pass(fmt::format("{}: challenge {}", key.name, message));
    }
    const bool certified = card.certificate_of(key) != nullptr;
    verdicts.fault("chip", {}, "a signature by the key on the card", "another",
                   fmt::format("the private key of {} is not that of its {}", key.name,
                               certified ? "certificate" : "public key"));
}

void possession(const Signature& card, Verdicts& verdicts) {
    if (card.keys.empty()) return verdicts.skip(no_keys);
    for (const auto& key : card.keys) possession_of(card, key, verdicts);
}

void made_on_card(const Signature& card, Verdicts& verdicts) {
    if (card.keys.empty()) return verdicts.skip(no_keys);
    constexpr std::uint32_t wanted =
        p15::access_local | p15::access_never_extractable | p15::access_always_sensitive;
    for (const auto& key : card.keys) {
        const std::uint32_t access = key.object.access;
        if ((access & wanted) == wanted && (access & p15::access_extractable) == 0) {
            verdicts.pass(fmt::format("{}: local, neverExtractable, alwaysSensitive", key.name));
            continue;
        }
        const std::string text =
            fmt::format("{} is not said to be made on the card and never to leave it", key.name);
        const std::string expected = "local, neverExtractable, alwaysSensitive";
        const std::string got = fmt::format("access flags {:02X}", access);
        lacks(card, verdicts, key.directory, expected, got, text);
    }
}

void orphans(const Signature& card, Verdicts& verdicts) {
    if (!card.pin_was_verified())
        return verdicts.skip("keys that no directory names show themselves with the PIN only");
    for (const auto& [name, kind] : card.application->facts) {
        if (!name.starts_with("orphan.")) continue;
        const std::string reference = name.substr(7);
        const std::string text =
            fmt::format("key {} ({}) signs, and no directory names it", reference, plain_text(kind));
        lacks(card, verdicts, "chip", "no key but those of EF.PrKDF", "key " + reference, text);
    }
    if (verdicts.findings().empty()) verdicts.pass("no other key signs");
}

}  // namespace

void add_pkcs15_key_checks(std::vector<Check>& checks) {
    const auto add = [&](const char* id, const char* title, Severity severity, const char* clause, int depth,
                         void (*run)(const Signature&, Verdicts&)) {
        checks.push_back(
            {id, title, severity, "ISO/IEC 7816-15", clause, "pkcs15", depth, on_signature(run)});
    };
    const auto fatal = Severity::fatal;
    add("pkcs15.key.public", "Every private key has a public key that can be decoded", fatal, "8.5",
        depth_agreement, public_keys);
    add("pkcs15.key.demanded", "Every key pair that receipt or profile names is on the card", fatal, "8.4",
        depth_agreement, all_keys_there);
    add("pkcs15.key.certificate",
        "Every private key has a certificate (another maker's card, or a further key that the holder made: a "
        "warning)",
        fatal, "8.7", depth_agreement, with_certificate);
    add("pkcs15.certificate.key",
        "Every certificate is for a key of the card and has its iD, or is a CA's (one for no key of another "
        "maker's card: a warning)",
        fatal, "8.7", depth_agreement, certificates_have_keys);
    add("pkcs15.key.same", "Public key and certificate of one iD hold the same key", fatal, "8.7",
        depth_signature_key, same_key);
    add("pkcs15.key.id", "The iD of a key is the hash of its public key", Severity::warning, "8.2.9",
        depth_signature_key, id_is_hash);
    add("pkcs15.key.possession", "The chip proves each private key by a challenge", fatal, "8.4", depth_proof,
        possession);
    add("pkcs15.key.made-on-card",
        "Keys are said to be made on the card and never to leave it (another maker's card: a warning)", fatal,
        "8.2.10", depth_access, made_on_card);
    add("pkcs15.key.orphan", "No key signs that EF.PrKDF does not name (another maker's card: a warning)",
        fatal, "8.4", depth_access, orphans);
}

}  // namespace kartsaz::verify
