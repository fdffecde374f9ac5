// SPDX-License-Identifier: Apache-2.0
#include "libcard/perso/session.h"

#include <fmt/format.h>

#include <algorithm>

#include "apdu/error.h"
#include "apdu/iso7816.h"
#include "libcard/perso/secure_session.h"

namespace kartsaz::perso {
namespace {

/// Wipes the data of a command that carried a secret, also when sending it threw.
class WipedCommand {
public:
    WipedCommand(apdu::CommandApdu header, const keys::SecretBytes& secret) : command_{std::move(header)} {
        secret.reveal([&](ByteView bytes) { command_.data.assign(bytes.begin(), bytes.end()); });
    }
    WipedCommand(const WipedCommand&) = delete;
    WipedCommand& operator=(const WipedCommand&) = delete;
    ~WipedCommand() { Botan::secure_scrub_memory(command_.data.data(), command_.data.size()); }
    const apdu::CommandApdu& command() const { return command_; }

private:
    apdu::CommandApdu command_;
};

/// What the card says when it counted a failure. Source: ISO/IEC 7816-4, 5.6 (63Cx, 6983) and 6300.
void refuse_failed(const Step& step, apdu::StatusWord sw) {
    const auto left = sw.tries_left();
    if (sw.value() != 0x6300 && (!left || *left == 0)) return;
    throw Error{Errc::secure_channel,
                fmt::format("{}: SW {:04X}{}: the card counted a failed try; {}", step.label, sw.value(),
                            left ? fmt::format(" ({} left)", *left) : std::string{},
                            step.delivered_pin ? "this PIN is not tried again"
                                               : "hands off until the cause is known"),
                sw};
}

}  // namespace

Session::Session(apdu::Transport& card, const Services& services, const CardState& state, const Plan& plan)
    : card_{card}, services_{services}, state_{state}, plan_{plan} {}

void Session::enter(std::size_t target) {
    if (entered_ == target) return;
    entered_.reset();
    channel_.reset();
    channel_keys_.reset();
    const Target& wanted = plan_.targets.at(target);
    const PendingHandshake* pending =
        first_ && wanted.scp && state_.pending && state_.pending->aid == wanted.aid ? &*state_.pending
                                                                                    : nullptr;
    first_ = false;
    if (pending == nullptr) {
        apdu::expect(card_.transmit(wanted.select),
                     fmt::format("{}: select {}", wanted.application, to_hex(wanted.aid)));
    }
    if (wanted.scp) {
        channel_ =
            open_channel(card_, services_.store, *wanted.scp, state_.channel.form, pending, &channel_keys_);
    }
    entered_ = target;
}

apdu::ResponseApdu Session::send(const Step& step) {
    apdu::Transport& way = channel_ ? static_cast<apdu::Transport&>(*channel_) : card_;
    if (const auto* plain = std::get_if<apdu::CommandApdu>(&step.action)) return way.transmit(*plain);
    if (const auto* late = std::get_if<LateCommands>(&step.action)) return send_late(*late, step, way);
    const auto& secret = std::get<SecretCommand>(step.action);
    const SecretAccess access{services_.store, services_, state_.chip,
                              channel_keys_ ? &*channel_keys_ : nullptr};
    const keys::SecretBytes data = secret.data(access);
    if (data.size() != secret.data_size) {
        throw Error{Errc::internal, fmt::format("{}: {} bytes were planned, {} made", step.label,
                                                secret.data_size, data.size())};
    }
    const WipedCommand command{secret.header, data};
    auto response = way.transmit(command.command());
    if (response.sw.ok() && secret.check) secret.check(response, access);
    return response;
}

apdu::ResponseApdu Session::send_late(const LateCommands& late, const Step& step, apdu::Transport& way) {
    const auto commands = late.make(learned_, services_);
    if (commands.empty()) throw Error{Errc::internal, step.label + ": no command was made"};
    apdu::ResponseApdu last;
    for (std::size_t i = 0; i < commands.size(); ++i) {
        last = way.transmit(commands[i]);
        if (i + 1 < commands.size()) last = apdu::expect(std::move(last), step.label);
    }
    return last;
}

apdu::StatusWord Session::run(const Step& step) {
    enter(step.target);
    auto response = send(step);
    const auto sw = response.sw;
    const bool known = std::find(step.also_ok.begin(), step.also_ok.end(), sw.value()) != step.also_ok.end();
    if (!known && step.authenticates) refuse_failed(step, sw);
    if (!known) response = apdu::expect(std::move(response), step.label);
    if (step.take) step.take(response, learned_);
    return sw;
}

std::string Session::secret_names(const Step& step) {
    const auto* secret = std::get_if<SecretCommand>(&step.action);
    return secret == nullptr ? std::string{} : secret->names;
}

}  // namespace kartsaz::perso
