// SPDX-License-Identifier: Apache-2.0
#include "libcard/reader/pcsc.h"

#include <fmt/format.h>
#include <reader.h>
#include <winscard.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "apdu/atr.h"
#include "libcard/reader/limits.h"

namespace kartsaz::reader {
namespace {

constexpr DWORD any_protocol = SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1;
/// Reports readers that come and go; pcsc-lite and Windows know it by this name.
constexpr const char* plug_and_play = "\\\\?PnP?\\Notification";

std::uint32_t unsigned_code(LONG code) {
    return static_cast<std::uint32_t>(code);
}

const char* advice(LONG code) {
    switch (code) {
        case SCARD_E_SHARING_VIOLATION:
            return "; another program holds the card: look for scdaemon (GnuPG), a browser or e-mail program "
                   "with "
                   "a card module, pcsc_scan, an open opensc or card-login session, and close it";
        case SCARD_E_NO_SERVICE:
        case SCARD_E_SERVICE_STOPPED:
            return "; pcscd does not run: start it (systemctl start pcscd.socket, or pcscd -f)";
        case SCARD_W_UNRESPONSIVE_CARD:
            return "; the card gives no ATR: is it the right way round?";
        case SCARD_W_SECURITY_VIOLATION:
            return "; the system's policy (polkit) does not let this user reach the reader";
        default:
            return "";
    }
}

/// The one place where a PC/SC return code is judged.
void scard(const char* api, LONG code, const std::string& reader = {}) {
    if (code != SCARD_S_SUCCESS) throw pcsc_error(api, code, reader);
}

class Context {
public:
    Context() {
        scard("SCardEstablishContext", SCardEstablishContext(SCARD_SCOPE_SYSTEM, nullptr, nullptr, &handle_));
    }
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;
    ~Context() { SCardReleaseContext(handle_); }
    SCARDCONTEXT get() const { return handle_; }

private:
    SCARDCONTEXT handle_ = 0;
};

class Connection {
public:
    Connection(const Context& context, const std::string& reader) {
        // Asked for both, pcscd takes the one the ATR names first, which may be T=0.
        LONG code = connect(context, reader, SCARD_PROTOCOL_T1);
        if (code == SCARD_E_PROTO_MISMATCH) code = connect(context, reader, any_protocol);
        if (code == SCARD_E_SHARING_VIOLATION) throw CardBusy{pcsc_error("SCardConnect", code, reader)};
        scard("SCardConnect", code, reader);
    }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection() { SCardDisconnect(handle_, SCARD_RESET_CARD); }

    LONG reset() {
        return SCardReconnect(handle_, SCARD_SHARE_EXCLUSIVE, protocol_, SCARD_RESET_CARD, &protocol_);
    }
    SCARDHANDLE get() const { return handle_; }
    DWORD protocol() const { return protocol_; }

private:
    LONG connect(const Context& context, const std::string& reader, DWORD protocols) {
        return SCardConnect(context.get(), reader.c_str(), SCARD_SHARE_EXCLUSIVE, protocols, &handle_,
                            &protocol_);
    }

    SCARDHANDLE handle_ = 0;
    DWORD protocol_ = 0;
};

class Transaction {
public:
    Transaction(const Connection& connection, const std::string& reader) : handle_{connection.get()} {
        scard("SCardBeginTransaction", SCardBeginTransaction(handle_), reader);
    }
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    ~Transaction() { SCardEndTransaction(handle_, SCARD_LEAVE_CARD); }

private:
    SCARDHANDLE handle_;
};

class PcscTransport final : public apdu::Transport {
public:
    explicit PcscTransport(std::string reader)
        : reader_{std::move(reader)}, connection_{context_, reader_}, buffer_(65536 + 2) {
        transaction_.emplace(connection_, reader_);
        read_status();
    }

