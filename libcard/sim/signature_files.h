// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "libcard/sim/chip.h"

namespace kartsaz::sim {

/// Objects as the applet walks them: one byte of tag, a length that is not zero.
bool simple_tlv_sound(ByteView data);
/// The value of the first object `tag`; empty when there is none or the way to it is malformed.
std::optional<ByteView> simple_tlv(ByteView data, std::uint8_t tag);

/// The file tree of the signature application: SELECT, CREATE, DELETE, READ and UPDATE with their access
/// rules. Source: ISO/IEC 7816-4 and -9, as IsoApplet reads them.
class SignatureFiles {
public:
    explicit SignatureFiles(Chip& chip) : chip_{chip} {}

    /// The application is selected: the master file is current, no EF.
    void select() {
        directory_ = signature_master;
        file_.reset();
    }
    /// The PIN was given, or there is none yet.
    void open(bool user) { user_ = user; }

    Answer select_file(const Command& command);
    Answer create(const Command& command);
    Answer remove(const Command& command);
    Answer read(const Command& command);
    Answer update(const Command& command);

private:
    enum class Right { delete_self = 3, create_df = 7, update = 8, read = 9 };

    /// What SELECT points to: the master file, or a file of the state.
    struct Found {
        const SignatureFile* file = nullptr;  ///< null: the master file
    };
    SignatureState& state() { return chip_.state.signature; }
    void forget_lost();
    bool below(const SignatureFile& file, std::uint16_t directory) const;
    std::optional<Found> by_fid(const Command& command);
    std::optional<Found> by_path(ByteView path, std::uint16_t from);
    std::optional<Found> child(ByteView fid, bool directory);
    std::optional<Found> by_name(ByteView name);
    std::uint16_t may(const SignatureFile* file, Right right) const;
    std::uint16_t make(const Bytes& fcp, SignatureFile& file);
    std::uint16_t make_ef(const Bytes& fcp, std::uint8_t descriptor, SignatureFile& file) const;
    /// The EF and the offset that P1 P2 name. @return 9000 or the refusal
    std::uint16_t target(const Command& command, SignatureFile*& file, std::size_t& offset);

    Chip& chip_;
    std::uint16_t directory_ = signature_master;
    std::optional<std::uint16_t> file_{};
    bool user_ = false;
};

}  // namespace kartsaz::sim
