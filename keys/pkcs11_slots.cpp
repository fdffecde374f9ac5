// SPDX-License-Identifier: Apache-2.0
// Where a token is and what it can.
#include <fmt/format.h>

#include "keys/pkcs11_token_impl.h"

namespace kartsaz::keys {
namespace {

constexpr CK_ULONG most_slots = 1024, most_mechanisms = 4096;

}  // namespace

CK_TOKEN_INFO Pkcs11Token::Impl::info(CK_SLOT_ID of) const {
    CK_TOKEN_INFO out{};
    check(f().C_GetTokenInfo(of, &out), "C_GetTokenInfo");
    return out;
}

std::vector<CK_SLOT_ID> Pkcs11Token::Impl::slots() const {
    CK_ULONG count = 0;
    check(f().C_GetSlotList(CK_TRUE, nullptr, &count), "C_GetSlotList");
    if (count > most_slots) module_lies(where, "C_GetSlotList", fmt::format("{} slots", count));
    std::vector<CK_SLOT_ID> out(count + 16);  // tokens may be plugged in between
    CK_ULONG got = out.size();
    check(f().C_GetSlotList(CK_TRUE, out.data(), &got), "C_GetSlotList");
    if (got > out.size()) module_lies(where, "C_GetSlotList", fmt::format("{} slots of {}", got, out.size()));
    out.resize(got);
    return out;
}

bool Pkcs11Token::Impl::fits(CK_SLOT_ID id, const CK_TOKEN_INFO& token) const {
    if ((token.flags & CKF_TOKEN_INITIALIZED) == 0) return false;
    // once found, it is the same token that is asked for, whatever slot it is in now
    if (!serial.empty() || !label.empty())
        return field(token.serialNumber) == serial && field(token.label) == label;
    const auto same = [](const std::string& wanted, const std::string& is) {
        return wanted.empty() || wanted == is;
    };
    return same(uri.token, field(token.label)) && same(uri.serial, field(token.serialNumber)) &&
           same(uri.manufacturer, field(token.manufacturerID)) && same(uri.model, field(token.model)) &&
           (!uri.slot_id || *uri.slot_id == id);
}

void Pkcs11Token::Impl::find_slot() {
    std::vector<std::pair<CK_SLOT_ID, CK_TOKEN_INFO>> found;
    std::string there;
    for (const auto id : slots()) {
        CK_TOKEN_INFO token{};
        // a reader without a working card beside ours is not our fault
        if (f().C_GetTokenInfo(id, &token) != CKR_OK) continue;
        if ((token.flags & CKF_TOKEN_INITIALIZED) == 0) continue;
        there += fmt::format("{}\"{}\" (serial {})", there.empty() ? "" : ", ", field(token.label),
                             field(token.serialNumber));
        if (fits(id, token)) found.emplace_back(id, token);
    }
    if (found.empty()) {
        throw TokenUnseen{Errc::keys_failed,
                          fmt::format("{}: not there; the module {} has: {}", where, module->path(),
                                      there.empty() ? "no initialized token" : there)};
    }
    if (found.size() > 1) {
        throw Error{Errc::usage, fmt::format("the pkcs11 URI fits {} tokens: {}; say more with token= or "
                                             "serial=",
                                             found.size(), there)};
    }
    slot = found.front().first;
    label = field(found.front().second.label);
    serial = field(found.front().second.serialNumber);
    manufacturer = field(found.front().second.manufacturerID);
    model = field(found.front().second.model);
    where = "token " + label;
}

void Pkcs11Token::Impl::list_mechanisms() {
    CK_ULONG count = 0;
    check(f().C_GetMechanismList(slot, nullptr, &count), "C_GetMechanismList");
    if (count > most_mechanisms) {
        module_lies(where, "C_GetMechanismList", fmt::format("{} mechanisms", count));
    }
    // one more than is asked for: p11-kit's client reads one past the list when it takes out what it cannot
    // pass on (mechanism_list_purge(): memmove() of n - i entries, not n - i - 1)
    std::vector<CK_MECHANISM_TYPE> all(count + 1);
    CK_ULONG got = count;
    check(f().C_GetMechanismList(slot, all.data(), &got), "C_GetMechanismList");
    if (got > count) {
        module_lies(where, "C_GetMechanismList", fmt::format("{} mechanisms of {}", got, count));
    }
    all.resize(got);
    mechanisms.clear();
    for (const auto mechanism : all) {
        CK_MECHANISM_INFO facts{};
        if (f().C_GetMechanismInfo(slot, mechanism, &facts) == CKR_OK) mechanisms[mechanism] = facts.flags;
    }
}

bool has_mechanism(const Pkcs11Token& token, CK_MECHANISM_TYPE mechanism, CK_FLAGS use) {
    auto& impl = token.impl();
    const std::lock_guard guard{impl.lock};
    const auto found = impl.mechanisms.find(mechanism);
    return found != impl.mechanisms.end() && (found->second & use) != 0;
}

void require_mechanism(const Pkcs11Token& token, CK_MECHANISM_TYPE mechanism, CK_FLAGS use,
                       std::string_view what_for) {
    if (has_mechanism(token, mechanism, use)) return;
    throw Error{Errc::keys_failed, fmt::format("{}: the token has no {}, which is needed {}", token.place(),
                                               mechanism_text(mechanism), what_for)};
}

}  // namespace kartsaz::keys
