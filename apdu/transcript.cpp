// SPDX-License-Identifier: Apache-2.0
#include "apdu/transcript.h"

#include <fmt/format.h>

#include <ostream>

#include "apdu/error.h"

namespace kartsaz::apdu {
namespace {

using Kind = TranscriptItem::Kind;
using Clock = std::chrono::steady_clock;

std::string name_of(const TranscriptItem& item) {
    switch (item.kind) {
        case Kind::command: {
            std::string text;
            for (std::size_t i = 0; i < item.bytes.size(); ++i) {
                text += item.any[i] ? "??" : to_hex(ByteView{item.bytes}.subspan(i, 1));
            }
            return text;
        }
        case Kind::response:
            return "a response";
        case Kind::atr:
            return "an ATR";
        case Kind::limits:
            return "limits";
        case Kind::reset:
            return "a reset";
        case Kind::removed:
            return "the removal of the card";
    }
    return {};
}

/// The command of a transcript line with its data masked like one that is sent.
std::string masked_item(const TranscriptItem& item) {
    if (item.kind != Kind::command) return name_of(item);
    try {
        const CommandApdu command = decode_command(item.bytes);
        return sensitivity(command).command == Secrecy::open ? name_of(item) : masked(command);
    } catch (const Error&) {
        return fmt::format("{} bytes that are no command", item.bytes.size());
    }
}

/// Offset of the first byte in which `wire` is not what the item asks for; its size when all fit.
std::size_t first_difference(const TranscriptItem& item, ByteView wire) {
    std::size_t at = 0;
    while (at < wire.size() && at < item.bytes.size() && (item.any[at] || item.bytes[at] == wire[at])) ++at;
    return at;
}

}  // namespace

RecordingTransport::RecordingTransport(Transport& below, Sink sink, Form form, MaskOptions options)
    : TransportDecorator{below}, sink_{std::move(sink)}, form_{form}, options_{options} {
    sink_("! ATR " + to_hex(below.atr()));
    write_limits();
}

RecordingTransport::RecordingTransport(Transport& below, std::ostream& out, Form form, MaskOptions options)
    : RecordingTransport(
          below, [&out](std::string_view line) { out << line << std::endl; }, form, options) {}

void RecordingTransport::write_limits() {
    const BlockLimits now = limits();
    sink_(fmt::format("! limits {} {}", now.command_data, now.response_data));
}

ResponseApdu RecordingTransport::transmit(const CommandApdu& command) {
    const bool full = form_ == Form::full;
    sink_("> " + (full ? to_hex(encode(command)) : masked(command, options_)));
    const auto start = Clock::now();
    try {
        ResponseApdu response = below().transmit(command);
        const auto time = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - start);
        sink_("< " + (full ? to_hex(encode(response)) : masked(response, command, options_)));
        sink_(fmt::format("# {} us", time.count()));
        return response;
    } catch (const Error& error) {
        sink_("! removed");
        sink_(fmt::format("# {}", error.what()));
        throw;
    }
}

Bytes RecordingTransport::reset() {
    sink_("! reset");
    Bytes atr = below().reset();
    sink_("! ATR " + to_hex(atr));
    return atr;
}

void RecordingTransport::refuse_extended() {
    below().refuse_extended();
    write_limits();
}

ReplayTransport::ReplayTransport(std::string_view text, std::string name)
    : name_{std::move(name)}, items_{parse_transcript(text, name_)} {
    take_settings();
}

void ReplayTransport::take_settings() {
    while (!finished() && (items_[next_].kind == Kind::atr || items_[next_].kind == Kind::limits)) {
        const auto& item = items_[next_++];
        if (item.kind == Kind::atr) {
            atr_ = item.bytes;
        } else {
            limits_ = item.limits;
        }
    }
}

void ReplayTransport::differs(std::size_t line, const std::string& expected, const std::string& got) const {
    throw Error{Errc::input_invalid,
                fmt::format("{}: line {}: expected {}, got {}", name_, line, expected, got)};
}

const TranscriptItem& ReplayTransport::take(Kind kind, const std::string& got) {
    if (finished()) {
        const std::size_t last = items_.empty() ? 0 : items_.back().line;
        differs(last, "nothing more after this line", got);
    }
    const auto& item = items_[next_];
    if (item.kind != kind) differs(item.line, masked_item(item), got);
    ++next_;
    return item;
}

ResponseApdu ReplayTransport::transmit(const CommandApdu& command) {
    const Bytes wire = encode(command);
    const auto& wanted = take(Kind::command, masked(command));
    const std::size_t at = first_difference(wanted, wire);
    if (at != wire.size() || at != wanted.bytes.size()) {
        --next_;
        differs(wanted.line, masked_item(wanted),
                fmt::format("{} (first difference at byte {})", masked(command), at));
    }
    const auto& answer = items_[next_++];
    if (answer.kind == Kind::removed) {
        throw Error{Errc::card_removed, fmt::format("{}: line {}: the card was removed", name_, answer.line)};
    }
    take_settings();
    return decode_response(answer.bytes);
}

Bytes ReplayTransport::reset() {
    take(Kind::reset, "a reset");
    take_settings();
    return atr_;
}

void ReplayTransport::finish() const {
    if (!finished()) {
        differs(items_[next_].line, masked_item(items_[next_]), "the end of the session");
    }
}

}  // namespace kartsaz::apdu
