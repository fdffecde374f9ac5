// SPDX-License-Identifier: Apache-2.0
#include "keys/sealed_file.h"

#include <botan/aead.h>
#include <botan/pwdhash.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <array>

#include "apdu/error.h"
#include "keys/crypto.h"
#include "keys/file_io.h"

namespace kartsaz::keys {
namespace {

using Json = nlohmann::json;
using Secure = Botan::secure_vector<std::uint8_t>;

constexpr std::string_view kdf_name = "argon2id";
constexpr std::string_view cipher_name = "AES-256/GCM";
constexpr std::size_t salt_size = 16, nonce_size = 12, tag_size = 16, most_ciphertext = 4U << 20U;

/// Argon2id parameters, RFC 9106. The upper bounds keep a hostile file from eating memory or hours.
struct Cost {
    std::size_t memory_kib = std::size_t{64} * 1024;
    std::size_t iterations = 3;
    std::size_t parallelism = 1;
};
constexpr Cost least{std::size_t{8} * 1024, 1, 1};
constexpr Cost most{std::size_t{256} * 1024, 10, 4};

struct Envelope {
    std::string format;
    Cost cost;
    Bytes salt, nonce, ciphertext;
};

/// What the cipher authenticates beside the content: the whole header, in one fixed form.
std::string header_text(const Envelope& envelope) {
    return Json{{"format", envelope.format},
                {"kdf",
                 {{"name", kdf_name},
                  {"memory_kib", envelope.cost.memory_kib},
                  {"iterations", envelope.cost.iterations},
                  {"parallelism", envelope.cost.parallelism},
                  {"salt", to_hex(envelope.salt)}}},
                {"cipher", cipher_name},
                {"nonce", to_hex(envelope.nonce)}}
        .dump();
}

std::unique_ptr<Botan::AEAD_Mode> cipher(const Envelope& envelope, const SecretBytes& passphrase,
                                         Botan::Cipher_Dir direction) {
    const auto family = Botan::PasswordHashFamily::create_or_throw("Argon2id");
    const auto kdf =
        family->from_params(envelope.cost.memory_kib, envelope.cost.iterations, envelope.cost.parallelism);
    Secure key(32);
    passphrase.reveal([&](ByteView text) {
        kdf->derive_key(key.data(), key.size(), reinterpret_cast<const char*>(text.data()), text.size(),
                        envelope.salt.data(), envelope.salt.size());
    });
    auto mode = Botan::AEAD_Mode::create_or_throw(std::string{cipher_name}, direction);
    mode->set_key(key);
    const auto header = to_bytes(header_text(envelope));
    mode->set_associated_data(header.data(), header.size());
    mode->start(envelope.nonce.data(), envelope.nonce.size());
    return mode;
}

/// Reads the fields of the envelope; each fault names file and field.
class EnvelopeReader {
public:
    EnvelopeReader(const Json& document, std::string file) : document_{document}, file_{std::move(file)} {}

