// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "apdu/error.h"
#include "keys/pin.h"
#include "libcard/app/pkcs15/read_steps.h"

namespace kartsaz::app::pkcs15::reading {
namespace {

/// How many tries are "all" is not told by any card; no card here gives fewer.
constexpr unsigned fewest_full_tries = 3;
constexpr std::size_t longest_stored_pin = 64;
constexpr std::uint16_t blocked = 0x6983, refused_without_count = 0x6300;

/// Wipes the data of a VERIFY command, also when sending it threw.
class VerifyCommand {
public:
    explicit VerifyCommand(std::uint8_t reference) : command_{0x00, 0x20, 0x00, reference, {}} {}
    VerifyCommand(const VerifyCommand&) = delete;
    VerifyCommand& operator=(const VerifyCommand&) = delete;
    ~VerifyCommand() { Botan::secure_scrub_memory(command_.data.data(), command_.data.size()); }

    const apdu::CommandApdu& with(ByteView pin, std::size_t length, std::uint8_t pad) {
        command_.data.reserve(std::max(length, pin.size()));
        command_.data.assign(pin.begin(), pin.end());
        if (command_.data.size() < length) command_.data.resize(length, pad);
        return command_;
    }

private:
    apdu::CommandApdu command_;
};

}  // namespace

void PinDoor::describe(const std::vector<PinObject>& objects) {
    const auto user = std::find_if(objects.begin(), objects.end(), [](const PinObject& one) {
        return (one.flags & (pin_unblocking | pin_so)) == 0;
    });
    if (user == objects.end()) return;
    if (user->reference) reference_ = static_cast<std::uint8_t>(*user->reference & 0xFFU);
    stored_length_ = std::min(user->stored_length, longest_stored_pin);
    padded_ = (user->flags & pin_needs_padding) != 0;
    pad_char_ = user->pad_char.value_or(0x00);
}

apdu::StatusWord PinDoor::status() {
    return card_.transmit({0x00, 0x20, 0x00, reference_, {}}).sw;
}

void PinDoor::refuse(const std::string& why) {
    facts_["pin.state"] = "not tried";
    facts_["pin.why"] = why;
}

void PinDoor::ask() {
    const auto sw = status();
    facts_["pin.status"] = sw_hex(sw);
    tries_ = sw.tries_left();
    if (sw.value() == blocked) tries_ = 0;
    if (sw.ok()) {
        facts_["pin.state"] = "none";
    } else if (tries_ == 0U) {
        facts_["pin.state"] = "blocked";
    } else if (!tries_) {
        refuse(fmt::format("the card does not tell how many tries are left: {}", sw_words(sw)));
    }
    if (tries_) {
        facts_["pin.tries"] = std::to_string(*tries_);
        facts_["pin.tries.after"] = facts_["pin.tries"];
    }
}

/// The PIN that may be tried; empty, with the reason as a fact, when none may be.
std::optional<keys::SecretBytes> PinDoor::candidate() {
    if (options_.pin != nullptr) {
        if (*tries_ > 1) return options_.pin->clone();
        refuse("one try is left, and the last one is never spent");
        return std::nullopt;
    }
    if (options_.keys == nullptr || options_.keys->versions("pin").empty()) {
        refuse("no PIN was given, and there are no keys to derive the transport PIN from");
    } else if (options_.identity.empty()) {
        refuse("neither chip nor document number is known, so the transport PIN cannot be derived");
    } else if (*tries_ < fewest_full_tries) {
        refuse(fmt::format("{} tries are left, and the transport PIN is tried only when all are", *tries_));
    } else {
        try {
            return keys::derive_pin(options_.keys->keyset("pin"), "pin", options_.identity,
                                    options_.pin_digits);
        } catch (const Error& error) {
            if (error.code() != Errc::keys_failed) throw;
            refuse(error.what());
        }
    }
    return std::nullopt;
}

apdu::StatusWord PinDoor::verify(const keys::SecretBytes& pin) {
    return pin.reveal([&](ByteView bytes) {
        VerifyCommand command{reference_};
        return card_.transmit(command.with(bytes, padded_ ? stored_length_ : 0, pad_char_)).sw;
    });
}

bool PinDoor::open() {
    if (!tries_ || *tries_ == 0) return false;
    auto pin = candidate();
    if (!pin) return false;
    const bool given = options_.pin != nullptr;
    const auto sw = verify(*pin);
    if (sw.ok()) {
        facts_["pin.state"] = given ? "verified" : "transport";
        accepted_ = std::move(pin);
        return true;
    }
    if (const auto left = sw.value() == blocked ? 0U : sw.tries_left()) {
        facts_["pin.tries.after"] = std::to_string(*left);
    }
    const bool was_compared = sw.tries_left() || sw.value() == blocked || sw.value() == refused_without_count;
    if (was_compared) {
        facts_["pin.state"] = given ? "refused" : "changed";
    } else {
        refuse(fmt::format("the card did not compare it: {}", sw_words(sw)));
    }
    return false;
}

bool PinDoor::again() {
    return accepted_ && verify(*accepted_).ok();
}

void PinDoor::close() {
    if (!accepted_) return;
    const auto sw = status();
    if (const auto left = sw.tries_left()) facts_["pin.tries.after"] = std::to_string(*left);
}

}  // namespace kartsaz::app::pkcs15::reading
