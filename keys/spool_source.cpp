// SPDX-License-Identifier: Apache-2.0
#include "keys/spool_source.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <openssl/x509.h>

#include <algorithm>

#include "apdu/error.h"
#include "keys/certificate_request.h"
#include "keys/crypto.h"
#include "keys/file_io.h"
#include "keys/issued_check.h"
#include "keys/issuer.h"
#include "keys/pem.h"
#include "keys/renewal.h"
#include "keys/template_content.h"
#include "keys/x509_split.h"
#include "keys/x509_text.h"

namespace kartsaz::keys {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::size_t most_bytes = 65536;  // of an answer, a chain perhaps
constexpr const char* extensions[] = {".pem", ".cer", ".crt", ".der"};

Bytes read_file(const fs::path& file) {
    return read_secret_file(file, most_bytes, Others::may_read).reveal([](ByteView bytes) {
        return Bytes(bytes.begin(), bytes.end());
    });
}

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return text;
}

std::string name_of(ByteView public_key) {
    return lower(to_hex(key_identifier(public_key)));
}

std::string request_pem(const CertificateOrder& order) {
    return pem_text(order.request, "CERTIFICATE REQUEST");
}

std::string certificate_request_text(const CertificateOrder& order, ByteView public_key) {
    const auto& content = order.content;
    const auto& subject = content.subject;
    json names = {{"country", subject.country}, {"common_name", subject.common_name}};
    const auto add = [](json& to, const char* name, const std::string& value) {
        if (!value.empty()) to[name] = value;
    };
    add(names, "given_name", subject.given_name);
    add(names, "surname", subject.surname);
    add(names, "serial_number", subject.serial_number);
    add(names, "organization", subject.organization);
    add(names, "email", subject.email);
    json usage = json::array();
    if (content.content_commitment) usage.push_back("contentCommitment");
    if (content.digital_signature) usage.push_back("digitalSignature");
    if (content.key_encipherment) usage.push_back("keyEncipherment");
    if (content.key_agreement) usage.push_back("keyAgreement");
    json out = {{"format", "kartsaz-certificate-request-1"},
                {"chip", order.chip},
                {"slot", order.slot},
                {"public_key_sha256", to_hex(sha256(public_key))},
                {"request_sha256", to_hex(sha256(to_bytes(request_pem(order))))},
                {"subject", names},
                {"key_usage", usage},
                {"extended_key_usage", content.extended_usages},
                {"not_before", utc_text(content.not_before)},
                {"not_after", utc_text(content.not_after)},
                {"not_after_seconds", content.not_after},
                {"content", template_digest(content)}};
    if (content.extended_usages_critical) out["extended_key_usage_critical"] = true;
    json names_besides = json::object();
    add(names_besides, "fascn", to_hex(content.fascn));
    add(names_besides, "uri", content.uri);
    add(names_besides, "email", subject.email);
    if (!names_besides.empty()) out["subject_alternative_names"] = names_besides;
    add(out, "policy", content.policy);
    add(out, "crl_url", content.crl_url);
    return out.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace

SpoolSource::SpoolSource(fs::path folder, Options options)
    : folder_{std::move(folder)}, options_{std::move(options)} {
    if (options_.trusted.empty()) {
        throw Error{
            Errc::input_invalid,
            fmt::format("{}: no CA certificate is trusted to answer these requests", folder_.string())};
    }
}

fs::path SpoolSource::answer(const std::string& name) const {
    for (const auto* extension : extensions) {
        std::error_code fault;
        if (fs::exists(folder_ / (name + extension), fault)) return folder_ / (name + extension);
    }
    return {};
}

/// The answer's certificate for the key of the order. @throws Error{keys_failed}
Bytes SpoolSource::check(const CertificateOrder& order, const fs::path& file) const {
    const auto what = "the answer " + file.string();
    const auto public_key = parse_request(order.request).public_key;
    std::vector<Bytes> all;
    try {
        all = split_certificates(read_file(file), file.string());
    } catch (const Error& error) {
        if (error.code() != Errc::input_invalid) throw;
        throw Error{Errc::keys_failed,
                    fmt::format("{} cannot be read: {}; the file is kept, have the CA write it "
                                "anew",
                                what, error.what())};
    }
    const auto ours = std::find_if(all.begin(), all.end(), [&](const Bytes& der) {
        const auto parsed = parse_certificate(der);
        return parsed && subject_public_key(parsed.get()) == public_key;
    });
    const auto& der = ours == all.end() ? all.front() : *ours;
    check_issued(order, der, options_.trusted, what);
    const auto facts = certificate_facts(der);
    if (facts.common_name != order.content.subject.common_name) {
        throw Error{Errc::keys_failed,
                    fmt::format("{} is for \"{}\", asked for was \"{}\"; it is not put on the card", what,
                                facts.common_name, order.content.subject.common_name)};
    }
    return der;
}

/// Whether the request that lies there says the same and is no renewal's predecessor.
bool SpoolSource::asked_before(const CertificateOrder& order, const fs::path& file) const {
    try {
        const auto there = json::parse(to_text(read_file(file)));
        return there.at("content") == template_digest(order.content) &&
               !renewal_due(there.at("not_after_seconds").get<std::int64_t>(), order.content);
    } catch (const json::exception&) {
        return false;
    } catch (const Error& error) {
        if (error.code() == Errc::keys_failed) return false;  // not there
        throw;
    }
}

/// Whether the request that lies there is the one that was written with its description.
bool SpoolSource::request_whole(const std::string& name) const {
    try {
        const auto there = json::parse(to_text(read_file(folder_ / (name + ".json"))));
        return there.at("request_sha256") == to_hex(sha256(read_file(folder_ / (name + ".csr.pem"))));
    } catch (const json::exception&) {
        return false;
    } catch (const Error& error) {
        if (error.code() == Errc::store_failed) throw;
        return false;  // not there, or no file that was written here
    }
}

/// The description first: who sees a request may rely on it.
void SpoolSource::ask(const CertificateOrder& order, const std::string& name) const {
    const auto public_key = parse_request(order.request).public_key;
    make_private_folder(folder_);
    replace_private_file(folder_ / (name + ".json"), certificate_request_text(order, public_key));
    replace_private_file(folder_ / (name + ".csr.pem"), request_pem(order));
}

Bytes SpoolSource::certificate(const CertificateOrder& order) {
    const auto public_key = [&] {
        try {
            return parse_request(order.request).public_key;
        } catch (const Error& error) {
            if (error.code() != Errc::input_invalid) throw;
            throw Error{Errc::card_refused,
                        fmt::format("slot \"{}\" of chip {}: {}", order.slot, order.chip, error.what())};
        }
    }();
    const auto name = name_of(public_key);
    const bool same = asked_before(order, folder_ / (name + ".json"));
    if (const auto file = answer(name); !file.empty()) {
        if (same) return check(order, file);
        // an answer to what was asked before; the new one must not be taken for it
        std::error_code fault;
        fs::rename(
            file,
            folder_ / fmt::format("{}.old-{}", name, lower(to_hex(sha256(read_file(file))).substr(0, 16))),
            fault);
        if (fault) throw Error{Errc::store_failed, fmt::format("{}: {}", file.string(), fault.message())};
    }
    const auto request = folder_ / (name + ".csr.pem");
    if (!same || !request_whole(name)) ask(order, name);
    throw Error{
        Errc::interrupted,
        fmt::format("slot \"{}\" of chip {} waits for its certificate: the request is {}; when the CA's "
                    "answer {}.pem is beside it, the same call with the same card goes on",
                    order.slot, order.chip, request.string(), name)};
}

std::optional<std::size_t> SpoolSource::certificate_size(const CertificateTemplate& /*content*/,
                                                         ByteView /*public_key*/) const {
    return std::nullopt;
}

Bytes SpoolSource::issuer_certificate() const {
    return options_.issuer;
}

void SpoolSource::revoke(ByteView certificate, int reason) {
    const auto parsed = parse_certificate(certificate);
    if (!parsed) throw Error{Errc::input_invalid, "what is to be revoked is not an X.509 certificate"};
    const auto facts = certificate_facts(certificate);
    const json out = {{"format", "kartsaz-revocation-request-1"},
                      {"serial", facts.serial},
                      {"issuer", facts.issuer},
                      {"subject", facts.subject},
                      {"reason", reason}};
    const auto name = name_of(subject_public_key(parsed.get()));
    make_private_folder(folder_);
    replace_private_file(folder_ / fmt::format("{}.revoke-{}.json", name, lower(facts.serial)),
                         out.dump(2, ' ', false, json::error_handler_t::replace) + "\n");
}

/// What cannot be read stays where it is, and the order stays listed.
Bytes SpoolSource::late_answer(ByteView key_identifier) {
    const auto file = answer(lower(to_hex(key_identifier)));
    if (file.empty()) return {};
    try {
        for (auto& der : split_certificates(read_file(file), file.string())) {
            const auto parsed = parse_certificate(der);
            const auto id = keys::key_identifier(subject_public_key(parsed.get()));
            if (std::ranges::equal(id, key_identifier)) return std::move(der);
        }
    } catch (const Error& error) {
        if (error.code() != Errc::input_invalid) throw;
    }
    return {};
}

std::vector<fs::path> SpoolSource::pending() const {
    constexpr std::string_view ending = ".csr.pem";
    std::vector<fs::path> out;
    std::error_code fault;
    if (!fs::exists(folder_, fault)) return out;
    for (const auto& entry : fs::directory_iterator{folder_, fault}) {
        const auto file = entry.path().filename().string();
        if (!file.ends_with(ending)) continue;
        if (answer(file.substr(0, file.size() - ending.size())).empty()) out.push_back(entry.path());
    }
    if (fault) throw Error{Errc::store_failed, fmt::format("{}: {}", folder_.string(), fault.message())};
    std::sort(out.begin(), out.end());
    return out;
}

}  // namespace kartsaz::keys
