// SPDX-License-Identifier: Apache-2.0
#include "libcard/app/piv/application.h"

#include "libcard/app/piv/folder_application.h"

namespace kartsaz::app::piv {
namespace {

class PivApplication final : public perso::Application {
public:
    std::string_view name() const override { return "piv"; }
    void check(const profile::Profile& profile) const override {
        if (is_from_folder(profile)) read_folder_options(profile);
        read_options(profile);
    }
    std::unique_ptr<perso::Material> load_material(const profile::Profile& profile,
                                                   const std::filesystem::path& path) const override {
        if (!is_from_folder(profile)) return nullptr;
        return load_folder_material(profile, path);
    }
    void observe(apdu::Transport& card, const perso::Order& order, perso::CardState& state) const override {
        piv::observe(card, order, state);
    }
    void look_inside(apdu::Transport& card, const perso::Order& order,
                     perso::CardState& state) const override {
        if (order.material != nullptr) return look_inside_for_folder(card, order, state);
        piv::look_inside(card, order, state);
    }
    std::vector<perso::Item> encode(const perso::Order& order, const perso::CardState& state) const override {
        return order.material != nullptr ? encode_folder(order, state) : piv::encode(order, state);
    }
    void plan(const perso::Order& order, const perso::CardImage& image, const perso::CardState& state,
              perso::Plan& plan) const override {
        if (order.material != nullptr) return plan_folder(order, state, plan);
        piv::plan(order, image, state, plan);
    }
};

}  // namespace

const Bytes* State::object(std::uint16_t container) const {
    const auto found = objects.find(container);
    return found == objects.end() ? nullptr : &found->second;
}

std::optional<unsigned> State::pin_tries() const {
    if (pin_data && pin_data->tries_left) return *pin_data->tries_left;
    return pin_sw.tries_left();
}

unsigned State::full_pin_tries() const {
    constexpr unsigned usual = 3;
    return pin_data && pin_data->full_tries ? *pin_data->full_tries : usual;
}

const perso::Application& application() {
    static const PivApplication instance;
    return instance;
}

}  // namespace kartsaz::app::piv
