// SPDX-License-Identifier: Apache-2.0
#include "libcard/reader/sim_transport.h"

#include <concepts>
#include <string>
#include <utility>

#include "apdu/error.h"
#include "libcard/reader/limits.h"
#include "libcard/sim/body.h"
#include "libcard/sim/power_lost.h"

namespace kartsaz::reader {
namespace {

class SimTransport final : public apdu::Transport {
public:
    explicit SimTransport(sim::Body& body) : body_{body} {
        powered([&] { atr_ = body_.power_on(); });
    }
    explicit SimTransport(std::unique_ptr<sim::Body> body) : SimTransport{*body} { owned_ = std::move(body); }
    ~SimTransport() override {
        try {
            body_.power_off();
        } catch (const std::exception&) {
            // The card is being put away: whatever its state was, it is off now.
        }
    }

    apdu::ResponseApdu transmit(const apdu::CommandApdu& command) override {
        Bytes response;
        powered([&] { response = body_.transmit(apdu::encode(command)); });
        return apdu::decode_response(response);
    }
    Bytes reset() override {
        powered([&] { atr_ = body_.reset(); });
        return atr_;
    }
    Bytes atr() const override { return atr_; }
    apdu::BlockLimits limits() const override { return {}; }
    void refuse_extended() override {}

private:
    /// A body without power stays away, like a card that was pulled: only a new transport powers it on.
    template <std::invocable Action>
    void powered(Action&& action) {
        if (gone_) throw Error{Errc::card_removed, "the simulated card is off"};
        try {
            std::forward<Action>(action)();
        } catch (const sim::PowerLost& lost) {
            gone_ = true;
            throw Error{Errc::card_removed, lost.what()};
        }
    }

    sim::Body& body_;
    std::unique_ptr<sim::Body> owned_{};
    Bytes atr_{};
    bool gone_ = false;
};

}  // namespace

std::unique_ptr<apdu::Transport> sim_transport(sim::Body& body) {
    return with_limits(std::make_unique<SimTransport>(body), "");
}

std::unique_ptr<apdu::Transport> sim_transport(const std::filesystem::path& file) {
    return with_limits(std::make_unique<SimTransport>(sim::Body::open(file)), "sim:" + file.string());
}

}  // namespace kartsaz::reader
