// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/bare_pcsc.h"

#include <winscard.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>

namespace kartsaz::bench {
namespace {

void check(LONG code, const char* what) {
    if (code != SCARD_S_SUCCESS)
        throw std::runtime_error{std::string{what} + ": " + pcsc_stringify_error(code)};
}

class Context {
public:
    Context() {
        check(SCardEstablishContext(SCARD_SCOPE_SYSTEM, nullptr, nullptr, &handle_), "SCardEstablishContext");
    }
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;
    ~Context() { SCardReleaseContext(handle_); }
    SCARDCONTEXT get() const { return handle_; }

private:
    SCARDCONTEXT handle_ = 0;
};

/// Keys that the chip makes and signatures with them are different each time; everything else is the same.
bool same_answer(const WireExchange& exchange, ByteView answer) {
    constexpr std::uint8_t generate = 0x46;
    constexpr std::uint8_t compute_signature = 0x2A;
    const auto ins = exchange.command.at(1);
    const ByteView expected{exchange.response};
    if (ins != generate && ins != compute_signature) return std::ranges::equal(expected, answer);
    return answer.size() >= 2 && std::ranges::equal(expected.last(2), answer.last(2));
}

}  // namespace

void wait_for_card(const std::string& reader, bool wanted) {
    const Context context;
    SCARD_READERSTATE state{};
    state.szReader = reader.c_str();
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{10};
    while (std::chrono::steady_clock::now() < deadline) {
        const LONG code = SCardGetStatusChange(context.get(), 1000, &state, 1);
        if (code != SCARD_S_SUCCESS && code != SCARD_E_TIMEOUT) check(code, "SCardGetStatusChange");
        const bool mute = (state.dwEventState & SCARD_STATE_MUTE) != 0;
        const bool present = (state.dwEventState & SCARD_STATE_PRESENT) != 0 && !mute;
        if (present == wanted) return;
        state.dwCurrentState = state.dwEventState;
    }
    throw std::runtime_error{reader + (wanted ? ": no card came" : ": the card did not go") +
                             " within ten seconds"};
}

void bare_replay(const std::string& reader, const std::vector<WireExchange>& exchanges) {
    const Context context;
    SCARDHANDLE card = 0;
    DWORD protocol = 0;
    check(SCardConnect(context.get(), reader.c_str(), SCARD_SHARE_EXCLUSIVE, SCARD_PROTOCOL_T1, &card,
                       &protocol),
          "SCardConnect");
    check(SCardBeginTransaction(card), "SCardBeginTransaction");
    Bytes buffer(65538);
    for (const auto& exchange : exchanges) {
        DWORD size = buffer.size();
        check(SCardTransmit(card, SCARD_PCI_T1, exchange.command.data(), exchange.command.size(), nullptr,
                            buffer.data(), &size),
              "SCardTransmit");
        if (!same_answer(exchange, ByteView{buffer}.first(size))) {
            throw std::runtime_error{"the replayed card answered " + to_hex(ByteView{buffer}.first(size)) +
                                     " to " + to_hex(exchange.command).substr(0, 20)};
        }
    }
    check(SCardEndTransaction(card, SCARD_LEAVE_CARD), "SCardEndTransaction");
    check(SCardDisconnect(card, SCARD_RESET_CARD), "SCardDisconnect");
}

}  // namespace kartsaz::bench
