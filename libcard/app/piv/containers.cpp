// SPDX-License-Identifier: Apache-2.0
#include "libcard/app/piv/containers.h"

#include <fmt/format.h>

#include <algorithm>

namespace kartsaz::app::piv {
namespace {

constexpr std::size_t certificate_size = 1895;
constexpr unsigned retired_keys = 20;
constexpr auto always = ReadAccess::always;
constexpr auto pin = ReadAccess::pin;
constexpr auto mandatory = Presence::mandatory;
constexpr auto conditional = Presence::conditional;
constexpr auto optional = Presence::optional;

std::vector<Container> all_containers() {
    const std::string arc = "2.16.840.1.101.3.7.";
    std::vector<Container> out{
        {0x5FC107, id_ccc, "CCC", arc + "1.219.0", 287, always, mandatory},
        {0x5FC102, id_chuid, "CHUID", arc + "2.48.0", 2916, always, mandatory},
        {0x5FC105, id_piv_certificate, "PIV authentication certificate", arc + "2.1.1", certificate_size,
         always, mandatory, 0x9A},
        {0x5FC103, id_fingerprints, "fingerprints", arc + "2.96.16", 4006, pin, mandatory},
        {0x5FC106, id_security_object, "security object", arc + "2.144.0", 1336, always, mandatory},
        {0x5FC108, id_face, "face", arc + "2.96.48", 12710, pin, mandatory},
        {0x5FC101, id_card_certificate, "card authentication certificate", arc + "2.5.0", certificate_size,
         always, mandatory, 0x9E},
        {0x5FC10A, id_signature_certificate, "signature certificate", arc + "2.1.0", certificate_size, always,
         conditional, 0x9C},
        {0x5FC10B, id_management_certificate, "key management certificate", arc + "2.1.2", certificate_size,
         always, conditional, 0x9D},
        {0x5FC109, id_printed, "printed information", arc + "2.48.1", 245, ReadAccess::pin_or_occ, optional},
        {0x7E, id_discovery, "discovery object", arc + "2.96.80", 20, always, optional, {}, false},
        {0x5FC10C, id_key_history, "key history", arc + "2.96.96", 128, always, optional}};
    for (unsigned i = 0; i < retired_keys; ++i) {
        out.push_back({0x5FC10D + i, static_cast<std::uint16_t>(id_retired_first + i),
                       fmt::format("retired certificate {}", i + 1), arc + fmt::format("2.16.{}", i + 1),
                       certificate_size, always, optional, static_cast<std::uint8_t>(0x82 + i)});
    }
    out.push_back({0x5FC121, id_iris, "iris", arc + "2.16.21", 7106, pin, optional});
    out.push_back({0x7F61, id_bit_group, "BIT group", arc + "2.16.22", 65, always, optional, {}, false});
    out.push_back({0x5FC122, id_sm_signer, "secure messaging signer", arc + "2.16.23", 2471, always, optional,
                   std::uint8_t{0x04}});
    out.push_back({0x5FC123, id_pairing_code, "pairing code", arc + "2.16.24", 12, pin, optional});
    return out;
}

template <typename Match>
const Container* find_container(Match&& match) {
    const auto& all = containers();
    const auto found = std::find_if(all.begin(), all.end(), match);
    return found == all.end() ? nullptr : &*found;
}

}  // namespace

const std::vector<Container>& containers() {
    static const auto all = all_containers();
    return all;
}

const Container* container_of_tag(std::uint32_t tag) {
    return find_container([tag](const Container& one) { return one.tag == tag; });
}

const Container* container_of_id(std::uint16_t id) {
    return find_container([id](const Container& one) { return one.id == id; });
}

const Container* container_of_key(std::uint8_t reference) {
    return find_container([reference](const Container& one) { return one.key == reference; });
}

}  // namespace kartsaz::app::piv
