// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "apdu/iso7816.h"
#include "keys/crypto.h"
#include "keys/scp.h"
#include "libcard/app/emrtd/read_steps.h"

namespace kartsaz::app::emrtd::reading {
namespace {

constexpr std::uint16_t card_access_fid = 0x011C;
constexpr std::uint8_t aid_of_emrtd[]{0xA0, 0x00, 0x00, 0x02, 0x47, 0x10, 0x01};

keys::MrzPassword password(const std::string& mrz_information) {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(mrz_information.data());
    return {keys::SecretBytes{ByteView{bytes, mrz_information.size()}}};
}

/// The keysets of `name`, those with the version that the card reports first.
std::vector<const keys::Keyset*> candidates(const keys::KeyStore& store, const std::string& name,
                                            std::uint8_t version) {
    auto all = store.versions(name);
    std::stable_partition(all.begin(), all.end(), [&](const auto* one) { return one->version == version; });
    return all;
}

/// The session by the keyset that made the card's cryptogram, if it is among these; costs the card nothing.
/// @param kdds  what the keys may be diversified by
std::unique_ptr<keys::ScpSession> matching_session(const std::vector<const keys::Keyset*>& keysets,
                                                   ByteView challenge,
                                                   const keys::InitializeUpdateResponse& answer,
                                                   const std::vector<ByteView>& kdds) {
    for (const auto* keyset : keysets) {
        for (const ByteView kdd : kdds) {
            try {
                auto session = keys::scp_session(keyset->scp_keys(kdd), challenge, answer);
                if (session->card_cryptogram_ok()) return session;
            } catch (const Error& error) {
                if (error.code() != Errc::keys_failed && error.code() != Errc::usage) throw;
                // A keyset that cannot make keys for this card (type, role, diversification) is not the
                // card's.
            }
        }
    }
    return nullptr;
}

}  // namespace

std::string sw_hex(apdu::StatusWord sw) {
    return fmt::format("{:04X}", sw.value());
}

std::string sw_words(apdu::StatusWord sw) {
    return fmt::format("{:04X} ({})", sw.value(), apdu::describe(sw));
}

bool is_answer(const Error& error) {
    return error.code() == Errc::card_refused || error.code() == Errc::secure_channel ||
           error.code() == Errc::keys_failed || error.code() == Errc::pin_blocked ||
           error.code() == Errc::input_invalid;
}

apdu::StatusWord select_application(apdu::Transport& link, const ReadOptions& options) {
    const ByteView aid = options.aid.empty() ? ByteView{aid_of_emrtd} : ByteView{options.aid};
    return link.transmit(apdu::select_aid_quiet(aid)).sw;
}

void Door::start() {
    if (!fresh_) card_.reset();
    fresh_ = false;
}

void Door::read_card_access() {
    start();
    fresh_ = true;  // reading under the master file is in nobody's way
    Bytes content;
    try {
        read_into(card_, card_access_fid, "EF.CardAccess", content, {});
        facts_["card-access"] = to_hex(content);
        const auto offered = keys::parse_card_access(content);
        if (!offered.empty()) pace_ = offered.front();
    } catch (const Error& error) {
        if (!is_answer(error)) throw;
        if (content.empty()) facts_["card-access"] = error.sw() ? sw_hex(*error.sw()) : error.what();
    }
    if (!pace_) facts_["pace"] = "not offered";
}

std::unique_ptr<keys::SecureTransport> Door::pace_link(const std::string& mrz_information) {
    start();
    auto link = std::make_unique<keys::SecureTransport>(
        card_, keys::open_pace(card_, *pace_, password(mrz_information)));
    const auto sw = select_application(*link, options_);
    if (!sw.ok())
        throw Error{Errc::card_refused, "select the application after PACE: SW " + sw_words(sw), sw};
    return link;
}

std::optional<Session> Door::by_pace(const std::string& mrz_information) {
    if (!pace_) return std::nullopt;
    try {
        Session session{"PACE", pace_link(mrz_information)};
        facts_["pace"] = "ok";
        facts_["selectable"] = "yes";
        return session;
    } catch (const Error& error) {
        if (!is_answer(error)) throw;
        facts_["pace"] = error.what();
        return std::nullopt;
    }
}

std::optional<Session> Door::by_bac(const std::string& mrz_information) {
    start();
    const auto sw = select_application(card_, options_);
    facts_["selectable"] = sw.ok() ? "yes" : sw_hex(sw);
    if (!sw.ok()) return std::nullopt;
    try {
        auto channel = keys::open_bac(card_, password(mrz_information));
        facts_["bac"] = "ok";
        return Session{"BAC", std::make_unique<keys::SecureTransport>(card_, std::move(channel))};
    } catch (const Error& error) {
        if (!is_answer(error)) throw;
        facts_["bac"] = error.what();
        return std::nullopt;
    }
}

std::unique_ptr<keys::SecureTransport> Door::scp03_link() {
    Bytes challenge = keys::random_bytes(8);
    auto response = card_.transmit(keys::initialize_update(0x00, challenge));
    if (response.sw.value() == 0x6700) {  // a card of the S16 mode wants 16 bytes
        challenge = keys::random_bytes(16);
        response = card_.transmit(keys::initialize_update(0x00, challenge));
    }
    if (response.sw.value() == 0x6D00 || response.sw.value() == 0x6E00) {
        facts_["scp03"] = "none";
        return nullptr;
    }
    response = apdu::expect(std::move(response), "INITIALIZE UPDATE");
    const auto answer = keys::parse_initialize_update(response.data);
    std::vector<ByteView> kdds{answer.kdd};
    if (!options_.kdd.empty() && options_.kdd != answer.kdd) kdds.emplace_back(options_.kdd);
    for (const auto& [name, words] : {std::pair{options_.issuer_keyset, "issuer keys"},
                                      std::pair{options_.transport_keyset, "transport keys"}}) {
        auto session =
            matching_session(candidates(*options_.keys, name, answer.key_version), challenge, answer, kdds);
        if (!session) continue;
        const auto level = keys::strongest_level(answer.form());
        apdu::expect(card_.transmit(session->external_authenticate(level)), "EXTERNAL AUTHENTICATE");
        facts_["scp03"] = words;
        return std::make_unique<keys::SecureTransport>(card_, session->channel());
    }
    facts_["scp03"] =
        fmt::format("none of the keys at hand is the card's (key version {:02X})", answer.key_version);
    return nullptr;
}

std::optional<Session> Door::by_scp03() {
    if (options_.keys == nullptr) return std::nullopt;
    start();
    const auto sw = select_application(card_, options_);
    facts_["selectable"] = sw.ok() ? "yes" : sw_hex(sw);
    if (!sw.ok()) return std::nullopt;
    try {
        auto link = scp03_link();
        if (link == nullptr) return std::nullopt;
        return Session{"SCP03", std::move(link)};
    } catch (const Error& error) {
        if (!is_answer(error)) throw;
        facts_["scp03"] = error.what();
        return std::nullopt;
    }
}

std::optional<Session> Door::again(const std::string& access,
                                   const std::optional<std::string>& mrz_information) {
    if (access == "PACE") return by_pace(*mrz_information);
    if (access == "BAC") return by_bac(*mrz_information);
    if (access == "SCP03") return by_scp03();
    start();
    if (!select_application(card_, options_).ok()) return std::nullopt;
    return Session{"plain", nullptr};
}

}  // namespace kartsaz::app::emrtd::reading
