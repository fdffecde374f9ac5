// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <openssl/cms.h>
#include <openssl/pem.h>

#include "apdu/error.h"
#include "keys/certificate_pool.h"
#include "keys/pem.h"
#include "tests/support/vectors.h"
#include "tests/unit/keys/small_ca.h"
#include "tests/unit/keys/temporary_folder.h"

using namespace kartsaz;
using namespace kartsaz::keys;
using namespace kartsaz::test;
using Catch::Contains;
using Trust = CertificatePool::Trust;
namespace fs = std::filesystem;

namespace {

/// PKCS#7 with these certificates and nothing signed.
Bytes p7c(const std::vector<const Made*>& certificates) {
    const std::shared_ptr<STACK_OF(X509)> list{sk_X509_new_null(),
                                               [](STACK_OF(X509) * all) { sk_X509_free(all); }};
    for (const auto* one : certificates) sk_X509_push(list.get(), one->x509.get());
    const std::shared_ptr<CMS_ContentInfo> cms{CMS_sign(nullptr, nullptr, list.get(), nullptr, CMS_PARTIAL),
                                               CMS_ContentInfo_free};
    unsigned char* data = nullptr;
    const int size = i2d_CMS_ContentInfo(cms.get(), &data);
    REQUIRE(size > 0);
    const Bytes out(data, data + size);
    OPENSSL_free(data);
    return out;
}

std::string refusal(const Bytes& content) {
    try {
        CertificatePool{}.add(content, "trust/x");
    } catch (const Error& e) {
        CHECK(e.code() == Errc::input_invalid);
        return e.what();
    }
    return "nothing was thrown";
}

void put(const fs::path& file, ByteView bytes) {
    fs::create_directories(file.parent_path());
    write_bytes(file, bytes);
}

std::string load_refusal(const fs::path& folder) {
    try {
        load_pool(folder);
    } catch (const Error& e) {
        CHECK(e.code() == Errc::input_invalid);
        return e.what();
    }
    return "nothing was thrown";
}

}  // namespace

TEST_CASE("a pool tells by the content what it is given, and holds what comes twice once") {
    const auto root = make_ca("Root"), middle = make_ca("Middle", &root), leaf = make_leaf("Leaf", middle);
    const auto crl = make_crl({&root}), ocsp = make_ocsp({&leaf, &middle, &middle});
    CertificatePool pool;
    CHECK(pool.add(root.der(), "root").anchors == 1);
    CHECK(pool.add(crl, "crl").crls == 1);
    CHECK(pool.add(ocsp, "ocsp").ocsp == 1);
    CHECK(pool.add(p7c({&root, &middle}), "p7c").others == 1);
    CHECK(pool.add(p7c({}), "nothing").all() == 0);
    const auto mixed =
        to_bytes("Bag Attributes\n    friendlyName: Root\n" + pem_text(root.der(), "CERTIFICATE") +
                 "subject=CN = Middle\n" + pem_text(middle.der(), "CERTIFICATE") + pem_text(crl, "X509 CRL") +
                 pem_text(ocsp, "OCSP RESPONSE") + pem_text(p7c({&leaf}), "PKCS7") +
                 pem_text(from_hex("3000"), "PRIVATE KEY"));
    const auto counts = pool.add(mixed, "mixed.pem");
    CHECK(counts.anchors == 1);
    CHECK(counts.others == 2);
    CHECK(counts.crls == 1);
    CHECK(counts.ocsp == 1);
    CHECK(pool.add(concat({middle.der(), leaf.der()}), "two").others == 2);
    CHECK(pool.counts().anchors == 1);
    CHECK(pool.counts().others == 2);
    CHECK(pool.counts().crls == 1);
    CHECK(pool.counts().ocsp == 1);
    CHECK(pool.anchors() == std::vector<Bytes>{root.der()});
}

TEST_CASE("an anchor is who signed itself rightly, or who is said to be one") {
    const auto root = make_ca("Root"), middle = make_ca("Middle", &root);
    const auto spoiled = make({"Spoiled", nullptr, {}, in_2020, in_2040, {}, "SHA256", true});
    CertificatePool pool;
    pool.add(root.der(), "root", Trust::none);
    pool.add(spoiled.der(), "spoiled");
    pool.add(middle.der(), "middle");
    CHECK(pool.counts().anchors == 0);
    CHECK(pool.counts().others == 3);
    pool.add(middle.der(), "middle", Trust::all);
    CHECK(pool.counts().anchors == 1);
    CHECK(pool.counts().others == 2);
}

