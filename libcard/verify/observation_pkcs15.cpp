// SPDX-License-Identifier: Apache-2.0
#include "libcard/verify/observation_pkcs15.h"

#include <fmt/format.h>

#include <algorithm>

#include "libcard/app/pkcs15/commands.h"
#include "libcard/app/pkcs15/read.h"
#include "libcard/verify/observation.h"

namespace kartsaz::verify {
namespace {

namespace p15 = app::pkcs15;

std::string name_of(const char* kind, const p15::Common& common, ByteView id) {
    const std::string label = common.label.empty() ? to_hex(id) : plain_text(common.label);
    return fmt::format("{} \"{}\"", kind, label);
}

/// The path of the application's DF as reading found it.
Bytes df_of(const app::DumpApplication& application) {
    try {
        return from_hex(application.fact("df"));
    } catch (const Error&) {
        return {};
    }
}

bool is_of_kind(const app::DumpFile& file, const std::string& kind) {
    return file.name == kind || file.name.starts_with(kind + ".");
}

}  // namespace

Signature::Signature(const Context& context) : application{context.dump.application("pkcs15")} {
    if (application == nullptr) return;
    own = context.expected != nullptr || context.dump.application("emrtd") != nullptr ||
          context.demanded.contains("pkcs15") || !context.demanded_keys.empty() ||
          fact("acl.5015") == to_hex(p15::acl_df) || fact("pin.state") == "transport";
    demanded_keys = context.demanded_keys;
    decode_files();
    judge_certificates(context);
}

void Signature::decode_files() {
    for (const auto& file : application->files) {
        const ByteView content{file.content};
        if (file.name == "EF.DIR") {
            if (!content.empty()) dir = attempt([&] { return p15::decode_dir(content); });
        } else if (file.name == "EF.ODF") {
            if (!content.empty()) odf = attempt([&] { return p15::decode_odf(content); });
        } else if (file.name == "EF.TokenInfo") {
            if (!content.empty()) token = attempt([&] { return p15::decode_token_info(content); });
        }
        DirectoryFile directory{file.name, file.refused, {}};
        const auto decode = [&](const char* kind, auto&& take) {
            if (!is_of_kind(file, kind)) return;
            directory.form = attempt([&] {
                take();
                return true;
            });
            directories.push_back(directory);
        };
        decode("EF.AODF", [&] {
            for (auto& one : p15::decode_aodf(content)) pins.push_back(std::move(one));
        });
        decode("EF.PrKDF", [&] { add_keys(file); });
        decode("EF.PuKDF", [&] { add_public_keys(file); });
        decode("EF.CDF", [&] { add_certificates(file); });
        decode("EF.DODF", [&] { p15::decode_dodf(content); });
        decode("EF.SKDF", [] {});
    }
    for (auto& certificate : certificates) {
        const auto found = std::find_if(keys.begin(), keys.end(), [&](const ListedKey& key) {
            return key.object.id == certificate.object.id;
        });
        if (found != keys.end()) certificate.key = &*found;
    }
}

template <class Object>
void Signature::locate(Listed<Object>& listed, const std::optional<p15::Path>& path,
                       const Bytes& direct) const {
    if (!path) {
        listed.file = listed.directory;
        listed.content = direct;
        return;
    }
    listed.file = p15::file_name(*path, df_of(*application));
    const auto* file = application->file(listed.file);
    if (file == nullptr) {
        listed.refused = "it was not read";
    } else {
        listed.content = file->content;
        listed.refused = file->refused;
    }
}

void Signature::add_keys(const app::DumpFile& file) {
    for (auto& object : p15::decode_prkdf(file.content)) {
        ListedKey key;
        key.name = name_of("key", object.common, object.id);
        key.directory = key.file = file.name;
        key.index = keys.size();
        key.object = std::move(object);
        keys.push_back(std::move(key));
    }
}

void Signature::add_public_keys(const app::DumpFile& file) {
    for (auto& object : p15::decode_pukdf(file.content)) {
        ListedPublicKey key;
        key.name = name_of("public key", object.common, object.id);
        key.directory = file.name;
        locate(key, object.path, object.direct);
        if (!key.content.empty()) {
            key.key = attempt([&] { return p15::public_key_from_file(key.content, object.type); });
        }
        key.object = std::move(object);
        public_keys.push_back(std::move(key));
    }
}

void Signature::add_certificates(const app::DumpFile& file) {
    for (auto& object : p15::decode_cdf(file.content)) {
        ListedCertificate certificate;
        certificate.name = name_of("certificate", object.common, object.id);
        certificate.directory = file.name;
        locate(certificate, object.path, object.direct);
        const Bytes& der = certificate.content;
        if (!der.empty()) certificate.facts = attempt([&] { return keys::certificate_facts(der); });
        if (certificate.facts) certificate.says = keys::read_citizen_certificate(der);
        certificate.object = std::move(object);
        certificates.push_back(std::move(certificate));
    }
}

void Signature::judge_certificates(const Context& context) {
    const auto& trust = context.holder_trust != nullptr ? *context.holder_trust : context.trust;
    for (auto& one : certificates) {
        if (one.key == nullptr || !one.says) continue;
        // asked for a CRL first, so that "not revoked" is said only where a list was there to say it
        one.chain = trust.check_holder(one.content, context.when(), true);
        one.crl_at_hand = one.chain->verdict != keys::TrustAnchors::Verdict::crl_missing;
        if (!one.crl_at_hand && !context.demand_crl)
            one.chain = trust.check_holder(one.content, context.when());
    }
}

std::string Signature::fact(std::string_view key) const {
    return application == nullptr ? std::string{} : application->fact(key);
}

std::string Signature::key_fact(const ListedKey& key, std::string_view name) const {
    return fact(fmt::format("key.{}.{}", key.index, name));
}

bool Signature::pin_was_verified() const {
    const std::string state = fact("pin.state");
    return state == "transport" || state == "verified";
}

const ListedCertificate* Signature::certificate_of(const ListedKey& key) const {
    const auto found = std::find_if(certificates.begin(), certificates.end(),
                                    [&](const ListedCertificate& c) { return c.key == &key && c.says; });
    return found == certificates.end() ? nullptr : &*found;
}

const ListedPublicKey* Signature::public_key_of(const ListedKey& key) const {
    const auto found = std::find_if(public_keys.begin(), public_keys.end(), [&](const ListedPublicKey& one) {
        return one.object.id == key.object.id && one.directory != "EF.PuKDF.trusted";
    });
    return found == public_keys.end() ? nullptr : &*found;
}

}  // namespace kartsaz::verify
