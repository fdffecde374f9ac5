// SPDX-License-Identifier: Apache-2.0
#include "keys/pkcs11_keyset.h"

#include <fmt/format.h>

#include <algorithm>

namespace kartsaz::keys {
namespace {

constexpr std::size_t cmac_size = 16;

/// One master key of a token.
struct HeldKey {
    HeldKey(ObjectName name, TokenKeyFacts known) : object{std::move(name)}, facts{known} {}
    KnownObject object;
    TokenKeyFacts facts;
};

class TokenKeys final : public HeldKeys {
public:
    TokenKeys(std::shared_ptr<const Pkcs11Token> token, std::string what)
        : token_{std::move(token)}, what_{std::move(what)} {}

    void add(const std::string& role, ObjectName name, TokenKeyFacts facts) {
        keys_.emplace(std::piecewise_construct, std::forward_as_tuple(role),
                      std::forward_as_tuple(std::move(name), facts));
    }

    std::vector<std::string> roles() const override {
        std::vector<std::string> out;
        for (const auto& entry : keys_) out.push_back(entry.first);
        return out;
    }

    SecretBytes kdf_counter_cmac(std::string_view role, ByteView fixed, std::size_t size) const override {
        const auto& key = at(role, KeyType::aes);
        require_mechanism(*token_, CKM_AES_CMAC, CKF_SIGN, fmt::format("to derive from {} in it", what_));
        if (size == 0 || size > 255 * cmac_size) {
            throw Error{Errc::usage, fmt::format("{}: {} bytes cannot be derived", what_, size)};
        }
        return from_session(*token_, Access::read, [&](const Session& session) {
            Botan::secure_vector<std::uint8_t> out;
            for (std::uint8_t counter = 1; out.size() < size; ++counter) {
                const SecretBytes block{session.sign(CKM_AES_CMAC, key.object.in(session),
                                                     concat({Bytes{counter}, fixed}), cmac_size)};
                block.reveal([&](ByteView bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); });
            }
            out.resize(size);
            return SecretBytes{std::move(out)};
        });
    }

    SecretBytes des3_ecb_encrypt(std::string_view role, ByteView blocks) const override {
        const auto& key = at(role, KeyType::des3);
        require_mechanism(*token_, CKM_DES3_ECB, CKF_ENCRYPT, fmt::format("to derive from {} in it", what_));
        if (blocks.empty() || blocks.size() % 8 != 0) {
            throw Error{Errc::usage, fmt::format("{}: {} bytes are not whole blocks", what_, blocks.size())};
        }
        return from_session(*token_, Access::read, [&](const Session& session) {
            return session.encrypt(CKM_DES3_ECB, key.object.in(session), blocks);
        });
    }

    std::size_t key_size(std::string_view role) const override { return at(role).facts.size; }

    Bytes kcv(std::string_view role, KeyType type) const override {
        const auto& key = at(role, type);
        require_mechanism(*token_, type == KeyType::aes ? CKM_AES_ECB : CKM_DES3_ECB, CKF_ENCRYPT,
                          fmt::format("for the key check value of {}", what_));
        return from_session(*token_, Access::read, [&](const Session& session) {
            return token_kcv(session, key.object.in(session), type);
        });
    }

    std::string place() const override { return token_->place(); }

private:
    const HeldKey& at(std::string_view role) const {
        const auto found = keys_.find(role);
        if (found != keys_.end()) return found->second;
        throw Error{Errc::keys_failed, fmt::format("{}: {} has no key \"{}\"", place(), what_, role)};
    }
    const HeldKey& at(std::string_view role, KeyType type) const {
        const auto& key = at(role);
        if (key.facts.type == type) return key;
        throw Error{Errc::keys_failed, fmt::format("{}: {}, key \"{}\" is no {} key", place(), what_, role,
                                                   type == KeyType::aes ? "AES" : "triple-DES")};
    }

