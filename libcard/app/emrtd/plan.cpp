// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "apdu/error.h"
#include "apdu/iso7816.h"
#include "libcard/app/emrtd/application.h"
#include "libcard/app/emrtd/lds.h"

namespace kartsaz::app::emrtd {
namespace {

/// UPDATE BINARY offsets and the applet's file sizes are 15-bit numbers.
constexpr std::size_t max_file_size = 0x7FFF;
/// Unchanged bytes between two changed ones that are cheaper to send again than a command of their own.
constexpr std::size_t worth_a_gap = 24;

struct Range {
    std::size_t begin = 0;
    std::size_t end = 0;
};

/// Where `wanted` differs from `there`; everything behind the end of `there` does.
std::vector<Range> differences(ByteView wanted, ByteView there) {
    std::vector<Range> ranges;
    const auto differs = [&](std::size_t i) { return i >= there.size() || there[i] != wanted[i]; };
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        if (!differs(i)) continue;
        if (!ranges.empty() && i - ranges.back().end <= worth_a_gap) {
            ranges.back().end = i + 1;
        } else {
            ranges.push_back({i, i + 1});
        }
    }
    return ranges;
}

/// 00 E0 00 00 06 63 04 size fid: the applet's own form.
apdu::CommandApdu create_file(std::size_t size, std::uint16_t fid) {
    Bytes data{0x63, 0x04};
    append(data, big_endian(size, 2));
    append(data, big_endian(fid, 2));
    return {.cla = 0x00, .ins = 0xE0, .p1 = 0, .p2 = 0, .data = std::move(data)};
}

class Planner {
public:
    Planner(const perso::Order& order, const perso::CardImage& image, const perso::CardState& state,
            perso::Plan& plan)
        : order_{order},
          image_{image},
          card_{state},
          options_{read_options(order.profile)},
          own_{*require_state(state)},
          plan_{plan} {}

    void operator()() {
        refuse_unfit();
        target_ = plan_.target(target());
        block_ =
            perso::plain_limits(outer_limits(), plan_.targets[target_].scp, card_.channel.form).command_data;
        const std::size_t before = plan_.steps.size();
        plan_changed_secrets();
        for (const auto& item : image_.items) {
            if (item.application == "emrtd" && item.kind == perso::ItemKind::file) plan_file(item);
        }
        if (options_.lock && !own_.locked) plan_lock();
        if (own_.locked && plan_.steps.size() != before) refuse_change_of_open_card();
    }

private:
    static const State* require_state(const perso::CardState& state) {
        const auto* own = state.of<State>("emrtd");
        if (own == nullptr) throw Error{Errc::internal, "the passport application was not observed"};
        return own;
    }

    [[noreturn]] void refuse(const std::string& why) const {
        throw Error{Errc::card_refused, fmt::format("{}. Profile {} cannot be written; nothing was written",
                                                    why, order_.profile.name)};
    }

    void refuse_unfit() const {
        if (!own_.present) {
            refuse(fmt::format("there is no passport application {} on this card (SELECT: SW {:04X})",
                               to_hex(options_.aid), own_.select_sw.value()));
        }
        if (options_.scp03 && plan_.channel_keyset.empty()) {
            refuse(
                "the card has no card manager with a secure channel, or the profile does not name the "
                "application "
                "globalplatform; an open card takes the profile national-eid-open");
        }
        if (options_.scp03 && own_.takes_scp03 != true) {
            refuse(fmt::format(
                "the passport application has no secure channel (INITIALIZE UPDATE: SW {:04X}); an "
                "open card takes the profile national-eid-open",
                own_.scp03_sw.value()));
        }
        if (options_.scp03) keys::check_level(card_.channel.form, options_.level);
        if (options_.fingerprint == Fingerprint::dg3 && own_.refuses_dg3) {
            refuse(
                "the application refuses DG3 (SELECT: SW 6982), so the fingerprint has no place there; "
                "fingerprint = \"dg13\" or \"omit\" in the profile says where it goes");
        }
        for (const auto& item : image_.items) {
            if (item.application == "emrtd" && item.content.size() > max_file_size) {
                refuse(fmt::format("{} has {} bytes, a file holds {}", item.name, item.content.size(),
                                   max_file_size));
            }
        }
    }

