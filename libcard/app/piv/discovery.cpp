// SPDX-License-Identifier: Apache-2.0
// Discovery object: 7E { 4F AID, 5F2F PIN usage policy }. Source: SP 800-73-4 part 1, 3.3.2 and table 17.
#include <fmt/format.h>

#include "apdu/error.h"
#include "apdu/tlv.h"
#include "libcard/app/piv/containers.h"
#include "libcard/app/piv/objects.h"

namespace kartsaz::app::piv {
namespace {

constexpr std::uint32_t discovery_tag = 0x7E, aid_tag = 0x4F, policy_tag = 0x5F2F;
constexpr std::size_t least_aid = 5, most_aid = 16, policy_size = 2;

}  // namespace

Bytes encode_discovery(const Discovery& discovery) {
    if (discovery.empty() && discovery.policy.empty()) return {discovery_tag, 0x00};
    const auto out = apdu::TlvWriter{}
                         .nest(discovery_tag,
                               [&](apdu::TlvWriter& w) {
                                   w.put(aid_tag, discovery.aid).put(policy_tag, discovery.policy);
                               })
                         .bytes();
    decode_discovery(out);
    return out;
}

Discovery decode_discovery(ByteView object) {
    apdu::TlvReader outer{object, container_of_id(id_discovery)->name};
    const auto whole = outer.next(discovery_tag);
    outer.finish();
    Discovery out;
    if (whole.value.empty()) return out;
    auto in = outer.enter(whole);
    const auto aid = in.next(aid_tag);
    if (aid.value.size() < least_aid || aid.value.size() > most_aid) {
        in.fail(aid.offset, fmt::format("AID (4F) has {} bytes, 5 to 16 expected", aid.value.size()));
    }
    const auto policy = in.next(policy_tag);
    if (policy.value.size() != policy_size) {
        in.fail(policy.offset,
                fmt::format("PIN usage policy (5F2F) has {} bytes, 2 expected", policy.value.size()));
    }
    in.finish();
    out.aid.assign(aid.value.begin(), aid.value.end());
    out.policy.assign(policy.value.begin(), policy.value.end());
    out.policy_offset = policy.value_offset;
    return out;
}

}  // namespace kartsaz::app::piv
