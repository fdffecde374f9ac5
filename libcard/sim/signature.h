// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "libcard/sim/signature_files.h"

namespace kartsaz::sim {

/// The signature application, with the commands of IsoApplet in the version that the kind of body names.
class Signature {
public:
    explicit Signature(Chip& chip) : chip_{chip}, files_{chip} {}

    static ByteView aid();
    /// Power-up, selection of this application or of another one: everything volatile is gone.
    void reset();
    /// What SELECT by AID answers: version 0 its version and features, version 1 nothing.
    Bytes select_answer() const;
    /// A command, its protection already taken off.
    Answer handle(const Command& command);

private:
    SignatureState& state() { return chip_.state.signature; }
    const SignatureTraits& traits() const { return chip_.kind.signature; }
    bool chains() const { return traits().version == 0; }
    Bytes version() const;

    std::uint16_t follow_chain(const Command& command);
    Answer dispatch(const Command& command);
    Answer get_data(const Command& command) const;
    Answer get_challenge(const Command& command);
    Answer get_response(const Command& command);
    Answer verify(const Command& command);
    Answer change_reference(const Command& command);
    Answer reset_retry(const Command& command);
    Answer manage_environment(const Command& command);
    std::uint16_t check_environment(std::uint8_t p2, std::uint8_t algorithm, int slot) const;
    Answer generate(const Command& command);
    Answer perform(const Command& command);
    Answer sign(const Command& command);
    Answer decipher(const Command& command);
    Answer import(const Command& command);

    /// Counts a try. @param padded  sixteen bytes
    bool check(Reference& reference, ByteView padded);
    void set_pin(ByteView pin);
    /// The data of a chain, all of it, or empty when more is to come.
    std::optional<Bytes> gather(const Command& command, std::uint16_t& sw);
    /// Version 0 sends what is more than 256 bytes by GET RESPONSE.
    Answer send(Answer answer);
    void keep_key(SignatureKey key);
    unsigned rsa_bits() const;

    Chip& chip_;
    SignatureFiles files_;
    bool pin_given_ = false;
    std::uint8_t algorithm_ = 0;
    int slot_ = -1;
    bool chaining_ = false;  ///< a chain is open
    std::uint8_t chain_ins_ = 0;
    std::uint16_t chain_p1p2_ = 0;
    Bytes gathered_{};
    Bytes unsent_{};
};

}  // namespace kartsaz::sim