    void refuse_change_of_open_card() const {
        if (options_.scp03) return;
        refuse("the card is complete and locked, and an open application cannot be changed after that");
    }

    perso::Target target() const {
        perso::Target target;
        target.select = apdu::select_aid_quiet(options_.aid);
        target.application = "passport application";
        target.aid = options_.aid;
        if (options_.scp03) target.scp = perso::ScpUse{plan_.channel_keyset, 0, options_.level};
        return target;
    }

    apdu::BlockLimits outer_limits() const {
        auto limits = card_.limits;
        if (options_.max_command != 0)
            limits.command_data = std::min(limits.command_data, options_.max_command);
        return limits;
    }

    const Bytes* seen(std::uint16_t fid) const {
        const auto found = own_.files.find(fid);
        return found == own_.files.end() ? nullptr : &found->second;
    }

    bool same_on_card(std::string_view file) const {
        const auto* item = image_.find("emrtd", file);
        const auto* there = item == nullptr ? nullptr : seen(item->fid);
        return there != nullptr && *there == item->content;
    }

    /// Secrets cannot be read back. Before the lock they are sent again, which is harmless; after it, only
    /// when what they belong to has changed.
    void plan_changed_secrets() {
        const bool aa = !own_.locked || !same_on_card("EF.DG15");
        const bool bac = !own_.locked || !same_on_card("EF.DG1");
        plan_secrets(order_, card_, aa, bac, target_, plan_);
    }

    perso::Step step(const perso::Item& item, std::string what, std::string label) const {
        perso::Step out;
        out.id = fmt::format("{}/{}", item.id(), what);
        out.label = fmt::format("{}: {}", item.name, label);
        out.phase = perso::Phase::files;
        out.target = target_;
        return out;
    }

    void plan_file(const perso::Item& item) {
        const Bytes* there = seen(item.fid);
        const bool right_size = there != nullptr && there->size() == item.content.size();
        const auto ranges = differences(item.content, there == nullptr ? ByteView{} : ByteView{*there});
        if (right_size && ranges.empty()) return;
        if (!right_size) {
            auto create = step(item, "create", fmt::format("create, {} bytes", item.content.size()));
            create.action = create_file(item.content.size(), item.fid);
            create.written = 4;
            plan_.steps.push_back(std::move(create));
        }
        if (right_size || !options_.created_file_is_selected) {
            auto select = step(item, "select", "select");
            select.action = apdu::select_ef(item.fid);
            plan_.steps.push_back(std::move(select));
        }
        for (const auto& range : ranges) plan_range(item, range);
    }

    void plan_range(const perso::Item& item, Range range) {
        while (range.begin < range.end) {
            const std::size_t size = std::min(block_, range.end - range.begin);
            auto update = step(item, fmt::format("update@{}", range.begin),
                               fmt::format("write bytes {}..{}", range.begin, range.begin + size - 1));
            update.action =
                apdu::update_binary(range.begin, ByteView{item.content}.subspan(range.begin, size));
            update.written = size;
            plan_.steps.push_back(std::move(update));
            range.begin += size;
        }
    }

    void plan_lock() {
        perso::Step lock;
        lock.id = "emrtd/lock";
        lock.label = "passport application: lock";
        lock.phase = perso::Phase::seal;
        lock.target = target_;
        lock.written = 1;
        lock.irreversible = true;
        auto command = apdu::put_data(0xDEAD, {});
        if (!options_.scp03) command.ne = 256;  // 00 DA DE AD 00, as the applet's own host sends it
        lock.action = std::move(command);
        plan_.steps.push_back(std::move(lock));
    }

    const perso::Order& order_;
    const perso::CardImage& image_;
    const perso::CardState& card_;
    Options options_;
    const State& own_;
    perso::Plan& plan_;
    std::size_t target_ = 0;
    std::size_t block_ = 0;
};

}  // namespace

void plan(const perso::Order& order, const perso::CardImage& image, const perso::CardState& state,
          perso::Plan& plan) {
    Planner{order, image, state, plan}();
}

}  // namespace kartsaz::app::emrtd
