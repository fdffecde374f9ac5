// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "apdu/error.h"
#include "apdu/iso7816.h"
#include "libcard/app/pkcs15/fields.h"
#include "libcard/app/pkcs15/read_steps.h"

namespace kartsaz::app::pkcs15::reading {
namespace {

constexpr std::size_t largest_file = 0x7FFF;  // what P1-P2 of READ BINARY reaches
constexpr std::uint16_t wrong_length = 0x6700, wrong_offset = 0x6B00, end_reached = 0x6282;
constexpr std::uint8_t under_mf = 0x08, by_fid = 0x00;
constexpr std::uint32_t tag_size = 0x80, tag_size_structured = 0x81, tag_fid = 0x83, tag_acl = 0x86;

bool starts_at_mf(ByteView path) {
    return path.size() >= 2 && path[0] == 0x3F && path[1] == 0x00;
}

bool selected(apdu::StatusWord sw) {
    return sw.ok() || sw.sw1() == 0x62;
}

/// Bytes of `content` up to where its objects end; empty when more of the file is needed to tell.
std::optional<std::size_t> end_of(ByteView content, Ends ends) {
    std::size_t at = 0;
    while (at < content.size() && !fields::at_padding(content, at)) {
        std::optional<std::size_t> size;
        try {
            size = apdu::tlv_total_length(content.subspan(at), "file");
        } catch (const Error&) {
            return content.size();  // no object: what was read is kept as it is
        }
        if (!size || *size > content.size() - at) return std::nullopt;
        at += *size;
        if (ends == Ends::object) return at;
    }
    if (at == content.size()) return std::nullopt;
    // an empty directory keeps one byte of its padding, so that it is not taken for an unread one
    return std::max<std::size_t>(at, 1);
}

/// How much of the file is known to be needed.
std::optional<std::size_t> wanted_size(ByteView content, Ends ends) {
    if (ends != Ends::object) return std::nullopt;
    try {
        return apdu::tlv_total_length(content, "file");
    } catch (const Error&) {
        return std::nullopt;
    }
}

}  // namespace

std::string sw_hex(apdu::StatusWord sw) {
    return fmt::format("{:04X}", sw.value());
}

std::string sw_words(apdu::StatusWord sw) {
    return fmt::format("{:04X} ({})", sw.value(), apdu::describe(sw));
}

apdu::ResponseApdu Budget::transmit(const apdu::CommandApdu& command) {
    if (left_ == 0)
        throw Error{Errc::card_refused, "signature application: the card does not come to an end"};
    --left_;
    auto response = below().transmit(command);
    if (response.data.size() > bytes_)
        throw Error{Errc::card_refused, "signature application: the card gives more than a card holds"};
    bytes_ -= response.data.size();
    return response;
}

apdu::StatusWord Files::send_select(std::uint8_t p1, ByteView data) {
    const auto response = card_.transmit({0x00, 0xA4, p1, 0x00, Bytes(data.begin(), data.end()), 256});
    size_.reset();
    if (selected(response.sw)) note(response.data);
    return response.sw;
}

/// Size and access rule out of the file control information. Source: ISO/IEC 7816-4, 7.4.3.
void Files::note(ByteView control_information) {
    if (control_information.empty()) return;
    try {
        apdu::TlvReader in{control_information, "file control information"};
        const apdu::Tlv outer = in.next();
        if (outer.tag != 0x6F && outer.tag != 0x62) return;
        auto inside = in.enter(outer);
        std::string fid, acl;
        while (!inside.done()) {
            const apdu::Tlv part = inside.next();
            const bool short_number = !part.value.empty() && part.value.size() <= 4;
            if ((part.tag == tag_size || (part.tag == tag_size_structured && !size_)) && short_number)
                size_ = big_endian(part.value);
            if (part.tag == tag_fid && part.value.size() == 2) fid = to_hex(part.value);
            if (part.tag == tag_acl && part.value.size() <= 64) acl = to_hex(part.value);
        }
        if (!fid.empty() && !acl.empty()) facts_["acl." + fid] = acl;
    } catch (const Error&) {
        size_.reset();  // a card may say what it likes here; the file is read all the same
    }
}

apdu::StatusWord Files::select_by(Manner manner, ByteView absolute) {
    if (manner == Manner::by_path && absolute.size() > 2) return send_select(under_mf, absolute.subspan(2));
    if (manner == Manner::last_only) return send_select(by_fid, absolute.last(2));
    apdu::StatusWord sw;
    for (std::size_t at = 0; at < absolute.size(); at += 2) {
        sw = send_select(by_fid, absolute.subspan(at, 2));
        if (!selected(sw)) return sw;
    }
    return sw;
}

apdu::StatusWord Files::select(ByteView path) {
    const Bytes absolute = starts_at_mf(path) ? Bytes(path.begin(), path.end()) : concat({df_, path});
    if (path.empty() || absolute.size() % 2 != 0) return apdu::StatusWord{0x6A80};
    if (manner_ != Manner::unknown) return select_by(manner_, absolute);
    // whichever finds the first file finds the others
    apdu::StatusWord first;
    for (const Manner manner : {Manner::by_path, Manner::step_by_step, Manner::last_only}) {
        if (manner == Manner::last_only && !last_allowed_) break;
        const auto sw = select_by(manner, absolute);
        if (selected(sw)) {
            manner_ = manner;
            return sw;
        }
        if (manner == Manner::by_path) first = sw;
    }
    return first;
}

apdu::StatusWord Files::fetch(std::size_t offset, std::size_t most, Ends ends, Bytes& out) {
    while (out.size() < most) {
        std::size_t ne = std::min(card_.limits().response_data, most - out.size());
        if (const auto wanted = wanted_size(out, ends); wanted && *wanted > out.size())
            ne = std::min(ne, *wanted - out.size());
        auto response = card_.transmit(apdu::read_binary(
            offset + out.size(), static_cast<std::uint32_t>(std::min<std::size_t>(ne, 65536))));
        if (response.sw.value() == wrong_length && ne > 256) {
            card_.refuse_extended();
            if (card_.limits().response_data < ne) continue;
        }
        const bool over = response.sw.value() == wrong_offset || response.sw.value() == end_reached;
        if (!response.sw.ok() && !over) return response.sw;
        if (response.data.size() > most - out.size()) response.data.resize(most - out.size());
        append(out, response.data);
        if (response.data.empty() || over || end_of(out, ends)) break;
    }
    return apdu::StatusWord{0x9000};
}

DumpFile Files::read(const std::string& name, const Path& path, Ends ends, const std::string& access) {
    DumpFile file{name, 0, {}, access, {}};
    if (path.path.size() >= 2) file.fid = static_cast<std::uint16_t>(big_endian(ByteView{path.path}.last(2)));
    const auto sw = select(path.path);
    if (!selected(sw)) {
        file.refused = sw_words(sw);
        return file;
    }
    const std::size_t offset = std::min(path.index.value_or(0), largest_file);
    std::size_t most = largest_file - offset;
    if (size_) most = std::min(most, *size_ > offset ? *size_ - offset : 0);
    if (path.length) most = std::min(most, *path.length);
    const auto read = fetch(offset, most, ends, file.content);
    if (!read.ok()) {
        file.content.clear();
        file.refused = sw_words(read);
        return file;
    }
    file.content.resize(end_of(file.content, ends).value_or(file.content.size()));
    if (file.content.empty()) file.refused = "it is empty";
    return file;
}

}  // namespace kartsaz::app::pkcs15::reading
