// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "libcard/sim/body.h"

namespace kartsaz::bench {

struct Traffic {
    std::uint64_t commands = 0, bytes_out = 0, bytes_in = 0;
};

/// Counts what reaches a body, whoever sends it. `out` is towards the card.
class CountingBody final : public sim::Body {
public:
    explicit CountingBody(sim::Body& below) : below_{below} {}

    const Traffic& traffic() const { return traffic_; }
    /// Modelled seconds that GENERATE ASYMMETRIC KEY PAIR took, beside link and memory.
    double generation_seconds() const { return generation_; }

    Bytes transmit(ByteView command) override {
        constexpr std::uint8_t generate = 0x46, generate_bertlv = 0x47;  // 47: as PIV applications have it
        const auto before = below_.time().compute;
        auto answer = below_.transmit(command);
        ++traffic_.commands;
        traffic_.bytes_out += command.size();
        traffic_.bytes_in += answer.size();
        const std::uint8_t ins = command.size() > 1 ? command[1] : 0;
        if (ins == generate || ins == generate_bertlv) generation_ += below_.time().compute - before;
        return answer;
    }
    Bytes power_on() override { return below_.power_on(); }
    void power_off() override { below_.power_off(); }
    Bytes reset() override { return below_.reset(); }
    Bytes atr() const override { return below_.atr(); }
    void set_faults(const std::vector<sim::Faults>& faults) override { below_.set_faults(faults); }
    std::uint64_t apdu_count() const override { return below_.apdu_count(); }
    Time time() const override { return below_.time(); }
    void reset_time() override { below_.reset_time(); }
    void sleep_for_time(bool on) override { below_.sleep_for_time(on); }
    std::vector<FileInfo> files() const override { return below_.files(); }
    void flip(std::uint16_t fid, std::size_t offset, std::uint8_t mask) override {
        below_.flip(fid, offset, mask);
    }
    Bytes snapshot() const override { return below_.snapshot(); }
    void restore(ByteView snapshot) override { below_.restore(snapshot); }
    std::string describe_json() const override { return below_.describe_json(); }

private:
    sim::Body& below_;
    Traffic traffic_;
    double generation_ = 0;
};

}  // namespace kartsaz::bench
