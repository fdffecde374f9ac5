// SPDX-License-Identifier: Apache-2.0
#include "libcard/app/piv/application.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

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

std::vector<std::string> State::issued() const {
    std::vector<std::string> out;
    for (const auto& [reference, key] : keys) out.push_back(fmt::format("key {:02X}", reference));
    for (const auto& [id, value] : objects) {
        const auto& container = *container_of_id(id);
        if (is_issued(container) && !value.empty()) out.push_back(container.name);
    }
    return out;
}

bool is_issued(const Container& container) {
    constexpr std::array own{id_printed, id_face, id_fingerprints, id_iris, id_security_object};
    return container.key || std::ranges::count(own, container.id) > 0;
}

std::string in_words(const std::vector<std::string>& things) {
    constexpr std::size_t most = 6;
    const auto told = static_cast<std::ptrdiff_t>(std::min(things.size(), most));
    std::string out = fmt::format("{}", fmt::join(things.begin(), things.begin() + told, ", "));
    if (things.size() > most) out += fmt::format(" and {} more", things.size() - most);
    return out;
}

const perso::Application& application() {
    static const PivApplication instance;
    return instance;
}

}  // namespace kartsaz::app::piv
