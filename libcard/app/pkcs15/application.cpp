// SPDX-License-Identifier: Apache-2.0
#include "libcard/app/pkcs15/application.h"

namespace kartsaz::app::pkcs15 {
namespace {

class Pkcs15 final : public perso::Application {
public:
    std::string_view name() const override { return "pkcs15"; }
    void check(const profile::Profile& profile) const override { read_options(profile); }
    void observe(apdu::Transport& card, const perso::Order& order, perso::CardState& state) const override {
        pkcs15::observe(card, order, state);
    }
    void look_inside(apdu::Transport& card, const perso::Order& order,
                     perso::CardState& state) const override {
        pkcs15::look_inside(card, order, state);
    }
    std::vector<perso::Item> encode(const perso::Order& order, const perso::CardState& state) const override {
        return pkcs15::encode(order, state);
    }
    void plan(const perso::Order& order, const perso::CardImage& image, const perso::CardState& state,
              perso::Plan& plan) const override {
        pkcs15::plan(order, image, state, plan);
    }
};

}  // namespace

const perso::Application& application() {
    static const Pkcs15 instance;
    return instance;
}

}  // namespace kartsaz::app::pkcs15
