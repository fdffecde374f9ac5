// SPDX-License-Identifier: Apache-2.0
#include "libcard/reader/limits.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <utility>

#include "apdu/atr.h"
#include "apdu/error.h"
#include "apdu/exchanger.h"
#include "apdu/iso7816.h"

namespace kartsaz::reader {
namespace {

using apdu::BlockLimits;

constexpr std::uint16_t fid_atr_info = 0x2F01;
/// For cards that take extended length but do not say how long: what they take as a rule.
constexpr BlockLimits unsaid{2048, 2048};

/// BlockLimits of EF.ATR/INFO; `unsaid` without it, empty when it breaks a rule.
std::optional<BlockLimits> read_atr_info(apdu::Transport& card) {
    apdu::Exchanger exchanger{card};
    if (!exchanger.transmit(apdu::select_ef(fid_atr_info)).sw.ok()) return unsaid;
    const auto content = exchanger.transmit(apdu::read_binary(0, 256));
    if (!content.sw.ok() && !content.sw.warning()) return unsaid;
    const auto info = apdu::parse_atr_info(content.data);
    if (!info.command_apdu && !info.response_apdu) return unsaid;
    return info.limits();
}

bool claims_extended(ByteView atr) {
    const auto capabilities = apdu::parse_atr(atr).capabilities;
    return capabilities && capabilities->extended_length;
}

BlockLimits bounded(BlockLimits limits, std::optional<std::size_t> reader_max) {
    if (!reader_max) return limits;
    if (*reader_max <= 256) return {};
    return {std::min(limits.command_data, *reader_max), std::min(limits.response_data, *reader_max)};
}

/// What was learned in this process of readers with cards of one ATR.
class Memory {
public:
    void keep(const std::string& key, BlockLimits limits) {
        const std::lock_guard lock{mutex_};
        limits_[key] = limits;
    }
    std::optional<BlockLimits> find(const std::string& key) {
        const std::lock_guard lock{mutex_};
        const auto found = limits_.find(key);
        return found == limits_.end() ? std::nullopt : std::optional{found->second};
    }

private:
    std::mutex mutex_;
    std::map<std::string, BlockLimits> limits_;
};

Memory& memory() {
    static Memory all;
    return all;
}

class LimitedTransport final : public apdu::Transport {
public:
    LimitedTransport(std::unique_ptr<apdu::Transport> raw, const std::string& reader,
                     const ReaderMax& reader_max)
        : raw_{std::move(raw)}, key_{reader.empty() ? "" : reader + '\n' + to_hex(raw_->atr())} {
        if (const auto known = key_.empty() ? std::nullopt : memory().find(key_)) {
            limits_ = *known;
            return;
        }
        limits_ = learn_limits(*raw_, reader_max ? reader_max() : std::nullopt);
        if (!key_.empty()) memory().keep(key_, limits_);
    }
    apdu::ResponseApdu transmit(const apdu::CommandApdu& command) override { return raw_->transmit(command); }
    Bytes reset() override { return raw_->reset(); }
    Bytes atr() const override { return raw_->atr(); }
    BlockLimits limits() const override { return limits_; }
    void refuse_extended() override {
        limits_ = {};
        if (!key_.empty()) memory().keep(key_, limits_);
    }

private:
    std::unique_ptr<apdu::Transport> raw_;
    std::string key_;
    BlockLimits limits_{};
};

}  // namespace

BlockLimits learn_limits(apdu::Transport& card, std::optional<std::size_t> reader_max) {
    try {
        if ((reader_max && *reader_max <= 256) || !claims_extended(card.atr())) return {};
        return bounded(read_atr_info(card).value_or(BlockLimits{}), reader_max);
    } catch (const Error& error) {
        // Only a card that is gone matters here: whatever else is odd about it, short commands work.
        if (error.code() == Errc::card_removed || error.code() == Errc::reader_failed) throw;
        return {};
    }
}

std::unique_ptr<apdu::Transport> with_limits(std::unique_ptr<apdu::Transport> raw, const std::string& reader,
                                             const ReaderMax& reader_max) {
    return std::make_unique<LimitedTransport>(std::move(raw), reader, reader_max);
}

std::optional<std::uint32_t> feature_code(ByteView features, std::uint8_t tag) {
    constexpr std::size_t entry = 6;
    for (; features.size() >= entry && features[1] == 4; features = features.subspan(entry)) {
        if (features[0] == tag) return static_cast<std::uint32_t>(big_endian(features.subspan(2, 4)));
    }
    return std::nullopt;
}

std::optional<std::size_t> max_apdu_data_size(ByteView properties) {
    constexpr std::uint8_t tag = 0x0A;
    while (properties.size() >= 2) {
        const std::size_t length = properties[1];
        if (length > properties.size() - 2) return std::nullopt;
        if (properties[0] == tag && length >= 1 && length <= 4) {
            std::size_t value = 0;
            for (std::size_t i = length; i > 0; --i) value = value << 8U | properties[1 + i];
            return value;
        }
        properties = properties.subspan(2 + length);
    }
    return std::nullopt;
}

}  // namespace kartsaz::reader
