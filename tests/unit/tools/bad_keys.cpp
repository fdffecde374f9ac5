// SPDX-License-Identifier: Apache-2.0
// Key files and passphrase files.
#include <fmt/format.h>
#include <sys/stat.h>

#include "apdu/bytes.h"
#include "keys/key_store.h"
#include "tests/support/vectors.h"
#include "tests/unit/tools/bad_input.h"

namespace kartsaz::test {
namespace {

using nlohmann::json;
const std::string with_keys = personalize + " --keys my.keys --passphrase-file pass";

keys::SecretBytes secret(const std::string& text) {
    return keys::SecretBytes{to_bytes(text)};
}

/// A key file as `kartsaz` writes it, and its text.
const std::string& good_key_file() {
    static const std::string text = [] {
        const auto file = scratch_dir() / "good.keys";
        const std::string key = "000102030405060708090A0B0C0D0E0F";
        keys::write_key_file(
            file,
            secret(R"({"keysets":[{"name":"issuer","version":49,"type":"aes",)"
                   R"("diversification":"kdf3","development":false,"keys":{"enc":")" +
                   key + R"(","mac":")" + key + R"(","dek":")" + key + R"("}}],"blobs":{}})"),
            secret("open sesame"));
        return to_text(read_bytes(file));
    }();
    return text;
}

void put(const Desk& desk, const std::string& key_file, const std::string& passphrase = "open sesame\n",
         mode_t mode = 0600) {
    desk.write("my.keys", key_file);
    desk.write("pass", passphrase);
    ::chmod((desk / "pass").c_str(), mode);
}

BadInput key_file(const std::string& what, const std::string& text, std::vector<std::string> says,
                  int code = 3) {
    return {"key file: " + what, [text](const Desk& desk) { put(desk, text); }, with_keys, code,
            std::move(says)};
}

/// The good file with one field of its head changed.
BadInput head(const std::string& what, const std::function<void(json&)>& change, const std::string& says,
              int code = 3) {
    auto document = json::parse(good_key_file());
    change(document);
    return key_file(what, document.dump(), {"my.keys", says}, code);
}

}  // namespace