    apdu::ResponseApdu transmit(const apdu::CommandApdu& command) override {
        const Bytes wire = wire_form(command);
        const auto* pci = t0() ? SCARD_PCI_T0 : SCARD_PCI_T1;
        DWORD size = buffer_.size();
        const LONG code =
            SCardTransmit(connection_.get(), pci, wire.data(), wire.size(), nullptr, buffer_.data(), &size);
        if (code != SCARD_S_SUCCESS) no_response(code);
        if (size < 2) {
            throw Error{Errc::reader_failed,
                        fmt::format("reader '{}': a response of {} bytes has no status word", reader_, size)};
        }
        return apdu::decode_response(ByteView{buffer_}.first(size));
    }
    Bytes reset() override {
        transaction_.reset();
        scard("SCardReconnect", connection_.reset(), reader_);
        transaction_.emplace(connection_, reader_);
        read_status();
        return atr_;
    }
    Bytes atr() const override { return atr_; }
    apdu::BlockLimits limits() const override { return {}; }
    void refuse_extended() override {}

    /// What the reader says of itself; T=0 carries short APDUs only.
    std::optional<std::size_t> max_data() {
        if (t0()) return 0;
        const auto code = feature_code(control(CM_IOCTL_GET_FEATURE_REQUEST), FEATURE_GET_TLV_PROPERTIES);
        if (!code) return std::nullopt;
        return max_apdu_data_size(control(*code));
    }

private:
    bool t0() const { return connection_.protocol() == SCARD_PROTOCOL_T0; }

    /// T=0 has no Le beside data: the card announces its response by 61xx. ISO/IEC 7816-3, 12.2.2.
    Bytes wire_form(const apdu::CommandApdu& command) const {
        if (!t0() || command.data.empty() || !command.ne) return apdu::encode(command);
        apdu::CommandApdu without_le = command;
        without_le.ne.reset();
        return apdu::encode(without_le);
    }

    void read_status() {
        std::array<std::uint8_t, MAX_ATR_SIZE> atr{};
        DWORD size = atr.size();
        DWORD state = 0;
        DWORD protocol = 0;
        scard("SCardStatus",
              SCardStatus(connection_.get(), nullptr, nullptr, &state, &protocol, atr.data(), &size),
              reader_);
        atr_.assign(atr.begin(),
                    atr.begin() + static_cast<std::ptrdiff_t>(std::min<DWORD>(size, atr.size())));
    }

    /// A card that is pulled in the middle shows as one of several communication errors; pcscd notices that
    /// it is gone only when it asks the reader next, within half a second.
    [[noreturn]] void no_response(LONG code) {
        const Error error = pcsc_error("SCardTransmit", code, reader_);
        if (error.code() != Errc::card_removed && card_goes()) {
            throw Error{Errc::card_removed, fmt::format("{}; the card is gone", error.what())};
        }
        throw error;
    }

    bool card_goes() {
        constexpr DWORD gone = SCARD_STATE_EMPTY | SCARD_STATE_UNKNOWN | SCARD_STATE_UNAVAILABLE;
        constexpr DWORD patience_ms = 1000;
        SCARD_READERSTATE state{};
        state.szReader = reader_.c_str();
        if (SCardGetStatusChange(context_.get(), 0, &state, 1) != SCARD_S_SUCCESS) return false;
        if ((state.dwEventState & gone) == 0) {
            state.dwCurrentState = state.dwEventState & ~static_cast<DWORD>(SCARD_STATE_CHANGED);
            SCardGetStatusChange(context_.get(), patience_ms, &state, 1);
        }
        return (state.dwEventState & gone) != 0;
    }

    Bytes control(DWORD code) {
        Bytes answer(MAX_BUFFER_SIZE);
        DWORD size = 0;
        const LONG result =
            SCardControl(connection_.get(), code, nullptr, 0, answer.data(), answer.size(), &size);
        answer.resize(result == SCARD_S_SUCCESS ? std::min<DWORD>(size, answer.size()) : 0);
        return answer;
    }

