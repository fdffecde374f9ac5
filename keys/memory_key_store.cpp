// SPDX-License-Identifier: Apache-2.0
#include "keys/memory_key_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "apdu/error.h"

namespace kartsaz::keys {
namespace {

/// FF is the mark of a factory set, older than any number a station gives.
unsigned age_rank(std::uint8_t version) {
    return version == 0xFF ? 0U : version;
}

class MemoryKeyStore final : public KeyStore {
public:
    MemoryKeyStore(KeyStoreContent content, std::string what)
        : content_{std::move(content)}, what_{std::move(what)} {
        std::stable_sort(
            content_.keysets.begin(), content_.keysets.end(),
            [](const Keyset& a, const Keyset& b) { return age_rank(a.version) > age_rank(b.version); });
    }

    const Keyset& keyset(std::string_view name, std::optional<std::uint8_t> version) const override {
        for (const auto* candidate : versions(name)) {
            if (!version || candidate->version == *version) return *candidate;
        }
        const auto wanted =
            version ? fmt::format("\"{}\" version {:02X}", name, *version) : fmt::format("\"{}\"", name);
        throw Error{Errc::keys_failed, fmt::format("{}: no keyset {}; there is: {}", what_, wanted, list())};
    }

    std::vector<const Keyset*> versions(std::string_view name) const override {
        std::vector<const Keyset*> out;
        for (const auto& keyset : content_.keysets) {
            if (keyset.name == name) out.push_back(&keyset);
        }
        return out;
    }

    std::vector<std::string> names() const override {
        std::set<std::string> out;
        for (const auto& keyset : content_.keysets) out.insert(keyset.name);
        return {out.begin(), out.end()};
    }

    const SecretBytes& blob(std::string_view name) const override {
        const auto found = content_.blobs.find(name);
        if (found != content_.blobs.end()) return found->second;
        std::string held;
        for (const auto& entry : content_.blobs) held += (held.empty() ? "" : ", ") + entry.first;
        throw Error{Errc::keys_failed, fmt::format("{}: no blob \"{}\"; there is: {}", what_, name,
                                                   held.empty() ? "none" : held)};
    }

    bool development() const override {
        return content_.development || std::any_of(content_.keysets.begin(), content_.keysets.end(),
                                                   [](const Keyset& keyset) { return keyset.development; });
    }

private:
    std::string list() const {
        std::string out;
        for (const auto& keyset : content_.keysets) {
            out += fmt::format("{}{} version {:02X}", out.empty() ? "" : ", ", keyset.name, keyset.version);
        }
        return out.empty() ? "none" : out;
    }

    KeyStoreContent content_;
    std::string what_;
};

}  // namespace

std::unique_ptr<KeyStore> memory_key_store(KeyStoreContent content, std::string what) {
    return std::make_unique<MemoryKeyStore>(std::move(content), std::move(what));
}

}  // namespace kartsaz::keys
