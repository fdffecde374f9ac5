// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "good_card.h"
#include "libcard/app/pkcs15/objects.h"
#include "pki.h"

/// A signature application as it ought to be, made in memory: two keys, each certified by a test CA and
/// proved by a challenge; and ways to spoil it.
namespace kartsaz::test {

class GoodSignature {
public:
    GoodSignature();

    record::Record record;
    std::int64_t at = 0;
    /// This issuer's own card: the record is compared with. Otherwise another maker's.
    bool own = true;
    bool demand_crl = false;

    Identity ca;
    std::vector<Identity> holders;  ///< of the keys, by index
    std::vector<app::pkcs15::PinObject> pins;
    std::vector<app::pkcs15::PrivateKeyObject> keys;
    std::vector<app::pkcs15::PublicKeyObject> public_keys;
    std::vector<app::pkcs15::CertificateObject> certificates;
    app::CardDump dump;

    app::DumpApplication& application() { return dump.applications.front(); }
    std::map<std::string, std::string>& facts() { return application().facts; }
    app::DumpFile& file(const std::string& name);
    void remove(const std::string& name);

    /// What the CA certifies of key `index` when nothing is wished otherwise.
    CertificateWish wish(std::size_t index) const;
    /// Puts another certificate onto the card for key `index`, with the key it has.
    void certify(std::size_t index, const CertificateWish& wish, const Identity* issuer);
    void certify(std::size_t index, const CertificateWish& wish) { certify(index, wish, &ca); }
    /// The directories anew, from the objects above.
    void write();
    /// The PIN is the holder's own: nothing was challenged.
    void holder_pin();

    /// Files with which the CA is trusted, PEM.
    std::optional<std::string> crl;
    std::vector<std::string> more_crls;  ///< added after `crl`, in this order
    std::optional<std::int64_t> since;   ///< first second, when a day is judged
    std::vector<verify::DemandedKey> demanded_keys;
    /// Trusted in the place of `ca`, PEM.
    std::optional<std::string> anchor;
    verify::Report judge() const;

private:
    void put(const std::string& name, std::uint16_t fid, Bytes content);
    void add_slot(std::size_t index, const std::string& label, std::uint32_t usage);
    void prove(std::size_t index);
};

}  // namespace kartsaz::test
