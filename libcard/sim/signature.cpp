// SPDX-License-Identifier: Apache-2.0
// The signature application: which command goes where, and its PIN and PUK.
#include "libcard/sim/signature.h"

#include <botan/exceptn.h>

#include <algorithm>
#include <array>
#include <utility>

#include "libcard/sim/crypt.h"
#include "libcard/sim/status.h"

namespace kartsaz::sim {
namespace {

constexpr std::array<std::uint8_t, 12> applet_aid{0xF2, 0x76, 0xA2, 0x88, 0xBC, 0xFB,
                                                  0xA6, 0x9D, 0x34, 0xF3, 0x10, 0x01};
constexpr std::uint8_t ins_generate = 0x46, ins_perform = 0x2A, ins_put_data = 0xDB, ins_get_response = 0xC0;
constexpr std::uint8_t cla_chaining = 0x10;
constexpr std::size_t shortest_pin = 4, longest_pin = reference_length;
constexpr std::size_t gather_buffer = 660;
constexpr std::size_t short_response = 256;

constexpr std::uint8_t has_extended = 0x01, has_random = 0x02, has_ecc = 0x04, has_pss = 0x08,
                       has_rsa_4096 = 0x20, has_rsa_3072 = 0x40;  // the last is no applet's

std::uint16_t tries_left(const Reference& reference) {
    return static_cast<std::uint16_t>(0x63C0 | reference.tries);
}

Bytes padded(ByteView pin) {
    Bytes out{pin.begin(), pin.end()};
    out.resize(reference_length, 0);
    return out;
}

bool pin_length(std::size_t size) {
    return size >= shortest_pin && size <= longest_pin;
}

}  // namespace

ByteView Signature::aid() {
    return applet_aid;
}

void Signature::reset() {
    files_.select();
    files_.open(state().life != signature_operational);
    pin_given_ = false;
    algorithm_ = 0;
    slot_ = -1;
    chaining_ = false;
    gathered_.clear();
    unsent_.clear();
}

Bytes Signature::version() const {
    if (traits().version == 0) return {0x00, 0x06, has_random | has_ecc};
    const std::uint8_t more = traits().rsa_3072 ? has_rsa_3072 : std::uint8_t{0};
    return {0x01, 0x00,
            static_cast<std::uint8_t>(has_extended | has_random | has_ecc | has_pss | has_rsa_4096 | more)};
}

Bytes Signature::select_answer() const {
    return traits().version == 0 ? version() : Bytes{};
}

/// 9000, or why this command cannot stand where it does.
std::uint16_t Signature::follow_chain(const Command& command) {
    const bool more = (command.cla & cla_chaining) != 0;
    if (chaining_ || more) {
        const bool can =
            command.ins == ins_perform || command.ins == ins_generate || command.ins == ins_put_data;
        if (!chains() || !can) return 0x6884;
        if (!chaining_) {
            chain_ins_ = command.ins;
            chain_p1p2_ = command.p1p2();
            chaining_ = true;
        } else if (chain_ins_ != command.ins || chain_p1p2_ != command.p1p2()) {
            return status::general;
        } else if (!more) {
            chaining_ = false;
        }
    }
    return !unsent_.empty() && command.ins != ins_get_response ? status::general : std::uint16_t{0x9000};
}

Answer Signature::handle(const Command& command) {
    if (const auto sw = follow_chain(command); sw != 0x9000) return refuse(sw);
    try {
        return dispatch(command);
    } catch (const Botan::Exception&) {
        return refuse(0x6F00);  // an exception that the applet does not catch
    }
}

Answer Signature::dispatch(const Command& command) {
    switch (command.ins) {
        case 0xA4:
            return files_.select_file(command);
        case 0xB0:
            return files_.read(command);
        case 0xD6:
            return files_.update(command);
        case 0xE0:
            return files_.create(command);
        case 0xE4:
            return files_.remove(command);
        case 0xCA:
            return get_data(command);
        case 0x84:
            return get_challenge(command);
        case 0x20:
            return verify(command);
        case 0x24:
            return change_reference(command);
        case 0x2C:
            return reset_retry(command);
        case 0x22:
            return manage_environment(command);
        case ins_generate:
            return generate(command);
        case ins_perform:
            return perform(command);
        case ins_put_data:
            return import(command);
        case ins_get_response:
            return get_response(command);
        default:
            return refuse(0x6D00);
    }
}

Answer Signature::get_data(const Command& command) const {
    if (traits().version == 0) return refuse(0x6D00);
    if (command.p1p2() != 0x0101) return refuse(status::wrong_p1p2);
    return {version()};
}

Answer Signature::get_challenge(const Command& command) {
    const bool looks_at_p2 = traits().version != 0;
    if (command.p1 != 0 || (looks_at_p2 && command.p2 != 0)) return refuse(status::wrong_p1p2);
    if (command.ne == 0 || command.ne > short_response || command.open_ended)
        return refuse(status::wrong_length);
    return {chip_.rng.bytes(command.ne)};
}

Answer Signature::get_response(const Command& command) {
    if (!chains()) return refuse(0x6D00);
    if (!pin_given_) return refuse(status::denied);
    if (unsent_.empty()) return refuse(0x6985);
    const std::size_t next = std::min(unsent_.size(), short_response);
    if (command.ne != next) return refuse(static_cast<std::uint16_t>(0x6C00 | (next & 0xFF)));
    return send({std::exchange(unsent_, {})});
}

Answer Signature::send(Answer answer) {
    if (!chains() || answer.data.size() <= short_response) return answer;
    unsent_.assign(answer.data.begin() + short_response, answer.data.end());
    answer.data.resize(short_response);
    answer.sw = static_cast<std::uint16_t>(0x6100 | (std::min(unsent_.size(), short_response) & 0xFF));
    return answer;
}

bool Signature::check(Reference& reference, ByteView value) {
    const std::uint8_t full = &reference == &state().pin ? pin_tries : puk_tries;
    if (reference.tries == 0) return false;
    chip_.meter.write_page();  // the try is counted before it is judged
    const bool right = same(reference.value, value);
    const auto left = right ? full : static_cast<std::uint8_t>(reference.tries - 1);
    if (left != reference.tries) chip_.changed = true;
    reference.tries = left;
    return right;
}

/// A PIN set anew must be given before it opens anything.
void Signature::set_pin(ByteView pin) {
    state().pin = {padded(pin), pin_tries};
    pin_given_ = false;
    chip_.changed = true;
    chip_.meter.write_page();
}

Answer Signature::verify(const Command& command) {
    if (command.p1p2() != 0x0001) return refuse(status::wrong_p1p2);
    const Bytes& pin = command.data;
    if (pin.empty()) return refuse(state().life == signature_operational ? tries_left(state().pin) : 0x9000);
    if (!pin_length(pin.size())) return refuse(status::wrong_length);
    pin_given_ = check(state().pin, padded(pin));
    files_.open(pin_given_);
    return pin_given_ ? Answer{} : refuse(tries_left(state().pin));
}

Answer Signature::change_reference(const Command& command) {
    const ByteView data{command.data};
    if (state().life == signature_operational) {
        if (command.p1p2() != 0x0001) return refuse(status::wrong_p1p2);
        if (data.size() != 2 * reference_length) return refuse(status::wrong_length);
        pin_given_ = check(state().pin, data.first(reference_length));
        if (!pin_given_) return refuse(tries_left(state().pin));
        set_pin(data.last(reference_length));
        return {};
    }
    const bool puk = command.p1p2() == 0x0102 && state().life == signature_creation;
    if (!puk && command.p1p2() != 0x0101) return refuse(status::wrong_p1p2);
    if (puk ? data.size() != reference_length : !pin_length(data.size())) return refuse(status::wrong_length);
    if (puk) {
        state().puk = Reference{command.data, puk_tries};
        chip_.changed = true;
        chip_.meter.write_page();
    } else {
        set_pin(data);
    }
    state().life = puk ? signature_puk_set : signature_operational;
    return {};
}

Answer Signature::reset_retry(const Command& command) {
    if (state().life != signature_operational) return refuse(0x6986);
    const ByteView data{command.data};
    const bool length = data.size() > reference_length && pin_length(data.size() - reference_length);
    if (!length) return refuse(status::wrong_length);
    if (command.p1p2() != 0x0001) return refuse(status::wrong_p1p2);
    if (!state().puk) return refuse(0x63C0);
    if (!check(*state().puk, data.first(reference_length))) return refuse(tries_left(*state().puk));
    set_pin(data.subspan(reference_length));
    return {};
}

std::optional<Bytes> Signature::gather(const Command& command, std::uint16_t& sw) {
    if (chains() && gathered_.size() + command.data.size() > gather_buffer) {
        sw = status::wrong_length;
        return std::nullopt;
    }
    append(gathered_, command.data);
    sw = 0x9000;
    if ((command.cla & cla_chaining) != 0) return std::nullopt;
    return std::exchange(gathered_, {});
}

}  // namespace kartsaz::sim
