// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/cms.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <future>
#include <map>
#include <set>

#include "apdu/error.h"
#include "keys/file_io.h"
#include "keys/key_store.h"
#include "keys/pin.h"
#include "tests/unit/keys/pki.h"
#include "tests/unit/keys/temporary_folder.h"

using namespace kartsaz;
using namespace kartsaz::keys;
using Catch::Contains;
using kartsaz::test::pki;
using kartsaz::test::TemporaryFolder;

namespace {

std::string text_of(const SecretBytes& secret) {
    return secret.reveal([](ByteView bytes) { return to_text(bytes); });
}

/// As the mailing house does it: OpenSSL's CMS code with the private key.
std::string open_letter(const std::filesystem::path& file, const std::string& mailer,
                        bool certificate_known) {
    const auto pem = pki(mailer);
    BIO* text = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
    EVP_PKEY* key = PEM_read_bio_PrivateKey(text, nullptr, nullptr, nullptr);
    BIO_free_all(text);
    text = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
    X509* certificate = PEM_read_bio_X509(text, nullptr, nullptr, nullptr);
    BIO_free_all(text);
    REQUIRE(key != nullptr);
    const auto der = test::read_bytes(file);
    const auto* at = der.data();
    CMS_ContentInfo* cms = d2i_CMS_ContentInfo(nullptr, &at, static_cast<long>(der.size()));
    REQUIRE(cms != nullptr);
    CHECK(OBJ_obj2nid(CMS_get0_type(cms)) == NID_pkcs7_enveloped);
    BIO* out = BIO_new(BIO_s_mem());
    const int good =
        CMS_decrypt(cms, key, certificate_known ? certificate : nullptr, nullptr, out, CMS_BINARY);
    char* content = nullptr;
    const long size = BIO_get_mem_data(out, &content);
    std::string letter =
        good == 1 ? std::string(content, static_cast<std::size_t>(size)) : "cannot be opened";
    BIO_free_all(out);
    CMS_ContentInfo_free(cms);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return letter;
}

const PinLetter letter{"4790-1234", "سارا محمدی", "T00000001", true};

SecretBytes secret(std::string_view text) {
    return SecretBytes{to_bytes(text)};
}

std::string mailer_refusal(const Bytes& certificate) {
    const TemporaryFolder folder;
    try {
        const PinMailer mailer{folder / "letters", certificate};
    } catch (const Error& e) {
        CHECK(e.code() == Errc::input_invalid);
        CHECK_FALSE(std::filesystem::exists(folder / "letters"));
        return e.what();
    }
    return "nothing was thrown";
}

}  // namespace

TEST_CASE("one chip gets one PIN, other chips, roles and lengths others") {
    const auto store = development_keys();
    const auto& keyset = store->keyset("pin");
    const auto pin = text_of(derive_pin(keyset, "pin", "chip 1", 6));
    CHECK(pin.size() == 6);
    CHECK(pin.find_first_not_of("0123456789") == std::string::npos);
    CHECK(text_of(derive_pin(keyset, "pin", "chip 1", 6)) == pin);
    CHECK(text_of(derive_pin(keyset, "pin", "chip 2", 6)) != pin);
    CHECK(text_of(derive_pin(keyset, "puk", "chip 1", 6)) != pin);
    CHECK(text_of(derive_pin(keyset, "pin", "chip 1", 8)).substr(0, 6) != pin);
    CHECK(text_of(derive_pin(keyset, "pin", "chip 1", 16)).size() == 16);
    // computed with `openssl mac` as docs/keys.md says: a change would leave torn cards with unknown PINs
    CHECK(pin == "743593");
    CHECK(text_of(derive_pin(keyset, "puk", "chip 1", 8)) == "08310807");
}

