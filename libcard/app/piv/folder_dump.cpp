// SPDX-License-Identifier: Apache-2.0
// A folder of objects as a card with them would be read.
#include "apdu/error.h"
#include "keys/certificate_request.h"
#include "keys/signing_key.h"
#include "libcard/app/piv/containers.h"
#include "libcard/app/piv/folder.h"
#include "libcard/app/piv/key_facts.h"
#include "libcard/app/piv/objects.h"
#include "libcard/app/piv/read.h"

namespace kartsaz::app::piv {
namespace {

constexpr std::size_t challenge_size = 32;

/// The certificate of a container; empty when there is none, or when it cannot be unpacked.
Bytes certificate_in(const ObjectFolder& folder, const Container& container) {
    const auto* object = folder.object(container.id);
    if (object == nullptr) return {};
    try {
        return certificate_of(decode_certificate_object(object->value, container.name), container.name);
    } catch (const Error& error) {
        if (error.code() != Errc::input_invalid) throw;  // verification says what is wrong with it
        return {};
    }
}

void prove(const FolderKey& key, const Bytes& certificate, Facts& facts) {
    const auto fact = [&](std::string_view name) -> std::string& {
        return facts[key_fact(key.reference, name)];
    };
    fact("public") = to_hex(key.public_key);
    if (!certificate.empty() && !key.certificate.empty() && certificate != key.certificate) {
        fact("other-certificate") = to_hex(keys::sha256(key.certificate));
    }
    if (const auto name = key_name(key.public_key); !name.empty()) fact("algorithm") = name;
    const auto algorithm = keys::algorithm_of(key.public_key);
    if (!algorithm) {
        fact("why") = "its algorithm is none that is proved here";
        return;
    }
    const Bytes message = keys::random_bytes(challenge_size);
    const auto digest = keys::digest_of(*algorithm);
    fact("message") = to_hex(message);
    fact("digest") = digest_name(digest);
    const auto signer = keys::signing_key_from_pem(key.pem);
    fact("signature") = to_hex(signer->sign_digest(digest, keys::hash(digest, message)));
}

}  // namespace

DumpApplication to_dump(const ObjectFolder& folder) {
    DumpApplication out;
    out.name = "piv";
    out.facts["source"] = "folder";
    for (const auto& one : folder.objects) {
        out.files.push_back({file_name(*container_of_id(one.id)), one.id, one.value, "folder", {}});
    }
    for (const auto& container : containers()) {
        if (!container.key || container.id == id_sm_signer) continue;
        const Bytes certificate = certificate_in(folder, container);
        if (const auto* key = folder.key(*container.key)) {
            prove(*key, certificate, out.facts);
        } else if (folder.object(container.id) != nullptr) {
            out.facts[key_fact(*container.key, "why")] = "the folder has no key file for it";
        }
    }
    return out;
}

}  // namespace kartsaz::app::piv
