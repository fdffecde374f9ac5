// SPDX-License-Identifier: Apache-2.0
#include "libcard/sim/passport.h"

#include <algorithm>
#include <array>
#include <utility>

#include "libcard/sim/fields.h"
#include "libcard/sim/power_lost.h"

namespace kartsaz::sim {
namespace {

constexpr std::array<std::uint8_t, 7> passport_aid{0xA0, 0x00, 0x00, 0x02, 0x47, 0x10, 0x01};
constexpr std::uint16_t locked_sw = 0x6985, denied_sw = 0x6982;
constexpr std::uint16_t dg3 = 0x0103, dg4 = 0x0104;
constexpr std::uint8_t issuer_level = 0x03;    // C-MAC and C-DECRYPTION
constexpr std::uint8_t personal_level = 0x33;  // both directions encrypted, which SCP02 cannot do

constexpr std::array<LdsFile, 19> lds_files{{
    {0x011E, 0x1E, "EF.COM"},  {0x011D, 0x1D, "EF.SOD"},  {0x0101, 0x01, "EF.DG1"},
    {0x0102, 0x02, "EF.DG2"},  {0x0103, 0x03, "EF.DG3"},  {0x0104, 0x04, "EF.DG4"},
    {0x0105, 0x05, "EF.DG5"},  {0x0106, 0x06, "EF.DG6"},  {0x0107, 0x07, "EF.DG7"},
    {0x0108, 0x08, "EF.DG8"},  {0x0109, 0x09, "EF.DG9"},  {0x010A, 0x0A, "EF.DG10"},
    {0x010B, 0x0B, "EF.DG11"}, {0x010C, 0x0C, "EF.DG12"}, {0x010D, 0x0D, "EF.DG13"},
    {0x010E, 0x0E, "EF.DG14"}, {0x010F, 0x0F, "EF.DG15"}, {0x0110, 0x10, "EF.DG16"},
    {0x011C, 0x1C, "EF.CVCA"},
}};

bool finger_or_iris(std::uint16_t fid) {
    return fid == dg3 || fid == dg4;
}

}  // namespace

const LdsFile* lds_file(std::uint16_t fid) {
    const auto found =
        std::find_if(lds_files.begin(), lds_files.end(), [fid](const LdsFile& f) { return f.fid == fid; });
    return found == lds_files.end() ? nullptr : &*found;
}

ByteView Passport::aid() {
    return passport_aid;
}

void Passport::reset() {
    selected_.reset();
    challenge_.clear();
}

Answer Passport::handle(const Command& command) {
    // a snapshot put back may lack the file that was selected
    if (selected_ && !chip_.state.passport.files.contains(*selected_)) selected_.reset();
    switch (command.ins) {
        case 0xA4:
            return select_file(command);
        case 0xB0:
            return read_binary(command);
        case 0xD6:
            return update_binary(command);
        case 0xE0:
            return create_file(command);
        case 0xDA:
            return put_data(command);
        case 0x84:
            return get_challenge(command);
        case 0x82:
            return mutual_authenticate(command);
        case 0x88:
            return internal_authenticate(command);
        default:
            return refuse(0x6D00);
    }
}

std::uint16_t Passport::may_write(const Access& access) const {
    const bool issuer = access.at_least(issuer_level);
    if (!chip_.state.passport.locked) {
        return chip_.state.open || !chip_.kind.write_under_scp || issuer ? 0x9000 : denied_sw;
    }
    return chip_.kind.issuer_updates && issuer && !access.transport_keys ? 0x9000 : locked_sw;
}

std::uint16_t Passport::may_read(std::uint16_t fid, const Access& access) const {
    const bool issuer = access.at_least(chip_.state.scp == 2 ? issuer_level : personal_level);
    if (finger_or_iris(fid) && chip_.state.passport.locked) return issuer ? 0x9000 : denied_sw;
    return access.icao || issuer ? 0x9000 : denied_sw;
}

Answer Passport::select_file(const Command& command) {
    if (command.data.size() != 2) return refuse(0x6700);
    const bool known_terminal = command.access.icao || command.access.at_least(0x01);
    if (chip_.state.passport.locked && !known_terminal) return refuse(denied_sw);
    const auto fid = static_cast<std::uint16_t>(big_endian(command.data));
    // an applet without terminal authentication answers for DG3 and DG4 before it looks whether they are
    // there
    if (finger_or_iris(fid) && !chip_.kind.finger_files) return refuse(denied_sw);
    if (!chip_.state.passport.files.contains(fid)) return refuse(0x6A82);
    selected_ = fid;
    return {};
}

Answer Passport::read_binary(const Command& command) {
    std::size_t offset = command.p1p2();
    if (chip_.kind.sfi && (command.p1 & 0x80) != 0) {
        const auto sfi = static_cast<std::uint8_t>(command.p1 & 0x1F);
        const auto found = std::find_if(lds_files.begin(), lds_files.end(),
                                        [sfi](const LdsFile& f) { return f.sfi == sfi; });
        if (may_read(0, command.access) != 0x9000) return refuse(denied_sw);
        const bool there = found != lds_files.end() && chip_.state.passport.files.contains(found->fid);
        if ((command.p1 & 0x60) != 0 || !there) return refuse(0x6A82);
        selected_ = found->fid;
        offset = command.p2;
    }
    if (const auto sw = may_read(selected_.value_or(0), command.access); sw != 0x9000) return refuse(sw);
    if (!selected_) return refuse(0x6985);
    if (command.ne == 0) return refuse(0x6700);
    const StoredFile& file = chip_.state.passport.files.at(*selected_);
    if (offset >= file.size) return refuse(0x6B00);
    std::size_t count = std::min<std::size_t>({command.ne, command.room, file.size - offset});
    if (chip_.kind.max_read != 0) count = std::min<std::size_t>(count, chip_.kind.max_read);
    const auto first = file.content.begin() + static_cast<std::ptrdiff_t>(offset);
    return {Bytes(first, first + static_cast<std::ptrdiff_t>(count))};
}

Answer Passport::update_binary(const Command& command) {
    if (const auto sw = may_write(command.access); sw != 0x9000) return refuse(sw);
    if (!selected_) return refuse(0x6985);
    if (command.data.empty()) return refuse(0x6700);
    StoredFile& file = chip_.state.passport.files.at(*selected_);
    const std::size_t offset = command.p1p2();
    if (offset + command.data.size() > file.size) return refuse(0x6A84);
    const std::size_t cut = chip_.cut_in_write ? *chip_.cut_in_write : command.data.size();
    const std::size_t count = std::min(cut, command.data.size());
    std::copy_n(command.data.begin(), count, file.content.begin() + static_cast<std::ptrdiff_t>(offset));
    chip_.changed = true;
    chip_.meter.write(*selected_, offset, count);
    if (chip_.cut_in_write) throw PowerLost{};
    return {};
}

Answer Passport::create_file(const Command& command) {
    if (const auto sw = may_write(command.access); sw != 0x9000) return refuse(sw);
    const Bytes& data = command.data;
    if (data.size() != 6) return refuse(0x6700);
    if (data[0] != 0x63 || data[1] != 4) return refuse(0x6A80);
    const std::size_t size = big_endian(ByteView{data}.subspan(2, 2));
    const auto fid = static_cast<std::uint16_t>(big_endian(ByteView{data}.subspan(4, 2)));
    if (finger_or_iris(fid) && !chip_.kind.finger_files) return refuse(denied_sw);
    if (lds_file(fid) == nullptr) return refuse(0x6F00);
    if (size > largest_file) return refuse(0x6A84);
    auto& files = chip_.state.passport.files;
    const auto there = files.find(fid);
    if (there == files.end()) {
        files[fid] = {static_cast<std::uint16_t>(size), Bytes(size, 0)};
    } else {
        StoredFile& file = there->second;
        if (size > file.content.size() && !chip_.kind.elastic) return refuse(0x6A84);
        if (size > file.content.size()) file.content.resize(size, 0);
        file.size = static_cast<std::uint16_t>(size);
    }
    if (chip_.kind.create_selects) selected_ = fid;
    chip_.changed = true;
    chip_.meter.write_page();
    return {};
}

Answer Passport::put_data(const Command& command) {
    if (const auto sw = may_write(command.access); sw != 0x9000) return refuse(sw);
    if (command.p1p2() == 0xDEAD) {
        if (chip_.state.passport.locked) return {};
        chip_.state.passport.locked = true;
    } else if (const auto sw = put_key_slot(chip_, command); sw != 0x9000) {
        return refuse(sw);
    }
    chip_.changed = true;
    chip_.meter.write_page();
    return {};
}

Answer Passport::get_challenge(const Command& command) {
    if (!loaded_keys() || chip_.icao_done) return refuse(denied_sw);
    if (command.ne != 8) return refuse(0x6700);
    challenge_ = chip_.rng.bytes(8);
    return {challenge_};
}

Answer Passport::mutual_authenticate(const Command& command) {
    if (chip_.icao_done || challenge_.empty()) return refuse(denied_sw);
    const Bytes challenge = std::exchange(challenge_, {});  // good for one attempt
    if (command.data.size() != 40) return refuse(0x6700);
    return basic_access_control(chip_, challenge, command.data);
}

Answer Passport::internal_authenticate(const Command& command) {
    if (!command.access.icao) return refuse(denied_sw);
    if (command.data.size() != 8) return refuse(0x6700);
    return active_authentication(chip_, command.data);
}

}  // namespace kartsaz::sim
