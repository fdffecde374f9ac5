// SPDX-License-Identifier: Apache-2.0
// The PIV application's PIN and PUK.
#include <algorithm>

#include "libcard/sim/piv.h"
#include "libcard/sim/status.h"

namespace kartsaz::sim {
namespace {

constexpr std::uint8_t ref_pin = 0x80, ref_puk = 0x81, drop = 0xFF;
constexpr std::uint16_t ref_unknown = 0x6A88, ref_blocked = 0x6983;
constexpr std::size_t fewest_digits = 6;
constexpr std::uint8_t most_tries = 15;  // what 63Cx can tell

/// Six to eight digits, filled with FF. Source: SP 800-73-4 part 2, 2.4.3.
bool digits(ByteView value) {
    std::size_t count = 0;
    while (count < value.size() && value[count] >= '0' && value[count] <= '9') ++count;
    const auto rest = value.subspan(count);
    return count >= fewest_digits && std::all_of(rest.begin(), rest.end(), [](auto b) { return b == 0xFF; });
}

}  // namespace

void Piv::close_pin() {
    pin_given_ = false;
    after_verify_ = 0;
}

bool Piv::check(PivReference& reference, ByteView value) {
    chip_.meter.write_page();  // the try is counted before it is judged
    const bool right = same(reference.value, value);
    const auto left = right ? reference.full : static_cast<std::uint8_t>(reference.tries - 1);
    if (left != reference.tries) chip_.changed = true;
    reference.tries = left;
    const bool both = state().pin.tries == 0 && state().puk.tries == 0;
    if (both && traits().erases_keys) state().keys.clear();
    return right;
}

std::uint16_t Piv::refusal(const PivReference& reference) const {
    if (reference.tries == 0 && traits().last_try_blocks) return ref_blocked;
    return static_cast<std::uint16_t>(0x63C0 | reference.tries);
}

/// A PIN set anew must be given before it opens anything.
void Piv::set_reference(PivReference& reference, ByteView value) {
    reference = {Bytes{value.begin(), value.end()}, reference.full, reference.full, false};
    if (&reference == &state().pin) close_pin();
    chip_.changed = true;
    chip_.meter.write_page();
}

Answer Piv::verify(const Command& command) {
    if (command.p1 != 0x00 && command.p1 != drop) return refuse(status::wrong_p1p2);
    if (command.p2 != ref_pin) return refuse(ref_unknown);
    PivReference& pin = state().pin;
    const bool blocked = pin.tries == 0;
    if (blocked && !traits().last_try_blocks) return refuse(ref_blocked);
    if (command.p1 == drop) {
        if (!gathered_.empty()) return refuse(traits().wrong_length);
        close_pin();
        return {};
    }
    if (gathered_.empty()) {
        return pin_given_ ? Answer{} : refuse(static_cast<std::uint16_t>(0x63C0 | pin.tries));
    }
    if (gathered_.size() != piv_reference_length) return refuse(traits().wrong_length);
    if (blocked) return refuse(ref_blocked);
    pin_given_ = check(pin, gathered_);
    after_verify_ = pin_given_ ? 1 : 0;
    return pin_given_ ? Answer{} : refuse(refusal(pin));
}

Answer Piv::change_reference(const Command& command) {
    if (command.p1 != 0x00) return refuse(status::wrong_p1p2);
    if (command.p2 != ref_pin && command.p2 != ref_puk) return refuse(ref_unknown);
    if (gathered_.size() != 2 * piv_reference_length) return refuse(traits().wrong_length);
    const bool is_pin = command.p2 == ref_pin;
    PivReference& reference = is_pin ? state().pin : state().puk;
    if (reference.tries == 0) return refuse(ref_blocked);
    const ByteView data{gathered_};
    if (!check(reference, data.first(piv_reference_length))) {
        if (is_pin) close_pin();
        return refuse(refusal(reference));
    }
    const ByteView fresh = data.last(piv_reference_length);
    const bool judged = is_pin ? traits().pin_digits : traits().puk_digits;
    if (judged && !digits(fresh)) return refuse(status::wrong_data);
    set_reference(reference, fresh);
    return {};
}

Answer Piv::reset_retry(const Command& command) {
    if (command.p1 != 0x00) return refuse(status::wrong_p1p2);
    if (command.p2 != ref_pin) return refuse(ref_unknown);
    if (gathered_.size() != 2 * piv_reference_length) return refuse(traits().wrong_length);
    if (state().puk.tries == 0) return refuse(ref_blocked);
    const ByteView data{gathered_};
    if (!check(state().puk, data.first(piv_reference_length))) return refuse(refusal(state().puk));
    const ByteView fresh = data.last(piv_reference_length);
    if (traits().pin_digits && !digits(fresh)) return refuse(status::wrong_data);
    set_reference(state().pin, fresh);
    return {};
}

Answer Piv::set_retries(const Command& command) {
    if (!managed_ || !pin_given_) return refuse(status::denied);
    const auto fits = [](std::uint8_t tries) { return tries > 0 && tries <= most_tries; };
    if (!fits(command.p1) || !fits(command.p2)) return refuse(status::wrong_p1p2);
    state().pin = {piv_factory_pin(), command.p1, command.p1, true};
    state().puk = {piv_factory_puk(), command.p2, command.p2, true};
    close_pin();
    chip_.changed = true;
    chip_.meter.write_page();
    return {};
}

}  // namespace kartsaz::sim
