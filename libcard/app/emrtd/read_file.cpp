// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "apdu/iso7816.h"
#include "apdu/tlv.h"
#include "libcard/app/emrtd/read_steps.h"

namespace kartsaz::app::emrtd::reading {
namespace {

constexpr std::uint16_t end_of_file_reached = 0x6282;
constexpr std::uint16_t wrong_length = 0x6700;
constexpr std::uint16_t wrong_offset = 0x6B00;
constexpr std::size_t largest_offset = 0x7FFF;  // of P1-P2 with bit 8 of P1 clear
constexpr std::size_t largest_file = 0x40000;
constexpr std::uint32_t most_wanted = 65536;
constexpr std::uint32_t longest_offset_header = 5;  // 53, length of up to 4 bytes

/// READ BINARY with the offset in the data field and the answer under 53. ISO/IEC 7816-4, 11.3.3.
apdu::CommandApdu read_binary_far(std::size_t offset, std::uint32_t ne) {
    return {0x00, 0xB1, 0x00, 0x00, apdu::TlvWriter{}.put(0x54, big_endian(offset, 3)).bytes(), ne};
}

/// Reads one file block by block. What the card gives more than was asked for is taken too: it is the file's
/// next bytes, and old applets ignore Le.
class BlockReader {
public:
    BlockReader(apdu::Transport& link, const std::string& name, Bytes& out)
        : link_{link}, name_{name}, out_{out} {}

    /// Reads on at out's end. False when the file ends there.
    bool next(std::optional<std::size_t> total) {
        std::uint32_t ne = wanted(total);
        apdu::ResponseApdu response = ask(ne);
        if (response.sw.value() == wrong_length && ne > 256) {
            link_.refuse_extended();
            ne = wanted(total);
            response = ask(ne);
        }
        if (response.sw.sw1() == 0x6C) response = ask(response.sw.sw2() == 0 ? 256U : response.sw.sw2());
        if (response.sw.value() == wrong_offset && !out_.empty()) return false;
        response = apdu::expect(std::move(response), name_ + ": read", {end_of_file_reached});
        const std::size_t before = out_.size();
        take(response.data);
        return out_.size() > before && response.sw.ok();
    }

private:
    std::uint32_t wanted(std::optional<std::size_t> total) const {
        std::size_t most = std::min<std::size_t>(link_.limits().response_data, most_wanted);
        if (total) most = std::min(most, *total - out_.size() + (far() ? longest_offset_header : 0));
        return static_cast<std::uint32_t>(std::max<std::size_t>(most, 1));
    }

    bool far() const { return out_.size() > largest_offset; }

    apdu::ResponseApdu ask(std::uint32_t ne) {
        return link_.transmit(far() ? read_binary_far(out_.size(), ne) : apdu::read_binary(out_.size(), ne));
    }

    void take(ByteView data) {
        if (far() && !data.empty()) {
            apdu::TlvReader in{data, name_ + ": answer to READ BINARY"};
            append(out_, in.next(0x53).value);
        } else {
            append(out_, data);
        }
    }

    apdu::Transport& link_;
    const std::string& name_;
    Bytes& out_;
};

/// Empty when the object is not begun yet or its first bytes are no header.
std::optional<std::size_t> total_length(const Bytes& head, const std::string& name, bool& broken) {
    try {
        return apdu::tlv_total_length(head, name);
    } catch (const Error&) {
        broken = true;
        return std::nullopt;
    }
}

}  // namespace

void read_into(apdu::Transport& link, std::uint16_t fid, const std::string& name, Bytes& out,
               const Progress& progress) {
    apdu::expect(link.transmit(apdu::select_ef(fid)), name + ": select");
    out.clear();
    BlockReader reader{link, name, out};
    std::optional<std::size_t> total;
    bool broken = false;
    while (reader.next(total)) {
        if (!total) {
            total = total_length(out, name, broken);
            if (broken) return;
            if (total && *total > largest_file) {
                throw Error{Errc::card_refused, fmt::format("{}: its header says {} bytes, {} at most", name,
                                                            *total, largest_file)};
            }
            if (total) out.reserve(*total);
        }
        if (progress && total) progress(name, std::min(out.size(), *total), *total);
        if (total && out.size() >= *total) break;
    }
    if (!total) total = total_length(out, name, broken);
    if (total && out.size() > *total) out.resize(*total);
}

}  // namespace kartsaz::app::emrtd::reading

namespace kartsaz::app::emrtd {

Bytes read_file(apdu::Transport& link, std::uint16_t fid, const std::string& name) {
    Bytes out;
    reading::read_into(link, fid, name, out, {});
    return out;
}

}  // namespace kartsaz::app::emrtd
