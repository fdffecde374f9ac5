// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <thread>

#include "apdu/iso7816.h"
#include "libcard/reader/vpcd_transport.h"
#include "tests/unit/apdu/support.h"

using namespace kartsaz;
using namespace kartsaz::reader;
using std::chrono::milliseconds;
using test::check_error;

namespace {

constexpr milliseconds patience{20'000};

/// The card's end of the socket, in a thread: answers each message by a function until that says nothing
/// more.
class SocketCard {
public:
    using Answer = std::function<std::optional<Bytes>(const Bytes& message)>;

    SocketCard(std::uint16_t port, Answer answer)
        : answer_{std::move(answer)}, thread_{[this, port] { run(port); }} {}
    ~SocketCard() { join(); }
    void join() {
        if (thread_.joinable()) thread_.join();
    }
    /// Bodies of all messages in hex, in order. Only after join().
    std::vector<std::string> got{};

private:
    static bool receive(int socket, Bytes& out) {
        return out.empty() ||
               ::recv(socket, out.data(), out.size(), MSG_WAITALL) == static_cast<ssize_t>(out.size());
    }
    void run(std::uint16_t port) {
        const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        address.sin_port = htons(port);
        if (::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) serve(socket);
        ::close(socket);
    }
    void serve(int socket) {
        Bytes length(2);
        while (receive(socket, length)) {
            Bytes body(big_endian(length));
            if (!receive(socket, body)) return;
            got.push_back(to_hex(body));
            const auto answer = answer_(body);
            if (!answer) return;
            if (answer->empty()) continue;
            Bytes message = big_endian(answer->size(), 2);
            append(message, *answer);
            if (::send(socket, message.data(), message.size(), MSG_NOSIGNAL) < 0) return;
        }
    }

    Answer answer_;
    std::thread thread_;
};

/// Controls as a card answers them; commands by `on_command`.
SocketCard::Answer card_with(const std::function<std::optional<Bytes>(const Bytes&)>& on_command) {
    return [on_command](const Bytes& message) -> std::optional<Bytes> {
        if (message.size() != 1) return on_command(message);
        return message[0] == 0x04 ? from_hex("3B80800101") : Bytes{};
    };
}

}  // namespace

TEST_CASE("a card that connects is powered, asked its ATR, spoken to, reset and switched off") {
    VpcdListener listener{0};
    SocketCard card{listener.port(), card_with([](const Bytes& command) {
                        return concat({ByteView{command}.first(4), Bytes{0x90, 0x00}});
                    })};
    {
        const auto transport = listener.accept(patience);
        CHECK(to_hex(transport->atr()) == "3B80800101");
        const auto response = transport->transmit(apdu::select_ef(0x011E));
        CHECK(to_hex(response.data) == "00A4020C");
        CHECK(response.sw.ok());
        const auto longer = transport->transmit({0x00, 0xD6, 0x00, 0x00, Bytes(40'000, 1)});
        CHECK(longer.sw.ok());
        CHECK(to_hex(transport->reset()) == "3B80800101");
        CHECK_FALSE(transport->limits().extended());
    }
    card.join();
    REQUIRE(card.got.size() == 7);
    CHECK(card.got[0] == "01");
    CHECK(card.got[1] == "04");
    CHECK(card.got[2] == "00A4020C02011E");
    CHECK(card.got[3].size() == 2 * 40'007);
    CHECK(card.got[4] == "02");
    CHECK(card.got[5] == "04");
    CHECK(card.got[6] == "00");
}

TEST_CASE("a card that hangs up is a removed card") {
    VpcdListener listener{0};
    SocketCard card{listener.port(), card_with([](const Bytes&) { return std::nullopt; })};
    const auto transport = listener.accept(patience);
    check_error([&] { transport->transmit(apdu::get_challenge(8)); }, Errc::card_removed, {"hung up"});
    check_error([&] { transport->reset(); }, Errc::card_removed);
}

TEST_CASE("a card that hangs up before its ATR is a removed card") {
    VpcdListener listener{0};
    SocketCard card{listener.port(), [](const Bytes& message) {
                        return message[0] == 0x01 ? std::optional<Bytes>{Bytes{}} : std::nullopt;
                    }};
    check_error([&] { listener.accept(patience); }, Errc::card_removed);
}

TEST_CASE("a response without a status word is the reader's failure") {
    VpcdListener listener{0};
    SocketCard card{listener.port(), card_with([](const Bytes&) { return Bytes{0x90}; })};
    const auto transport = listener.accept(patience);
    check_error([&] { transport->transmit(apdu::get_challenge(8)); }, Errc::reader_failed, {"1 bytes"});
}

TEST_CASE("a command that does not fit a message is refused and the card is not disturbed") {
    VpcdListener listener{0};
    SocketCard card{listener.port(), card_with([](const Bytes&) { return Bytes{0x90, 0x00}; })};
    const auto transport = listener.accept(patience);
    check_error(
        [&] {
            transport->transmit({0x00, 0xD6, 0x00, 0x00, Bytes(65'529, 1)});
        },
        Errc::usage, {"65536"});
    CHECK(transport->transmit({0x00, 0xD6, 0x00, 0x00, Bytes(vpcd_max_data, 1), 65536}).sw.ok());
}

TEST_CASE("no card in time and a port that is taken are the reader's failures") {
    VpcdListener listener{0};
    check_error([&] { listener.accept(milliseconds{1}); }, Errc::reader_failed, {"no card connected"});
    check_error([&] { VpcdListener{listener.port()}; }, Errc::reader_failed, {"port"});
}