    std::string reader_;
    Context context_{};
    Connection connection_;
    std::optional<Transaction> transaction_{};
    Bytes buffer_;
    Bytes atr_{};
};

std::string protocol_of(ByteView atr) {
    try {
        return apdu::parse_atr(atr).offers(1) ? "T=1" : "T=0";
    } catch (const Error&) {
        return {};
    }
}

ReaderStatus status_of(const SCARD_READERSTATE& state, unsigned index) {
    ReaderStatus out;
    out.name = state.szReader;
    out.index = index;
    out.card_present = (state.dwEventState & SCARD_STATE_PRESENT) != 0;
    out.in_use = (state.dwEventState & (SCARD_STATE_INUSE | SCARD_STATE_EXCLUSIVE)) != 0;
    if (out.card_present) {
        out.atr.assign(state.rgbAtr, state.rgbAtr + std::min<DWORD>(state.cbAtr, sizeof state.rgbAtr));
        out.protocol = protocol_of(out.atr);
    }
    return out;
}

}  // namespace

Error pcsc_error(const std::string& api, long code, const std::string& reader) {
    const bool gone = code == SCARD_W_RESET_CARD || code == SCARD_W_REMOVED_CARD ||
                      code == SCARD_W_UNPOWERED_CARD || code == SCARD_E_NO_SMARTCARD;
    const std::string where = reader.empty() ? "" : fmt::format("reader '{}': ", reader);
    std::string_view meaning = pcsc_stringify_error(code);
    if (meaning.ends_with('.')) meaning.remove_suffix(1);
    return Error{gone ? Errc::card_removed : Errc::reader_failed,
                 fmt::format("{}{}: {:08X} {}{}", where, api, unsigned_code(code), meaning, advice(code))};
}

struct PcscMonitor::State {
    std::optional<Context> context{};
    std::vector<std::string> names{};
    std::vector<SCARD_READERSTATE> states{};

    LONG list() {
        // pcsc-lite has at most 16 readers with names of at most 128 bytes.
        std::vector<char> text(1U << 16U);
        DWORD size = text.size();
        const LONG code = SCardListReaders(context->get(), nullptr, text.data(), &size);
        names.clear();
        if (code == SCARD_E_NO_READERS_AVAILABLE) return SCARD_S_SUCCESS;
        if (code != SCARD_S_SUCCESS) return code;
        for (const char* at = text.data(); *at != '\0'; at += names.back().size() + 1) names.emplace_back(at);
        return code;
    }
    LONG refresh() {
        const LONG code = list();
        if (code != SCARD_S_SUCCESS) return code;
        states.assign(names.size() + 1, SCARD_READERSTATE{});
        for (std::size_t i = 0; i < names.size(); ++i) states[i].szReader = names[i].c_str();
        states.back().szReader = plug_and_play;
        if (names.empty()) return code;
        return SCardGetStatusChange(context->get(), 0, states.data(), names.size());
    }
};

PcscMonitor::PcscMonitor() : state_{std::make_unique<State>()} {}
PcscMonitor::~PcscMonitor() = default;

std::vector<ReaderStatus> PcscMonitor::readers() {
    constexpr int attempts = 3;  // a reader may go between list and status; pcscd may have been restarted
    for (int attempt = 1;; ++attempt) {
        if (!state_->context) state_->context.emplace();
        const LONG code = state_->refresh();
        if (code == SCARD_S_SUCCESS || code == SCARD_E_TIMEOUT) break;
        if (code != SCARD_E_UNKNOWN_READER) state_->context.reset();
        if (attempt == attempts) throw pcsc_error("SCardGetStatusChange", code);
    }
    std::vector<ReaderStatus> out;
    for (unsigned i = 0; i < state_->names.size(); ++i) out.push_back(status_of(state_->states[i], i));
    return out;
}

bool PcscMonitor::wait(std::chrono::milliseconds time) {
    if (!state_->context) return true;
    for (auto& state : state_->states) {
        state.dwCurrentState = state.dwEventState & ~static_cast<DWORD>(SCARD_STATE_CHANGED);
    }
    const LONG code = SCardGetStatusChange(state_->context->get(), static_cast<DWORD>(time.count()),
                                           state_->states.data(), state_->states.size());
    if (code == SCARD_E_TIMEOUT) return false;
    if (code != SCARD_S_SUCCESS && code != SCARD_E_UNKNOWN_READER) state_->context.reset();
    return true;
}

PcscCard connect_pcsc(const std::string& reader) {
    auto transport = std::make_unique<PcscTransport>(reader);
    auto* const raw = transport.get();
    return {std::move(transport), [raw] { return raw->max_data(); }};
}

}  // namespace kartsaz::reader
