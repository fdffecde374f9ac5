// SPDX-License-Identifier: Apache-2.0
#include "keys/key_file.h"

#include <fmt/format.h>

#include "apdu/error.h"
#include "keys/file_io.h"
#include "keys/line_file.h"
#include "keys/memory_key_store.h"
#include "keys/sealed_file.h"

namespace kartsaz::keys {
namespace {

using Secure = Botan::secure_vector<std::uint8_t>;
constexpr std::string_view format_name = "kartsaz-keys-1";

KeyStoreContent open_content(const std::filesystem::path& file, const SecretBytes& passphrase) {
    return open_sealed_file(file, format_name, passphrase).reveal([&](ByteView json) {
        return parse_key_store(json, file.string());
    });
}

/// Opens a key file, changes what is in it and writes it back, alone: two programs at once would each write
/// back what they had read, and the keys of the first would be lost. The lock is of a file beside it, because
/// the key file itself is replaced.
template <typename Change>
void change_key_file(const std::filesystem::path& file, const SecretBytes& passphrase, Change&& change) {
    const LineFile beside{file.string() + ".lock"};
    const auto alone = beside.lock();
    KeyStoreContent content;
    if (std::filesystem::exists(file)) content = open_content(file, passphrase);
    change(content);
    write_key_file(file, key_store_text(content), passphrase);
}

void refuse_taken(const KeyStoreContent& content, const Keyset& keyset, const std::filesystem::path& file) {
    for (const auto& other : content.keysets) {
        if (other.name == keyset.name && other.version == keyset.version) {
            throw Error{
                Errc::keys_failed,
                fmt::format("{}: keyset \"{}\" version {:02X} is there already; keys are never written "
                            "over, give the new ones another version",
                            file.string(), keyset.name, keyset.version)};
        }
    }
}

}  // namespace

std::unique_ptr<KeyStore> open_key_file(const std::filesystem::path& file, const SecretBytes& passphrase) {
    return memory_key_store(open_content(file, passphrase), file.string());
}

void write_key_file(const std::filesystem::path& file, const SecretBytes& store_json,
                    const SecretBytes& passphrase) {
    store_json.reveal([](ByteView json) { (void)parse_key_store(json, "key store"); });
    write_sealed_file(file, format_name, store_json, passphrase);
}

void add_keyset(const std::filesystem::path& file, const SecretBytes& passphrase, Keyset keyset) {
    change_key_file(file, passphrase, [&](KeyStoreContent& content) {
        refuse_taken(content, keyset, file);
        content.keysets.push_back(std::move(keyset));
    });
}

void add_identities(const std::filesystem::path& file, const SecretBytes& passphrase,
                    std::map<std::string, SecretBytes> identities) {
    change_key_file(file, passphrase, [&](KeyStoreContent& content) {
        for (auto& [name, text] : identities) {
            if (content.blobs.contains(name)) {
                throw Error{
                    Errc::keys_failed,
                    fmt::format("{}: an identity \"{}\" is there already; keys are never written over",
                                file.string(), name)};
            }
            content.blobs.emplace(name, std::move(text));
        }
    });
}

SecretBytes read_passphrase_file(const std::filesystem::path& file) {
    const auto text = read_secret_file(file, 4096, Others::may_not_read);
    Secure line;
    text.reveal([&](ByteView bytes) {
        for (const auto c : bytes) {
            if (c == '\n') break;
            line.push_back(c);
        }
    });
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.empty()) {
        throw Error{Errc::keys_failed, file.string() + ": the first line, the passphrase, is empty"};
    }
    return SecretBytes{std::move(line)};
}

}  // namespace kartsaz::keys
