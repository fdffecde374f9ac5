// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "libcard/app/piv/certificate_order.h"
#include "libcard/perso/estimate.h"

/// The steps of one plan for the PIV application, one group after the other.
namespace kartsaz::app::piv {

/// Which PIN opens the card for the plan. `delivered` is the derived one on a card that was finished: its
/// holder may have changed it.
enum class PinSource { derived, delivered, holder };

/// What the plan found to be done with one key.
struct SlotWork {
    Slot slot;
    Bytes public_key;  ///< SubjectPublicKeyInfo of the key on the card; empty: it is to be made
    std::optional<SeenCertificate> certificate;  ///< of this key
    keys::CertificateTemplate wanted;
    bool make_key = false;
    bool certify = false;
    Judgement reason = Judgement::other;  ///< why, where there is a certificate

    bool is_work() const { return make_key || certify; }
};

/// What all steps of a plan share.
class Steps {
public:
    Steps(const perso::Order& order, const perso::CardState& card, const State& own, const Options& options,
          perso::Plan& plan);

    /// Proves the management key that the card has, and has the card prove it.
    void authenticate();
    void set_management_key();
    void set_puk();
    /// Shows that the PUK is the one of the letter, and sets the PIN whatever it was: no try of the PIN is
    /// spent. The letter to the holder is on disk before the card knows the PIN.
    void set_pin();
    void verify_pin(PinSource source, const std::string& what_for);

    void make_key(const SlotWork& work, const std::vector<SlotWork>& all);
    /// The card signs the request, which proves that it has the key.
    void request(const SlotWork& work);
    void certify(const SlotWork& work);

    /// @param what  "write", or what else is done to it
    void put(std::uint16_t container, ByteView value, const std::string& what = "write");

    /// From now on steps are upkeep, or are not.
    void upkeep(bool on) { upkeep_ = on; }

private:
    perso::Step step(const std::string& id, std::string label) const;
    void add(perso::Step step) { plan_.steps.push_back(std::move(step)); }
    perso::Step secret_step(const std::string& id, std::string label, apdu::CommandApdu header,
                            std::size_t size, const keys::Keyset& keyset,
                            std::function<keys::SecretBytes(const perso::SecretAccess&)> data);

    const perso::Order& order_;
    const State& own_;
    const Options& options_;
    perso::Plan& plan_;
    perso::Timing timing_;
    std::string identity_;  ///< what secrets are derived for
    std::string chip_;      ///< as letter and issuer call it; the same in every attempt
    std::size_t block_ = 255;
    std::size_t target_ = 0;
    bool upkeep_ = false;
    unsigned verified_ = 0;  ///< VERIFY steps so far, to tell them apart
};

/// Algorithm that the management key gets: the profile's; else AES-256 where the card announces more than one
/// length of AES, which no card does that has it only for its own sake; else the one that it has.
std::uint8_t management_algorithm(const Options& options, const State& own);

/// The slot's public key: what this run learned, else what the card told.
Bytes public_key_of(const SlotWork& work, const perso::Learned& learned);
std::string public_key_item(const Slot& slot);

}  // namespace kartsaz::app::piv
