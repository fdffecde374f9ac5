// SPDX-License-Identifier: Apache-2.0
#include "libcard/sim/body.h"

#include <fmt/format.h>

#include <chrono>
#include <thread>

#include "apdu/error.h"
#include "libcard/sim/body_file.h"
#include "libcard/sim/card.h"
#include "libcard/sim/describe.h"
#include "libcard/sim/power_lost.h"

namespace kartsaz::sim {
namespace {

constexpr std::uint8_t ins_update_binary = 0xD6, ins_put_data = 0xDB;

/// A body file may be older than the application.
void add_piv(CardState& state, Rng& rng) {
    const PivTraits& traits = kind_of(state.kind).piv;
    if (traits.present && !state.piv) state.piv = fresh_piv(traits, rng);
}

class SimulatedBody : public Body {
public:
    SimulatedBody(CardState state, std::optional<BodyFile> file)
        : state_{std::move(state)},
          file_{std::move(file)},
          rng_{state_.seed},
          meter_{link_model(state_.link)},
          card_{kind_of(state_.kind), state_, rng_, meter_} {
        add_piv(state_, rng_);
    }

    Bytes power_on() override {
        on_ = true;
        card_.reset();
        return card_.atr();
    }
    void power_off() override {
        on_ = false;
        card_.reset();
    }
    Bytes reset() override { return power_on(); }
    Bytes atr() const override { return card_.atr(); }

    Bytes transmit(ByteView command) override;

    void set_faults(const std::vector<Faults>& faults) override {
        faults_ = faults;
        since_faults_ = 0;
    }
    std::uint64_t apdu_count() const override { return answered_; }
    Time time() const override { return meter_.time(); }
    void reset_time() override { meter_.reset(); }
    void sleep_for_time(bool on) override { sleeps_ = on; }

    std::vector<FileInfo> files() const override;
    void flip(std::uint16_t fid, std::size_t offset, std::uint8_t mask) override;
    Bytes snapshot() const override { return encode(state_); }
    void restore(ByteView snapshot) override;
    std::string describe_json() const override { return describe(state_, card_.atr()); }

private:
    std::optional<Faults> fault_now();
    Bytes run(ByteView command, const std::optional<Faults>& fault);
    void save();

