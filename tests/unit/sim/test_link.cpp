// SPDX-License-Identifier: Apache-2.0
// The link-time model and the virtual reader's line.
#include <catch2/catch.hpp>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "apdu/error.h"
#include "libcard/sim/link_model.h"
#include "libcard/sim/plug.h"
#include "terminal.h"
#include "tests/support/vectors.h"

namespace kartsaz::sim::test {
namespace {

nlohmann::json vectors_of(const std::string& kind) {
    const auto file = nlohmann::json::parse(
        to_text(kartsaz::test::read_bytes(kartsaz::test::data_dir() / "vectors" / "transport.json")));
    auto out = nlohmann::json::array();
    for (const auto& vector : file.at("vectors")) {
        if (vector.at("kind") == kind) out.push_back(vector);
    }
    return out;
}

/// A virtual reader with one slot, on a free port.
class FakeReader {
public:
    FakeReader() : listener_{::socket(AF_INET, SOCK_STREAM, 0)} {
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof at;
        auto* address = reinterpret_cast<sockaddr*>(&at);
        if (::bind(listener_, address, size) != 0 || ::listen(listener_, 1) != 0)
            throw std::runtime_error{"no socket"};
        ::getsockname(listener_, address, &size);
        port_ = ntohs(at.sin_port);
    }
    ~FakeReader() {
        hang_up();
        ::close(listener_);
    }
    std::uint16_t port() const { return port_; }
    void accept() { line_ = ::accept(listener_, nullptr, nullptr); }
    void hang_up() {
        if (line_ >= 0) ::close(line_);
        line_ = -1;
    }
    void put(const Bytes& message) const {
        // two segments, as the real driver sends
        const Bytes head = big_endian(message.size(), 2);
        REQUIRE(::send(line_, head.data(), 2, MSG_NOSIGNAL) == 2);
        REQUIRE(::send(line_, message.data(), message.size(), MSG_NOSIGNAL) ==
                static_cast<ssize_t>(message.size()));
    }
    Bytes get() const {
        Bytes head = read(2);
        return read(big_endian(head));
    }
    bool closed() const {
        std::uint8_t byte = 0;
        return ::recv(line_, &byte, 1, 0) <= 0;
    }

private:
    Bytes read(std::size_t size) const {
        Bytes out(size);
        if (size != 0) REQUIRE(::recv(line_, out.data(), size, MSG_WAITALL) == static_cast<ssize_t>(size));
        return out;
    }
    int listener_;
    int line_ = -1;
    std::uint16_t port_ = 0;
};

}  // namespace

TEST_CASE("contact rates are those of the tables", "[sim][link]") {
    std::size_t seen = 0;
    for (const auto& v : vectors_of("ta1")) {
        const auto ta1 = v.at("ta1").get<std::string>();
        INFO(ta1);
        const LinkModel link = link_model("contact-" + ta1);
        CHECK(12.0 / link.byte_seconds == Approx(v.at("baud_at_4_mhz").get<double>()).epsilon(0.0001));
        CHECK(link.turn_seconds == Approx(link.byte_seconds * 22 / 12));
        ++seen;
    }
    CHECK(seen >= 10);
    CHECK(link_model("contact").ta1 == 0x96);
}

TEST_CASE("contactless rates are those of the tables", "[sim][link]") {
    std::size_t seen = 0;
    for (const auto& v : vectors_of("iso14443-bitrate")) {
        const LinkModel link = link_model(v.at("id").get<std::string>());
        CHECK(1.0 / link.byte_seconds ==
              Approx(v.at("bytes_per_s_raw_typeA_9bit").get<double>()).epsilon(0.001));
        ++seen;
    }
    CHECK(seen == 4);
}

TEST_CASE("an exchange costs its bytes, its blocks and its changes of direction", "[sim][link]") {
    const LinkModel contact = link_model("contact");
    const double etu = 4e-6;
    CHECK(exchange_seconds(contact, 5, 2) == Approx((5 + 2 + 8) * 12 * etu + 2 * 22 * etu));
    // 255 bytes are two blocks, the first answered by an R-block
    CHECK(exchange_seconds(contact, 255, 2) == Approx((255 + 2 + 4 * 4) * 12 * etu + 4 * 22 * etu));
    CHECK(exchange_seconds(contact, 254, 255) == Approx((254 + 255 + 4 * 4) * 12 * etu + 4 * 22 * etu));
    const LinkModel field = link_model("contactless-424");
    const double byte = 9 * 128 / (4 * 13.56e6), turn = 1236 / 13.56e6;
    CHECK(exchange_seconds(field, 253, 2) == Approx((255 + 6) * byte + 2 * turn));
    CHECK(exchange_seconds(field, 254, 2) == Approx((256 + 12) * byte + 4 * turn));
}

TEST_CASE("a page of memory is paid once for writes that follow each other", "[sim][link]") {
    Meter meter{link_model("contact")};
    const auto pages = [&] { return std::lround(meter.time().write / meter.link().page_seconds); };
    meter.write(1, 0, 100);
    CHECK(pages() == 2);
    meter.write(1, 100, 28);
    CHECK(pages() == 2);
    meter.write(1, 128, 1);
    CHECK(pages() == 3);
    meter.write(2, 129, 1);
    CHECK(pages() == 4);
    meter.write(1, 129, 0);
    CHECK(pages() == 4);
    meter.write_page();
    meter.write(2, 130, 1);
    CHECK(pages() == 6);
}

TEST_CASE("time is counted by part and can be set to zero", "[sim][link]") {
    NewBody options;
    auto body = Body::create(options);
    personalize(*body);
    const auto time = body->time();
    CHECK(time.link > 0);
    CHECK(time.compute > 0);
    CHECK(time.write > 0);
    CHECK(time.total() == Approx(time.link + time.compute + time.write));
    body->reset_time();
    CHECK(body->time().total() == 0);
    body->power_on();
    send(*body, "80CA9F7F00");
    CHECK(body->time().link == Approx(exchange_seconds(link_model("contact"), 5, 47)));
    CHECK(body->time().write == 0);
}

TEST_CASE("the virtual reader's line: power, ATR, commands, and a command that is no command",
          "[sim][plug]") {
    FakeReader reader;
    auto body = Body::create(NewBody{});
    std::atomic<bool> stop{false};
    std::vector<std::string> events;
    std::thread card{[&] {
        plug(*body, "127.0.0.1", reader.port(), stop, true,
             [&](const std::string& e) { events.push_back(e); });
    }};
    reader.accept();
    reader.put({4});
    CHECK(reader.get() == body->atr());
    reader.put({1});
    reader.put(from_hex("80CA9F7F00"));
    CHECK(reader.get().size() == 47);
    reader.put({0x00, 0xA4, 0x04});
    CHECK(to_hex(reader.get()) == "6700");
    Bytes large = from_hex("00D60000001000");
    append(large, Bytes(4096, 1));
    reader.put(large);
    CHECK(to_hex(reader.get()) == "6D00");
    reader.put({2});
    reader.put({0});
    reader.hang_up();
    card.join();
    CHECK(events.size() == 3);
}

TEST_CASE("a card that loses power hangs up and comes back", "[sim][plug]") {
    FakeReader reader;
    auto body = Body::create(NewBody{});
    std::atomic<bool> stop{false};
    body->set_faults({{Faults::Kind::cut_before, 1, 0}});
    std::thread card{[&] { plug(*body, "127.0.0.1", reader.port(), stop, false, {}); }};
    reader.accept();
    reader.put({1});
    reader.put(from_hex("80CA9F7F00"));
    CHECK(reader.closed());
    reader.hang_up();
    reader.accept();
    reader.put({1});
    reader.put(from_hex("80CA9F7F00"));
    CHECK(reader.get().size() == 47);
    stop = true;
    card.join();
    CHECK(reader.closed());
}

TEST_CASE("a command to a card without power ends the line, never hangs it", "[sim][plug]") {
    FakeReader reader;
    auto body = Body::create(NewBody{});
    std::atomic<bool> stop{false};
    std::thread card{[&] { plug(*body, "127.0.0.1", reader.port(), stop, true, {}); }};
    reader.accept();
    reader.put(from_hex("80CA9F7F00"));
    CHECK(reader.closed());
    card.join();
}

}  // namespace kartsaz::sim::test
