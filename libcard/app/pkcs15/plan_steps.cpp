// SPDX-License-Identifier: Apache-2.0
// Files: made, written, removed.
#include "libcard/app/pkcs15/plan_steps.h"

#include <fmt/format.h>

#include <algorithm>

#include "apdu/iso7816.h"
#include "keys/card_identity.h"

namespace kartsaz::app::pkcs15 {
namespace {

constexpr std::uint8_t ins_create = 0xE0, ins_delete = 0xE4, ins_select = 0xA4;

/// Largest command data that card and reader take, before a channel takes its share.
std::size_t outer_block(const perso::CardState& card, const State& own, const Options& options) {
    std::size_t block = own.extended ? std::max<std::size_t>(own.block, 255) : 255;
    if (card.limits.extended()) block = std::min(block, card.limits.command_data);
    return options.max_command == 0 ? block : std::min(block, options.max_command);
}

perso::Target target_of(const State& own, const Options& options, const perso::Plan& plan) {
    perso::Target target;
    target.application = "signature application";
    target.aid = options.aid;
    target.select = apdu::select_aid(options.aid);
    target.select.ne.reset();
    target.select_response = own.select_response;
    if (options.scp03) target.scp = perso::ScpUse{plan.channel_keyset, 0, options.level};
    return target;
}

}  // namespace

std::vector<apdu::CommandApdu> FileWriter::writing(std::uint16_t fid, std::size_t capacity,
                                                   ByteView content) const {
    std::vector<apdu::CommandApdu> out;
    Bytes whole{content.begin(), content.end()};
    const auto there = files_.find(fid);
    const bool fits = there != files_.end() && there->second.size >= content.size();
    if (fits) {
        out.push_back(apdu::select_fid(fid));
        // what stood behind would be read as further objects
        const Bytes& before = there->second.content;
        std::size_t used = before.size();
        while (used > whole.size() && before[used - 1] == 0) --used;
        whole.resize(std::max(whole.size(), used), 0);
    } else {
        if (there != files_.end()) out.push_back(delete_file(fid));
        out.push_back(create_ef(fid, std::max(capacity, content.size()), acl_file));
    }
    for (std::size_t at = 0; at < whole.size(); at += block_) {
        const auto size = std::min(block_, whole.size() - at);
        out.push_back(apdu::update_binary(at, ByteView{whole}.subspan(at, size)));
    }
    return out;
}

bool FileWriter::holds(std::uint16_t fid, ByteView content) const {
    const auto there = files_.find(fid);
    if (there == files_.end() || there->second.content.size() < content.size()) return false;
    const ByteView seen{there->second.content};
    return std::ranges::equal(seen.first(content.size()), content) &&
           std::ranges::all_of(seen.subspan(content.size()), [](std::uint8_t b) { return b == 0x00; });
}

Bytes FileWriter::content(std::uint16_t fid) const {
    const auto there = files_.find(fid);
    return there == files_.end() ? Bytes{} : there->second.content;
}

Steps::Steps(const perso::Order& order, const perso::CardState& card, const State& own,
             const Options& options, perso::Plan& plan)
    : order_{order},
      own_{own},
      options_{options},
      plan_{plan},
      timing_{perso::timing_of(card.atr, order.profile.section("timing"))},
      identity_{keys::identity_of_card(card.chip.name, order.record.document_number)},
      chip_{keys::card_name(card.chip.name, order.record.document_number)},
      extended_{own.extended} {
    const auto target = target_of(own, options, plan);
    target_ = plan.target(target);
    const apdu::BlockLimits outer{outer_block(card, own, options), 256};
    const auto inner = perso::plain_limits(outer, target.scp, card.channel.form);
    files_ = std::make_shared<const FileWriter>(own.files, inner.command_data);
}

perso::Step Steps::step(const std::string& id, std::string label) const {
    perso::Step out;
    out.id = "pkcs15/" + id;
    out.label = std::move(label);
    out.phase = perso::Phase::secrets;
    out.target = target_;
    out.upkeep = upkeep_;
    return out;
}

void Steps::add(perso::Step step) {
    plan_.steps.push_back(std::move(step));
}

void Steps::enter_master() {
    if (!in_df_) return;
    auto select = step("MF/select", "MF: select");
    select.action = apdu::select_fid(fid_mf);
    add(std::move(select));
    in_df_ = false;
}

void Steps::enter_df() {
    if (in_df_) return;
    auto select = step("DF/select", "DF 5015: select");
    select.action = apdu::select_fid(fid_df);
    add(std::move(select));
    in_df_ = true;
}

void Steps::create_df() {
    auto create = step("DF/create", "DF 5015: create");
    create.action = pkcs15::create_df(fid_df, acl_df);
    create.written = 1;
    add(std::move(create));
    in_df_ = true;
}

perso::Step Steps::file_step(const Layout& layout, const apdu::CommandApdu& command) const {
    std::string what = "select";
    std::string label = what;
    std::size_t written = 0;
    if (command.ins == ins_create) {
        what = "create";
        label = fmt::format("create, {} bytes", layout.capacity);
        written = 1;
    } else if (command.ins == ins_delete) {
        what = "delete";
        label = "delete, too small";
        written = 1;
    } else if (command.ins != ins_select) {
        const std::size_t offset = static_cast<std::size_t>(command.p1) << 8U | command.p2;
        what = fmt::format("update@{}", offset);
        label = fmt::format("write bytes {}..{}", offset, offset + command.data.size() - 1);
        written = command.data.size();
    }
    auto out = step(fmt::format("{}/{}", layout.name, what), fmt::format("{}: {}", layout.name, label));
    out.action = command;
    out.written = written;
    return out;
}

void Steps::write_file(const Layout& layout, ByteView content) {
    if (files_->holds(layout.fid, content)) return;
    const bool in_master = layout.fid == fid_dir;
    if (!files_->exists(layout.fid)) in_master ? enter_master() : enter_df();
    for (const auto& command : files_->writing(layout.fid, layout.capacity, content)) {
        add(file_step(layout, command));
    }
    in_df_ = !in_master;
}

void Steps::write_late(const std::string& id, std::string label, std::uint16_t fid, std::size_t capacity,
                       ByteView expected,
                       std::function<Bytes(perso::Learned&, const perso::Services&)> content) {
    if (!files_->exists(fid)) enter_df();
    perso::LateCommands late;
    late.expected = files_->writing(fid, capacity, expected);
    // by value: the plan outlives what made it
    late.make = [files = files_, fid, capacity, content = std::move(content)](
                    perso::Learned& learned, const perso::Services& services) {
        return files->writing(fid, capacity, content(learned, services));
    };
    auto write = step(id, std::move(label));
    write.action = std::move(late);
    add(std::move(write));
    in_df_ = true;
}

void Steps::remove_file(std::uint16_t fid) {
    auto remove = step(fmt::format("EF.{:04X}/delete", fid), fmt::format("EF.{:04X}: delete", fid));
    remove.action = delete_file(fid);
    remove.written = 1;
    add(std::move(remove));
    in_df_ = true;
}

void Steps::copy_directory(const Layout& layout) {
    const std::uint16_t fid = copy_of(layout.fid);
    const Bytes content = files_->content(layout.fid);
    // torn before: the copy has what the directory lacks
    if (own_.directory(layout.fid) != content) return;
    enter_df();
    if (files_->exists(fid)) remove_file(fid);
    const std::string name = fmt::format("EF.{:04X}", fid);
    const Layout copy{fid, name.c_str(), "copy of a directory", content.size()};
    auto commands = FileWriter{{}, files_->block()}.writing(fid, content.size(), content);
    // its beginning last: it tells of nothing before it is whole
    std::reverse(commands.begin() + 1, commands.end());
    for (const auto& command : commands) add(file_step(copy, command));
}

void Steps::write_directory(const Layout& layout, const std::vector<SlotWork>& all) {
    // by value: the plan outlives what made it
    const auto with_keys = [fid = layout.fid, all, options = options_,
                            seen = own_.directory(layout.fid)](auto key_of) {
        std::vector<SlotContent> slots;
        for (const auto& work : all)
            slots.push_back({&work.slot, key_of(work), work.certificate_fid, work.view.held});
        return directory_content(fid, slots, options, seen);
    };
    const Bytes now = with_keys([](const SlotWork& work) {
        return work.make_key ? sample_public_key(work.slot.algorithm) : work.view.public_key;
    });
    const bool late = std::ranges::any_of(all, &SlotWork::make_key);
    const bool changes = late || !files_->holds(layout.fid, now);
    const bool copy = changes && count_objects(layout.fid, now) > all.size();
    if (copy) copy_directory(layout);
    const std::string name = layout.name;
    if (late) {
        write_late(name + "/write", name + ": write", layout.fid, layout.capacity, now,
                   [with_keys, name](perso::Learned& learned, const perso::Services&) {
                       const Bytes content =
                           with_keys([&](const SlotWork& work) { return public_key_of(work, learned); });
                       learned["pkcs15/" + name] = content;
                       return content;
                   });
    } else {
        write_file(layout, now);
    }
    if (copy || files_->exists(copy_of(layout.fid))) {
        enter_df();
        remove_file(copy_of(layout.fid));
    }
}

Bytes public_key_of(const SlotWork& work, const perso::Learned& learned) {
    const auto found = learned.find(public_key_item(work.slot));
    return found == learned.end() ? work.view.public_key : found->second;
}

std::string public_key_item(const Slot& slot) {
    return fmt::format("pkcs15/{}.public-key", slot.name);
}

}  // namespace kartsaz::app::pkcs15
