// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "libcard/sim/chip.h"

namespace kartsaz::sim {

/// A file of the logical data structure. Source: ICAO Doc 9303-10, 3.11 and 4.
struct LdsFile {
    std::uint16_t fid;
    std::uint8_t sfi;
    std::string_view name;
};
const LdsFile* lds_file(std::uint16_t fid);

/// The passport application, with the commands of the JMRTD applet. What each kind of body does more or less
/// stands in its table.
class Passport {
public:
    explicit Passport(Chip& chip) : chip_{chip} {}

    static ByteView aid();
    /// Power-up: nothing selected, no challenge.
    void reset();
    void select() { selected_.reset(); }
    /// A command, its protection already taken off.
    Answer handle(const Command& command);

private:
    Answer select_file(const Command& command);
    Answer read_binary(const Command& command);
    Answer update_binary(const Command& command);
    Answer create_file(const Command& command);
    Answer put_data(const Command& command);
    Answer get_challenge(const Command& command);
    Answer mutual_authenticate(const Command& command);
    Answer internal_authenticate(const Command& command);

    std::uint16_t may_write(const Access& access) const;
    std::uint16_t may_read(std::uint16_t fid, const Access& access) const;
    bool loaded_keys() const { return !chip_.state.passport.access_seed.empty(); }

    Chip& chip_;
    std::optional<std::uint16_t> selected_;
    Bytes challenge_;
};

/// PUT DATA 00 60 to 00 66, the key slots. 9000 or the status word of the refusal.
std::uint16_t put_key_slot(Chip& chip, const Command& command);
/// Active Authentication over an 8-byte challenge. Source: ICAO Doc 9303-11, 6.1.
Answer active_authentication(Chip& chip, ByteView challenge);
/// BAC: answers a terminal's cryptogram and sets up chip.new_sm. Source: ICAO Doc 9303-11, 4.3.
Answer basic_access_control(Chip& chip, ByteView challenge, ByteView data);

}  // namespace kartsaz::sim
