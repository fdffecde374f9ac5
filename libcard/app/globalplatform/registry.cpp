// SPDX-License-Identifier: Apache-2.0
#include "libcard/app/globalplatform/registry.h"

#include <fmt/format.h>

#include <array>

#include "apdu/error.h"
#include "apdu/status_word.h"
#include "apdu/tlv.h"

namespace kartsaz::app::globalplatform {
namespace {

constexpr std::uint16_t more_data = 0x6310, nothing_there = 0x6A88;
const std::string what = "GET STATUS";

Bytes copy(ByteView view) {
    return Bytes(view.begin(), view.end());
}

[[noreturn]] void refuse(const std::string& rule) {
    throw Error{Errc::card_refused, fmt::format("{}: {}", what, rule)};
}

Bytes aid_of(const apdu::Tlv& object) {
    constexpr std::size_t least = 5, most = 16;
    if (object.value.size() < least || object.value.size() > most) {
        refuse(fmt::format("an AID of {} bytes, {} to {} expected", object.value.size(), least, most));
    }
    return copy(object.value);
}

RegistryEntry parse_entry(ByteView record) {
    RegistryEntry out;
    bool told = false;
    apdu::TlvReader fields{record, what};
    while (!fields.done()) {
        const auto field = fields.next();
        if (field.tag == 0x4F) out.aid = aid_of(field);
        if (field.tag == 0x84) out.modules.push_back(aid_of(field));
        if (field.tag == 0xC5) {
            if (field.value.size() != 1 && field.value.size() != 3) {
                refuse(fmt::format("privileges of {} bytes, 1 or 3 expected", field.value.size()));
            }
            out.privileges = copy(field.value);
        }
        if (field.tag == 0x9F70) {
            // cards that know logical channels add a byte for each; the first is the life cycle
            if (field.value.empty()) refuse("a life cycle of no byte");
            out.life_cycle = field.value[0];
            told = true;
        }
    }
    if (out.aid.empty()) refuse("a record without AID");
    if (!told) refuse(fmt::format("the record of {} has no life cycle", to_hex(out.aid)));
    return out;
}

}  // namespace

std::vector<RegistryEntry> parse_registry(ByteView data) {
    std::vector<RegistryEntry> out;
    try {
        apdu::TlvReader records{data, what};
        while (!records.done()) {
            const auto record = records.next();
            if (record.tag != 0xE3)
                refuse(fmt::format("tag {:X} where a record E3 was expected", record.tag));
            out.push_back(parse_entry(record.value));
        }
    } catch (const Error& error) {
        throw Error{Errc::card_refused, error.what()};
    }
    return out;
}

std::optional<std::vector<RegistryEntry>> read_registry(apdu::Transport& secured, RegistryPart part) {
    constexpr unsigned most_answers = 64;
    std::vector<RegistryEntry> out;
    for (unsigned answer = 0; answer < most_answers; ++answer) {
        const auto response = secured.transmit(get_status(part, answer > 0));
        if (response.sw.value() == nothing_there && answer == 0) return out;
        if (!response.sw.ok() && response.sw.value() != more_data) {
            if (answer == 0) return std::nullopt;
            throw Error{Errc::card_refused,
                        fmt::format("{}: the list breaks off with SW {:04X} ({})", what, response.sw.value(),
                                    apdu::describe(response.sw)),
                        response.sw};
        }
        for (auto& entry : parse_registry(response.data)) out.push_back(std::move(entry));
        if (response.sw.ok()) return out;
        if (response.data.empty()) refuse("more data is announced, and none comes");
    }
    refuse(fmt::format("the list has not ended after {} answers", most_answers));
}

apdu::CommandApdu get_status(RegistryPart part, bool next) {
    return {.cla = 0x80,
            .ins = 0xF2,
            .p1 = static_cast<std::uint8_t>(part),
            .p2 = static_cast<std::uint8_t>(next ? 0x03 : 0x02),
            .data = from_hex("4F00"),
            .ne = 256};
}

}  // namespace kartsaz::app::globalplatform
