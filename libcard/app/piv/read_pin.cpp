// SPDX-License-Identifier: Apache-2.0
// The same rules as for the signature application: no try that matters is spent.
#include <fmt/format.h>

#include <algorithm>

#include "apdu/error.h"
#include "keys/pin.h"
#include "libcard/app/piv/read_steps.h"

namespace kartsaz::app::piv::reading {
namespace {

/// Where the card does not tell how many are "all": no card here gives fewer.
constexpr unsigned fewest_full_tries = 3;
constexpr std::uint16_t blocked = 0x6983, refused_without_count = 0x6300;

/// Wipes the data of a command, also when sending it threw.
class SecretCommand {
public:
    SecretCommand(apdu::CommandApdu header, ByteView secret) : command_{std::move(header)} {
        command_.data.assign(secret.begin(), secret.end());
    }
    SecretCommand(const SecretCommand&) = delete;
    SecretCommand& operator=(const SecretCommand&) = delete;
    ~SecretCommand() { Botan::secure_scrub_memory(command_.data.data(), command_.data.size()); }
    const apdu::CommandApdu& get() const { return command_; }

private:
    apdu::CommandApdu command_;
};

}  // namespace

void PinDoor::refuse(const std::string& why) {
    facts_["pin.state"] = "not tried";
    facts_["pin.why"] = why;
}

void PinDoor::ask(const std::optional<Metadata>& told) {
    const auto sw = card_.transmit(pin_status()).sw;
    facts_["pin.status"] = sw_hex(sw);
    tries_ = sw.tries_left();
    if (sw.value() == blocked) tries_ = 0;
    if (told && told->full_tries) full_ = *told->full_tries;
    makers_ = told && told->factory.value_or(false);
    if (tries_ == 0U) {
        facts_["pin.state"] = "blocked";
    } else if (sw.ok()) {
        facts_["pin.state"] = "none";
    } else if (!tries_) {
        refuse(fmt::format("the card does not tell how many tries are left: {}", sw_words(sw)));
    }
    if (tries_) {
        facts_["pin.tries"] = std::to_string(*tries_);
        facts_["pin.tries.after"] = facts_["pin.tries"];
    }
}

std::optional<keys::SecretBytes> PinDoor::candidate() {
    if (options_.pin == nullptr) return transport_pin();
    const std::string fault = fault_of_pin(*options_.pin);
    if (*tries_ > 1 && fault.empty()) return options_.pin->clone();
    refuse(*tries_ > 1 ? fault + "; the one that was given was not sent"
                       : "one try is left, and the last one is never spent");
    return std::nullopt;
}

std::optional<keys::SecretBytes> PinDoor::delivered() const {
    const auto made = rules();
    const bool known = options_.keys != nullptr && !options_.identity.empty() &&
                       !options_.keys->versions(made.keyset).empty();
    if (!known) return std::nullopt;
    return keys::derive_pin(options_.keys->keyset(made.keyset), "pin", options_.identity, made.digits);
}

std::optional<keys::SecretBytes> PinDoor::transport_pin() {
    const auto made = rules();
    const unsigned all = full_.value_or(fewest_full_tries);
    if (makers_ && *tries_ >= all) return factory_pin();  // the card itself says that it is right
    if (makers_) {
        refuse(
            fmt::format("the card says that its PIN is still the maker's; {} tries are left, and it is "
                        "tried only when all are",
                        *tries_));
    } else if (options_.keys == nullptr || options_.keys->versions(made.keyset).empty()) {
        refuse(fmt::format("no PIN was given, and there are no keys \"{}\" to derive the transport PIN from",
                           made.keyset));
    } else if (options_.identity.empty()) {
        refuse("neither chip nor document number is known, so the transport PIN cannot be derived");
    } else if (*tries_ < all) {
        refuse(fmt::format("{} tries are left, and the transport PIN is tried only when all are", *tries_));
    } else {
        try {
            auto pin = delivered();
            const std::string fault = fault_of_pin(*pin);
            if (fault.empty()) {
                facts_["pin.digits"] = std::to_string(made.digits);
                return pin;
            }
            refuse(fault + "; the transport PIN was not sent");
        } catch (const Error& error) {
            if (error.code() != Errc::keys_failed) throw;
            refuse(error.what());
        }
    }
    return std::nullopt;
}

apdu::StatusWord verify_pin(apdu::Transport& card, const keys::SecretBytes& pin) {
    return padded_pin(pin).reveal([&](ByteView bytes) {
        return card.transmit(SecretCommand{verify_header(), bytes}.get()).sw;
    });
}

void PinDoor::compare_with_transport(const keys::SecretBytes& pin) {
    try {
        if (const auto known = delivered()) facts_["pin.given"] = *known == pin ? "transport" : "changed";
    } catch (const Error& error) {
        if (error.code() != Errc::keys_failed) throw;  // not with these keys: nothing is known
    }
}

bool PinDoor::open() {
    if (!tries_ || *tries_ == 0) return false;
    auto pin = candidate();
    if (!pin) return false;
    const bool given = options_.pin != nullptr;
    const auto sw = verify_pin(card_, *pin);
    if (sw.ok()) {
        facts_["pin.state"] = given ? "verified" : makers_ ? "factory" : "transport";
        if (given) compare_with_transport(*pin);
        accepted_ = std::move(pin);
        return true;
    }
    if (const auto left = sw.value() == blocked ? 0U : sw.tries_left()) {
        facts_["pin.tries.after"] = std::to_string(*left);
    }
    const bool was_compared = sw.tries_left() || sw.value() == blocked || sw.value() == refused_without_count;
    if (was_compared) {
        facts_["pin.state"] = given || makers_ ? "refused" : "changed";
    } else {
        refuse(fmt::format("the card did not compare it: {}", sw_words(sw)));
    }
    return false;
}

bool PinDoor::again() {
    return accepted_ && verify_pin(card_, *accepted_).ok();
}

void PinDoor::close() {
    if (!accepted_) return;
    const auto sw = card_.transmit(pin_status()).sw;
    if (const auto left = sw.tries_left()) facts_["pin.tries.after"] = std::to_string(*left);
}

}  // namespace kartsaz::app::piv::reading
