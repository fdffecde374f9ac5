// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "libcard/sim/chip.h"

namespace kartsaz::sim {

/// The PIV application. Source: NIST SP 800-73-4 part 2; the extensions are those of YubiKeys. What each kind
/// of body does more, less or otherwise stands in its table.
class Piv {
public:
    explicit Piv(Chip& chip) : chip_{chip} {}

    static ByteView aid();
    /// Power-up, selection of another application: everything volatile is gone.
    void reset();
    /// SELECT of this application. @param again  it was selected already
    void select(bool again);
    /// The application property template (SP 800-73-4 part 2, table 3), in as many answers as it takes.
    Answer select_answer(const Command& command);
    /// A command, its protection already taken off.
    Answer handle(const Command& command);

private:
    PivState& state() { return *chip_.state.piv; }
    const PivState& state() const { return *chip_.state.piv; }
    const PivTraits& traits() const { return chip_.kind.piv; }

    Answer dispatch(const Command& command);
    std::uint16_t gather(const Command& command);
    void lock_after(const Command& command);
    /// As much as one response takes; the rest goes by GET RESPONSE.
    Answer send(Bytes data, const Command& command);
    Bytes property_template() const;

    Answer get_data(const Command& command);
    Answer put_data(const Command& command);
    Answer put_object(std::uint32_t tag, ByteView content);
    bool may_read(std::uint32_t tag) const;
    const PivContainers* container(std::uint32_t tag) const;

    Answer verify(const Command& command);
    Answer change_reference(const Command& command);
    Answer reset_retry(const Command& command);
    Answer set_retries(const Command& command);
    bool check(PivReference& reference, ByteView value);
    std::uint16_t refusal(const PivReference& reference) const;
    void set_reference(PivReference& reference, ByteView value);
    void close_pin();

    Answer general_authenticate(const Command& command);
    Answer use_key(const Command& command);
    Answer administer(const Command& command);
    Answer ask_proof(std::uint8_t tag);
    Answer mutual_proof(ByteView witness, ByteView challenge);
    Answer single_proof(ByteView response);
    Bytes under_management_key(ByteView blocks);
    bool pin_satisfies(std::uint8_t policy) const;

    Answer generate(const Command& command);
    Answer import(const Command& command);
    Answer set_management(const Command& command);
    Answer metadata(const Command& command);
    Answer key_metadata(std::uint8_t reference);
    Answer attest(const Command& command);
    Answer wipe(const Command& command);
    bool slot(std::uint8_t reference) const;
    bool has(std::uint8_t algorithm) const;
    /// The policies AA and AB. 9000 or the refusal.
    std::uint16_t take_policy(std::uint32_t tag, ByteView value, PivKey& key) const;
    PivKey blank_key(std::uint8_t reference, std::uint8_t algorithm) const;
    void keep(std::uint8_t reference, PivKey key);

    enum class Asked { nothing, witness, challenge };

    Chip& chip_;
    bool pin_given_ = false;
    unsigned after_verify_ =
        0;                  ///< commands since a right VERIFY, itself 1; 0: keys with "always" are locked
    bool managed_ = false;  ///< the management key was proved
    Asked asked_ = Asked::nothing;
    Bytes challenge_{};
    bool hangs_ = false;
    bool chaining_ = false;
    std::uint8_t chain_ins_ = 0;
    std::uint16_t chain_p1p2_ = 0;
    Bytes gathered_{};  ///< the data of a chain, or of the one command
    Bytes unsent_{};
};

/// 123456 filled with FF, and 12345678.
Bytes piv_factory_pin();
Bytes piv_factory_puk();
/// As the maker delivers it.
PivState fresh_piv(const PivTraits& traits, Rng& rng);

}  // namespace kartsaz::sim
