// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "apdu/decorator.h"
#include "apdu/mask.h"

/// Transcripts (`.apdu`): what went over the link, as text that can be played back. One item a line:
///   # text            comment
///   ! ATR hex         the ATR of the power-on, or of the reset above
///   ! limits C R      largest command and response data; 255 256 where the line is missing
///   ! reset           warm reset
///   ! removed         no response came to the command above: the card was taken away
///   > hex             command; blanks allowed; `??` is any byte
///   < hex             its response, data and status word; `??` is played back as 00
namespace kartsaz::apdu {

struct TranscriptItem {
    enum class Kind { command, response, atr, limits, reset, removed };
    Kind kind;
    std::size_t line = 0;
    Bytes bytes{};            ///< of command, response, ATR
    std::vector<bool> any{};  ///< where bytes has a `??`
    BlockLimits limits{};
};

/// @param name  for error texts  @throws Error{input_invalid} with name, line and rule
std::vector<TranscriptItem> parse_transcript(std::string_view text, const std::string& name);

/// Writes a transcript of all that passes.
class RecordingTransport final : public TransportDecorator {
public:
    enum class Form {
        masked,  ///< secrets and, unless asked for, personal data as `??`: what tools write
        full,    ///< every byte: for tests and benches, whose keys are no secret; no tool offers it
    };
    using Sink = std::function<void(std::string_view line)>;  ///< gets each line without its end

    RecordingTransport(Transport& below, Sink sink, Form form = Form::masked, MaskOptions options = {});
    /// @param out  must outlive this; flushed after each exchange
    RecordingTransport(Transport& below, std::ostream& out, Form form = Form::masked,
                       MaskOptions options = {});

    ResponseApdu transmit(const CommandApdu& command) override;
    Bytes reset() override;
    void refuse_extended() override;

private:
    void write_limits();

    Sink sink_;
    Form form_;
    MaskOptions options_;
};

/// Plays a transcript, strict both ways: a wrong command, a command or reset past the end or out of its turn
/// throws Error{input_invalid} that names transcript, line, what was expected and what came (masked).
class ReplayTransport final : public Transport {
public:
    /// @throws Error{input_invalid} when the text is not a transcript
    explicit ReplayTransport(std::string_view text, std::string name = "transcript");

    ResponseApdu transmit(const CommandApdu& command) override;
    Bytes reset() override;
    Bytes atr() const override { return atr_; }
    BlockLimits limits() const override { return limits_; }
    void refuse_extended() override { limits_ = BlockLimits{}; }

    /// True when every item was played.
    bool finished() const noexcept { return next_ == items_.size(); }
    /// @throws Error{input_invalid} naming the first item left over
    void finish() const;

private:
    void take_settings();
    const TranscriptItem& take(TranscriptItem::Kind kind, const std::string& got);
    [[noreturn]] void differs(std::size_t line, const std::string& expected, const std::string& got) const;

    std::string name_;
    std::vector<TranscriptItem> items_;
    std::size_t next_ = 0;
    Bytes atr_;
    BlockLimits limits_;
};

}  // namespace kartsaz::apdu
