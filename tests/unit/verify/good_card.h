// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "keys/active_authentication.h"
#include "keys/issuer.h"
#include "keys/key_store.h"
#include "libcard/app/dump.h"
#include "libcard/app/emrtd/lds.h"
#include "libcard/record/record.h"
#include "libcard/verify/verify.h"

/// A card as it ought to be, made in memory by the encoders, the development document signer and an Active
/// Authentication key of its own; and ways to spoil it.
namespace kartsaz::test {

/// @param width, height  of the photo, pixels
record::Record sample_record(unsigned width = 120, unsigned height = 160);

/// An ISO/IEC 19794-2:2005 record with `minutiae` minutiae of one finger.
Bytes sample_template(unsigned position, unsigned minutiae);

class GoodCard {
public:
    explicit GoodCard(unsigned width = 120, unsigned height = 160);

    app::CardDump dump;
    record::Record record;
    std::int64_t at = 0;

    app::DumpApplication& emrtd() { return dump.applications.front(); }
    app::DumpFile& file(const std::string& name);
    void remove(const std::string& name);
    /// Makes EF.SOD (and EF.COM, when asked) anew for the files as they are now, signed by the development
    /// signer.
    void sign(bool com_too = false);
    /// The Active Authentication answer for the challenge that the facts hold.
    void prove();
    verify::Context context() const;
    verify::Report judge() const { return verify::judge(context()); }

private:
    void put(const std::string& name, Bytes content, const std::string& access = "PACE");
    std::unique_ptr<keys::KeyStore> keys_;
    keys::DocumentSigner signer_;
    keys::AaKeyPair aa_;
    keys::TrustAnchors trust_;
};

/// The findings of one check.
std::vector<verify::Finding> findings_of(const verify::Report& report, const std::string& check);
verify::Outcome outcome_of(const verify::Report& report, const std::string& check);

}  // namespace kartsaz::test