TEST_CASE("every digit is as likely as any other in each place, and easy numbers are never given") {
    const auto store = development_keys();
    const auto& keyset = store->keyset("pin");
    std::array<std::array<int, 10>, 4> count{};
    const std::set<std::string> easy{"0000", "1111", "2222", "3333", "4444", "5555", "6666", "7777",
                                     "8888", "9999", "0123", "1234", "2345", "3456", "4567", "5678",
                                     "6789", "7890", "8901", "9012", "3210", "4321", "5432", "6543",
                                     "7654", "8765", "9876", "0987", "1098", "2109"};
    constexpr int chips = 20000;
    int easy_ones = 0;
    for (int i = 0; i < chips; ++i) {
        const auto pin = text_of(derive_pin(keyset, "pin", "chip " + std::to_string(i), 4));
        for (std::size_t place = 0; place < 4; ++place) {
            ++count.at(place).at(static_cast<std::size_t>(pin.at(place) - '0'));
        }
        if (easy.contains(pin)) ++easy_ones;
    }
    CHECK(easy_ones == 0);  // 60 of them without the rule
    for (const auto& place : count) {
        double chi = 0;
        for (const int n : place) chi += (n - chips / 10.0) * (n - chips / 10.0) / (chips / 10.0);
        CHECK(chi < 33.7);  // nine degrees of freedom, 1 in 10 000
    }
}

TEST_CASE("a PIN of a length that no card takes, or from a keyset without the role, is refused") {
    const auto store = development_keys();
    const auto code = [&](const char* keyset, const char* role, std::size_t digits) {
        try {
            derive_pin(store->keyset(keyset), role, "chip 1", digits);
        } catch (const Error& e) {
            return e.code();
        }
        return Errc::internal;
    };
    CHECK(code("pin", "pin", 3) == Errc::usage);
    CHECK(code("pin", "pin", 17) == Errc::usage);
    CHECK(code("issuer", "pin", 6) == Errc::keys_failed);
    CHECK(code("pin", "so-pin", 6) == Errc::keys_failed);
    CHECK_THROWS_AS(derive_pin(store->keyset("pin"), "pin", "", 6), Error);
}

TEST_CASE("a PIN letter opens at the mailing house, with an RSA and an EC key, and nowhere else") {
    for (const std::string kind : {"rsa", "ec"}) {
        const TemporaryFolder folder;
        const PinMailer mailer{folder / "letters", pki("mailer-" + kind + ".pem")};
        const auto file = mailer.write(letter, secret("482913"), secret("12093847"));
        CHECK(file.filename() == "4790-1234.p7m");
        CHECK(open_letter(file, "mailer-" + kind + ".pem", true) ==
              "chip: 4790-1234\nname: سارا محمدی\ndocument: T00000001\npin: 482913\npuk: 12093847\n"
              "note: this PIN must be changed before the first use\n");
        CHECK(open_letter(file, kind == "rsa" ? "mailer-ec.pem" : "mailer-rsa.pem", true) ==
              "cannot be opened");
        const auto sealed = to_text(test::read_bytes(file));
        CHECK(sealed.find("482913") == std::string::npos);
        CHECK(to_hex(to_bytes(sealed)).find("060960864801650304012A") != std::string::npos);  // AES-256-CBC
        struct stat facts {};
        REQUIRE(::stat(file.c_str(), &facts) == 0);
        CHECK((facts.st_mode & 07777U) == 0600);
        REQUIRE(::stat((folder / "letters").c_str(), &facts) == 0);
        CHECK((facts.st_mode & 07777U) == 0700);
    }
}

TEST_CASE("a chip has one letter, the last one, and each chip its own file") {
    const TemporaryFolder folder;
    const PinMailer mailer{folder / "letters", pki("mailer-rsa.pem")};
    auto other = letter;
    const auto first = mailer.write(letter, secret("482913"), secret("12093847"));
    other.must_change = false;
    CHECK(mailer.write(other, secret("777123"), secret("12093847")) == first);
    CHECK_THAT(open_letter(first, "mailer-rsa.pem", true), Contains("pin: 777123\n") && Contains("note: \n"));
    other.chip = "../../etc/x";
    const auto odd = mailer.write(other, secret("482913"), secret("12093847"));
    CHECK(odd.parent_path() == folder / "letters");
    other.chip = "../../etc.x";
    CHECK(mailer.write(other, secret("482913"), secret("12093847")) != odd);
}

