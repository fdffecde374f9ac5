// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "apdu/decorator.h"
#include "apdu/mask.h"

/// Exchanges in words, for people who read traces.
namespace kartsaz::apdu {

/// Names a command from its bytes: "SELECT application A0000002471001", "UPDATE BINARY offset 0, 239 bytes",
/// "[SCP] PUT KEY new version, key 1 and following, 67 bytes". Marks: [SM] secure messaging of ISO/IEC
/// 7816-4, [SCP] that of GlobalPlatform, [chain] more parts follow, [channel n]. Data of a protected command
/// is only counted. Never shows data that mask.h calls personal or secret.
std::string describe(const CommandApdu& command);

struct TraceOptions {
    bool data = false;  ///< also the bytes, masked
    MaskOptions mask{};
};

/// One line: time since the start of the trace, time the card took, words, bytes out > in, status word:
/// "   12.345 ms +    1.204 ms  UPDATE BINARY offset 0, 239 bytes  [244 > 2]  9000 done"; with data two more
/// that start with > and <.
std::string trace_text(const Exchange& exchange, std::chrono::microseconds time, const TraceOptions& options);

/// Gives the trace text of each exchange to a callback; one that brought no response, too.
class TracingTransport final : public TransportDecorator {
public:
    using Sink = std::function<void(std::string_view text)>;
    TracingTransport(Transport& below, Sink sink, TraceOptions options = {});

    ResponseApdu transmit(const CommandApdu& command) override;
    Bytes reset() override;

private:
    std::chrono::microseconds elapsed() const;

    Sink sink_;
    TraceOptions options_;
    std::chrono::steady_clock::time_point start_;
};

}  // namespace kartsaz::apdu
