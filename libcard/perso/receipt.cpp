// SPDX-License-Identifier: Apache-2.0
#include "libcard/perso/receipt.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "apdu/bytes.h"
#include "apdu/error.h"

namespace kartsaz::perso {
namespace {

using nlohmann::json;

constexpr auto format_name = "kartsaz-receipt-1";

json traffic_json(const Traffic& traffic) {
    return {{"commands", traffic.commands}, {"bytes_out", traffic.bytes_out}, {"bytes_in", traffic.bytes_in}};
}

Traffic traffic_from(const json& object) {
    return {object.at("commands").get<std::uint64_t>(), object.at("bytes_out").get<std::uint64_t>(),
            object.at("bytes_in").get<std::uint64_t>()};
}

TransportPin pin_from(const json& object, const std::string& what) {
    TransportPin pin{object.at("keyset").get<std::string>(), 0};
    const auto& digits = object.at("digits");
    // as [pkcs15.pin] digits of a profile
    if (!digits.is_number_unsigned() || digits.get<std::uint64_t>() < 4 || digits.get<std::uint64_t>() > 16) {
        throw Error{Errc::input_invalid, fmt::format("{}: transport_pin: digits: not 4 to 16", what)};
    }
    pin.digits = digits.get<std::size_t>();
    return pin;
}

}  // namespace

std::string to_json(const Receipt& receipt) {
    json steps = json::array();
    for (const auto& step : receipt.steps) {
        steps.push_back(
            {{"id", step.id}, {"label", step.label}, {"sw", fmt::format("{:04X}", step.sw.value())}});
    }
    json object{{"format", format_name},
                {"chip", receipt.chip},
                {"profile", receipt.profile},
                {"profile_digest", receipt.profile_digest},
                {"record_digest", receipt.record_digest},
                {"image_digest", receipt.image_digest},
                {"started", receipt.started},
                {"finished", receipt.finished},
                {"files", receipt.files},
                {"secrets", receipt.secrets},
                {"learned", receipt.learned},
                {"steps", steps},
                {"observed", traffic_json(receipt.observed)},
                {"written", traffic_json(receipt.written)},
                {"seconds", receipt.seconds},
                {"complete", receipt.complete},
                {"development_keys", receipt.development_keys}};
    if (const auto& pin = receipt.transport_pin) {
        object["transport_pin"] = {{"keyset", pin->keyset}, {"digits", pin->digits}};
    }
    return object.dump(2) + "\n";
}

Receipt receipt_from_json(std::string_view text, const std::string& what) {
    try {
        const json object = json::parse(text);
        if (object.at("format").get<std::string>() != format_name) {
            throw Error{Errc::input_invalid, fmt::format("{}: format: not {}", what, format_name)};
        }
        Receipt receipt;
        object.at("chip").get_to(receipt.chip);
        object.at("profile").get_to(receipt.profile);
        object.at("profile_digest").get_to(receipt.profile_digest);
        object.at("record_digest").get_to(receipt.record_digest);
        object.at("image_digest").get_to(receipt.image_digest);
        object.at("started").get_to(receipt.started);
        object.at("finished").get_to(receipt.finished);
        object.at("files").get_to(receipt.files);
        object.at("secrets").get_to(receipt.secrets);
        if (object.contains("learned")) object.at("learned").get_to(receipt.learned);
        if (object.contains("transport_pin")) receipt.transport_pin = pin_from(object["transport_pin"], what);
        for (const auto& step : object.at("steps")) {
            const Bytes sw = from_hex(step.at("sw").get<std::string>());
            if (sw.size() != 2) {
                throw Error{Errc::input_invalid, fmt::format("{}: steps: sw: not two bytes", what)};
            }
            receipt.steps.push_back({step.at("id").get<std::string>(), step.at("label").get<std::string>(),
                                     apdu::StatusWord{static_cast<std::uint16_t>(big_endian(sw))}});
        }
        receipt.observed = traffic_from(object.at("observed"));
        receipt.written = traffic_from(object.at("written"));
        object.at("seconds").get_to(receipt.seconds);
        object.at("complete").get_to(receipt.complete);
        object.at("development_keys").get_to(receipt.development_keys);
        return receipt;
    } catch (const json::exception& error) {
        throw Error{Errc::input_invalid, fmt::format("{}: {}", what, error.what())};
    }
}

}  // namespace kartsaz::perso