    std::shared_ptr<const Pkcs11Token> token_;
    std::string what_;  ///< "keyset/issuer/31"
    std::map<std::string, HeldKey, std::less<>> keys_;
};

/// The bytes of a key that the token gives out, or why it does not.
SecretBytes readable_key(const Session& session, CK_OBJECT_HANDLE key, const std::string& what,
                         std::size_t size) {
    if (session.flag(key, CKA_SENSITIVE, true) || !session.flag(key, CKA_EXTRACTABLE, false)) {
        throw Error{Errc::keys_failed,
                    fmt::format("{}: the keys of an undiversified keyset are used as they are, and this one "
                                "does not leave the token; hold such keysets in a key file beside it",
                                what)};
    }
    auto out = session.secret_attribute(key, CKA_VALUE);
    if (out.size() != size) {
        module_lies(session.where(), "C_GetAttributeValue",
                    fmt::format("{}: a key of {} bytes whose value has {}", what, size, out.size()));
    }
    return out;
}

}  // namespace

TokenKeyFacts secret_key_facts(const Session& session, CK_OBJECT_HANDLE key, const std::string& what) {
    const auto type = session.number(key, CKA_KEY_TYPE);
    if (type == CKK_DES2) return {KeyType::des3, 16};
    if (type == CKK_DES3) return {KeyType::des3, 24};
    if (type != CKK_AES) {
        throw Error{Errc::keys_failed,
                    fmt::format("{}: key type {:X}, neither AES nor triple DES", what, type)};
    }
    const auto size = session.number(key, CKA_VALUE_LEN);
    if (size != 0 && size != 16 && size != 24 && size != 32) {
        throw Error{Errc::keys_failed, fmt::format("{}: an AES key of {} bytes", what, size)};
    }
    return {KeyType::aes, size};
}

std::string weakness(const Session& session, CK_OBJECT_HANDLE key) {
    if (!session.flag(key, CKA_SENSITIVE, true)) return "its bytes can be read";
    if (session.flag(key, CKA_EXTRACTABLE, false) && !session.flag(key, CKA_WRAP_WITH_TRUSTED, false)) {
        return "it can be taken out under any wrapping key";
    }
    return {};
}

Bytes token_kcv(const Session& session, CK_OBJECT_HANDLE key, KeyType type) {
    const auto block = type == KeyType::aes ? session.encrypt(CKM_AES_ECB, key, Bytes(16, 0x01))
                                            : session.encrypt(CKM_DES3_ECB, key, Bytes(8, 0x00));
    return block.reveal([](ByteView bytes) { return Bytes(bytes.begin(), bytes.begin() + 3); });
}

Keyset token_keyset(const std::shared_ptr<const Pkcs11Token>& token, const KeysetHeader& header,
                    std::vector<std::string>& weak) {
    Keyset out;
    out.name = header.name;
    out.version = header.version;
    out.type = header.type;
    out.diversification = header.diversification;
    out.development = header.development;
    const auto held = std::make_shared<TokenKeys>(token, header.label());
    struct Found {
        TokenKeyFacts facts;
        std::string weakness;
        SecretBytes bytes;
    };
    for (const auto& [role, size] : header.roles) {
        const ObjectName name{CKO_SECRET_KEY, header.key_label(role)};
        const auto what = fmt::format("{}, {}", token->place(), name.text());
        auto found = from_session(*token, Access::read, [&, expected = size](const Session& session) {
            const auto key = session.only(name);
            Found facts{secret_key_facts(session, key, what), weakness(session, key), {}};
            if (facts.facts.type != header.master_type()) {
                throw Error{Errc::keys_failed, what + ": not of the type that the header of its keyset says"};
            }
            if (facts.facts.size == 0) facts.facts.size = expected;
            if (facts.facts.size != expected) {
                throw Error{Errc::keys_failed, fmt::format("{}: {} bytes, the header of its keyset says {}",
                                                           what, facts.facts.size, expected)};
            }
            if (has_des_masters(header.diversification) && facts.facts.size != 16) {
                throw Error{Errc::keys_failed, fmt::format("{}: a master of {} is a two-key triple-DES key",
                                                           what, keys::name(header.diversification))};
            }
            if (header.needs_bytes()) facts.bytes = readable_key(session, key, what, facts.facts.size);
            return facts;
        });
        if (!found.weakness.empty()) weak.push_back(fmt::format("{}: {}", what, found.weakness));
        if (header.needs_bytes()) {
            out.keys.emplace(role, std::move(found.bytes));
        } else {
            held->add(role, name, found.facts);
        }
    }
    if (!header.needs_bytes()) out.held = held;
    return out;
}

}  // namespace kartsaz::keys
