// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "libcard/app/pkcs15/certificate_order.h"
#include "libcard/perso/estimate.h"

/// The steps of one plan for the signature application, one group after the other.
namespace kartsaz::app::pkcs15 {

/// Which PIN opens the card for the plan. `delivered` is the derived one on a card that was finished: its
/// holder may have changed it.
enum class PinSource { derived, delivered, holder };

/// What the plan found to be done with one key.
struct SlotWork {
    Slot slot;
    SlotView view;
    keys::CertificateTemplate wanted;
    bool make_key = false;
    bool write_public_key = false;
    bool certify = false;
    Judgement reason = Judgement::other;   ///< why, where there is a certificate
    Bytes superseded{};                    ///< the certificate that a new one takes the place of; empty: none
    std::uint16_t certificate_fid = 0;     ///< where the slot's certificate is, or will be
    std::vector<std::uint16_t> to_remove;  ///< certificate files that nothing tells of any more
};

/// Makes the commands that put content into files, as they were found on the card.
class FileWriter {
public:
    /// @param block  data bytes of one command
    FileWriter(std::map<std::uint16_t, SeenFile> files, std::size_t block)
        : files_{std::move(files)}, block_{block} {}
    /// A whole file: made when it is not there, made anew when it is too small, else overwritten, with what
    /// stood behind the end of its content wiped. Needs its DF to be the current one where it is not there.
    std::vector<apdu::CommandApdu> writing(std::uint16_t fid, std::size_t capacity, ByteView content) const;
    /// True when the file says exactly this, padding aside.
    bool holds(std::uint16_t fid, ByteView content) const;
    bool exists(std::uint16_t fid) const { return files_.contains(fid); }
    Bytes content(std::uint16_t fid) const;
    std::size_t block() const { return block_; }

private:
    std::map<std::uint16_t, SeenFile> files_;
    std::size_t block_;
};

/// What all steps of a plan share. Knows which DF is the current one on the card, so that no SELECT is sent
/// for nothing.
class Steps {
public:
    Steps(const perso::Order& order, const perso::CardState& card, const State& own, const Options& options,
          perso::Plan& plan);

    /// DF 5015. Leaves it selected.
    void create_df();
    /// Nothing where the file says so already.
    void write_file(const Layout& layout, ByteView content);
    void remove_file(std::uint16_t fid);

    void set_puk();
    /// The letter to the holder is on disk before the card knows the PIN.
    void set_pin();
    /// Shows that the PUK, set in an earlier attempt or by who knows whom, is the one of the letter.
    void prove_puk();
    void verify_pin(PinSource source);

    void make_key(const SlotWork& work, const std::vector<SlotWork>& all);
    /// From what its certificate tells.
    void write_public_key(const SlotWork& work);
    /// The card signs the request, which proves that it has the key.
    void request(const SlotWork& work);
    void certify(const SlotWork& work);
    /// EF.PuKDF, EF.PrKDF or EF.CDF over all slots. One with objects of the holder's is copied first, and the
    /// copy deleted afterwards: whatever is torn, one of the two is whole.
    void write_directory(const Layout& layout, const std::vector<SlotWork>& all);

    /// From now on steps are upkeep, or are not.
    void upkeep(bool on) { upkeep_ = on; }
    const FileWriter& files() const { return *files_; }

private:
    perso::Step step(const std::string& id, std::string label) const;
    void add(perso::Step step);
    void enter_master();
    void enter_df();
    perso::Step file_step(const Layout& layout, const apdu::CommandApdu& command) const;
    void copy_directory(const Layout& layout);
    /// Commands that write a file whose content is known when they run.
    void write_late(const std::string& id, std::string label, std::uint16_t fid, std::size_t capacity,
                    ByteView expected, std::function<Bytes(perso::Learned&, const perso::Services&)> content);
    perso::Step secret_step(const std::string& id, std::string label, apdu::CommandApdu header,
                            std::size_t size,
                            std::function<keys::SecretBytes(const perso::SecretAccess&)> data);

    const perso::Order& order_;
    const State& own_;
    const Options& options_;
    perso::Plan& plan_;
    std::shared_ptr<const FileWriter> files_;
    perso::Timing timing_;
    std::string identity_;  ///< what the PIN is derived for
    std::string chip_;      ///< as letter and issuer call it; the same in every attempt
    bool extended_ = false;
    std::size_t target_ = 0;
    bool in_df_ = false;
    bool upkeep_ = false;
};

/// The slot's public key: what this run learned, else what the card told.
Bytes public_key_of(const SlotWork& work, const perso::Learned& learned);
std::string public_key_item(const Slot& slot);

}  // namespace kartsaz::app::pkcs15
