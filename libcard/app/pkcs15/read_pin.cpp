// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "apdu/error.h"
#include "keys/pin.h"
#include "libcard/app/pkcs15/commands.h"
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

    /// @param pin  as it is sent
    const apdu::CommandApdu& with(ByteView pin) {
        command_.data.assign(pin.begin(), pin.end());
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
    shortest_ = user->min_length;
    if (user->min_length > 0 && user->max_length == user->min_length) only_length_ = user->min_length;
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
        const std::string fault = fault_of_length(*options_.pin, stored_length_);
        if (*tries_ > 1 && fault.empty()) return options_.pin->clone();
        refuse(*tries_ > 1 ? fault + "; the one that was given was not sent"
                           : "one try is left, and the last one is never spent");
        return std::nullopt;
    }
    return transport_pin();
}

std::optional<perso::TransportPin> PinDoor::transport_rules() const {
    if (options_.transport_pin) return options_.transport_pin;
    if (only_length_) return perso::TransportPin{"pin", *only_length_};
    // what every shipped profile says, where the card allows it
    const perso::TransportPin usual;
    const bool fits = usual.digits >= shortest_ && usual.digits <= stored_length_;
    return fits ? std::optional{usual} : std::nullopt;
}

std::optional<keys::SecretBytes> PinDoor::transport_pin() {
    const auto made = transport_rules();
    const std::string keyset = made ? made->keyset : "pin";
    if (options_.keys == nullptr || options_.keys->versions(keyset).empty()) {
        refuse(fmt::format("no PIN was given, and there are no keys \"{}\" to derive the transport PIN from",
                           keyset));
    } else if (!made) {
        refuse("no PIN was given, and neither receipt nor profile tells how long the transport PIN was made");
    } else if (options_.identity.empty()) {
        refuse("neither chip nor document number is known, so the transport PIN cannot be derived");
    } else if (*tries_ < fewest_full_tries) {
        refuse(fmt::format("{} tries are left, and the transport PIN is tried only when all are", *tries_));
    } else {
        try {
            auto pin =
                keys::derive_pin(options_.keys->keyset(keyset), "pin", options_.identity, made->digits);
            facts_["pin.digits"] = std::to_string(made->digits);
            // the card itself may tell that there is one length only
            if (!options_.transport_pin && !only_length_) facts_["pin.assumed"] = "length";
            return pin;
        } catch (const Error& error) {
            if (error.code() != Errc::keys_failed) throw;
            refuse(error.what());
        }
    }
    return std::nullopt;
}

apdu::StatusWord PinDoor::verify(const keys::SecretBytes& pin) {
    const auto sent =
        padded_ && pin.size() <= stored_length_ ? padded_pin(pin, stored_length_, pad_char_) : pin.clone();
    return sent.reveal([&](ByteView bytes) {
        VerifyCommand command{reference_};
        return card_.transmit(command.with(bytes)).sw;
    });
}

void PinDoor::compare_with_transport(const keys::SecretBytes& pin) {
    const auto made = transport_rules();
    if (!made || options_.keys == nullptr || options_.identity.empty() ||
        options_.keys->versions(made->keyset).empty()) {
        return;
    }
    try {
        const auto delivered =
            keys::derive_pin(options_.keys->keyset(made->keyset), "pin", options_.identity, made->digits);
        const bool same = pin.reveal([&](ByteView given) {
            return delivered.reveal([&](ByteView one) { return std::ranges::equal(given, one); });
        });
        facts_["pin.given"] = same ? "transport" : "changed";
    } catch (const Error& error) {
        if (error.code() != Errc::keys_failed) throw;  // not with these keys: nothing is known
    }
}

bool PinDoor::open() {
    if (!tries_ || *tries_ == 0) return false;
    auto pin = candidate();
    if (!pin) return false;
    const bool given = options_.pin != nullptr;
    const auto sw = verify(*pin);
    if (sw.ok()) {
        facts_["pin.state"] = given ? "verified" : "transport";
        if (given) compare_with_transport(*pin);
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
