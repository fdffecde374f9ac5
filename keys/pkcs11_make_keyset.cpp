// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "keys/pkcs11_keyset.h"
#include "keys/pkcs11_make.h"
#include "keys/pkcs11_wrap.h"

namespace kartsaz::keys {
namespace {

/// What every master has. Encryption is for the key check value: with CMAC alone it could not be computed.
Template master_template(const std::string& label, const TokenKeyFacts& facts, bool readable) {
    const bool aes = facts.type == KeyType::aes;
    Template out;
    out.number(CKA_CLASS, CKO_SECRET_KEY)
        .number(CKA_KEY_TYPE, aes                ? CKK_AES
                              : facts.size == 16 ? CKK_DES2
                                                 : CKK_DES3)
        .text(CKA_LABEL, label)
        .text(CKA_ID, label)
        .flag(CKA_TOKEN, true)
        .flag(CKA_PRIVATE, true)
        .flag(CKA_SENSITIVE, !readable)
        .flag(CKA_EXTRACTABLE, readable)
        .flag(CKA_SIGN, aes)
        .flag(CKA_VERIFY, false)
        .flag(CKA_ENCRYPT, true)
        .flag(CKA_DECRYPT, false)
        .flag(CKA_WRAP, false)
        .flag(CKA_UNWRAP, false);
    return out;
}

bool has_object(const Session& session, const ObjectName& name) {
    return !session.find(name.find()).empty();
}

void refuse_existing(const Pkcs11Token& token, const KeysetHeader& header) {
    const bool there = from_session(token, Access::read, [&](const Session& session) {
        return has_object(session, {CKO_DATA, header.label()});
    });
    if (there) {
        throw Error{Errc::keys_failed, fmt::format("{}: it has {} already; a keyset is never replaced, give "
                                                   "the new one another version",
                                                   token.place(), header.label())};
    }
}

/// Last, when all its keys are there.
void write_header(const Pkcs11Token& token, const KeysetHeader& header) {
    in_session(token, Access::write, [&](const Session& session) {
        if (has_object(session, {CKO_DATA, header.label()})) return;  // written, but the answer was lost
        Template object;
        object.number(CKA_CLASS, CKO_DATA)
            .flag(CKA_TOKEN, true)
            .flag(CKA_PRIVATE, true)
            .text(CKA_APPLICATION, token_application)
            .text(CKA_LABEL, header.label())
            .text(CKA_VALUE, header.json());
        auto attributes = object.attributes();
        CK_OBJECT_HANDLE made = 0;
        session.check(
            session.functions().C_CreateObject(session.handle(), attributes.data(), attributes.size(), &made),
            "C_CreateObject");
    });
}

void generate(const Session& session, const KeysetHeader& header, const std::string& role, std::size_t size) {
    const ObjectName name{CKO_SECRET_KEY, header.key_label(role)};
    const auto found = session.find(name.find());
    if (found.size() == 1) {
        // what an interrupted call left is as good as a new one, when the token made it
        const auto facts = secret_key_facts(session, found.front(), name.text());
        if (facts.type == KeyType::aes && facts.size == size &&
            session.flag(found.front(), CKA_LOCAL, false) && weakness(session, found.front()).empty()) {
            return;
        }
    }
    if (!found.empty()) {
        throw Error{Errc::keys_failed,
                    fmt::format("{}: a {} is there already without a keyset, and was not made by this call; "
                                "remove it with the vendor's tool or take another version",
                                session.where(), name.text())};
    }
    auto wanted = master_template(name.label, {KeyType::aes, size}, false);
    wanted.number(CKA_VALUE_LEN, size);
    auto attributes = wanted.attributes();
    CK_MECHANISM how{CKM_AES_KEY_GEN, nullptr, 0};
    CK_OBJECT_HANDLE made = 0;
    session.check(session.functions().C_GenerateKey(session.handle(), &how, attributes.data(),
                                                    attributes.size(), &made),
                  "C_GenerateKey");
}

void import_key(const Session& session, const KeysetHeader& header, const std::string& role,
                const SecretBytes& key) {
    const ObjectName name{CKO_SECRET_KEY, header.key_label(role)};
    const TokenKeyFacts facts{header.master_type(), key.size()};
    const auto expected = kcv(key, facts.type);
    const auto is_it = [&](CK_OBJECT_HANDLE object) {
        const auto there = secret_key_facts(session, object, name.text());
        return there.type == facts.type && (there.size == 0 || there.size == facts.size) &&
               token_kcv(session, object, facts.type) == expected;
    };
    const auto found = session.find(name.find());
    if (found.size() == 1 && is_it(found.front())) return;  // an interrupted call brought it in
    if (!found.empty()) {
        throw Error{Errc::keys_failed,
                    fmt::format("{}: another {} is there already", session.where(), name.text())};
    }
    auto wanted = master_template(name.label, facts, header.needs_bytes());
    const auto made = bring_in(session, wanted, key);
    if (!is_it(made)) {
        (void)session.functions().C_DestroyObject(session.handle(), made);
        throw Error{Errc::keys_failed,
                    fmt::format("{}: {} has another key check value in the token than here; it was removed "
                                "again",
                                session.where(), name.text())};
    }
}

std::map<std::string, std::string> finished(const std::shared_ptr<const Pkcs11Token>& token,
                                            const KeysetHeader& header) {
    write_header(*token, header);
    std::vector<std::string> weak;
    return token_keyset(token, header, weak).kcvs();
}

}  // namespace

std::map<std::string, std::string> generate_token_keyset(std::shared_ptr<const Pkcs11Token> token,
                                                         const NewTokenKeyset& wanted) {
    KeysetHeader header{wanted.name, wanted.version, KeyType::aes, wanted.diversification, false, {}};
    for (const auto& role : wanted.roles) header.roles.emplace(role, wanted.key_size);
    if (header.needs_bytes() || header.master_type() != KeyType::aes) {
        throw Error{Errc::usage, fmt::format("{}: secure-channel masters are made in a token for the "
                                             "diversification kdf3 only",
                                             header.label())};
    }
    check_keyset_header(header, token->place());
    require_mechanism(*token, CKM_AES_KEY_GEN, CKF_GENERATE, "to make " + header.label());
    require_mechanism(*token, CKM_AES_CMAC, CKF_SIGN, "to derive from " + header.label() + " in it");
    require_mechanism(*token, CKM_AES_ECB, CKF_ENCRYPT, "for the key check values of " + header.label());
    refuse_existing(*token, header);
    for (const auto& role : wanted.roles) {
        in_session(*token, Access::write,
                   [&](const Session& session) { generate(session, header, role, wanted.key_size); });
    }
    return finished(token, header);
}

std::map<std::string, std::string> import_token_keyset(std::shared_ptr<const Pkcs11Token> token,
                                                       const Keyset& keyset) {
    KeysetHeader header{keyset.name, keyset.version, keyset.type, keyset.diversification, keyset.development,
                        {}};
    if (keyset.held) throw Error{Errc::usage, header.label() + ": it is in a token already"};
    for (const auto& [role, key] : keyset.keys) header.roles.emplace(role, key.size());
    check_keyset_header(header, token->place());
    require_mechanism(*token, header.master_type() == KeyType::aes ? CKM_AES_ECB : CKM_DES3_ECB, CKF_ENCRYPT,
                      "for the key check values of " + header.label());
    refuse_existing(*token, header);
    for (const auto& [role, key] : keyset.keys) {
        in_session(*token, Access::write, [&, &role = role, &key = key](const Session& session) {
            import_key(session, header, role, key);
        });
    }
    return finished(token, header);
}

}  // namespace kartsaz::keys