    Envelope read(std::string_view format) const {
        if (!document_.is_object()) fail("document", "a JSON object expected");
        only(document_, {"format", "kdf", "cipher", "nonce", "ciphertext"}, "");
        same(document_, "format", format);
        const auto& kdf = field(document_, "kdf");
        if (!kdf.is_object()) fail("kdf", "an object expected");
        only(kdf, {"name", "memory_kib", "iterations", "parallelism", "salt"}, "kdf.");
        same(kdf, "name", kdf_name);
        same(document_, "cipher", cipher_name);
        Envelope out;
        out.format = format;
        out.cost.memory_kib = number(kdf, "memory_kib", least.memory_kib, most.memory_kib);
        out.cost.iterations = number(kdf, "iterations", least.iterations, most.iterations);
        out.cost.parallelism = number(kdf, "parallelism", least.parallelism, most.parallelism);
        out.salt = bytes(kdf, "salt", salt_size, salt_size);
        out.nonce = bytes(document_, "nonce", nonce_size, nonce_size);
        out.ciphertext = bytes(document_, "ciphertext", tag_size + 1, most_ciphertext);
        return out;
    }

private:
    [[noreturn]] void fail(std::string_view name, const std::string& rule) const {
        throw Error{Errc::input_invalid, fmt::format("{}: {}: {}", file_, name, rule)};
    }
    void only(const Json& object, std::initializer_list<std::string_view> known,
              const std::string& prefix) const {
        for (const auto& entry : object.items()) {
            if (std::find(known.begin(), known.end(), entry.key()) == known.end()) {
                fail(prefix + entry.key(), "unknown field");
            }
        }
    }
    const Json& field(const Json& object, const char* name) const {
        const auto found = object.find(name);
        if (found == object.end()) fail(name, "the field is missing");
        return *found;
    }
    void same(const Json& object, const char* name, std::string_view value) const {
        if (field(object, name) != value) fail(name, fmt::format("\"{}\" expected", value));
    }
    std::size_t number(const Json& object, const char* name, std::size_t low, std::size_t high) const {
        const auto& value = field(object, name);
        if (!value.is_number_unsigned() || value.get<std::uint64_t>() < low ||
            value.get<std::uint64_t>() > high) {
            fail(name, fmt::format("an integer of {} to {} expected", low, high));
        }
        return value.get<std::size_t>();
    }
    Bytes bytes(const Json& object, const char* name, std::size_t low, std::size_t high) const {
        const auto& value = field(object, name);
        if (!value.is_string()) fail(name, "a text of hexadecimal digits expected");
        Bytes out;
        try {
            out = from_hex(value.get_ref<const std::string&>());
        } catch (const Error& e) {
            fail(name, e.what());
        }
        if (out.size() < low || out.size() > high) {
            fail(name, fmt::format("{} bytes, {} to {} expected", out.size(), low, high));
        }
        return out;
    }

    const Json& document_;
    std::string file_;
};

void refuse_empty(const SecretBytes& passphrase) {
    if (passphrase.empty()) throw Error{Errc::keys_failed, "the passphrase of a key file must not be empty"};
}

Envelope read_envelope(const std::filesystem::path& file, std::string_view format) {
    const auto text = read_secret_file(file, 16U << 20U, Others::may_read);
    try {
        // What stands in an envelope is no secret; a plain key store put here by mistake is one, so nothing
        // of the text goes into a message.
        const auto document = text.reveal([](ByteView bytes) { return Json::parse(bytes); });
        return EnvelopeReader{document, file.string()}.read(format);
    } catch (const Json::parse_error& e) {
        throw Error{Errc::input_invalid,
                    fmt::format("{}: offset {}: not JSON, or cut off there", file.string(), e.byte)};
    }
}

}  // namespace

SecretBytes open_sealed_file(const std::filesystem::path& file, std::string_view format,
                             const SecretBytes& passphrase) {
    refuse_empty(passphrase);
    const auto envelope = read_envelope(file, format);
    Secure content(envelope.ciphertext.begin(), envelope.ciphertext.end());
    try {
        cipher(envelope, passphrase, Botan::DECRYPTION)->finish(content);
    } catch (const Botan::Invalid_Authentication_Tag&) {
        throw Error{
            Errc::keys_failed,
            fmt::format("{}: the passphrase does not open it, or the file was changed", file.string())};
    }
    return SecretBytes{std::move(content)};
}

void write_sealed_file(const std::filesystem::path& file, std::string_view format, const SecretBytes& content,
                       const SecretBytes& passphrase) {
    refuse_empty(passphrase);
    Envelope envelope;
    envelope.format = format;
    envelope.salt = random_bytes(salt_size);
    envelope.nonce = random_bytes(nonce_size);
    Secure sealed;
    content.reveal([&](ByteView bytes) { sealed.assign(bytes.begin(), bytes.end()); });
    cipher(envelope, passphrase, Botan::ENCRYPTION)->finish(sealed);
    auto document = Json::parse(header_text(envelope));
    document["ciphertext"] = to_hex(sealed);
    replace_private_file(file, document.dump(2) + "\n");
}

}  // namespace kartsaz::keys
