// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "apdu/iso7816.h"
#include "keys/crypto.h"
#include "libcard/app/emrtd/lds.h"
#include "libcard/app/emrtd/read_steps.h"

namespace kartsaz::app::emrtd::reading {
namespace {

constexpr std::size_t challenge_size = 8;
/// A DG15 of RSA above 1024 bits is longer than this; of RSA 1024 and of all curves in use it is shorter.
constexpr std::size_t short_answer_key_size = 200;
constexpr std::size_t largest_answer = 65536;

apdu::StatusWord read_one_byte(apdu::Transport& card, std::uint16_t fid) {
    const auto selected = card.transmit(apdu::select_ef(fid)).sw;
    if (!selected.ok()) return selected;
    return card.transmit(apdu::read_binary(0, 1)).sw;
}

}  // namespace

void probe_plain_read(apdu::Transport& card, Facts& facts) {
    facts["plain-read.sw"] = sw_hex(read_one_byte(card, find_file("EF.COM")->fid));
    facts["plain-read-dg1.sw"] = sw_hex(read_one_byte(card, find_file("EF.DG1")->fid));
}

void prove_active_authentication(apdu::Transport& link, ByteView dg15, Facts& facts) {
    const Bytes challenge = keys::random_bytes(challenge_size);
    // Short where it does: an RSA 2048 answer under secure messaging does not fit a short response.
    std::size_t ne = 256;
    if (dg15.size() > short_answer_key_size && link.limits().extended()) {
        ne = std::min(link.limits().response_data, largest_answer);
    }
    const auto response =
        link.transmit(apdu::internal_authenticate(challenge, static_cast<std::uint32_t>(ne)));
    facts["aa.challenge"] = to_hex(challenge);
    facts["aa.response"] = to_hex(response.data);
    facts["aa.sw"] = sw_hex(response.sw);
}

void probe_write(apdu::Transport& link, ByteView com, const std::string& fact, Facts& facts) {
    if (com.empty()) return;
    const auto selected = link.transmit(apdu::select_ef(find_file("EF.COM")->fid)).sw;
    facts[fact] = sw_hex(selected.ok() ? link.transmit(apdu::update_binary(0, com.first(1))).sw : selected);
}

}  // namespace kartsaz::app::emrtd::reading
