// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "apdu/describe.h"
#include "apdu/error.h"

namespace kartsaz::apdu {
namespace {

std::string milliseconds(std::chrono::microseconds time) {
    return fmt::format("{:>9.3f} ms", static_cast<double>(time.count()) / 1000.0);
}

}  // namespace

std::string trace_text(const Exchange& exchange, std::chrono::microseconds time,
                       const TraceOptions& options) {
    const auto& [command, response, duration] = exchange;
    std::string out = fmt::format("{} +{}  {}  [{} > {}]  {:04X} {}", milliseconds(time),
                                  milliseconds(duration), describe(command), encoded_size(command),
                                  response.data.size() + 2, response.sw.value(), describe(response.sw));
    if (options.data) {
        out += "\n  > " + masked(command, options.mask) + "\n  < " + masked(response, command, options.mask);
    }
    return out;
}

TracingTransport::TracingTransport(Transport& below, Sink sink, TraceOptions options)
    : TransportDecorator{below},
      sink_{std::move(sink)},
      options_{options},
      start_{std::chrono::steady_clock::now()} {}

std::chrono::microseconds TracingTransport::elapsed() const {
    return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - start_);
}

ResponseApdu TracingTransport::transmit(const CommandApdu& command) {
    const auto sent = elapsed();
    try {
        Exchange exchange{command, below().transmit(command), {}};
        exchange.time = elapsed() - sent;
        sink_(trace_text(exchange, sent, options_));
        return std::move(exchange.response);
    } catch (const Error& error) {
        sink_(fmt::format("{}  {}  no response: {}", milliseconds(sent), describe(command), error.what()));
        throw;
    }
}

Bytes TracingTransport::reset() {
    const auto sent = elapsed();
    Bytes atr = below().reset();
    sink_(fmt::format("{}  reset, ATR {}", milliseconds(sent), to_hex(atr)));
    return atr;
}

}  // namespace kartsaz::apdu