    CardState state_;
    std::optional<BodyFile> file_;
    Rng rng_;
    Meter meter_;
    Card card_;
    std::vector<Faults> faults_;
    std::uint64_t answered_ = 0;
    std::uint64_t since_faults_ = 0;
    bool on_ = false;
    bool sleeps_ = false;
};

/// The fault of this APDU; it is used up.
std::optional<Faults> SimulatedBody::fault_now() {
    ++since_faults_;
    for (auto fault = faults_.begin(); fault != faults_.end(); ++fault) {
        if (fault->kind == Faults::Kind::none || fault->at != since_faults_) continue;
        const Faults found = *fault;
        faults_.erase(fault);
        return found;
    }
    return std::nullopt;
}

Bytes SimulatedBody::transmit(ByteView command) {
    if (!on_) throw PowerLost{};
    const double before = meter_.time().total();
    const auto fault = fault_now();
    Bytes response;
    try {
        response = run(command, fault);
    } catch (const PowerLost&) {
        save();  // what was written before the cut stays written
        power_off();
        throw;
    }
    ++answered_;
    meter_.exchange(command.size(), response.size());
    if (sleeps_) std::this_thread::sleep_for(std::chrono::duration<double>{meter_.time().total() - before});
    return response;
}

Bytes SimulatedBody::run(ByteView command, const std::optional<Faults>& fault) {
    const auto kind = fault ? fault->kind : Faults::Kind::none;
    if (kind == Faults::Kind::cut_before) throw PowerLost{};
    if (kind == Faults::Kind::answer_sw) return big_endian(fault->value, 2);
    if (kind == Faults::Kind::slow) std::this_thread::sleep_for(std::chrono::milliseconds{fault->value});
    const bool writes = command.size() > 1 && (command[1] == ins_update_binary || command[1] == ins_put_data);
    if (kind == Faults::Kind::cut_in_write && writes) {
        card_.chip().cut_in_write = fault->value;
    }
    Bytes response = card_.exchange(command);
    save();
    const bool cut = kind == Faults::Kind::cut_after || kind == Faults::Kind::drop_response ||
                     kind == Faults::Kind::cut_in_write;
    if (cut) throw PowerLost{};
    if (kind == Faults::Kind::flip_response_bit) {
        const std::size_t bit = fault->value % (8 * response.size());
        response[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
    }
    return response;
}

void SimulatedBody::save() {
    if (!card_.chip().changed) return;
    if (file_) file_->save(encode(state_));
    card_.chip().changed = false;
}

std::vector<Body::FileInfo> SimulatedBody::files() const {
    std::vector<FileInfo> out;
    for (const auto& [fid, file] : state_.passport.files) {
        const LdsFile* known = lds_file(fid);
        out.push_back(
            {fid, known != nullptr ? std::string{known->name} : fmt::format("{:04X}", fid), file.size});
    }
    for (const SignatureFile& file : state_.signature.files) {
        if (file.type != SignatureFile::Type::transparent) continue;
        const auto known = signature_file_name(file.fid);
        out.push_back({file.fid, known.empty() ? fmt::format("{:04X}", file.fid) : std::string{known},
                       file.content.size()});
    }
    if (!state_.piv) return out;
    for (const auto& [tag, content] : state_.piv->objects) {
        const auto known = piv_object_name(tag);
        out.push_back({static_cast<std::uint16_t>(tag),
                       known.empty() ? fmt::format("{:X}", tag) : std::string{known}, content.size()});
    }
    return out;
}

void SimulatedBody::flip(std::uint16_t fid, std::size_t offset, std::uint8_t mask) {
    Bytes* content = nullptr;
    std::size_t size = 0;
    if (const auto found = state_.passport.files.find(fid); found != state_.passport.files.end()) {
        content = &found->second.content;
        size = found->second.size;
    } else if (SignatureFile* file = state_.signature.file(fid)) {
        content = &file->content;
        size = file->content.size();
    } else if (const std::uint32_t tag = state_.piv ? state_.piv->tag_of(fid) : 0; tag != 0) {
        content = &state_.piv->objects[tag];
        size = content->size();
    }
    if (offset >= size) {
        throw Error{Errc::usage, fmt::format("no byte {} in a file {:04X} on this body", offset, fid)};
    }
    (*content)[offset] ^= mask;
    card_.chip().changed = true;
    save();
}

void SimulatedBody::restore(ByteView snapshot) {
    CardState state = decode(snapshot, "(snapshot)");
    if (state.kind != state_.kind || state.link != state_.link) {
        throw Error{Errc::usage, "a snapshot fits only the body it was made of"};
    }
    state_ = std::move(state);
    add_piv(state_, rng_);
    card_.chip().changed = true;
    save();
}

/// The parameter i that a new body tells. @throws Error{usage}
std::uint8_t parameter_of(const NewBody& options, const Kind& kind) {
    if (options.scp == 2) {
        if (!kind.manager.complete) {
            throw Error{Errc::usage,
                        fmt::format("kind {}: its card manager does not speak SCP02", kind.name)};
        }
        constexpr std::array<unsigned, 4> variants{0x15, 0x35, 0x55, 0x75};
        const std::uint8_t i = options.scp_i.value_or(0x55);
        if (std::find(variants.begin(), variants.end(), i) != variants.end()) return i;
        throw Error{Errc::usage, fmt::format("SCP02 parameter i = {:02X}: there are 15 35 55 75", i)};
    }
    if (options.scp != 3) {
        throw Error{Errc::usage, fmt::format("SCP{:02X}: there are 02 and 03", options.scp)};
    }
    constexpr std::array<unsigned, 6> parameters{0x00, 0x10, 0x20, 0x30, 0x60, 0x70};
    const std::uint8_t i = options.scp_i.value_or(0x70);
    if (std::find(parameters.begin(), parameters.end(), i & 0xFEU) != parameters.end()) return i;
    throw Error{Errc::usage,
                fmt::format("SCP03 parameter i = {:02X}: there are 00 10 20 30 60 70, and each with 01", i)};
}

CardState fresh_state(const NewBody& options) {
    const Kind& kind = kind_of(options.kind);
    link_model(options.link);
    const std::uint8_t i = parameter_of(options, kind);
    CardState state{
        .kind = options.kind, .seed = options.seed, .scp = options.scp, .scp_i = i, .link = options.link};
    state.open = options.open;
    if (options.bare) {
        if (!kind.manager.complete) {
            throw Error{Errc::usage, fmt::format("kind {}: its card manager installs nothing, so no body of "
                                                 "it can be bare",
                                                 kind.name)};
        }
        state.passport_instance = {};
        state.signature_instance = {};
        state.piv_instance = {};
    }
    state.signature.import_allowed = options.import_allowed && kind.signature.present;
    if (kind.manager.any_version) state.scp_i = 0x70;
    if (kind.manager.present) state.keysets.push_back(transport_keyset(state));
    Rng rng{options.seed};
    state.serial = options.serial ? *options.serial : static_cast<std::uint32_t>(big_endian(rng.bytes(4)));
    add_piv(state, rng);
    return state;
}

}  // namespace

std::unique_ptr<Body> Body::create(const NewBody& options) {
    return std::make_unique<SimulatedBody>(fresh_state(options), std::nullopt);
}

std::unique_ptr<Body> Body::create(const std::filesystem::path& file, const NewBody& options) {
    CardState state = fresh_state(options);
    BodyFile kept = BodyFile::create(file, encode(state));
    return std::make_unique<SimulatedBody>(std::move(state), std::move(kept));
}

std::unique_ptr<Body> Body::open(const std::filesystem::path& file) {
    Bytes content;
    BodyFile kept = BodyFile::open(file, content);
    CardState state = decode(content, file.string());
    try {
        return std::make_unique<SimulatedBody>(std::move(state), std::move(kept));
    } catch (const Error& error) {
        throw Error{Errc::store_failed, fmt::format("body file {}: {}", file.string(), error.what())};
    }
}

}  // namespace kartsaz::sim
