// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <openssl/cms.h>

#include "apdu/error.h"
#include "keys/path_check.h"
#include "tests/unit/keys/small_ca.h"

using namespace kartsaz;
using namespace kartsaz::keys;
using namespace kartsaz::test;
using Catch::Contains;
using Status = RevocationStatus;
using Trust = CertificatePool::Trust;

namespace {

/// `use` on each changed form: every truncation, and every byte with each of these changes.
template <typename Use>
void each_change(const Bytes& good, Use use) {
    for (std::size_t size = 0; size < good.size(); ++size) {
        use(Bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size)), size);
    }
    for (std::size_t at = 0; at < good.size(); ++at) {
        for (const std::uint8_t change : Bytes{0x01, 0x80, 0xFF}) {
            auto bad = good;
            bad[at] ^= change;
            use(bad, at);
        }
    }
}

/// Adds it, or is refused by name.
bool added(CertificatePool& pool, const Bytes& bytes, Trust trust = Trust::self_signed) {
    try {
        pool.add(bytes, "trust/changed", trust);
        return true;
    } catch (const Error& e) {
        CHECK(e.code() == Errc::input_invalid);
        CHECK_THAT(e.what(), Contains("trust/changed"));
        return false;
    }
}

}  // namespace

TEST_CASE("a changed or cut certificate has no path without faults, and its parts are read or refused") {
    const auto root = make_ca("Root"), leaf = make_leaf("Leaf", root);
    CertificatePool pool;
    pool.add(root.der(), "root");
    REQUIRE(check_path(leaf.der(), pool, in_2026).ok());
    each_change(leaf.der(), [&](const Bytes& bad, std::size_t at) {
        INFO("offset " << at);
        CHECK_FALSE(check_path(bad, pool, in_2026).ok());
        try {
            certificate_details(bad);
        } catch (const Error& e) {
            CHECK(e.code() == Errc::input_invalid);
        }
        try {
            check_responder(bad, "r", pool, in_2026);
        } catch (const Error& e) {
            CHECK(e.code() == Errc::input_invalid);
        }
    });
}

TEST_CASE("a changed or cut root is no anchor of what the right one signed, nor is a changed CA on a path") {
    const auto root = make_ca("Root"), middle = make_ca("Middle", &root), leaf = make_leaf("Leaf", middle);
    each_change(root.der(), [&](const Bytes& bad, std::size_t at) {
        CertificatePool pool;
        if (!added(pool, bad)) return;
        pool.add(middle.der(), "middle");
        INFO("offset " << at);
        CHECK(pool.counts().anchors == 0);
        CHECK_FALSE(check_path(leaf.der(), pool, in_2026).ok());
    });
    each_change(middle.der(), [&](const Bytes& bad, std::size_t at) {
        CertificatePool pool;
        if (!added(pool, bad)) return;
        pool.add(root.der(), "root");
        INFO("offset " << at);
        CHECK_FALSE(check_path(leaf.der(), pool, in_2026).ok());
    });
}

TEST_CASE("a changed or cut CRL is refused by name, or proves nothing good") {
    const auto root = make_ca("Root"), leaf = make_leaf("Leaf", root), other = make_leaf("Other", root);
    const auto crl = make_crl({&root, {{&other, in_2025, 1}}});
    each_change(crl, [&](const Bytes& bad, std::size_t at) {
        CertificatePool pool;
        if (!added(pool, bad)) return;
        INFO("offset " << at);
        CHECK(revocation(leaf.der(), root.der(), pool, in_2026).status == Status::unknown);
        CHECK(revocation(other.der(), root.der(), pool, in_2026).status == Status::unknown);
    });
}

TEST_CASE("a changed or cut OCSP response is refused by name, or proves nothing good") {
    const auto root = make_ca("Root"), leaf = make_leaf("Leaf", root);
    const auto responder = make({"R", &root, {{"extendedKeyUsage", "OCSPSigning"}, {"noCheck", "ignored"}}});
    CertificatePool roots;
    roots.add(root.der(), "root");
    for (const auto* signer : {&root, &responder}) {
        const auto response = make_ocsp({&leaf, &root, signer});
        REQUIRE(check_ocsp(response, "r", leaf.der(), root.der(), roots, in_2026).status == Status::good);
        std::size_t harmless = 0;
        each_change(response, [&](const Bytes& bad, std::size_t at) {
            INFO("offset " << at);
            const auto answer = check_ocsp(bad, "r", leaf.der(), root.der(), roots, in_2026);
            // what stands beside the signed part: the issuer's certificate that a response carries for
            // nothing
            if (answer.status == Status::good) ++harmless;
            CertificatePool pool;
            added(pool, bad);
            revocation(leaf.der(), root.der(), pool, in_2026);
            CHECK(answer.status != Status::revoked);
        });
        if (signer == &responder) CHECK(harmless == 0);
    }
}

TEST_CASE("a changed or cut p7c is refused by name, or leads no wrong certificate onto a path") {
    const auto root = make_ca("Root"), middle = make_ca("Middle", &root), leaf = make_leaf("Leaf", middle);
    const std::shared_ptr<STACK_OF(X509)> list{sk_X509_new_null(),
                                               [](STACK_OF(X509) * all) { sk_X509_free(all); }};
    sk_X509_push(list.get(), middle.x509.get());
    const std::shared_ptr<CMS_ContentInfo> cms{CMS_sign(nullptr, nullptr, list.get(), nullptr, CMS_PARTIAL),
                                               CMS_ContentInfo_free};
    unsigned char* data = nullptr;
    const int size = i2d_CMS_ContentInfo(cms.get(), &data);
    REQUIRE(size > 0);
    const Bytes good(data, data + size);
    OPENSSL_free(data);
    each_change(good, [&](const Bytes& bad, std::size_t at) {
        CertificatePool pool;
        if (!added(pool, bad)) return;
        INFO("offset " << at);
        CHECK(pool.counts().anchors == 0);
        pool.add(root.der(), "root");
        const auto answer = check_path(leaf.der(), pool, in_2026);
        // what is around the certificates is not signed; the certificates are
        if (answer.ok()) CHECK(answer.path.at(1).certificate == middle.der());
    });
}