TEST_CASE("what a pool cannot read is refused by file, place and reason") {
    const auto root = make_ca("Root");
    const auto der = root.der();
    CHECK_THAT(refusal({}), Contains("trust/x: is empty"));
    CHECK_THAT(refusal(from_hex("3000")), Contains("trust/x: offset 0: neither a certificate"));
    CHECK_THAT(refusal(from_hex("30030A0103")), Contains("its status is \"trylater\""));
    CHECK_THAT(refusal(from_hex("30030A0100")), Contains("not a basic OCSP response"));
    CHECK_THAT(refusal(to_bytes("hello")), Contains("trust/x"));
    CHECK_THAT(refusal(concat({der, from_hex("30")})), Contains("offset " + std::to_string(der.size())));
    CHECK_THAT(refusal(to_bytes(pem_text(from_hex("3000"), "PRIVATE KEY"))),
               Contains("neither a certificate nor"));
    CHECK_THAT(refusal(to_bytes(pem_text(from_hex("3000"), "CERTIFICATE"))), Contains("cannot be read"));
    CHECK_THAT(refusal(to_bytes(pem_text(from_hex("3000"), "X509 CRL"))), Contains("a CRL of the PEM text"));
    const auto cut = pem_text(der, "CERTIFICATE");
    CHECK_THAT(refusal(to_bytes(cut.substr(0, cut.size() - 40))), Contains("trust/x"));
}

TEST_CASE(
    "a folder's own self-signed certificates are its anchors, and its roots are read only without them") {
    const auto root = make_ca("Root"), other = make_ca("Other"), middle = make_ca("Middle", &root);
    const auto leaf = make_leaf("Leaf", middle);
    const TemporaryFolder folder;
    put(folder / "root.crt", to_bytes("Bag Attributes\n" + pem_text(root.der(), "CERTIFICATE")));
    put(folder / "again.CER", root.der());
    put(folder / "middle.der", middle.der());
    put(folder / "crls/middle.crl", make_crl({&middle}));
    put(folder / "ocsp/leaf.ors", make_ocsp({&leaf, &middle, &middle}));
    put(folder / "aia/other.p7c", p7c({&other}));
    put(folder / "roots/other.crt", other.der());
    put(folder / "bridge/broken.crt", from_hex("00"));  // a folder that is not entered
    put(folder / "root.p12", from_hex("30020500"));
    put(folder / "notes.txt", to_bytes(pem_text(other.der(), "CERTIFICATE")));
    put(folder / "root.key", to_bytes("secret"));
    put(folder / "unknown", to_bytes("hello"));
    put(folder / "list.revoked", make_crl({&root}));
    put(folder / "other.backup", other.der());  // no anchor by an extension that says nothing
    const auto pool = load_pool(folder.path());
    CHECK(pool.anchors() == std::vector<Bytes>{root.der()});
    CHECK(pool.counts().others == 2);
    CHECK(pool.counts().crls == 2);
    CHECK(pool.counts().ocsp == 1);
    REQUIRE(pool.notes().size() == 1);
    CHECK_THAT(pool.notes().front(), Contains("roots: not read"));

    fs::remove(folder / "root.crt");
    fs::remove(folder / "again.CER");
    const auto moved = load_pool(folder.path());
    CHECK(moved.anchors() == std::vector<Bytes>{other.der()});
    CHECK(moved.notes().empty());
}

TEST_CASE("what stands in roots or anchors is trusted whoever signed it") {
    const auto root = make_ca("Root"), middle = make_ca("Middle", &root);
    const TemporaryFolder folder;
    put(folder / "anchors/middle.crt", middle.der());
    CHECK(load_pool(folder.path()).anchors() == std::vector<Bytes>{middle.der()});
    put(folder / "middle.crt", middle.der());
    CHECK(load_pool(folder.path()).counts().anchors == 1);
}

TEST_CASE("CAs of holders judge holders only") {
    const auto signer = make_ca("Country"), citizens = make_ca("Citizens");
    const TemporaryFolder folder;
    put(folder / "csca.cer", signer.der());
    put(folder / "holders/citizens.cer", citizens.der());
    CHECK(load_pool(folder.path(), PoolUse::issuers).anchors() == std::vector<Bytes>{signer.der()});
    CHECK(load_pool(folder.path(), PoolUse::holders).counts().anchors == 2);
}

TEST_CASE("a folder is refused by the file that cannot be read, or for want of an anchor") {
    const auto root = make_ca("Root"), middle = make_ca("Middle", &root);
    const TemporaryFolder folder;
    CHECK_THAT(load_refusal(folder / "missing"), Contains("missing"));
    put(folder / "middle.crt", middle.der());
    CHECK_THAT(load_refusal(folder.path()),
               Contains("no self-signed certificate") && Contains("\"anchors\""));
    put(folder / "root.crt", root.der());
    for (const char* name : {"bad.crt", "bad.crl", "bad.p7c", "bad.ors", "crls/bad.crl", "sia/bad.p7c"}) {
        put(folder / name, from_hex("3003020100"));
        CHECK_THAT(load_refusal(folder.path()), Contains((folder / name).string()));
        fs::remove(folder / name);
    }
    CHECK(load_pool(folder.path()).counts().anchors == 1);
}