std::vector<BadInput> bad_key_files() {
    std::vector<BadInput> out;
    const auto& good = good_key_file();
    for (std::size_t size = 0; size < good.rfind('}'); size += 64) {
        out.push_back(
            key_file(fmt::format("cut at byte {}", size), good.substr(0, size), {"my.keys", "offset "}));
    }
    const auto wrong = [&](auto&&... row) { out.push_back(head(row...)); };
    wrong(
        "memory of a terabyte", [](json& d) { d["kdf"]["memory_kib"] = 1U << 30U; }, "memory_kib");
    wrong(
        "next to no memory", [](json& d) { d["kdf"]["memory_kib"] = 8; }, "memory_kib");
    wrong(
        "memory below zero", [](json& d) { d["kdf"]["memory_kib"] = -1; }, "memory_kib");
    wrong(
        "memory that is a text", [](json& d) { d["kdf"]["memory_kib"] = "much"; }, "memory_kib");
    wrong(
        "a million iterations", [](json& d) { d["kdf"]["iterations"] = 1000000; }, "iterations");
    wrong(
        "no iterations", [](json& d) { d["kdf"]["iterations"] = 0; }, "iterations");
    wrong(
        "half an iteration", [](json& d) { d["kdf"]["iterations"] = 1.5; }, "iterations");
    wrong(
        "a thousand lanes", [](json& d) { d["kdf"]["parallelism"] = 1000; }, "parallelism");
    wrong(
        "a salt of one byte", [](json& d) { d["kdf"]["salt"] = "00"; }, "salt");
    wrong(
        "a KDF nobody knows", [](json& d) { d["kdf"]["name"] = "md5"; }, "argon2id");
    wrong(
        "no KDF", [](json& d) { d.erase("kdf"); }, "kdf");
    wrong(
        "a field too many", [](json& d) { d["extra"] = 1; }, "extra");
    wrong(
        "a field of the KDF too many", [](json& d) { d["kdf"]["more"] = 1; }, "kdf.more");
    wrong(
        "another format", [](json& d) { d["format"] = "kartsaz-keys-9"; }, "format");
    wrong(
        "another cipher", [](json& d) { d["cipher"] = "DES"; }, "cipher");
    wrong(
        "no nonce", [](json& d) { d.erase("nonce"); }, "nonce");
    wrong(
        "a nonce that is not hexadecimal", [](json& d) { d["nonce"] = "zz"; }, "nonce");
    wrong(
        "no ciphertext", [](json& d) { d["ciphertext"] = ""; }, "ciphertext");
    wrong(
        "a changed iteration count", [](json& d) { d["kdf"]["iterations"] = 2; }, "passphrase", 6);
    wrong(
        "a changed ciphertext",
        [](json& d) {
            auto text = d["ciphertext"].get<std::string>();
            text[0] = text[0] == '0' ? '1' : '0';
            d["ciphertext"] = text;
        },
        "passphrase", 6);
    out.push_back(key_file("a list", "[]", {"my.keys"}));
    out.push_back(key_file("no JSON", "-----BEGIN KEY-----", {"my.keys", "offset "}));
    out.push_back(key_file("a plain store", R"({"keysets": [], "blobs": {}})", {"my.keys"}));
    out.push_back({"key file: keysets of other names than the profile's",
                   [](const Desk& desk) {
                       put(desk, good_key_file());
                       desk.write("x.toml",
                                  "name = \"x\"\ntitle = \"t\"\napplications = [\"globalplatform\"]\n"
                                  "[keys]\ntransport = \"maker\"\nissuer = \"bank\"\n");
                   },
                   with_keys + " -p ./x.toml",
                   6,
                   {"my.keys", "bank", "issuer"}});
    return out;
}

std::vector<BadInput> bad_passphrase_files() {
    const auto with = [](const std::string& passphrase, mode_t mode) {
        return [passphrase, mode](const Desk& desk) { put(desk, good_key_file(), passphrase, mode); };
    };
    std::vector<BadInput> out{
        {"a wrong passphrase", with("close sesame\n", 0600), with_keys, 6, {"my.keys", "passphrase"}},
        {"an empty passphrase", with("\n", 0600), with_keys, 6, {"pass", "first line"}},
        {"a passphrase file without bytes", with("", 0600), with_keys, 6, {"pass", "first line"}},
        {"a passphrase file of a megabyte", with(std::string(1U << 20U, 'x'), 0600), with_keys, 3, {"pass"}},
        {"no passphrase file",
         [](const Desk& desk) { desk.write("my.keys", good_key_file()); },
         with_keys,
         6,
         {"pass"}},
        {"a passphrase file that is a folder",
         [](const Desk& desk) { desk.write("my.keys", good_key_file()); },
         personalize + " --keys my.keys --passphrase-file record",
         6,
         {"record"}},
        {"no key file",
         [](const Desk& desk) {
             put(desk, "");
             std::filesystem::remove(desk / "my.keys");
         },
         with_keys,
         6,
         {"my.keys"}},
        {"keys without a passphrase",
         with("open sesame\n", 0600),
         personalize + " --keys my.keys",
         2,
         {"--passphrase-file"}},
        {"a passphrase without keys",
         with("open sesame\n", 0600),
         personalize + " --passphrase-file pass",
         2,
         {"--keys"}},
    };
    for (const mode_t mode : {0644U, 0640U, 0604U, 0620U, 0602U, 0777U}) {
        out.push_back({fmt::format("a passphrase file of mode {:04o}", mode),
                       with("open sesame\n", mode),
                       with_keys,
                       6,
                       {"pass", "chmod 600"}});
    }
    return out;
}

}  // namespace kartsaz::test
