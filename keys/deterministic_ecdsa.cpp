// SPDX-License-Identifier: Apache-2.0
#include "keys/deterministic_ecdsa.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/objects.h>

#include "apdu/tlv.h"
#include "keys/digest_name.h"

namespace kartsaz::keys {
namespace {

using Octets = Botan::secure_vector<std::uint8_t>;  // k and what it is made from are as secret as the key

struct FreeGroup {
    void operator()(EC_GROUP* group) const noexcept { EC_GROUP_free(group); }
};

Owned<bignum_st> secret_number() {
    Owned<bignum_st> out{openssl_made(BN_secure_new(), "number")};
    BN_set_flags(out.get(), BN_FLG_CONSTTIME);
    return out;
}

Owned<bignum_st> private_number(EVP_PKEY* key) {
    auto out = secret_number();
    BIGNUM* raw = out.get();
    openssl_done(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &raw), "private key of a curve");
    return out;
}

EC_GROUP* group_of(EVP_PKEY* key) {
    char name[64] = {};
    openssl_done(EVP_PKEY_get_group_name(key, name, sizeof name, nullptr), "name of a curve");
    int nid = OBJ_sn2nid(name);
    if (nid == NID_undef) nid = EC_curve_nist2nid(name);
    return openssl_made(EC_GROUP_new_by_curve_name(nid), "curve");
}

/// The numbers of one signature; all modulo the order q.
class Signing {
public:
    Signing(EVP_PKEY* key, HashAlgorithm algorithm)
        : group_{group_of(key)},
          order_{EC_GROUP_get0_order(group_.get())},
          bits_{BN_num_bits(order_)},
          size_{(bits_ + 7) / 8},
          digest_{openssl_made(EVP_get_digestbyname(openssl_digest_name(algorithm)), "digest")},
          private_{private_number(key)},
          scratch_{openssl_made(BN_CTX_secure_new(), "number scratch")} {}

    Bytes sign(ByteView digest, unsigned attempt) const {
        const auto z = to_number(digest);
        openssl_done(BN_nnmod(z.get(), z.get(), order_, scratch_.get()), "digest of a signature");
        Octets seed = padded(private_.get());
        const auto hashed = padded(z.get());
        seed.insert(seed.end(), hashed.begin(), hashed.end());
        if (attempt > 0) {
            for (const auto byte : big_endian(attempt, 4)) seed.push_back(byte);
        }
        const auto width = static_cast<std::size_t>(EVP_MD_get_size(digest_));
        Octets value(width, 0x01);
        Octets key(width, 0x00);
        stir(key, value, 0x00, seed);
        stir(key, value, 0x01, seed);
        for (;;) {
            const auto k = candidate(key, value);
            if (!BN_is_zero(k.get()) && BN_cmp(k.get(), order_) < 0) {
                if (auto out = with(k.get(), z.get()); !out.empty()) return out;
            }
            stir(key, value, 0x00, {});
        }
    }

private:
    Octets mac(const Octets& key, const Octets& message) const {
        Octets out(static_cast<std::size_t>(EVP_MD_get_size(digest_)));
        unsigned size = 0;
        openssl_made(HMAC(digest_, key.data(), static_cast<int>(key.size()), message.data(), message.size(),
                          out.data(), &size),
                     "HMAC");
        return out;
    }

    /// K = HMAC_K(V || mark || seed), V = HMAC_K(V). Source: RFC 6979, 3.2, d to g.
    void stir(Octets& key, Octets& value, std::uint8_t mark, const Octets& seed) const {
        Octets message = value;
        message.push_back(mark);
        message.insert(message.end(), seed.begin(), seed.end());
        key = mac(key, message);
        value = mac(key, value);
    }

    /// bits2int: the leftmost bits, as many as the order has. Source: RFC 6979, 2.3.2.
    template <typename Container>
    Owned<bignum_st> to_number(const Container& bytes) const {
        auto out = secret_number();
        openssl_made(BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), out.get()), "number");
        const int excess = static_cast<int>(bytes.size()) * 8 - bits_;
        if (excess > 0) openssl_done(BN_rshift(out.get(), out.get(), excess), "number");
        return out;
    }

    Octets padded(const BIGNUM* number) const {
        Octets out(static_cast<std::size_t>(size_));
        if (BN_bn2binpad(number, out.data(), size_) != size_) openssl_failed("number of a curve");
        return out;
    }

    Owned<bignum_st> candidate(const Octets& key, Octets& value) const {
        Octets bytes;
        while (bytes.size() < static_cast<std::size_t>(size_)) {
            value = mac(key, value);
            bytes.insert(bytes.end(), value.begin(), value.end());
        }
        bytes.resize(static_cast<std::size_t>(size_));
        return to_number(bytes);
    }

    /// r = x(kG), s = (z + r d) / k; empty when one is 0. A random factor hides k and d on the way; it
    /// leaves no trace in the result.
    Bytes with(const BIGNUM* k, const BIGNUM* z) const {
        const Owned<ec_point_st> point{openssl_made(EC_POINT_new(group_.get()), "point")};
        const auto r = secret_number();
        auto* scratch = scratch_.get();
        openssl_done(EC_POINT_mul(group_.get(), point.get(), k, nullptr, nullptr, scratch), "signature");
        openssl_done(EC_POINT_get_affine_coordinates(group_.get(), point.get(), r.get(), nullptr, scratch),
                     "signature");
        openssl_done(BN_nnmod(r.get(), r.get(), order_, scratch), "signature");
        const auto factor = secret_number();
        const auto s = secret_number();
        const auto hidden = secret_number();
        do {
            openssl_done(BN_priv_rand_range(factor.get(), order_), "random number");
        } while (BN_is_zero(factor.get()));
        const auto multiply = [&](const bignum_st* a, const bignum_st* b, bignum_st* out) {
            openssl_done(BN_mod_mul(out, a, b, order_, scratch), "signature");
        };
        multiply(factor.get(), private_.get(), s.get());
        multiply(s.get(), r.get(), s.get());
        multiply(factor.get(), z, hidden.get());
        openssl_done(BN_mod_add(s.get(), s.get(), hidden.get(), order_, scratch), "signature");
        multiply(factor.get(), k, hidden.get());
        openssl_made(BN_mod_inverse(hidden.get(), hidden.get(), order_, scratch), "signature");
        multiply(s.get(), hidden.get(), s.get());
        if (BN_is_zero(r.get()) || BN_is_zero(s.get())) return {};
        return encoded(r.get(), s.get());
    }

    static Bytes encoded(const BIGNUM* r, const BIGNUM* s) {
        apdu::TlvWriter numbers;
        for (const auto* number : {r, s}) {
            // one byte more than the bits need is the leading 00 that keeps the INTEGER positive
            Bytes bytes(static_cast<std::size_t>(BN_num_bits(number) / 8 + 1));
            BN_bn2binpad(number, bytes.data(), static_cast<int>(bytes.size()));
            numbers.put(0x02, bytes);
        }
        return apdu::TlvWriter{}.put(0x30, numbers.bytes()).bytes();
    }

    std::unique_ptr<EC_GROUP, FreeGroup> group_;
    const BIGNUM* order_;
    int bits_, size_;
    const EVP_MD* digest_;
    Owned<bignum_st> private_;
    Owned<bignum_ctx> scratch_;
};

}  // namespace

Bytes sign_ecdsa_deterministic(evp_pkey_st* key, HashAlgorithm algorithm, ByteView digest, unsigned attempt) {
    return Signing{key, algorithm}.sign(digest, attempt);
}

}  // namespace kartsaz::keys