TEST_CASE("a letter that a killed station left half is hidden, and gone with the next one of the chip") {
    const TemporaryFolder folder;
    const auto letters = folder / "letters";
    const PinMailer mailer{letters, pki("mailer-rsa.pem")};
    std::filesystem::create_directory(letters);
    test::write_bytes(letters / ".4790-1234.p7m.tmp", Bytes(5000, 0x41));
    const auto file = mailer.write(letter, secret("482913"), secret("12093847"));
    CHECK_THAT(open_letter(file, "mailer-rsa.pem", true), Contains("pin: 482913\n"));
    for (const auto& entry : std::filesystem::directory_iterator{letters}) CHECK(entry.path() == file);
    struct stat facts {};
    REQUIRE(::stat(file.c_str(), &facts) == 0);
    CHECK((facts.st_mode & 07777U) == 0600);
}

TEST_CASE("a file that another process is writing is waited for, and not mixed with") {
    const TemporaryFolder folder;
    const auto file = folder / "secret.keys";
    const auto temporary = folder / ".secret.keys.tmp";
    const int other = ::open(temporary.c_str(), O_WRONLY | O_CREAT, 0600);
    REQUIRE(other >= 0);
    REQUIRE(::flock(other, LOCK_EX) == 0);
    auto mine = std::async(std::launch::async, [&] { replace_private_file(file, "mine"); });
    REQUIRE(::write(other, "theirs", 6) == 6);
    REQUIRE(::rename(temporary.c_str(), file.c_str()) == 0);
    REQUIRE(::close(other) == 0);
    mine.get();
    CHECK(to_text(test::read_bytes(file)) == "mine");
    CHECK_FALSE(std::filesystem::exists(temporary));
}

TEST_CASE("a holder's name cannot make lines of its own in a letter") {
    const TemporaryFolder folder;
    const PinMailer mailer{folder / "letters", pki("mailer-ec.pem")};
    auto hostile = letter;
    hostile.holder_name = "x\npin: 0000";
    const auto text =
        open_letter(mailer.write(hostile, secret("482913"), secret("12093847")), "mailer-ec.pem", true);
    CHECK_THAT(text, Contains("name: x pin: 0000\n") && Contains("\npin: 482913\n"));
}

TEST_CASE("a certificate that no letter can be encrypted to is refused before a folder is made") {
    CHECK_THAT(mailer_refusal({}), Contains("mailer"));
    CHECK_THAT(mailer_refusal(to_bytes("text")), Contains("mailer"));
    CHECK_THAT(mailer_refusal(pki("ds.pem")), Contains("key usage is not keyAgreement"));
    CHECK_THAT(mailer_refusal(pki("ds-rsa.pem")), Contains("key usage is not keyEncipherment"));
    CHECK_THAT(mailer_refusal(concat({pki("mailer-rsa.pem"), pki("mailer-ec.pem")})), Contains("2 of them"));
    CHECK_THAT(mailer_refusal(pki("csca-short.pem")), Contains("key usage"));
}

TEST_CASE("letters that cannot be written down say so") {
    const TemporaryFolder folder;
    const PinMailer mailer{folder / "letters", pki("mailer-ec.pem")};
    std::ofstream{folder / "letters"} << "a file where the folder should be";
    try {
        mailer.write(letter, secret("482913"), secret("12093847"));
        FAIL("nothing was thrown");
    } catch (const Error& e) {
        CHECK(e.code() == Errc::store_failed);
        CHECK(std::string{e.what()}.find("482913") == std::string::npos);
    }
}
