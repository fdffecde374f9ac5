// SPDX-License-Identifier: Apache-2.0
#include "libcard/sim/signature_files.h"

#include <algorithm>

#include "libcard/sim/passport.h"
#include "libcard/sim/power_lost.h"
#include "libcard/sim/status.h"

namespace kartsaz::sim {
namespace {

using Type = SignatureFile::Type;
constexpr std::size_t most_children = 30;
constexpr std::size_t default_size = 128;
constexpr std::size_t memory = 1 << 20;        // bytes of all files together
constexpr std::uint32_t write_area = 1 << 16;  // beside the areas of the passport files
const Bytes master_fcp{0x6F, 0x07, 0x82, 0x01, 0x38, 0x83, 0x02, 0x3F, 0x00};

/// The length of the object whose length field stands first; empty for 00 and for anything above 7FFF.
std::optional<std::size_t> length_at(ByteView data) {
    if (data.empty()) return std::nullopt;
    if (data[0] == 0x82) {
        if (data.size() < 3 || data[1] > 0x7F) return std::nullopt;
        return big_endian(data.subspan(1, 2));
    }
    if (data[0] == 0x81) return data.size() < 2 ? std::nullopt : std::optional<std::size_t>{data[1]};
    if (data[0] == 0 || data[0] > 0x7F) return std::nullopt;
    return data[0];
}

/// The applet takes the size of the length field from the value, not from the field.
std::size_t length_field(std::size_t length) {
    return length < 128 ? 1 : length < 256 ? 2 : 3;
}

/// Where File looks for access rules and name: only behind a length of one byte.
ByteView early_part(const Bytes& fcp) {
    if (fcp.size() < 2 || fcp[1] > 0x7F) return {};
    return ByteView{fcp}.subspan(2, std::min<std::size_t>(fcp[1], fcp.size() - 2));
}

std::uint16_t fid_of(ByteView two) {
    return static_cast<std::uint16_t>(big_endian(two));
}

}  // namespace

bool simple_tlv_sound(ByteView data) {
    std::size_t at = 0;
    while (at + 1 < data.size()) {
        const auto length = length_at(data.subspan(at + 1));
        if (!length) return false;
        at += 1 + length_field(*length) + *length;
    }
    return at == data.size();
}

std::optional<ByteView> simple_tlv(ByteView data, std::uint8_t tag) {
    std::size_t at = 0;
    while (at + 1 < data.size()) {
        const auto length = length_at(data.subspan(at + 1));
        if (!length) return std::nullopt;
        const std::size_t value = at + 1 + length_field(*length);
        if (data[at] == tag) {
            if (value + *length > data.size()) return std::nullopt;
            return data.subspan(value, *length);
        }
        at = value + *length;
    }
    return std::nullopt;
}

/// A snapshot put back may lack what was selected.
void SignatureFiles::forget_lost() {
    if (directory_ != signature_master && state().file(directory_) == nullptr) select();
    if (file_ && state().file(*file_) == nullptr) file_.reset();
}

std::uint16_t SignatureFiles::may(const SignatureFile* file, Right right) const {
    if (file == nullptr) return 0x9000;  // the master file has no access rules
    const auto rules = simple_tlv(early_part(file->fcp), 0x86);
    if (!rules) return 0x9000;
    // the access mode byte, then delete self, terminate, activate, deactivate, write, update, read
    const std::size_t at = static_cast<std::size_t>(right) - 2;
    const std::uint8_t rule = at < rules->size() ? (*rules)[at] : 0xFF;
    if (rule == 0x00) return 0x9000;
    const bool pin = rule == 0x90 || (rule & 0x9F) == 0x10;
    return pin && user_ ? 0x9000 : status::denied;
}

bool SignatureFiles::below(const SignatureFile& file, std::uint16_t directory) const {
    const SignatureFile* at = &file;
    while (at != nullptr) {
        if (at->parent == directory) return true;
        at = chip_.state.signature.file(at->parent);
    }
    return false;
}

std::optional<SignatureFiles::Found> SignatureFiles::by_fid(const Command& command) {
    if (command.data.empty()) return Found{};
    const std::uint16_t fid = fid_of(command.data);
    if (fid == signature_master) return Found{};
    const SignatureFile* file = state().file(fid);
    return file == nullptr ? std::nullopt : std::optional<Found>{{file}};
}

std::optional<SignatureFiles::Found> SignatureFiles::child(ByteView data, bool directory) {
    if (data.size() < 2) return std::nullopt;
    const SignatureFile* file = state().file(fid_of(data.first(2)));
    if (file == nullptr || (file->type == Type::df) != directory || !below(*file, directory_))
        return std::nullopt;
    return Found{file};
}

/// An element that is no child is passed over: so a path may begin with 3F00.
std::optional<SignatureFiles::Found> SignatureFiles::by_path(ByteView path, std::uint16_t from) {
    for (; path.size() >= 2; path = path.subspan(2)) {
        const SignatureFile* next = state().file(fid_of(path.first(2)));
        if (next == nullptr || next->parent != from) continue;
        if (path.size() == 2) return Found{next};
        if (next->type != Type::df) return std::nullopt;
        from = next->fid;
    }
    return std::nullopt;
}

std::optional<SignatureFiles::Found> SignatureFiles::by_name(ByteView name) {
    for (const SignatureFile& file : state().files) {
        if (file.type != Type::df) continue;
        const auto own = simple_tlv(early_part(file.fcp), 0x84);
        if (own && std::equal(own->begin(), own->end(), name.begin(), name.end())) return Found{&file};
    }
    return std::nullopt;
}

Answer SignatureFiles::select_file(const Command& command) {
    forget_lost();
    if ((command.p2 & 0xF3) != 0) return refuse(status::wrong_p1p2);
    std::optional<Found> found;
    switch (command.p1) {
        case 0x00:
            if (!command.data.empty() && command.data.size() != 2) {
                select();
                return command.p2 == 0x0C ? Answer{} : refuse(0x6F00);
            }
            found = by_fid(command);
            break;
        case 0x01:
        case 0x02:
            found = child(command.data, command.p1 == 0x01);
            break;
        case 0x03:
            if (command.data.empty() && directory_ != signature_master) {
                found = Found{state().file(state().file(directory_)->parent)};
            }
            break;
        case 0x04:
            found = by_name(command.data);
            break;
        case 0x08:
            found = by_path(command.data, signature_master);
            break;
        case 0x09:
            found = by_path(command.data, directory_);
            break;
        default:
            return refuse(status::wrong_p1p2);
    }
    if (!found) return refuse(status::not_found);
    const SignatureFile* file = found->file;
    const bool directory = file == nullptr || file->type == Type::df;
    directory_ = file == nullptr ? signature_master : directory ? file->fid : file->parent;
    if (!directory) file_ = file->fid;  // a directory leaves the current EF as it is
    if ((command.p2 & 0xFC) == 0x08) return refuse(status::wrong_p1p2);
    if ((command.p2 & 0xFC) == 0x0C) return {};
    return {file == nullptr ? master_fcp : file->fcp};
}

std::uint16_t SignatureFiles::make_ef(const Bytes& fcp, std::uint8_t descriptor, SignatureFile& file) const {
    switch (descriptor & 0x07) {
        case 0x00:
            return status::invalid;
        case 0x01:
            break;
        default:
            file.type = Type::records;  // can be created, and then neither read nor written
            return 0x9000;
    }
    std::size_t size = default_size;
    if (const auto wanted = simple_tlv(early_part(fcp), 0x81)) {
        if (wanted->size() > 2) return status::invalid;
        size = big_endian(*wanted);
        // the applet takes both as signed numbers
        if (size > (wanted->size() == 1 ? 0x7FU : 0x7FFFU)) return 0x6F00;
    }
    file.content.assign(size, 0);
    return 0x9000;
}

std::uint16_t SignatureFiles::make(const Bytes& fcp, SignatureFile& file) {
    if (fcp.size() < 2 || (fcp[0] != 0x6F && fcp[0] != 0x62)) return status::invalid;
    const auto length = length_at(ByteView{fcp}.subspan(1));
    if (!length || *length != fcp.size() - std::min(fcp.size(), 1 + length_field(*length)))
        return status::invalid;
    const ByteView inner = ByteView{fcp}.last(*length);
    if (!simple_tlv_sound(inner)) return status::invalid;
    const auto fid = simple_tlv(inner, 0x83);
    if (!fid || fid->size() != 2) return status::invalid;
    file.fid = fid_of(*fid);
    // one identifier, one file on the whole card
    const bool elsewhere = (chip_.kind.passport && lds_file(file.fid) != nullptr) ||
                           (chip_.kind.piv.present && piv_object_id(file.fid));
    if (file.fid == signature_master || state().file(file.fid) != nullptr || elsewhere)
        return status::invalid;
    const auto rules = simple_tlv(inner, 0x86);
    if (rules && rules->size() != 8) return status::invalid;
    const auto descriptor = simple_tlv(inner, 0x82);
    if (!descriptor || descriptor->size() > 6) return status::invalid;
    const bool directory = ((*descriptor)[0] & 0x3F) == 0x38;
    if (!directory && ((*descriptor)[0] & 0x30) != 0) return status::invalid;
    const SignatureFile* parent = state().file(directory_);
    if (const auto sw = may(parent, directory ? Right::create_df : Right::update); sw != 0x9000) return sw;
    file.parent = directory_;
    file.fcp = fcp;
    file.type = directory ? Type::df : Type::transparent;
    return directory ? 0x9000 : make_ef(fcp, (*descriptor)[0], file);
}

Answer SignatureFiles::create(const Command& command) {
    forget_lost();
    if (command.p1p2() != 0) return refuse(status::wrong_p1p2);
    SignatureFile file;
    if (const auto sw = make(command.data, file); sw != 0x9000) return refuse(sw);
    std::size_t children = 0, used = file.content.size();
    for (const SignatureFile& other : state().files) {
        if (other.parent == directory_) ++children;
        used += other.content.size();
    }
    if (children >= most_children || used > memory) return refuse(0x6A84);
    if (file.type == Type::df) {
        directory_ = file.fid;
    } else {
        file_ = file.fid;
    }
    state().files.push_back(std::move(file));
    chip_.changed = true;
    chip_.meter.write_page();
    return {};
}

Answer SignatureFiles::remove(const Command& command) {
    forget_lost();
    if (command.p1p2() != 0) return refuse(status::wrong_p1p2);
    if (command.data.size() != 2) return refuse(0x6700);
    const std::uint16_t fid = fid_of(command.data);
    if (fid == signature_master) return refuse(0x6986);
    const SignatureFile* file = state().file(fid);
    if (file == nullptr) return refuse(status::not_found);
    if (const auto sw = may(file, Right::delete_self); sw != 0x9000) return refuse(sw);
    directory_ = file->parent;
    file_.reset();
    std::vector<std::uint16_t> gone{fid};
    for (const SignatureFile& other : state().files) {
        if (below(other, fid)) gone.push_back(other.fid);
    }
    std::erase_if(state().files, [&gone](const SignatureFile& other) {
        return std::find(gone.begin(), gone.end(), other.fid) != gone.end();
    });
    chip_.changed = true;
    chip_.meter.write_page();
    return {};
}

std::uint16_t SignatureFiles::target(const Command& command, SignatureFile*& file, std::size_t& offset) {
    forget_lost();
    if ((command.p1 & 0x80) == 0) {
        offset = command.p1p2();
        file = file_ ? state().file(*file_) : nullptr;
        return 0x9000;
    }
    if ((command.p1 & 0xE0) != 0x80) return status::wrong_p1p2;
    // the short identifier is always the last five bits of the file identifier
    const auto found = std::find_if(state().files.begin(), state().files.end(), [&](const SignatureFile& f) {
        return f.parent == directory_ && f.type != Type::df && (f.fid & 0x1F) == (command.p1 & 0x1F);
    });
    if (found == state().files.end()) return status::not_found;
    file = &*found;
    offset = command.p2;
    return 0x9000;
}

Answer SignatureFiles::read(const Command& command) {
    SignatureFile* file = nullptr;
    std::size_t offset = 0;
    if (const auto sw = target(command, file, offset); sw != 0x9000) return refuse(sw);
    if (const auto sw = may(file, Right::read); sw != 0x9000) return refuse(sw);
    if (file == nullptr || file->type != Type::transparent) return refuse(0x6981);
    const bool negative = (command.p1 & 0x80) != 0 && offset > 0x7F;
    if (negative || offset >= file->content.size()) return refuse(0x6B00);
    const std::size_t count =
        std::min<std::size_t>({command.ne, command.room, file->content.size() - offset});
    const auto first = file->content.begin() + static_cast<std::ptrdiff_t>(offset);
    return {Bytes(first, first + static_cast<std::ptrdiff_t>(count))};
}

Answer SignatureFiles::update(const Command& command) {
    SignatureFile* file = nullptr;
    std::size_t offset = 0;
    if (const auto sw = target(command, file, offset); sw != 0x9000) return refuse(sw);
    if (const auto sw = may(file, Right::update); sw != 0x9000) return refuse(sw);
    if (file == nullptr || file->type != Type::transparent) return refuse(0x6981);
    if ((command.p1 & 0x80) != 0 && offset > 0x7F) return refuse(0x6F00);
    if (offset + command.data.size() > file->content.size()) return refuse(0x6B00);
    const std::size_t count = std::min<std::size_t>(chip_.cut_in_write.value_or(~0U), command.data.size());
    std::copy_n(command.data.begin(), count, file->content.begin() + static_cast<std::ptrdiff_t>(offset));
    chip_.changed = true;
    chip_.meter.write(write_area | file->fid, offset, count);
    if (chip_.cut_in_write) throw PowerLost{};
    directory_ = file->parent;
    file_ = file->fid;
    return {};
}

}  // namespace kartsaz::sim
