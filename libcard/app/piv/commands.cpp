// SPDX-License-Identifier: Apache-2.0
#include "libcard/app/piv/commands.h"

#include <fmt/format.h>

#include <algorithm>

#include "apdu/chaining.h"
#include "apdu/error.h"
#include "apdu/iso7816.h"
#include "apdu/tlv.h"

namespace kartsaz::app::piv {

using apdu::CommandApdu;

const Bytes application_aid = from_hex("A000000308000010000100");
const Bytes truncated_aid = from_hex("A00000030800001000");

namespace {

constexpr std::uint32_t property_tag = 0x61, data_tag = 0x53, tag_list = 0x5C;
constexpr std::uint8_t filler = 0xFF;
constexpr std::size_t version_length = 3;
/// Lengths that 7F66 tells are of the whole command and response: header, Lc, Le; SW1 SW2.
constexpr std::size_t command_frame = 9, response_frame = 2;

Bytes tag_bytes(std::uint32_t tag) {
    return big_endian(tag, tag > 0xFFFF ? 3 : tag > 0xFF ? 2 : 1);
}

CommandApdu object_command(std::uint8_t ins) {
    return {.cla = 0x00, .ins = ins, .p1 = 0x3F, .p2 = 0xFF};
}

apdu::BlockLimits lengths_in(apdu::TlvReader in) {
    const auto most = [](ByteView value, std::size_t frame) {
        const std::size_t whole = value.size() > 4 ? 0 : big_endian(value);
        return whole > frame ? std::min<std::size_t>(whole - frame, 65535) : 0;
    };
    apdu::BlockLimits out;
    out.command_data = std::max<std::size_t>(most(in.next(0x02).value, command_frame), 255);
    out.response_data = std::max<std::size_t>(most(in.next(0x02).value, response_frame), 256);
    return out;
}

void take_property(PropertyTemplate& out, apdu::TlvReader& in, const apdu::Tlv& object) {
    switch (object.tag) {
        case 0x4F:
            out.aid.assign(object.value.begin(), object.value.end());
            break;
        case 0x50:
            out.label = to_text(object.value);
            break;
        case 0x5F50:
            out.url = to_text(object.value);
            break;
        case 0xAC:
            for (auto part = in.enter(object); !part.done();) {
                const auto one = part.next();
                if (one.tag == 0x80 && one.value.size() == 1) out.algorithms.push_back(one.value[0]);
            }
            break;
        case 0x7F66:
            out.lengths = lengths_in(in.enter(object));
            break;
        default:
            break;
    }
}

CommandApdu reference_command(std::uint8_t ins, std::uint8_t p1, std::uint8_t reference) {
    return {.cla = 0x00, .ins = ins, .p1 = p1, .p2 = reference};
}

}  // namespace

CommandApdu select_application(ByteView aid) {
    return apdu::select_aid(aid);
}

bool PropertyTemplate::announces(std::uint8_t algorithm) const {
    return std::ranges::find(algorithms, algorithm) != algorithms.end();
}

std::optional<PropertyTemplate> parse_property_template(ByteView answer) {
    try {
        apdu::TlvReader outer{answer, "application property template"};
        PropertyTemplate out;
        auto in = outer.enter(outer.next(property_tag));
        while (!in.done()) take_property(out, in, in.next());
        return out;
    } catch (const Error& error) {
        if (error.code() != Errc::input_invalid) throw;
        return std::nullopt;
    }
}

CommandApdu get_data(std::uint32_t tag, std::uint32_t ne) {
    auto command = object_command(0xCB);
    command.data = apdu::TlvWriter{}.put(tag_list, tag_bytes(tag)).bytes();
    command.ne = ne;
    return command;
}

Bytes value_in(const Container& container, ByteView answer) {
    apdu::TlvReader in{answer, container.name};
    const auto object = in.next(container.wrapped ? data_tag : container.tag);
    in.finish();
    const ByteView value = container.wrapped || object.value.empty() ? object.value : object.whole;
    return {value.begin(), value.end()};
}

Bytes put_data_field(const Container& container, ByteView value) {
    if (!container.wrapped) {
        const Bytes removed = apdu::TlvWriter{}.put(container.tag, ByteView{}).bytes();
        return value.empty() ? removed : Bytes{value.begin(), value.end()};
    }
    return apdu::TlvWriter{}.put(tag_list, tag_bytes(container.tag)).put(data_tag, value).bytes();
}

std::vector<CommandApdu> put_data(const Container& container, ByteView value, std::size_t block) {
    auto command = object_command(0xDB);
    command.data = put_data_field(container, value);
    return apdu::chain(command, block);
}

CommandApdu pin_status(std::uint8_t reference) {
    return reference_command(0x20, 0x00, reference);
}

CommandApdu drop_pin() {
    return reference_command(0x20, 0xFF, pin_reference);
}

CommandApdu verify_header() {
    return reference_command(0x20, 0x00, pin_reference);
}

CommandApdu change_reference_header(std::uint8_t reference) {
    return reference_command(0x24, 0x00, reference);
}

CommandApdu reset_retry_header() {
    return reference_command(0x2C, 0x00, pin_reference);
}

std::string fault_of_pin(const keys::SecretBytes& pin, bool digits_only) {
    const bool digits = pin.reveal([](ByteView bytes) {
        return std::ranges::all_of(bytes, [](std::uint8_t b) { return b >= '0' && b <= '9'; });
    });
    const bool fits = pin.size() >= shortest_pin && pin.size() <= stored_pin_length;
    if (fits && (digits || !digits_only)) return {};
    return fmt::format("the {} has {} to {} {}", digits_only ? "PIN" : "PUK", shortest_pin, stored_pin_length,
                       digits_only ? "digits" : "characters");
}

keys::SecretBytes padded_pin(const keys::SecretBytes& pin, bool digits_only) {
    if (const auto fault = fault_of_pin(pin, digits_only); !fault.empty())
        throw Error{Errc::usage, fault + "; nothing was sent"};
    Botan::secure_vector<std::uint8_t> out(stored_pin_length, filler);
    pin.reveal([&](ByteView digits) { std::ranges::copy(digits, out.begin()); });
    return keys::SecretBytes{std::move(out)};
}

keys::SecretBytes factory_pin() {
    return keys::SecretBytes{to_bytes("123456")};
}

keys::SecretBytes factory_puk() {
    return keys::SecretBytes{to_bytes("12345678")};
}

CommandApdu metadata(std::uint8_t reference) {
    auto command = reference_command(0xF7, 0x00, reference);
    command.ne = 256;
    return command;
}

Metadata parse_metadata(ByteView answer) {
    Metadata out;
    for (apdu::TlvReader in{answer, "metadata"}; !in.done();) {
        const auto object = in.next();
        const auto first = object.value.empty() ? std::optional<std::uint8_t>{} : object.value[0];
        const auto second = object.value.size() < 2 ? std::optional<std::uint8_t>{} : object.value[1];
        if (object.tag == 0x01) out.algorithm = first;
        if (object.tag == 0x02) out.pin_policy = first, out.touch = second;
        if (object.tag == 0x03) out.origin = first;
        if (object.tag == 0x04) out.public_key.assign(object.value.begin(), object.value.end());
        if (object.tag == 0x05 && first) out.factory = *first != 0;
        if (object.tag == 0x06) out.full_tries = first, out.tries_left = second;
    }
    return out;
}

CommandApdu get_version() {
    auto command = reference_command(0xFD, 0x00, 0x00);
    command.ne = 256;
    return command;
}

std::string parse_version(ByteView answer) {
    if (answer.size() != version_length) return {};
    return fmt::format("{}.{}.{}", answer[0], answer[1], answer[2]);
}

CommandApdu get_serial() {
    auto command = reference_command(0xF8, 0x00, 0x00);
    command.ne = 256;
    return command;
}

std::string chip_name_of_serial(ByteView answer) {
    constexpr std::size_t serial_length = 4;
    if (answer.size() != serial_length || big_endian(answer) == 0) return {};
    return "PIV-" + to_hex(answer);
}

}  // namespace kartsaz::app::piv
