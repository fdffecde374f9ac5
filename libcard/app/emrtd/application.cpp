// SPDX-License-Identifier: Apache-2.0
#include "libcard/app/emrtd/application.h"

#include "apdu/error.h"
#include "keys/card_identity.h"
#include "libcard/app/emrtd/lds.h"

namespace kartsaz::app::emrtd {
namespace {

constexpr std::string_view lds1_aid = "A0000002471001";

class Emrtd final : public perso::Application {
public:
    std::string_view name() const override { return "emrtd"; }
    void check(const profile::Profile& profile) const override { read_options(profile); }
    void observe(apdu::Transport& card, const perso::Order& order, perso::CardState& state) const override {
        emrtd::observe(card, order, state);
    }
    void look_inside(apdu::Transport& card, const perso::Order& order,
                     perso::CardState& state) const override {
        emrtd::look_inside(card, order, state);
    }
    std::vector<perso::Item> encode(const perso::Order& order, const perso::CardState& state) const override {
        return emrtd::encode(order, state);
    }
    void plan(const perso::Order& order, const perso::CardImage& image, const perso::CardState& state,
              perso::Plan& plan) const override {
        emrtd::plan(order, image, state, plan);
    }
};

}  // namespace

Options read_options(const profile::Profile& profile) {
    const auto& section = profile.section("emrtd");
    Options options;
    options.aid = section.bytes("aid", lds1_aid, 5, 16);
    options.scp03 = section.choice("channel", "scp03", {"scp03", "none"}) == "scp03";
    const std::string level = section.choice("level", "03", {"03", "13", "33"});
    options.level = static_cast<keys::ScpLevel>(from_hex(level).front());
    options.pace = section.choice("access", "pace", {"pace", "bac"}) == "pace";
    const std::string finger = section.choice("fingerprint", "dg3", {"dg3", "dg13", "omit"});
    options.fingerprint = finger == "dg3"    ? Fingerprint::dg3
                          : finger == "dg13" ? Fingerprint::dg13
                                             : Fingerprint::omit;
    const std::string aa =
        section.choice("active_authentication", "ecdsa-p256", {"ecdsa-p256", "rsa-1024", "none"});
    if (aa == "ecdsa-p256") options.active_authentication = keys::AaAlgorithm::ecdsa_p256;
    if (aa == "rsa-1024") options.active_authentication = keys::AaAlgorithm::rsa_1024;
    options.aa_keys = section.text("active_authentication_keys", "active-authentication");
    options.created_file_is_selected = section.flag("created_file_is_selected", false);
    options.lock = section.flag("lock", true);
    options.max_command = static_cast<std::size_t>(section.integer("max_command", 0, 0, 65535));
    return options;
}

std::vector<std::string> file_order(const Options& options) {
    std::vector<std::string> names;
    // where DG3 may be refused, it is asked for first: nothing of the citizen is on the card then
    if (options.fingerprint == Fingerprint::dg3) names.emplace_back("EF.DG3");
    names.insert(names.end(), {"EF.DG1", "EF.DG2", "EF.DG11", "EF.DG12", "EF.DG13"});
    if (options.pace || options.active_authentication == keys::AaAlgorithm::ecdsa_p256) {
        names.emplace_back("EF.DG14");
    }
    if (options.active_authentication) names.emplace_back("EF.DG15");
    names.insert(names.end(), {"EF.COM", "EF.SOD"});
    return names;
}

keys::AaKeyPair aa_key(const Options& options, const keys::KeyStore& store, const perso::ChipIdentity& chip,
                       const record::Record& record) {
    const auto& keyset = store.keyset(options.aa_keys);
    if (!keyset.has("aa")) {
        throw Error{Errc::keys_failed, "keyset \"" + keyset.name + "\" has no key for the role \"aa\""};
    }
    const std::string identity = keys::identity_of_card(chip.name, record.document_number);
    return keys::derive_aa_key(keyset, *options.active_authentication, to_bytes(identity));
}

const perso::Application& application() {
    static const Emrtd instance;
    return instance;
}

}  // namespace kartsaz::app::emrtd
