// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "keys/pkcs11_keyset.h"
#include "keys/pkcs11_objects.h"

namespace kartsaz::keys {
namespace {

/// FF is the mark of a factory set, older than any number a station gives.
unsigned age_rank(std::uint8_t version) {
    return version == 0xFF ? 0U : version;
}

class TokenStore final : public KeyStore {
public:
    TokenStore(std::shared_ptr<const Pkcs11Token> token, std::unique_ptr<KeyStore> rest)
        : token_{std::move(token)}, rest_{std::move(rest)} {
        for (const auto& header : headers()) {
            keysets_.push_back(token_keyset(token_, header, weak_));
        }
        look_at_private_keys();
    }

    const Keyset& keyset(std::string_view name, std::optional<std::uint8_t> version) const override {
        for (const auto* candidate : versions(name)) {
            if (!version || candidate->version == *version) return *candidate;
        }
        std::string held;
        for (const auto& known : names()) {
            for (const auto* one : versions(known)) {
                held += fmt::format("{}{} version {:02X}", held.empty() ? "" : ", ", one->name, one->version);
            }
        }
        const auto wanted =
            version ? fmt::format("\"{}\" version {:02X}", name, *version) : fmt::format("\"{}\"", name);
        throw Error{Errc::keys_failed, fmt::format("{}: no keyset {}; there is: {}", token_->place(), wanted,
                                                   held.empty() ? "none" : held)};
    }

    std::vector<const Keyset*> versions(std::string_view name) const override {
        std::vector<const Keyset*> out;
        for (const auto& keyset : keysets_) {
            if (keyset.name == name) out.push_back(&keyset);
        }
        if (rest_ != nullptr) {
            // the same name and version in both: the token's
            for (const auto* other : rest_->versions(name)) {
                const bool held = std::any_of(out.begin(), out.end(), [&](const Keyset* mine) {
                    return mine->version == other->version;
                });
                if (!held) out.push_back(other);
            }
        }
        std::stable_sort(out.begin(), out.end(), [](const Keyset* a, const Keyset* b) {
            return age_rank(a->version) > age_rank(b->version);
        });
        return out;
    }

    std::vector<std::string> names() const override {
        std::set<std::string> out;
        for (const auto& keyset : keysets_) out.insert(keyset.name);
        if (rest_ != nullptr) {
            for (const auto& name : rest_->names()) out.insert(name);
        }
        return {out.begin(), out.end()};
    }

    const SecretBytes& blob(std::string_view name) const override {
        if (rest_ != nullptr) return rest_->blob(name);
        throw Error{Errc::keys_failed,
                    fmt::format("{}: no blob \"{}\"; a token holds keys, not texts", token_->place(), name)};
    }

    Identity identity(std::string_view name) const override {
        const std::string label{name};
        if (rest_ != nullptr && !has_private_key(label)) return rest_->identity(name);
        return token_identity(token_, label);
    }

    bool has_identity(std::string_view name) const override {
        return has_private_key(std::string{name}) || (rest_ != nullptr && rest_->has_identity(name));
    }

    bool development() const override {
        return (rest_ != nullptr && rest_->development()) ||
               std::any_of(keysets_.begin(), keysets_.end(), [](const Keyset& k) { return k.development; });
    }

    std::vector<std::string> weaknesses() const override {
        auto out = weak_;
        if (rest_ != nullptr) {
            for (auto& weakness : rest_->weaknesses()) out.push_back(std::move(weakness));
        }
        return out;
    }

private:
    std::vector<KeysetHeader> headers() const {
        const auto raw = from_session(*token_, Access::read, [](const Session& session) {
            Template wanted;
            wanted.number(CKA_CLASS, CKO_DATA).text(CKA_APPLICATION, token_application);
            std::vector<std::pair<std::string, Bytes>> out;
            for (const auto object : session.find(std::move(wanted))) {
                const auto label = to_text(session.attribute(object, CKA_LABEL));
                if (label.starts_with("keyset/"))
                    out.emplace_back(label, session.attribute(object, CKA_VALUE));
            }
            return out;
        });
        std::vector<KeysetHeader> out;
        std::set<std::string> seen;
        for (const auto& [label, value] : raw) {
            out.push_back(parse_keyset_header(field_text(to_bytes(label)), value, token_->place()));
            if (!seen.insert(label).second) {
                throw Error{Errc::keys_failed,
                            fmt::format("{}: two objects {}; which one counts cannot be told",
                                        token_->place(), out.back().label())};
            }
        }
        return out;
    }

    bool has_private_key(const std::string& label) const {
        return from_session(*token_, Access::read, [&](const Session& session) {
            return !session.find(ObjectName{CKO_PRIVATE_KEY, label}.find()).empty();
        });
    }

    /// The signing keys that commands ask for by name.
    void look_at_private_keys() {
        for (const auto* label : {"document-signer", "csca", "citizen-ca"}) {
            const auto found = from_session(*token_, Access::read, [&](const Session& session) {
                std::vector<std::string> out;
                for (const auto key : session.find(ObjectName{CKO_PRIVATE_KEY, label}.find())) {
                    out.push_back(weakness(session, key));
                }
                return out;
            });
            for (const auto& weak : found) {
                if (!weak.empty()) {
                    weak_.push_back(fmt::format("{}, private key \"{}\": {}", token_->place(), label, weak));
                }
            }
        }
    }

    std::shared_ptr<const Pkcs11Token> token_;
    std::unique_ptr<KeyStore> rest_;
    std::vector<std::string> weak_;
    std::vector<Keyset> keysets_;
};

}  // namespace

std::unique_ptr<KeyStore> token_key_store(std::shared_ptr<const Pkcs11Token> token,
                                          std::unique_ptr<KeyStore> rest) {
    return std::make_unique<TokenStore>(std::move(token), std::move(rest));
}

}  // namespace kartsaz::keys
