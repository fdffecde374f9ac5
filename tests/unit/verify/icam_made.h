// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "icam_verdicts.h"
#include "libcard/app/piv/cbeff.h"
#include "libcard/app/piv/chuid.h"

/// Cards of the ICAM list that are not among those at hand, made of one that is: with the keys of the CAs,
/// signers and responders beside them, as the public list describes each.
namespace kartsaz::test {

class MadeIcam {
public:
    /// @param base  number of the card that it is made of  @param signer  content signer in the folder of CAs
    MadeIcam(const std::string& base, const std::string& signer);

    app::CardDump dump;
    std::vector<Bytes> at_hand;  ///< CRLs and OCSP responses beside those of the folder

    Bytes& object(std::uint16_t container);
    std::string& fact(const std::string& name);
    void sign_by(const std::string& signer);
    /// Decodes, changes and signs anew; what is signed is then right by itself.
    void chuid(const std::function<void(app::piv::Chuid&)>& change);
    void biometric(std::uint16_t container,
                   const std::function<void(app::piv::CbeffHeader&, std::optional<Bytes>& uuid)>& change);
    void security();  ///< over what is there now, with the map that it has
    /// The certificate of a slot issued anew for the same key. @param issuer  in the folder of CAs
    void certificate(std::uint8_t key, const std::string& issuer,
                     const std::function<void(PivWish&)>& change);
    Bytes certificate_of(std::uint8_t key);
    verify::Report judge() const;

private:
    std::shared_ptr<const PivParty> signer_;
};

constexpr const char* icam_ca_old = "ICAM_Test_Card_PIV_Signing_CA_-_gold_gen1-2";
constexpr const char* icam_ca = "ICAM_Test_Card_PIV_Signing_CA_-_gold_gen3";
constexpr const char* icam_ca_i = "ICAM_Test_Card_PIV-I_Signing_CA_-_gold_gen3";
constexpr const char* icam_signer_old = "ICAM_Test_Card_PIV_Content_Signer_-_gold_gen1-2";
constexpr const char* icam_signer_i_old = "ICAM_Test_Card_PIV-I_Content_Signer_-_gold_gen1-2";
constexpr const char* icam_signer = "ICAM_Test_Card_PIV_Content_Signer_-_gold_gen3";
constexpr const char* icam_signer_i = "ICAM_Test_Card_PIV-I_Content_Signer_-_gold_gen3";

}  // namespace kartsaz::test
