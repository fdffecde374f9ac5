// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "apdu/error.h"
#include "libcard/verify/checks.h"
#include "libcard/verify/der.h"
#include "libcard/verify/observation.h"

namespace kartsaz::verify {
namespace {

using Answer = keys::TrustAnchors::Verdict;

constexpr const char* no_sod = "EF.SOD could not be decoded";
constexpr const char* no_signer = "EF.SOD holds no certificate that could be read";

void sod_structure(const Observation& seen, Verdicts& verdicts) {
    const app::DumpFile* file = seen.file("EF.SOD");
    if (file == nullptr) {
        const std::string why = seen.refused("EF.SOD");
        verdicts.fault("EF.SOD", {}, "present", why.empty() ? "absent" : why, "EF.SOD could not be read");
        return;
    }
    if (!seen.sod) {
        verdicts.fault("EF.SOD", seen.sod.offset, "an EF.SOD", "something else", seen.sod.fault);
        return;
    }
    try {
        const std::size_t at = seen.sod->cms_offset;
        const ByteView cms = ByteView{file->content}.subspan(at);
        demand_der(file->content, "EF.SOD", 0);
        demand_sod_form(cms, "EF.SOD", at);
        demand_der(seen.sod->signed_object.content, "LDS security object", 0);
    } catch (const Error& error) {
        const std::string text = error.what();
        const bool inner = text.find("EF.SOD") == std::string::npos;
        verdicts.fault("EF.SOD", inner ? std::nullopt : offset_in(text), "DER in the form of 9303-10",
                       "another form", text);
        return;
    }
    verdicts.pass(
        fmt::format("CMS SignedData in DER, {} bytes, one signer, one certificate", file->content.size()));
}

void signature(const Observation& seen, Verdicts& verdicts) {
    if (!seen.sod) return verdicts.skip(no_sod);
    const auto& object = seen.sod->signed_object;
    if (!object.signature_ok) {
        verdicts.fault("EF.SOD", {}, "a signature that the certificate inside proves", "it does not",
                       fmt::format("the signature of EF.SOD is wrong: {}", object.fault));
        return;
    }
    verdicts.pass(fmt::format("signed by {}", object.signer));
}

const char* digest_name(keys::HashAlgorithm algorithm) {
    switch (algorithm) {
        case keys::HashAlgorithm::sha224:
            return "SHA-224";
        case keys::HashAlgorithm::sha256:
            return "SHA-256";
        case keys::HashAlgorithm::sha384:
            return "SHA-384";
        case keys::HashAlgorithm::sha512:
            return "SHA-512";
        default:
            return "SHA-1";
    }
}

void digest_algorithm(const Observation& seen, Verdicts& verdicts) {
    if (!seen.sod) return verdicts.skip(no_sod);
    const auto algorithm = seen.sod->lds.algorithm;
    if (algorithm == keys::HashAlgorithm::sha1) {
        verdicts.fault("EF.SOD", {}, "SHA-224 or stronger", std::string{keys::dotted_oid(algorithm)},
                       "EF.SOD's hashes are of a broken algorithm");
        return;
    }
    verdicts.pass(digest_name(algorithm));
}

void signer_chain(const Observation& seen, Verdicts& verdicts) {
    if (!seen.chain) {
        if (!seen.sod) return verdicts.skip(no_sod);
        verdicts.fault("EF.SOD", {}, "the document signer's certificate", "none", no_signer);
        return;
    }
    switch (seen.chain->verdict) {
        case Answer::unknown_issuer:
            verdicts.fault(
                "EF.SOD", {}, "a document signer of a trusted country signer", seen.signer->issuer,
                fmt::format("no trusted country signer issued the document signer: {}", seen.chain->text));
            return;
        case Answer::bad_signature:
            verdicts.fault(
                "EF.SOD", {}, "a certificate signed by its country signer", "a wrong signature",
                fmt::format("the document signer's certificate is not what the country signer signed: {}",
                            seen.chain->text));
            return;
        case Answer::expired:
        case Answer::not_yet_valid:
        case Answer::revoked:
        case Answer::crl_missing:
        case Answer::crl_stale:
        case Answer::not_allowed:
            return verdicts.skip(fmt::format("a path was found, but: {}", seen.chain->text));
        case Answer::ok:
            break;
    }
    verdicts.pass(fmt::format("{}, issued by {}", seen.signer->subject, seen.signer->issuer));
}

void signer_validity(const Observation& seen, Verdicts& verdicts) {
    if (!seen.signer) return verdicts.skip(no_signer);
    const auto& facts = *seen.signer;
    const auto when = seen.context.when();
    const std::string range = fmt::format("{} to {}", day_of(facts.not_before), day_of(facts.not_after));
    if (facts.not_after < when.from) {
        verdicts.fault("EF.SOD", {}, range, day_of(when.to), "the document signer's certificate has expired");
    } else if (when.to < facts.not_before) {
        verdicts.fault("EF.SOD", {}, range, day_of(when.to),
                       "the document signer's certificate is not yet valid");
    } else if (seen.chain &&
               (seen.chain->verdict == Answer::expired || seen.chain->verdict == Answer::not_yet_valid)) {
        verdicts.fault("EF.SOD", {}, "a country signer valid on the day", day_of(when.to),
                       fmt::format("the country signer's certificate: {}", seen.chain->text));
    } else {
        verdicts.pass(range);
    }
}

void signer_revocation(const Observation& seen, Verdicts& verdicts) {
    if (!seen.chain) return verdicts.skip(no_signer);
    switch (seen.chain->verdict) {
        case Answer::revoked:
            verdicts.fault("EF.SOD", {}, "a certificate that is not revoked",
                           fmt::format("serial {}", seen.signer->serial),
                           "the document signer's certificate is revoked");
            return;
        case Answer::crl_stale:
            verdicts.fault("EF.SOD", {}, "a CRL valid on the day", day_of(seen.context.at),
                           fmt::format("the CRL at hand cannot answer for this day: {}", seen.chain->text));
            return;
        case Answer::crl_missing:
            verdicts.fault("EF.SOD", {}, "a CRL of the issuer", "none",
                           fmt::format("a CRL was demanded, and there is none: {}", seen.chain->text));
            return;
        case Answer::ok:
            if (!seen.crl_at_hand)
                return verdicts.skip("no CRL of its issuer is at hand, and none was demanded");
            return verdicts.pass("not on the CRL of its issuer");
        case Answer::unknown_issuer:
        case Answer::bad_signature:
        case Answer::expired:
        case Answer::not_yet_valid:
        case Answer::not_allowed:
            break;
    }
    verdicts.skip(fmt::format("not asked: {}", seen.chain->text));
}

void signer_usage(const Observation& seen, Verdicts& verdicts) {
    if (!seen.signer) return verdicts.skip(no_signer);
    if (seen.signer->ca) {
        verdicts.fault("EF.SOD", {}, "an end certificate", "a CA",
                       "the document signer's certificate is that of a CA");
    }
    if (!seen.signer->key_usage_digital_signature) {
        verdicts.fault("EF.SOD", {}, "digitalSignature", "not allowed",
                       "the document signer's certificate does not allow signing");
    }
    if (seen.chain && seen.chain->verdict == Answer::not_allowed && verdicts.findings().empty()) {
        verdicts.fault("EF.SOD", {}, "a path of allowed certificates", "not allowed", seen.chain->text);
    }
    if (verdicts.findings().empty()) verdicts.pass("digitalSignature, no CA");
}

}  // namespace

void add_sod_checks(std::vector<Check>& checks) {
    const auto add = [&](const char* id, const char* title, const char* standard, const char* clause,
                         int depth, void (*run)(const Observation&, Verdicts&)) {
        checks.push_back({id, title, Severity::fatal, standard, clause, "emrtd", depth, run});
    };
    add("emrtd.sod.structure", "EF.SOD is CMS SignedData in DER, in the one form of the standard",
        "ICAO Doc 9303-10", "4.6.2.2", depth_sod_form, sod_structure);
    add("emrtd.sod.signature", "The signature of EF.SOD is right", "ICAO Doc 9303-11", "5.1",
        depth_sod_signature, signature);
    add("emrtd.sod.signer-chain", "A trusted country signer issued the document signer's certificate",
        "ICAO Doc 9303-11", "5.1", depth_sod_chain, signer_chain);
    add("emrtd.sod.signer-validity", "The document signer's certificate is valid on the day",
        "ICAO Doc 9303-12", "7.1", depth_sod_signer, signer_validity);
    add("emrtd.sod.signer-revocation", "The document signer's certificate is not revoked", "ICAO Doc 9303-12",
        "7.1.4", depth_sod_signer, signer_revocation);
    add("emrtd.sod.signer-usage", "The document signer's certificate may sign documents", "ICAO Doc 9303-12",
        "7.1.1", depth_sod_signer, signer_usage);
    add("emrtd.sod.digest-algorithm", "The hashes of EF.SOD are of no broken algorithm", "ICAO Doc 9303-12",
        "4.4", depth_sod_content, digest_algorithm);
}

}  // namespace kartsaz::verify
