// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "apdu/error.h"
#include "apdu/tlv.h"
#include "keys/active_authentication.h"
#include "keys/card_identity.h"
#include "libcard/verify/checks.h"
#include "libcard/verify/observation.h"

namespace kartsaz::verify {
namespace {

constexpr std::string_view id_ec_public_key = "2A8648CE3D0201";        // RFC 5480, 2.1.1
constexpr std::string_view rsa_encryption = "2A864886F70D010101";      // RFC 3279, 2.3.1
constexpr std::string_view id_active_authentication = "678108010105";  // 9303-10, 4.7.14
constexpr std::string_view ecdsa_plain_sha256 = "04007F00070101040103";

/// The algorithm OID of a SubjectPublicKeyInfo, value bytes in hex.
std::string key_algorithm(ByteView public_key) {
    apdu::TlvReader outer{public_key, "EF.DG15 key"};
    apdu::TlvReader in = outer.enter(outer.next(0x30));
    return to_hex(in.enter(in.next(0x30)).next(0x06).value);
}

/// The signature algorithm that an ActiveAuthenticationInfo names.
std::string info_algorithm(const app::emrtd::SecurityInfo& info) {
    apdu::TlvReader outer{info.der, "EF.DG14"};
    apdu::TlvReader in = outer.enter(outer.next(0x30));
    in.next(0x06);
    in.next(0x02);
    return to_hex(in.next(0x06).value);
}

void aa_proof(const Observation& seen, Verdicts& verdicts) {
    if (!seen.dg15) return verdicts.skip("no EF.DG15, so no Active Authentication");
    const std::string sw = seen.fact("aa.sw");
    const std::string challenge = seen.fact("aa.challenge");
    const std::string response = seen.fact("aa.response");
    if (sw.empty() && response.empty()) {
        verdicts.warn("chip", {}, "a proof of the chip's own key", "none",
                      "no challenge was put to the chip: copied files would look the same");
        return;
    }
    if (!sw.empty() && sw != "9000") {
        verdicts.fault("chip", {}, "an answer", sw,
                       fmt::format("the chip refuses Active Authentication: {}", sw));
        return;
    }
    const std::string fault =
        keys::check_active_authentication(*seen.dg15, from_hex(challenge), from_hex(response));
    if (!fault.empty()) {
        verdicts.fault("chip", {}, "a signature by the key of EF.DG15", "another",
                       fmt::format("the chip does not hold the private key of EF.DG15 (a copy?): {}", fault));
        return;
    }
    verdicts.pass(fmt::format("challenge {}: the answer proves the key of EF.DG15", challenge));
}

void aa_dg14(const Observation& seen, Verdicts& verdicts) {
    if (!seen.dg15) return verdicts.skip("no EF.DG15");
    const std::string algorithm = key_algorithm(*seen.dg15);
    if (algorithm == rsa_encryption) return verdicts.pass("RSA by ISO/IEC 9796-2 needs no info in EF.DG14");
    if (algorithm != id_ec_public_key) {
        verdicts.fault("EF.DG15", {}, "an RSA or EC key", algorithm,
                       "the key of EF.DG15 is of no known kind");
        return;
    }
    if (!seen.dg14) {
        verdicts.fault("EF.DG14", {}, "an ActiveAuthenticationInfo", "none",
                       "the key of EF.DG15 is an EC key, which needs an ActiveAuthenticationInfo in EF.DG14");
        return;
    }
    for (const auto& info : *seen.dg14) {
        if (to_hex(info.oid) != id_active_authentication) continue;
        const std::string named = info_algorithm(info);
        if (named == ecdsa_plain_sha256)
            return verdicts.pass("plain ECDSA with SHA-256, as the key of EF.DG15 wants");
        verdicts.fault(
            "EF.DG14", {}, std::string{ecdsa_plain_sha256}, named,
            "the algorithm that EF.DG14 names for Active Authentication is not plain ECDSA with SHA-256");
        return;
    }
    verdicts.fault("EF.DG14", {}, "an ActiveAuthenticationInfo", "none",
                   "EF.DG14 names no algorithm for EF.DG15's key");
}

/// A chip without a name stands in the books by its document.
void by_document(const Observation& seen, const std::string& receipt, Verdicts& verdicts) {
    std::string name;
    if (seen.mrz) {
        name = keys::card_name("", seen.mrz->whole_document_number);
    } else if (seen.signature.token) {
        name = keys::made_name(seen.signature.token->serial);
    } else {
        verdicts.fault("chip", {}, receipt, "not known",
                       "the chip has no name, and no document on it to compare with the receipt");
        return;
    }
    if (name == receipt) {
        verdicts.note("chip", "the chip has no name: its document is the one of the receipt");
    } else {
        verdicts.fault("chip", {}, receipt, name, "this card is of another document than the receipt's");
    }
}

void identity(const Observation& seen, Verdicts& verdicts) {
    const auto& receipt = seen.context.receipt_chip;
    const std::string& chip = seen.context.dump.chip;
    if (!receipt) return verdicts.skip("no receipt was given");
    if (chip.empty() && keys::is_made_name(*receipt)) {
        by_document(seen, *receipt, verdicts);
    } else if (chip.empty()) {
        verdicts.fault("chip", {}, *receipt, "not known",
                       "the chip tells no identity to compare with the receipt");
    } else if (chip != *receipt) {
        verdicts.fault("chip", {}, *receipt, chip, "this is not the chip that the receipt is for");
    } else {
        verdicts.pass(chip);
    }
}

std::string manager_fact(const Observation& seen, std::string_view key) {
    const auto* manager = seen.context.dump.application("globalplatform");
    return manager == nullptr ? std::string{} : manager->fact(key);
}

void transport_keys(const Observation& seen, Verdicts& verdicts) {
    std::string answer = seen.fact("scp03");
    // what the card manager itself answered, which a card without a passport has, too
    const std::string manager = manager_fact(seen, "keys");
    if (manager == "transport" && answer.empty() && !seen.context.demanded.contains("globalplatform")) {
        return verdicts.skip(
            "the card manager answers to the transport keys, and neither receipt nor profile says that its "
            "keys were changed");
    }
    if (manager == "transport") answer = "transport keys";
    if (answer.empty() && manager == "issuer") answer = "issuer keys";
    if (answer.empty() && !manager.empty()) answer = fmt::format("keys of the card manager: {}", manager);
    if (answer.empty()) return verdicts.skip("not tried");
    const bool beside = manager_fact(seen, "transport-keys") == "answer";
    if (answer == "transport keys" || beside) {
        verdicts.fault("chip", {}, "issuer keys alone",
                       beside ? "transport keys beside the issuer's" : answer,
                       "the chip still answers to the published transport keys: anyone may rewrite it");
        return;
    }
    if (answer == "issuer keys") return verdicts.pass("the chip answers to its own issuer keys");
    verdicts.skip(answer);
}

std::string upper(std::string text) {
    for (char& c : text)
        c = c == ' ' || c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return text;
}

void life_cycle(const Observation& seen, Verdicts& verdicts) {
    const std::string state = manager_fact(seen, "life-cycle");
    if (state.empty()) return verdicts.skip("the card manager does not tell its life cycle");
    std::string evidence = state;
    const std::string version = manager_fact(seen, "key-version");
    const std::string manager = manager_fact(seen, "card-manager");
    if (!version.empty()) evidence += ", key version " + version;
    if (!manager.empty()) evidence += ", card manager " + manager;
    if (upper(state) == "SECURED") return verdicts.pass(evidence);
    if (upper(state) == "CARD_LOCKED" || upper(state) == "TERMINATED") {
        verdicts.fault("chip", {}, "SECURED", state, fmt::format("the card manager is {}", state));
        return;
    }
    verdicts.warn("chip", {}, "SECURED", state, fmt::format("the card manager was left in {}", state));
}

}  // namespace

void add_card_checks(std::vector<Check>& checks) {
    checks.push_back({"chip.identity", "The chip is the one of its receipt", Severity::fatal,
                      "docs/formats.md", "chip", "card", depth_proof, identity});
    checks.push_back({"gp.transport-keys", "The chip does not answer to the transport keys", Severity::fatal,
                      "GlobalPlatform Card Specification 2.3.1", "11.8", "card", depth_access,
                      transport_keys});
    checks.push_back({"gp.life-cycle", "The card manager is SECURED (an earlier state is a warning)",
                      Severity::fatal, "GlobalPlatform Card Specification 2.3.1", "5.1.1", "card",
                      depth_access, life_cycle});
}

void add_chip_checks(std::vector<Check>& checks) {
    checks.push_back({"emrtd.aa.proof", "The chip proves the private key of EF.DG15 by a challenge",
                      Severity::fatal, "ICAO Doc 9303-11", "6.1", "emrtd", depth_proof, aa_proof});
    checks.push_back({"emrtd.aa.dg14", "EF.DG14 names the algorithm of EF.DG15's key", Severity::fatal,
                      "ICAO Doc 9303-10", "4.7.14", "emrtd", depth_agreement, aa_dg14});
}

}  // namespace kartsaz::verify
